//! A session that has failed while the engine was at work on a message of the peer: whether the peer has cheated in it is
//! heard first, and counted. The peer was closed for the first failure; it learns nothing of the second.

use super::{Debt, engine_error};
use crate::session::{AbortClass, Input, SessionError};

pub(super) struct Draining {
    error: SessionError,
    debt: Debt,
}

impl Draining {
    pub(super) const fn new(error: SessionError, debt: Debt) -> Self {
        Self { error, debt }
    }

    /// The failure to report, with what is to be written about it, once the engine has spoken.
    pub(super) fn step(self, input: Input) -> Result<Self, (SessionError, Debt)> {
        match input {
            Input::Text(_)
            | Input::Binary(_)
            | Input::PeerClosed(_)
            | Input::PeerFault(_)
            | Input::Tick
            | Input::Cancel => Ok(self),
            Input::EngineFailed(class @ (AbortClass::B | AbortClass::C | AbortClass::Freeze)) => {
                Err((engine_error(class), self.debt))
            }
            Input::EngineFailed(AbortClass::A)
            | Input::EngineUnavailable
            | Input::EngineStepped { .. }
            | Input::Peeked { .. } => Err((self.error, self.debt)),
            answer => {
                let error = SessionError::Misuse { state: "the engine's last word", input: answer.name() };
                Err((error, self.debt))
            }
        }
    }
}
