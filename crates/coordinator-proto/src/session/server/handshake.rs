//! From the hello, in protocol 2 from the proof, to the verb that is asked for.

use core::time::Duration;

use crate::hello::{Hello, HelloError, Protocol};
use crate::ids::{Intent, KeyId, SessionId};
use crate::limits::Limits;
use crate::proof::Challenge;
use crate::session::backup::Names;
use crate::session::dkg::DkgServer;
use crate::session::ending::ServerProfile;
use crate::session::event::Event;
use crate::session::proven::{ServerBegun, ServerOpening};
use crate::session::renewal::{RenewalServer, ServerVerb};
use crate::session::shell::{Debt, Flow, Intake, Verb};
use crate::session::sign::SignServer;
use crate::session::{Admission, Effect, Outbox, Outcome, SessionError, Waiting};

pub(super) enum ServerVerbs {
    AwaitHello(AwaitHello),
    AwaitAdmission(AwaitAdmission),
    Opening(Box<ServerOpening>),
    Dkg(DkgServer),
    Sign(SignServer),
    Renewal(Box<RenewalServer>),
}

/// The first frame is to come.
pub(super) struct AwaitHello {
    rounds: u8,
}

/// The host is to say whether the hello may go on. Nothing is read from the peer meanwhile.
pub(super) struct AwaitAdmission {
    rounds: u8,
    intent: Intent,
    session_id: SessionId,
    key_id: Option<KeyId>,
}

impl ServerVerbs {
    pub(super) const fn new(rounds: u8) -> Self {
        Self::AwaitHello(AwaitHello { rounds })
    }

    /// Protocol 2: the channel's handshake has taken the hello already.
    pub(super) fn proven(hello: Hello, challenge: Challenge, rounds: u8) -> Self {
        Self::Opening(Box::new(ServerOpening::begin(hello, challenge, rounds)))
    }
}

impl AwaitHello {
    fn read(self, text: &[u8], out: &mut Outbox) -> Result<ServerVerbs, SessionError> {
        let hello = Hello::parse(text)?;
        if hello.protocol() == Protocol::Two {
            // It runs in a channel: in the clear its session does not begin.
            return Err(HelloError::UnsupportedProtocol.into());
        }
        let next = AwaitAdmission {
            rounds: self.rounds,
            intent: hello.intent(),
            session_id: hello.session_id().clone(),
            key_id: hello.key_id().cloned(),
        };
        out.push(Effect::Admit(Box::new(hello)));
        Ok(ServerVerbs::AwaitAdmission(next))
    }
}

impl AwaitAdmission {
    fn admit(
        self,
        admission: Admission,
        out: &mut Outbox,
    ) -> Result<Flow<ServerVerbs, Outcome>, SessionError> {
        admission.check(self.intent)?;
        let Self { rounds, session_id, key_id, .. } = self;
        let names = |wallet| Names { session_id, key_id, wallet };
        Ok(match admission {
            Admission::Dkg { wallet } => {
                let profile = ServerProfile::Plain(names(wallet));
                Flow::Stay(ServerVerbs::Dkg(DkgServer::begin(wallet, profile, rounds, out)))
            }
            Admission::Sign(facts) => SignServer::begin(facts, rounds, out).map(ServerVerbs::Sign),
            Admission::Refresh(facts) => Flow::Stay(ServerVerbs::Renewal(Box::new(RenewalServer::begin(
                ServerVerb::Refresh,
                names(facts.wallet),
                facts,
                rounds,
                out,
            )))),
            Admission::Restore(facts) => Flow::Stay(ServerVerbs::Renewal(Box::new(RenewalServer::begin(
                ServerVerb::Restore,
                names(facts.wallet),
                facts,
                rounds,
                out,
            )))),
        })
    }
}

impl Verb for ServerVerbs {
    fn step(self, event: Event, out: &mut Outbox) -> Result<Flow<Self, Outcome>, SessionError> {
        match (self, event) {
            (Self::AwaitHello(state), Event::Text(text)) => state.read(&text, out).map(Flow::Stay),
            (Self::AwaitAdmission(state), Event::Admitted(admission)) => state.admit(*admission, out),
            (Self::AwaitAdmission(_), Event::Refused(refusal)) => Err(SessionError::Refused(refusal)),
            (state @ (Self::AwaitHello(_) | Self::AwaitAdmission(_)), event) => {
                Err(event.unexpected(state.name(), state.waiting()))
            }
            (Self::Opening(opening), event) => Ok(match opening.step(event, out)? {
                Flow::Stay(opening) => Flow::Stay(Self::Opening(Box::new(opening))),
                Flow::Done(ServerBegun::Dkg(verb)) => Flow::Stay(Self::Dkg(verb)),
                Flow::Done(ServerBegun::Sign(verb)) => Flow::Stay(Self::Sign(verb)),
                Flow::Done(ServerBegun::Renewal(verb)) => Flow::Stay(Self::Renewal(verb)),
                Flow::Done(ServerBegun::Over(outcome)) => Flow::Done(outcome),
            }),
            (Self::Dkg(verb), event) => Ok(verb.step(event, out)?.map(Self::Dkg)),
            (Self::Sign(verb), event) => Ok(verb.step(event, out)?.map(Self::Sign)),
            (Self::Renewal(verb), event) => {
                Ok(verb.step(event, out)?.map(|verb| Self::Renewal(Box::new(verb))))
            }
        }
    }

    fn waiting(&self) -> Waiting {
        match self {
            Self::AwaitHello(_) => Waiting::Hello,
            Self::AwaitAdmission(_) => Waiting::Host,
            Self::Opening(opening) => opening.waiting(),
            Self::Dkg(verb) => verb.waiting(),
            Self::Sign(verb) => verb.waiting(),
            Self::Renewal(verb) => verb.waiting(),
        }
    }

    fn intake(&self, limits: &Limits) -> Intake {
        match self {
            Self::AwaitHello(_) => Intake::Hello(limits.hello_bytes),
            Self::AwaitAdmission(state) => Intake::Paused(limits.message_bytes(state.intent)),
            Self::Opening(opening) => opening.intake(limits),
            Self::Dkg(verb) => verb.intake(limits),
            Self::Sign(verb) => verb.intake(limits),
            Self::Renewal(verb) => verb.intake(limits),
        }
    }

    fn patience(&self, limits: &Limits) -> Duration {
        match self {
            Self::AwaitHello(_) => limits.hello_deadline,
            Self::AwaitAdmission(_) => limits.step_deadline,
            Self::Opening(opening) => opening.patience(limits),
            Self::Dkg(verb) => verb.patience(limits),
            Self::Sign(verb) => verb.patience(limits),
            Self::Renewal(verb) => verb.patience(limits),
        }
    }

    fn debt(&self) -> Debt {
        match self {
            Self::AwaitHello(_) | Self::AwaitAdmission(_) | Self::Opening(_) => Debt::default(),
            Self::Dkg(verb) => verb.debt(),
            Self::Sign(verb) => verb.debt(),
            Self::Renewal(verb) => verb.debt(),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::AwaitHello(_) => "the hello",
            Self::AwaitAdmission(_) => "the admission",
            Self::Opening(opening) => opening.name(),
            Self::Dkg(verb) => verb.name(),
            Self::Sign(verb) => verb.name(),
            Self::Renewal(verb) => verb.name(),
        }
    }
}
