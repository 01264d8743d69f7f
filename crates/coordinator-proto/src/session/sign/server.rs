//! The server's side of signing.

use core::time::Duration;

use super::Profile;
use crate::close::CloseCode;
use crate::control::{Control, What};
use crate::ids::{Epoch, Intent};
use crate::limits::Limits;
use crate::session::event::Event;
use crate::session::rounds::{Made, Rounds};
use crate::session::shell::{Debt, Flow, Intake, Verb};
use crate::session::{
    AbortLedger, Ceremony, Effect, Outbox, Outcome, SessionError, SignFacts, Waiting, WalletFacts, Write,
};

pub(in crate::session) enum SignServer {
    Running(Running),
    Storing(Storing),
}

/// The engine's rounds.
pub(in crate::session) struct Running {
    profile: Profile,
    rounds: Rounds,
    ledger: AbortLedger,
    epoch: Epoch,
}

/// The signature is being written; the message that carries it waits.
pub(in crate::session) struct Storing {
    profile: Profile,
    last: Vec<u8>,
}

impl SignServer {
    /// Begins, or ends at once where the request was signed before.
    pub(in crate::session) fn begin(facts: SignFacts, rounds: u8, out: &mut Outbox) -> Flow<Self, Outcome> {
        match facts {
            SignFacts::Open(facts) => Flow::Stay(Self::open(Profile::Plain, &facts, rounds, out)),
            SignFacts::AlreadySigned => {
                out.push(Effect::Close(CloseCode::Finished));
                Flow::Done(Outcome::AlreadySigned)
            }
        }
    }

    /// Begins after the two sides have agreed on the active share.
    pub(in crate::session) fn begin_proven(facts: &WalletFacts, rounds: u8, out: &mut Outbox) -> Self {
        Self::open(Profile::Proven, facts, rounds, out)
    }

    fn open(profile: Profile, facts: &WalletFacts, rounds: u8, out: &mut Outbox) -> Self {
        out.push(Effect::Ready);
        let rounds = Rounds::start(Ceremony::Sign(facts.active), rounds, out);
        Self::Running(Running { profile, rounds, ledger: facts.aborts, epoch: facts.active.epoch() })
    }
}

impl Verb for SignServer {
    fn step(self, event: Event, out: &mut Outbox) -> Result<Flow<Self, Outcome>, SessionError> {
        match (self, event) {
            (Self::Running(Running { profile, rounds, ledger, epoch }), event) => {
                match rounds.step(event, out)? {
                    Flow::Stay(rounds) => {
                        Ok(Flow::Stay(Self::Running(Running { profile, rounds, ledger, epoch })))
                    }
                    Flow::Done(Made::Signature { last: Some(last) }) => {
                        out.push(Effect::Store(Write::Signature));
                        Ok(Flow::Stay(Self::Storing(Storing { profile, last })))
                    }
                    Flow::Done(Made::Signature { last: None } | Made::Share(_)) => {
                        Err(SessionError::WrongOutput)
                    }
                }
            }
            (
                Self::Storing(Storing { profile: Profile::Plain, last }),
                Event::Stored | Event::SignatureStored(_),
            ) => {
                out.push(Effect::SendBinary(last));
                out.push(Effect::Close(CloseCode::Finished));
                Ok(Flow::Done(Outcome::Signed))
            }
            (
                Self::Storing(Storing { profile: Profile::Proven, last }),
                Event::SignatureStored(signature),
            ) => {
                out.push(Effect::SendBinary(last));
                out.push(Effect::SendBinary(Control::Done(What::Signature(signature)).to_bytes()));
                out.push(Effect::Close(CloseCode::Finished));
                Ok(Flow::Done(Outcome::Signed))
            }
            (Self::Storing(_), Event::StoreFailed(fault)) => Err(SessionError::Store(fault)),
            (state @ Self::Storing(_), event) => Err(event.unexpected(state.name(), state.waiting())),
        }
    }

    fn waiting(&self) -> Waiting {
        match self {
            Self::Running(state) => state.rounds.waiting(),
            Self::Storing(_) => Waiting::Store,
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
            Self::Running(state) => Debt { provisional: None, ledger: Some((state.ledger, state.epoch)) },
            Self::Storing(_) => Debt::default(),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Running(state) => state.rounds.name(),
            Self::Storing(_) => "the signature to be stored",
        }
    }
}
