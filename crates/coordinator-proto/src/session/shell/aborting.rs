//! A session that has failed and waits for its abort to be durable, before anybody hears of it.

use super::close;
use crate::session::{Input, Outbox, SessionError, StoreFault};

pub(super) struct Aborting {
    error: SessionError,
}

impl Aborting {
    pub(super) const fn new(error: SessionError) -> Self {
        Self { error }
    }

    pub(super) fn step(self, input: Input, expired: bool, out: &mut Outbox) -> Result<Self, SessionError> {
        match input {
            Input::Stored => {
                close(&self.error, out);
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
                close(&error, out);
                Err(error)
            }
        }
    }

    /// The abort is not known to be durable: the peer hears of an internal error and of nothing else.
    fn unrecorded(self, fault: StoreFault, out: &mut Outbox) -> SessionError {
        let error = match self.error {
            SessionError::Engine { class, .. } => SessionError::Unrecorded { class, fault },
            other => other,
        };
        close(&error, out);
        error
    }
}
