//! One session per wallet: who holds which wallet now, and how a newer session ends an older one.
//!
//! A lease lives as long as its session and is never written to disk: after a restart there are no sessions.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::timeout};
use tokio_util::sync::CancellationToken;

/// How long a newer session waits for the end of the one that it has ended.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a session may hold alone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Subject {
    /// A wallet, by its id.
    Wallet([u8; 16]),
    /// A key id that a DKG is about to take, unique for its tenant and owner.
    KeyId {
        /// The tenant.
        tenant: String,
        /// The owner.
        owner: String,
        /// The key id.
        key_id: String,
    },
}

/// How a session is ended by a newer one: while it has not written what cannot be taken back.
#[derive(Debug, Clone)]
pub(crate) struct Tenure(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    cancel: CancellationToken,
    course: Mutex<Course>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    /// It may be ended.
    Open,
    /// Its device has shown a step-up code: the word of the wallet's owner, against which that of a device does not count. A
    /// phone that is lost ends no restore; whoever has a right code does.
    SteppedUp,
    /// It is about to write a signature or a decision, or has.
    Bound,
    /// It was ended.
    Ended,
}

/// In whose name a newer session comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    /// That of the wallet's device.
    Device,
    /// That of the wallet's owner: its device shows a right step-up code.
    Owner,
}

impl Tenure {
    /// The tenure of a session that hears of its end by this token.
    pub(crate) fn new(cancel: CancellationToken) -> Self {
        Self(Arc::new(Inner { cancel, course: Mutex::new(Course::Open) }))
    }

    /// From here on the session goes to its end; false where it was ended already.
    fn bind(&self) -> bool {
        let mut course = self.course();
        if matches!(*course, Course::Open | Course::SteppedUp) {
            *course = Course::Bound;
        }
        *course == Course::Bound
    }

    /// From here on no device's newer session ends it.
    fn step_up(&self) {
        let mut course = self.course();
        if *course == Course::Open {
            *course = Course::SteppedUp;
        }
    }

    /// Ends the session; false where that is too late, or not for this one to do.
    fn end(&self, word: Word) -> bool {
        let mut course = self.course();
        if *course == Course::Open || (*course == Course::SteppedUp && word == Word::Owner) {
            *course = Course::Ended;
            self.0.cancel.cancel();
        }
        *course == Course::Ended
    }

    fn course(&self) -> MutexGuard<'_, Course> {
        self.0.course.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The leases of one server.
#[derive(Debug, Clone, Default)]
pub(crate) struct Leases {
    held: Arc<Held>,
}

#[derive(Debug, Default)]
struct Held {
    /// By subject, the tenure of its session where a newer one may end it.
    sessions: Mutex<HashMap<Subject, Option<Tenure>>>,
    freed: Notify,
}

impl Leases {
    /// Takes the lease of `subject`, unless a session holds it.
    pub(crate) fn take(&self, subject: Subject) -> Option<Lease> {
        self.try_take(&subject, None).ok()
    }

    /// Takes the lease of `subject` for a newer session, which ends the one that holds it, where that may be ended, and
    /// waits at most a second until it is over.
    pub(crate) async fn take_over(&self, subject: &Subject, tenure: &Tenure, word: Word) -> Option<Lease> {
        let taken = async {
            loop {
                // Before the look: what is freed after it is not missed.
                let freed = self.held.freed.notified();
                match self.try_take(subject, Some(tenure.clone())) {
                    Ok(lease) => return Some(lease),
                    Err(Some(older)) if older.end(word) => {}
                    Err(_) => return None,
                }
                freed.await;
            }
        };
        timeout(PATIENCE, taken).await.ok().flatten()
    }

    fn try_take(&self, subject: &Subject, tenure: Option<Tenure>) -> Result<Lease, Option<Tenure>> {
        let mut sessions = self.sessions();
        if let Some(older) = sessions.get(subject) {
            return Err(older.clone());
        }
        sessions.insert(subject.clone(), tenure.clone());
        Ok(Lease { leases: self.clone(), subject: subject.clone(), tenure })
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<Subject, Option<Tenure>>> {
        self.held.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Held until dropped.
#[derive(Debug)]
pub(crate) struct Lease {
    leases: Leases,
    subject: Subject,
    tenure: Option<Tenure>,
}

impl Lease {
    /// The session's device has shown a step-up code: no newer session of another one ends it.
    pub(crate) fn step_up(&self) {
        if let Some(tenure) = &self.tenure {
            tenure.step_up();
        }
    }

    /// The session is about to write what cannot be taken back; false where a newer one has ended it.
    pub(crate) fn bind(&self) -> bool {
        self.tenure.as_ref().is_none_or(Tenure::bind)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.leases.sessions().remove(&self.subject);
        self.leases.held.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject() -> Subject {
        Subject::Wallet([1; 16])
    }

    fn tenure() -> (Tenure, CancellationToken) {
        let cancel = CancellationToken::new();
        (Tenure::new(cancel.clone()), cancel)
    }

    #[test]
    fn a_wallet_is_leased_once_and_free_again_after_the_session() {
        let leases = Leases::default();
        let first = leases.take(Subject::Wallet([1; 16]));
        assert!(first.is_some());
        assert!(leases.take(Subject::Wallet([1; 16])).is_none());
        assert!(leases.take(Subject::Wallet([2; 16])).is_some());
        drop(first);
        assert!(leases.take(Subject::Wallet([1; 16])).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_newer_session_ends_an_older_one_and_waits_for_its_lease() {
        let leases = Leases::default();
        let (older, cancelled) = tenure();
        let lease = leases.take_over(&subject(), &older, Word::Device).await.unwrap();
        tokio::spawn(async move {
            cancelled.cancelled().await;
            assert!(!lease.bind(), "what was ended writes nothing for good any more");
        });
        let (newer, _) = tenure();
        assert!(leases.take_over(&subject(), &newer, Word::Device).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_that_has_begun_to_write_for_good_is_not_ended() {
        let leases = Leases::default();
        let (older, cancelled) = tenure();
        let lease = leases.take_over(&subject(), &older, Word::Device).await.unwrap();
        assert!(lease.bind());
        assert!(leases.take_over(&subject(), &tenure().0, Word::Device).await.is_none());
        assert!(!cancelled.is_cancelled() && lease.bind());
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_with_a_step_up_is_not_ended_by_a_device() {
        let leases = Leases::default();
        let (older, cancelled) = tenure();
        let lease = leases.take_over(&subject(), &older, Word::Device).await.unwrap();
        lease.step_up();
        assert!(leases.take_over(&subject(), &tenure().0, Word::Device).await.is_none());
        assert!(!cancelled.is_cancelled() && lease.bind());
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_with_a_step_up_is_ended_by_another_one_while_it_has_stored_nothing() {
        let leases = Leases::default();
        let (older, cancelled) = tenure();
        let lease = leases.take_over(&subject(), &older, Word::Owner).await.unwrap();
        lease.step_up();
        tokio::spawn(async move {
            cancelled.cancelled().await;
            assert!(!lease.bind());
        });
        let newer = leases.take_over(&subject(), &tenure().0, Word::Owner).await.unwrap();
        assert!(newer.bind());
        assert!(leases.take_over(&subject(), &tenure().0, Word::Owner).await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_of_the_older_profile_is_not_ended() {
        let leases = Leases::default();
        let _lease = leases.take(subject()).unwrap();
        assert!(leases.take_over(&subject(), &tenure().0, Word::Device).await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn an_older_session_that_does_not_end_keeps_its_lease() {
        let leases = Leases::default();
        let lease = leases.take_over(&subject(), &tenure().0, Word::Device).await.unwrap();
        let started = tokio::time::Instant::now();
        assert!(leases.take_over(&subject(), &tenure().0, Word::Device).await.is_none());
        assert_eq!(started.elapsed(), PATIENCE);
        drop(lease);
        assert!(leases.take(subject()).is_some());
    }
}
