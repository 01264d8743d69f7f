//! Every bound that a session keeps: sizes, queue, deadlines. The defaults are those of the public wire format.

use core::time::Duration;

use crate::ids::Intent;

/// The largest hello, in bytes.
pub const HELLO_BYTES: usize = 8 * 1024;
/// The largest message of a signing session, in bytes: twice the largest honest one.
pub const SIGN_BYTES: usize = 168 * 1024;
/// The largest message of a DKG, refresh or restore session, in bytes: twice the largest honest one.
pub const CEREMONY_BYTES: usize = 300 * 1024;

/// The bounds of one session. All are plain fields; [`Default`] gives the documented values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest hello, in bytes.
    pub hello_bytes: usize,
    /// Largest message while signing, in bytes.
    pub sign_bytes: usize,
    /// Largest message in DKG, refresh and restore, in bytes.
    pub ceremony_bytes: usize,
    /// Messages kept while the engine or the store is at work; one more ends the session.
    pub queue: usize,
    /// Engine messages that a peer may send in one session.
    pub rounds: u8,
    /// From the open socket to the whole hello.
    pub hello_deadline: Duration,
    /// For each single step: the peer's next message, the host's answer, the engine, the store.
    pub step_deadline: Duration,
    /// From the open socket to the end of the session; no traffic moves it.
    pub session_deadline: Duration,
    /// How long a finished DKG, refresh or restore waits for one `backup-share`, and a device for its ack.
    pub backup_window: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            hello_bytes: HELLO_BYTES,
            sign_bytes: SIGN_BYTES,
            ceremony_bytes: CEREMONY_BYTES,
            queue: 2,
            rounds: 16,
            hello_deadline: Duration::from_secs(5),
            step_deadline: Duration::from_secs(15),
            session_deadline: Duration::from_secs(60),
            backup_window: Duration::from_secs(15),
        }
    }
}

impl Limits {
    /// The largest message of a session with this intent, in bytes.
    #[must_use]
    pub const fn message_bytes(&self, intent: Intent) -> usize {
        match intent {
            Intent::Sign => self.sign_bytes,
            Intent::Dkg | Intent::Refresh | Intent::Restore => self.ceremony_bytes,
        }
    }
}
