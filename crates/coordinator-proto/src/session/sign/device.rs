//! The device's side of signing. In the older profile it signs with the share that the server's first frame names, if it
//! holds it; what that says about an earlier attempt is written only after the engine has finished with it, as a header
//! alone proves nothing. In protocol 2 the share is agreed on, and settled, before.

use core::time::Duration;

use super::Profile;
use crate::close::CloseCode;
use crate::control::Control;
use crate::ids::{Epoch, Intent, ShareId};
use crate::limits::Limits;
use crate::session::event::Event;
use crate::session::reconcile::{DeviceChoice, reconcile_device};
use crate::session::rounds::{Made, Rounds};
use crate::session::shell::{Debt, Flow, Intake, Verb, engine_error};
use crate::session::{
    AbortLedger, Ceremony, DeviceHolds, Effect, EngineOutput, Outbox, Outcome, Promotion, SessionError,
    Waiting, Write,
};

pub(in crate::session) enum SignDevice {
    AwaitFirst(AwaitFirst),
    Peeking(Peeking),
    Starting(Starting),
    Running(Running),
    Settling(Settling),
    AwaitDone(AwaitDone),
}

/// The server's first frame is to come.
pub(in crate::session) struct AwaitFirst {
    holds: DeviceHolds,
    rounds: u8,
}

/// Its header is being read.
pub(in crate::session) struct Peeking {
    holds: DeviceHolds,
    rounds: u8,
}

/// The engine is starting, and will be given that frame.
pub(in crate::session) struct Starting {
    frame: Vec<u8>,
    chosen: Chosen,
    rounds: u8,
}

/// The engine's rounds.
pub(in crate::session) struct Running {
    profile: Profile,
    rounds: Rounds,
    chosen: Chosen,
}

/// What the signature has proven about an earlier attempt is being written.
pub(in crate::session) struct Settling;

/// Protocol 2: the signature is there, and the server is to say that the session is done.
pub(in crate::session) struct AwaitDone;

struct Chosen {
    epoch: Epoch,
    ledger: AbortLedger,
    settle: Option<Write>,
}

impl SignDevice {
    pub(in crate::session) const fn begin(holds: DeviceHolds, rounds: u8) -> Self {
        Self::AwaitFirst(AwaitFirst { holds, rounds })
    }

    /// Protocol 2: goes on with a ceremony that has begun with the share that both sides agree on.
    pub(in crate::session) const fn under_way(rounds: Rounds, share: ShareId, ledger: AbortLedger) -> Self {
        let chosen = Chosen { epoch: share.epoch(), ledger, settle: None };
        Self::Running(Running { profile: Profile::Proven, rounds, chosen })
    }
}

impl Verb for SignDevice {
    fn step(self, event: Event, out: &mut Outbox) -> Result<Flow<Self, Outcome>, SessionError> {
        Ok(Flow::Stay(match (self, event) {
            (Self::AwaitFirst(AwaitFirst { holds, rounds }), Event::Engine(frame)) => {
                out.push(Effect::Peek(frame));
                Self::Peeking(Peeking { holds, rounds })
            }
            (Self::AwaitFirst(_), Event::Closed(Some(CloseCode::Finished))) => {
                return Ok(Flow::Done(Outcome::AlreadySigned));
            }
            (Self::Peeking(Peeking { holds, rounds }), Event::Peeked { frame, share }) => {
                let server = share.ok_or(SessionError::NotEngine)?;
                let chosen = Chosen::new(&holds, server)?;
                out.push(Effect::StartEngine(Ceremony::Sign(server)));
                Self::Starting(Starting { frame, chosen, rounds })
            }
            (
                Self::Starting(Starting { frame, chosen, rounds }),
                Event::Stepped { outbound: None, output: EngineOutput::None },
            ) => {
                let rounds = Rounds::first(frame, rounds, out);
                Self::Running(Running { profile: Profile::Plain, rounds, chosen })
            }
            (Self::Starting(_), Event::Stepped { .. }) => return Err(SessionError::WrongOutput),
            (Self::Starting(_), Event::EngineFailed(class)) => return Err(engine_error(class)),
            (Self::Running(Running { profile, rounds, chosen }), event) => match rounds.step(event, out)? {
                Flow::Stay(rounds) => Self::Running(Running { profile, rounds, chosen }),
                Flow::Done(Made::Signature { last: None }) => match profile {
                    Profile::Plain => return Ok(chosen.finish(out)),
                    Profile::Proven => Self::AwaitDone(AwaitDone),
                },
                Flow::Done(Made::Signature { last: Some(_) } | Made::Share(_)) => {
                    return Err(SessionError::WrongOutput);
                }
            },
            (Self::AwaitDone(AwaitDone), Event::Control(Control::Done(_))) => return Ok(signed(out)),
            (Self::Settling(Settling), Event::Stored | Event::StoreFailed(_)) => return Ok(signed(out)),
            (state, event) => {
                let error = event.unexpected(state.name(), state.waiting());
                return match (state, &error) {
                    (Self::Settling(_) | Self::AwaitDone(_), SessionError::Misuse { .. }) => Err(error),
                    // The signature is there; what could not be written now is settled by the next session.
                    (Self::Settling(_) | Self::AwaitDone(_), _) => Ok(signed(out)),
                    _ => Err(error),
                };
            }
        }))
    }

    fn waiting(&self) -> Waiting {
        match self {
            Self::AwaitFirst(_) | Self::AwaitDone(_) => Waiting::Peer,
            Self::Peeking(_) | Self::Starting(_) => Waiting::Engine,
            Self::Running(state) => state.rounds.waiting(),
            Self::Settling(_) => Waiting::Store,
        }
    }

    fn intake(&self, limits: &Limits) -> Intake {
        Intake::Open(limits.message_bytes(Intent::Sign))
    }

    fn patience(&self, limits: &Limits) -> Duration {
        limits.step_deadline
    }

    fn debt(&self) -> Debt {
        match self {
            Self::Starting(Starting { chosen, .. }) | Self::Running(Running { chosen, .. }) => {
                Debt { provisional: None, ledger: Some((chosen.ledger, chosen.epoch)) }
            }
            Self::AwaitFirst(_) | Self::Peeking(_) | Self::Settling(_) | Self::AwaitDone(_) => {
                Debt::default()
            }
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::AwaitFirst(_) => "the server's first frame",
            Self::Peeking(_) => "the first frame's header",
            Self::Starting(_) => "the engine",
            Self::Running(state) => state.rounds.name(),
            Self::Settling(_) => "the share to be settled",
            Self::AwaitDone(_) => "done",
        }
    }
}

impl Chosen {
    fn new(holds: &DeviceHolds, server: ShareId) -> Result<Self, SessionError> {
        let choice = reconcile_device(holds.active, holds.pending, server).ok_or(SessionError::Diverged)?;
        let settle = match choice {
            DeviceChoice::KeepActive { drop } => drop.map(Write::DropPending),
            DeviceChoice::TakePending { erase } => {
                Some(Write::Promote(Promotion { id: server, retire: None, erase }))
            }
        };
        Ok(Self { epoch: server.epoch(), ledger: holds.aborts, settle })
    }

    fn finish(self, out: &mut Outbox) -> Flow<SignDevice, Outcome> {
        match self.settle {
            Some(write) => {
                out.push(Effect::Store(write));
                Flow::Stay(SignDevice::Settling(Settling))
            }
            None => signed(out),
        }
    }
}

fn signed(out: &mut Outbox) -> Flow<SignDevice, Outcome> {
    out.push(Effect::Close(CloseCode::Finished));
    Flow::Done(Outcome::Signed)
}
