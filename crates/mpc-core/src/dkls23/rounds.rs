//! Ceremonies out of states: one struct for each frame that a side waits for.

use crate::engine::{Ceremony, Step};
use crate::error::EngineError;

/// A ceremony that has not begun.
pub(super) trait Opening: Send + 'static {
    type Output: 'static;

    fn open(self) -> Result<Step<Self::Output>, EngineError>;
}

/// A state that waits for one frame of the peer.
pub(super) trait Round: Send + 'static {
    type Output: 'static;

    fn receive(self, inbound: &[u8]) -> Result<Step<Self::Output>, EngineError>;
}

pub(super) struct NotBegun<S>(pub(super) S);

struct Waiting<S>(S);

impl<T: 'static, S: Opening<Output = T>> Ceremony<T> for NotBegun<S> {
    fn start(self: Box<Self>) -> Result<Step<T>, EngineError> {
        self.0.open()
    }

    fn step(self: Box<Self>, _: &[u8]) -> Result<Step<T>, EngineError> {
        Err(EngineError::OutOfTurn)
    }
}

impl<T: 'static, S: Round<Output = T>> Ceremony<T> for Waiting<S> {
    fn start(self: Box<Self>) -> Result<Step<T>, EngineError> {
        Err(EngineError::OutOfTurn)
    }

    fn step(self: Box<Self>, inbound: &[u8]) -> Result<Step<T>, EngineError> {
        self.0.receive(inbound)
    }
}

/// Sends a frame and waits in `state`.
pub(super) fn send_and_wait<S: Round>(outbound: Vec<u8>, state: S) -> Step<S::Output> {
    Step::Continue { ceremony: Box::new(Waiting(state)), outbound: Some(outbound) }
}

/// Waits in `state` with nothing to send.
pub(super) fn wait<S: Round>(state: S) -> Step<S::Output> {
    Step::Continue { ceremony: Box::new(Waiting(state)), outbound: None }
}
