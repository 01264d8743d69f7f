//! A session that has failed and waits for its abort to be durable, before anybody hears of it.

use super::Farewell;
use crate::session::{Input, Outbox, SessionError, StoreFault};

pub(super) struct Aborting {
    error: SessionError,
    farewell: Farewell,
}

impl Aborting {
    pub(super) const fn new(error: SessionError, farewell: Farewell) -> Self {
        Self { error, farewell }
    }

    /// The same after the connection was closed for something else.
    pub(super) const fn unheard(error: SessionError) -> Self {
        Self { error, farewell: Farewell::Over }
    }

    pub(super) fn step(self, input: Input, expired: bool, out: &mut Outbox) -> Result<Self, SessionError> {
        match input {
            Input::Stored => {
                self.farewell.close(&self.error, out);
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
                self.farewell.close(&error, out);
                Err(error)
            }
        }
    }

    /// The abort is not known to be durable: the peer hears of an internal error and of nothing else.
    fn unrecorded(self, fault: StoreFault, out: &mut Outbox) -> SessionError {
        let error = match &self.error {
            SessionError::Engine { class, .. } => SessionError::Unrecorded { class: *class, fault },
            other => other.clone(),
        };
        self.farewell.close(&error, out);
        error
    }
}
