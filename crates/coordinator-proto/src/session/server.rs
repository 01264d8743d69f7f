//! The server's side of a session, from the open socket to its end: the hello, the host's admission, the verb.

mod handshake;

use core::fmt;

use super::shell::{Farewell, Shell};
use super::{Input, Outbox, SessionError};
use crate::hello::Hello;
use crate::ids::Millis;
use crate::limits::Limits;
use crate::proof::Challenge;
use handshake::ServerVerbs;

/// The server's side of one session.
pub struct ServerSession(Shell<ServerVerbs>);

impl ServerSession {
    /// A session whose socket opened at `now`; it waits for the hello.
    #[must_use]
    pub fn new(limits: Limits, now: Millis) -> Self {
        Self(Shell::new(ServerVerbs::new(limits.rounds), Farewell::Silent, limits, now))
    }

    /// Protocol 2: a session whose channel is open, with the hello that the handshake took in; it waits for the proof. The
    /// peer is told of a failure in a frame before the close.
    #[must_use]
    pub fn proven(hello: Hello, challenge: Challenge, limits: Limits, now: Millis) -> Self {
        let verbs = ServerVerbs::proven(hello, challenge, limits.rounds);
        Self(Shell::new(verbs, Farewell::Tells, limits, now))
    }

    /// Takes one input at `now` and says what follows from it.
    ///
    /// # Errors
    /// [`SessionError`] where the session fails; what is left to do is in `out`.
    pub fn step(self, now: Millis, input: Input, out: &mut Outbox) -> Result<Self, SessionError> {
        self.0.step(now, input, out).map(Self)
    }

    /// When the machine wants an [`Input::Tick`]; none where it is over.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        self.0.deadline()
    }

    /// The largest message that may be read from the peer now, in bytes; none where nothing may be read now, as between
    /// the hello and its admission.
    #[must_use]
    pub fn read_limit(&self) -> Option<usize> {
        self.0.read_limit()
    }

    /// Whether the session is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.0.is_over()
    }

    /// What it waits for, in words, for a log.
    #[must_use]
    pub fn state(&self) -> &'static str {
        self.0.name()
    }
}

impl fmt::Debug for ServerSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerSession").field("state", &self.state()).finish_non_exhaustive()
    }
}
