//! A session that has failed and waits for its abort to be durable, before anybody hears of it.

use super::close;
use crate::session::{Input, Outbox, SessionError, StoreFault};

pub(super) struct Aborting {
    error: SessionError,
    /// The peer is still to be told.
    tells: bool,
}

impl Aborting {
    pub(super) const fn new(error: SessionError) -> Self {
        Self { error, tells: true }
    }

    /// The same after the connection was closed for something else.
    pub(super) const fn unheard(error: SessionError) -> Self {
        Self { error, tells: false }
    }

    pub(super) fn step(self, input: Input, expired: bool, out: &mut Outbox) -> Result<Self, SessionError> {
        match input {
            Input::Stored => {
                self.tell(&self.error, out);
                Err(self.error)
            }
            Input::StoreFailed(fault) => Err(self.unrecorded(fault, out)),
            Input::Cancel => Err(self.unrecorded(StoreFault::Unavailable, out)),
            _ if expired => Err(self.unrecorded(StoreFault::Unavailable, out)),
            Input::Text(_) | Input::Binary(_) | Input::PeerClosed(_) | Input::PeerFault(_) | Input::Tick => {
                Ok(self)
            }
            answer => {
                let error = SessionError::Misuse { state: "the abort to be recorded", input: answer.name() };
                self.tell(&error, out);
                Err(error)
            }
        }
    }

    fn tell(&self, error: &SessionError, out: &mut Outbox) {
        if self.tells {
            close(error, out);
        }
    }

    /// The abort is not known to be durable: the peer hears of an internal error and of nothing else.
    fn unrecorded(self, fault: StoreFault, out: &mut Outbox) -> SessionError {
        let error = match &self.error {
            SessionError::Engine { class, .. } => SessionError::Unrecorded { class: *class, fault },
            other => other.clone(),
        };
        self.tell(&error, out);
        error
    }
}
