//! The engine's rounds, the same on both sides and in every verb: one message of the peer in, at most one out, until the
//! engine has finished. The messages themselves are opaque here.

use super::event::Event;
use super::shell::{Flow, engine_error};
use super::{Ceremony, Effect, EngineOutput, Outbox, SessionError, Waiting};
use crate::ids::ShareId;

/// The rounds of one ceremony.
pub(super) enum Rounds {
    /// The engine is at work.
    Busy(Busy),
    /// It is the peer's turn.
    AwaitPeer(AwaitPeer),
}

pub(super) struct Busy {
    left: u8,
}

pub(super) struct AwaitPeer {
    left: u8,
}

/// What the engine has made.
pub(super) enum Made {
    /// A share; its last message is sent already.
    Share(ShareId),
    /// A signature; the message that tells the peer is held back.
    Signature {
        /// The message.
        last: Option<Vec<u8>>,
    },
}

impl Rounds {
    /// Starts the engine; the peer may send `limit` messages.
    pub(super) fn start(ceremony: Ceremony, limit: u8, out: &mut Outbox) -> Self {
        out.push(Effect::StartEngine(ceremony));
        Self::Busy(Busy { left: limit })
    }

    /// Gives the engine, which has nothing to say, the peer's first message.
    pub(super) fn first(frame: Vec<u8>, limit: u8, out: &mut Outbox) -> Self {
        out.push(Effect::RunEngine(frame));
        Self::Busy(Busy { left: limit.saturating_sub(1) })
    }

    pub(super) fn step(self, event: Event, out: &mut Outbox) -> Result<Flow<Self, Made>, SessionError> {
        match (self, event) {
            (Self::Busy(Busy { left }), Event::Stepped { outbound, output: EngineOutput::None }) => {
                out.extend(outbound.map(Effect::SendBinary));
                Ok(Flow::Stay(Self::AwaitPeer(AwaitPeer { left })))
            }
            (Self::Busy(_), Event::Stepped { outbound, output: EngineOutput::Share(id) }) => {
                out.extend(outbound.map(Effect::SendBinary));
                Ok(Flow::Done(Made::Share(id)))
            }
            (Self::Busy(_), Event::Stepped { outbound, output: EngineOutput::Signature }) => {
                Ok(Flow::Done(Made::Signature { last: outbound }))
            }
            (Self::Busy(_), Event::EngineFailed(class)) => Err(engine_error(class)),
            (Self::AwaitPeer(AwaitPeer { left }), Event::Engine(frame)) => {
                let left = left.checked_sub(1).ok_or(SessionError::TooManyRounds)?;
                out.push(Effect::RunEngine(frame));
                Ok(Flow::Stay(Self::Busy(Busy { left })))
            }
            (state, event) => Err(event.unexpected(state.name(), state.waiting())),
        }
    }

    pub(super) const fn waiting(&self) -> Waiting {
        match self {
            Self::Busy(_) => Waiting::Engine,
            Self::AwaitPeer(_) => Waiting::Peer,
        }
    }

    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Busy(_) => "the engine",
            Self::AwaitPeer(_) => "the peer's round",
        }
    }
}
