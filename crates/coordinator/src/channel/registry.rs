//! The sessions of protocol 2 that are alive, by the names that the server gave them, and where a new socket for each is handed in.
//!
//! Nothing of it is on disk: a session ends with its process.

use std::{
    collections::HashMap,
    fmt, mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use maany_coordinator_proto::{Hello, Intent, KeyId, ResumeToken};
use tokio::sync::Notify;

use super::{
    epilogue::{Epilogue, Epilogues},
    line::Line,
};
use crate::auth::Principal;

/// The live sessions of one server, and for a moment the last words of those that are over. Cheap to clone.
#[derive(Clone, Default)]
pub struct Registry(Arc<Mutex<Sessions>>);

#[derive(Default)]
struct Sessions {
    live: HashMap<[u8; 16], Arc<Session>>,
    over: Epilogues,
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("live", &self.len()).finish_non_exhaustive()
    }
}

impl Registry {
    /// How many sessions are alive.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().live.len()
    }

    /// Whether none is alive.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Enters a session, which is alive for as long as what this gives.
    pub(super) fn enter(&self, name: [u8; 16], whose: Whose, token: ResumeToken) -> Live {
        let session = Arc::new(Session {
            whose,
            token,
            place: Mutex::new(Place::Empty),
            news: Notify::new(),
            admitted: AtomicBool::new(false),
        });
        self.lock().live.insert(name, Arc::clone(&session));
        Live { registry: self.clone(), name, session }
    }

    /// The session of this name, where it is this one's: alive, or over since a moment ago.
    pub(super) fn find(&self, name: &[u8; 16], whose: &Whose) -> Option<Arc<Session>> {
        let mut sessions = self.lock();
        let session = match sessions.live.get(name) {
            Some(session) => Some(Arc::clone(session)),
            None => sessions.over.find(name).map(|(session, _)| session),
        };
        session.filter(|session| session.whose == *whose)
    }

    /// What the session of this name said last, where it is over since a moment ago.
    pub(super) fn epilogue(&self, name: &[u8; 16]) -> Option<Arc<Epilogue>> {
        self.lock().over.find(name).map(|(_, epilogue)| epilogue)
    }

    fn lock(&self) -> MutexGuard<'_, Sessions> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A session that nobody runs.
    #[cfg(test)]
    pub(super) fn a_session(owner: &str) -> Arc<Session> {
        let principal = Principal::new("acme", owner, crate::auth::Scopes::DEVICE);
        let whose = Whose { principal, intent: Intent::Sign, key_id: None };
        let token = ResumeToken::from_bytes(zeroize::Zeroizing::new([7; ResumeToken::SIZE]));
        Arc::new(Session {
            whose,
            token,
            place: Mutex::new(Place::Empty),
            news: Notify::new(),
            admitted: AtomicBool::new(false),
        })
    }
}

/// Who may go on with a session: the same principal, for the same intent and key.
#[derive(PartialEq, Eq)]
pub(super) struct Whose {
    principal: Principal,
    intent: Intent,
    key_id: Option<KeyId>,
}

impl Whose {
    pub(super) fn of(hello: &Hello, principal: &Principal) -> Self {
        Self { principal: principal.clone(), intent: hello.intent(), key_id: hello.key_id().cloned() }
    }
}

/// A new socket for a session, whose token was shown on it.
pub(super) struct Attached {
    pub(super) line: Line,
    /// The last frame that the other side has.
    pub(super) ack: u64,
}

enum Place {
    Empty,
    Taken(Box<Attached>),
    Over,
}

/// One live session, as seen from a new socket.
pub(super) struct Session {
    whose: Whose,
    token: ResumeToken,
    place: Mutex<Place>,
    news: Notify,
    /// Whether it was let in, so that what it says last is worth keeping.
    admitted: AtomicBool,
}

impl Session {
    /// Whether both are sessions of one principal, by whichever of its tokens.
    pub(super) fn is_of_the_principal_of(&self, other: &Self) -> bool {
        let (one, other) = (&self.whose.principal, &other.whose.principal);
        (&one.tenant, &one.owner) == (&other.tenant, &other.owner)
    }

    /// Whether this is the session's token.
    pub(super) fn knows(&self, token: &[u8]) -> bool {
        self.token.is(token)
    }

    /// Hands a socket in; one that still waited is dropped. Gives it back where the session is over.
    pub(super) fn hand_in(&self, attached: Box<Attached>) -> Result<(), Box<Attached>> {
        let mut place = self.place();
        if matches!(*place, Place::Over) {
            return Err(attached);
        }
        *place = Place::Taken(attached);
        drop(place);
        self.news.notify_one();
        Ok(())
    }

    fn take(&self) -> Option<Attached> {
        let mut place = self.place();
        match mem::replace(&mut *place, Place::Empty) {
            Place::Taken(attached) => Some(*attached),
            Place::Over => {
                *place = Place::Over;
                None
            }
            Place::Empty => None,
        }
    }

    fn place(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where it is said that a session was admitted: what it says last is then kept for a moment.
#[derive(Clone)]
pub struct Admittance(Arc<Session>);

impl fmt::Debug for Admittance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admittance").finish_non_exhaustive()
    }
}

impl Admittance {
    /// The session was let in.
    pub fn admitted(&self) {
        self.0.admitted.store(true, Ordering::SeqCst);
    }
}

/// Keeps a session in the registry; without it the session cannot be resumed.
pub(super) struct Live {
    registry: Registry,
    name: [u8; 16],
    session: Arc<Session>,
}

impl Live {
    /// Where to say that the session was admitted.
    pub(super) fn admittance(&self) -> Admittance {
        Admittance(Arc::clone(&self.session))
    }

    /// Waits for a new socket. Cancel-safe.
    pub(super) async fn attached(&self) -> Attached {
        loop {
            if let Some(attached) = self.session.take() {
                return attached;
            }
            // A socket handed in since then has left a permit.
            self.session.news.notified().await;
        }
    }

    /// Ends the session: no socket is taken any more. Gives the one that waited. What the session said last is kept for a
    /// moment, where there is such a thing, for a device that has not heard it.
    pub(super) fn end(&self, epilogue: Option<Arc<Epilogue>>) -> Option<Attached> {
        let mut sessions = self.registry.lock();
        if let (Some(session), Some(epilogue)) = (sessions.live.remove(&self.name), epilogue)
            && session.admitted.load(Ordering::SeqCst)
        {
            sessions.over.keep(self.name, session, epilogue);
        }
        drop(sessions);
        match mem::replace(&mut *self.session.place(), Place::Over) {
            Place::Taken(attached) => Some(*attached),
            Place::Empty | Place::Over => None,
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.end(None);
    }
}
