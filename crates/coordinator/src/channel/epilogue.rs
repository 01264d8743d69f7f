//! What a session that is over still has to say, for a device that lost its socket with the last frames on it: it comes back with its
//! token, gets them, and is closed with the code that the session was closed with.
//!
//! Only the end of a session that was admitted is kept: who has a token and nothing more has nothing to hear again. Nothing of it is on
//! disk, and what is kept is bounded in time, in number and in bytes: the oldest goes first, of the principal's own where it has its part.
//! A device that comes
//! later finds no session; what it then has to ask is answered from the store.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use maany_coordinator_proto::{
    CloseCode,
    link::{Link, LinkError},
};
use maany_coordinator_transport::TransportError;
use tokio::time::{Instant, timeout};

use super::registry::{Attached, Session};

/// For how long the end of a session is kept: as long as a device with the default backoff goes on coming back, attempts included.
const KEPT: Duration = Duration::from_secs(20);
/// The most sessions whose end is kept.
const SESSIONS: usize = 512;
/// The most of them that are one principal's.
const OF_ONE: usize = 128;
/// The most bytes of one session's last frames: a result is a few hundred, and who lacks more than that lacks a round.
const BYTES: usize = 8 * 1024;
/// How long a device that has come back for it may take to hear it.
const SAID: Duration = Duration::from_secs(5);

/// The last frames of a session, and how it was closed.
pub(super) struct Epilogue {
    link: Mutex<Link>,
    code: CloseCode,
    reason: String,
}

impl Epilogue {
    /// The end of the session that this link was of.
    pub(super) fn new(link: Link, code: CloseCode, reason: &str) -> Self {
        Self { link: Mutex::new(link), code, reason: reason.to_owned() }
    }

    /// Says it to a device that has come back, which hears what it lacks and the code.
    pub(super) async fn say(&self, attached: Attached) -> Result<(), TransportError> {
        let Attached { mut line, ack } = attached;
        let Ok(frames) = self.frames(ack) else {
            return line.close(CloseCode::Busy, CloseCode::Busy.reason()).await;
        };
        let saying = async {
            for frame in frames {
                line = line.send(frame).await;
            }
            line.close(self.code, &self.reason).await
        };
        timeout(SAID, saying).await.unwrap_or(Err(TransportError::Timeout(SAID)))
    }

    fn frames(&self, ack: u64) -> Result<Vec<Vec<u8>>, LinkError> {
        let mut link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        let mut frames = vec![link.ack()];
        frames.extend(link.resend(ack)?);
        Ok(frames)
    }

    /// Whether the other side may lack something, and it is little enough to be kept.
    fn is_worth_keeping(&self) -> bool {
        let link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        !link.is_settled() && link.kept_bytes() <= BYTES
    }
}

/// The ends of the sessions that are over since a moment ago.
#[derive(Default)]
pub(super) struct Epilogues {
    by_name: HashMap<[u8; 16], (Arc<Session>, Arc<Epilogue>)>,
    /// In the order in which they ended, each with the end of its time.
    order: VecDeque<(Instant, [u8; 16])>,
}

impl Epilogues {
    /// Keeps the end of a session for a while.
    pub(super) fn keep(&mut self, name: [u8; 16], session: Arc<Session>, epilogue: Arc<Epilogue>) {
        let now = Instant::now();
        self.forget(now);
        if !epilogue.is_worth_keeping() {
            return;
        }
        if self.of(&session) >= OF_ONE {
            self.drop_oldest(Some(&session));
        } else if self.order.len() >= SESSIONS {
            self.drop_oldest(None);
        }
        self.order.push_back((now + KEPT, name));
        self.by_name.insert(name, (session, epilogue));
    }

    /// The end of this session, where it is kept.
    pub(super) fn find(&mut self, name: &[u8; 16]) -> Option<(Arc<Session>, Arc<Epilogue>)> {
        self.forget(Instant::now());
        self.by_name.get(name).cloned()
    }

    /// How many are of this session's principal.
    fn of(&self, session: &Session) -> usize {
        self.by_name.values().filter(|(kept, _)| kept.is_of_the_principal_of(session)).count()
    }

    /// Drops the oldest of all, or of this session's principal.
    fn drop_oldest(&mut self, of: Option<&Session>) {
        let is_one = |name: &[u8; 16]| match (of, self.by_name.get(name)) {
            (Some(of), Some((kept, _))) => kept.is_of_the_principal_of(of),
            (Some(_), None) => false,
            (None, _) => true,
        };
        if let Some(at) = self.order.iter().position(|(_, name)| is_one(name))
            && let Some((_, oldest)) = self.order.remove(at)
        {
            self.by_name.remove(&oldest);
        }
    }

    fn forget(&mut self, now: Instant) {
        while let Some((_, name)) = self.order.pop_front_if(|(until, _)| *until <= now) {
            self.by_name.remove(&name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::registry::Registry, *};

    fn said(bytes: usize) -> Arc<Epilogue> {
        let mut link = Link::new();
        link.send(vec![1; bytes]).unwrap();
        Arc::new(Epilogue::new(link, CloseCode::Finished, "finished"))
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_of_a_session_is_kept_for_its_time_and_no_longer() {
        let (mut kept, session) = (Epilogues::default(), Registry::a_session("alice"));
        kept.keep([1; 16], Arc::clone(&session), said(100));
        tokio::time::advance(KEPT - Duration::from_millis(1)).await;
        assert!(kept.find(&[1; 16]).is_some() && kept.find(&[2; 16]).is_none());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(kept.find(&[1; 16]).is_none() && kept.by_name.is_empty() && kept.order.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn however_many_sessions_end_what_is_kept_is_bounded_and_the_oldest_goes_first() {
        let (mut kept, session) = (Epilogues::default(), Registry::a_session("alice"));
        for n in 0..=SESSIONS as u128 {
            kept.keep(n.to_be_bytes(), Registry::a_session(&format!("owner-{}", n % 7)), said(BYTES));
        }
        assert_eq!((kept.by_name.len(), kept.order.len()), (SESSIONS, SESSIONS));
        assert!(kept.find(&0_u128.to_be_bytes()).is_none() && kept.find(&1_u128.to_be_bytes()).is_some());
        kept.keep([9; 16], Arc::clone(&session), said(BYTES + 1));
        kept.keep([8; 16], session, Arc::new(Epilogue::new(Link::new(), CloseCode::Finished, "")));
        assert!(kept.find(&[9; 16]).is_none(), "a round is not the end of a session");
        assert!(kept.find(&[8; 16]).is_none(), "the other side has everything");
    }

    #[tokio::test(start_paused = true)]
    async fn one_principal_drops_its_own_and_nobody_elses() {
        let (mut kept, flood) = (Epilogues::default(), Registry::a_session("mallory"));
        kept.keep([7; 16], Registry::a_session("alice"), said(100));
        for n in 0..2 * SESSIONS as u128 {
            kept.keep(n.to_be_bytes(), Arc::clone(&flood), said(100));
        }
        assert!(kept.find(&[7; 16]).is_some(), "alice's is kept");
        assert_eq!((kept.by_name.len(), kept.order.len()), (OF_ONE + 1, OF_ONE + 1));
        let first = (2 * SESSIONS - OF_ONE) as u128;
        assert!(kept.find(&(first - 1).to_be_bytes()).is_none() && kept.find(&first.to_be_bytes()).is_some());
    }
}
