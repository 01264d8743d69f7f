//! What every session machine has around its verb, on either side: the deadlines, the queue of frames, the sizes, the
//! durable record of an abort before it is reported, and the end.

mod aborting;
mod draining;
mod farewell;

use super::clock::Clock;
use super::event::Event;
use super::inbox::{FromPeer, Inbox};
use super::{AbortClass, AbortLedger, Effect, Input, Outbox, Outcome, SessionError, Verdict, Waiting, Write};
use crate::close::CloseCode;
use crate::frame::{Frame, classify};
use crate::ids::{Epoch, Millis, ShareId};
use crate::limits::Limits;
use aborting::Aborting;
use core::time::Duration;
use draining::Draining;

pub(super) use farewell::Farewell;

/// Where a verb's machine is after an event.
pub(super) enum Flow<Stay, Done> {
    /// It goes on.
    Stay(Stay),
    /// It has finished.
    Done(Done),
}

impl<Stay, Done> Flow<Stay, Done> {
    /// The same place, in a larger machine.
    pub(super) fn map<Outer>(self, wrap: impl FnOnce(Stay) -> Outer) -> Flow<Outer, Done> {
        match self {
            Self::Stay(state) => Flow::Stay(wrap(state)),
            Self::Done(done) => Flow::Done(done),
        }
    }
}

/// What must be written if the session fails in a state.
#[derive(Clone, Copy, Default)]
pub(super) struct Debt {
    /// A provisional share that no one was told about: to be taken back.
    pub(super) provisional: Option<ShareId>,
    /// The ledger in which an abort of the engine is counted, and the epoch of the share it ran with.
    pub(super) ledger: Option<(AbortLedger, Epoch)>,
}

/// One machine of a verb, on one side.
pub(super) trait Verb: Sized {
    /// Takes one event.
    fn step(self, event: Event, out: &mut Outbox) -> Result<Flow<Self, Outcome>, SessionError>;

    /// What it waits for; frames are given to it only while it waits for the peer.
    fn waiting(&self) -> Waiting;

    /// The largest message of the peer, in bytes, and whether it may be read now.
    fn intake(&self, limits: &Limits) -> Intake;

    /// How long it waits.
    fn patience(&self, limits: &Limits) -> Duration;

    /// What is to be written if it fails now.
    fn debt(&self) -> Debt;

    /// Its name, for a log.
    fn name(&self) -> &'static str;
}

/// Whether frames may be read, and how large they may be.
#[derive(Clone, Copy)]
pub(super) enum Intake {
    /// The hello: too large is a malformed handshake.
    Hello(usize),
    /// Nothing is to be read now; what was on its way has this limit.
    Paused(usize),
    /// A message.
    Open(usize),
}

impl Intake {
    fn check(self, bytes: &[u8]) -> Result<(), SessionError> {
        match self {
            Self::Hello(limit) if bytes.len() > limit => {
                Err(crate::hello::HelloError::TooLong { limit }.into())
            }
            Self::Open(limit) | Self::Paused(limit) if bytes.len() > limit => {
                Err(SessionError::TooBig { limit })
            }
            Self::Hello(_) | Self::Open(_) | Self::Paused(_) => Ok(()),
        }
    }
}

/// A verb's machine with everything around it.
pub(super) struct Shell<V> {
    limits: Limits,
    farewell: Farewell,
    clock: Clock,
    inbox: Inbox,
    state: State<V>,
}

enum State<V> {
    Running(V),
    Draining(Draining),
    Aborting(Aborting),
    Over,
}

impl<V: Verb> Shell<V> {
    pub(super) fn new(verb: V, farewell: Farewell, limits: Limits, now: Millis) -> Self {
        let clock = Clock::new(now, limits.session_deadline, verb.patience(&limits));
        Self { limits, farewell, clock, inbox: Inbox::new(limits.queue), state: State::Running(verb) }
    }

    pub(super) fn step(mut self, now: Millis, input: Input, out: &mut Outbox) -> Result<Self, SessionError> {
        match self.state {
            State::Running(verb) => {
                self.state = State::Over;
                self.run(verb, now, input, out)
            }
            State::Draining(draining) => {
                self.state = State::Over;
                match draining.step(input) {
                    Ok(draining) => Ok(Self { state: State::Draining(draining), ..self }),
                    // The peer has its close already.
                    Err((error, debt)) => match settle(error, debt) {
                        (error, Some(write)) => {
                            out.push(Effect::Store(write));
                            self.clock.restart(now, self.limits.step_deadline);
                            Ok(Self { state: State::Aborting(Aborting::unheard(error)), ..self })
                        }
                        (error, None) => Err(error),
                    },
                }
            }
            State::Aborting(aborting) => aborting
                .step(input, self.clock.has_expired(now), out)
                .map(|aborting| Self { state: State::Aborting(aborting), ..self }),
            State::Over => match input {
                Input::Text(_)
                | Input::Binary(_)
                | Input::PeerClosed(_)
                | Input::PeerFault(_)
                | Input::Tick
                | Input::Cancel => Ok(Self { state: State::Over, ..self }),
                answer => Err(SessionError::Misuse { state: "nothing", input: answer.name() }),
            },
        }
    }

    pub(super) fn deadline(&self) -> Option<Millis> {
        match self.state {
            State::Running(_) | State::Aborting(_) => Some(self.clock.deadline()),
            State::Draining(_) | State::Over => None,
        }
    }

    pub(super) fn read_limit(&self) -> Option<usize> {
        match &self.state {
            State::Running(_) if self.inbox.is_closed() => None,
            State::Running(verb) => match verb.intake(&self.limits) {
                Intake::Hello(limit) | Intake::Open(limit) => Some(limit),
                Intake::Paused(_) => None,
            },
            State::Draining(_) | State::Aborting(_) | State::Over => None,
        }
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    pub(super) fn name(&self) -> &'static str {
        match &self.state {
            State::Running(verb) => verb.name(),
            State::Draining(_) => "the engine's last word",
            State::Aborting(_) => "the abort to be recorded",
            State::Over => "nothing",
        }
    }

    /// One input: sorted, given to the verb, and after it the frames that waited for as long as the verb takes them.
    fn run(self, verb: V, now: Millis, input: Input, out: &mut Outbox) -> Result<Self, SessionError> {
        let mut shell = match self.sort(&verb, now, input) {
            Sorted::Event(event) => self.give(verb, *event, now, out)?,
            Sorted::FromPeer(from_peer) => self.take_in(verb, from_peer, now, out)?,
            Sorted::Nothing => Self { state: State::Running(verb), ..self },
        };
        loop {
            match shell.state {
                State::Running(verb) if matches!(verb.waiting(), Waiting::Peer | Waiting::Hello) => {
                    let Some(from_peer) = shell.inbox.pop() else {
                        return Ok(Self { state: State::Running(verb), ..shell });
                    };
                    let event = shell.farewell.hear(open(from_peer));
                    shell.state = State::Over;
                    shell = shell.give(verb, event, now, out)?;
                }
                _ => return Ok(shell),
            }
        }
    }

    fn sort(&self, verb: &V, now: Millis, input: Input) -> Sorted {
        if self.clock.has_expired(now) {
            return Sorted::event(Event::Expired);
        }
        let intake = verb.intake(&self.limits);
        match input {
            Input::Text(bytes) => match intake.check(&bytes) {
                Ok(()) => Sorted::FromPeer(FromPeer::Text(bytes)),
                Err(error) => Sorted::event(Event::Trouble(error)),
            },
            Input::Binary(bytes) => match intake.check(&bytes) {
                Ok(()) => Sorted::FromPeer(FromPeer::Binary(bytes)),
                Err(error) => Sorted::event(Event::Trouble(error)),
            },
            Input::PeerClosed(code) => Sorted::FromPeer(FromPeer::Closed(code.and_then(CloseCode::from_u16))),
            Input::PeerFault(code) => Sorted::event(Event::Trouble(SessionError::PeerFault { code })),
            Input::Tick => Sorted::Nothing,
            Input::Cancel => Sorted::event(Event::Trouble(SessionError::Cancelled)),
            Input::Admitted(admission) => Sorted::event(Event::Admitted(Box::new(admission))),
            Input::AdmittedProven(admission) => Sorted::event(Event::AdmittedProven(admission)),
            Input::Refused(refusal) => Sorted::event(Event::Refused(refusal)),
            Input::Proved(proof) => Sorted::event(Event::Proved(proof)),
            Input::EngineStepped { outbound, output } => Sorted::event(Event::Stepped { outbound, output }),
            Input::EngineFailed(class) => Sorted::event(Event::EngineFailed(class)),
            Input::EngineUnavailable => Sorted::event(Event::EngineUnavailable),
            Input::Peeked { frame, share } => Sorted::event(Event::Peeked { frame, share }),
            Input::Stored => Sorted::event(Event::Stored),
            Input::BackupStored(receipt) => Sorted::event(Event::BackupStored(receipt)),
            Input::SignatureStored(signature) => Sorted::event(Event::SignatureStored(signature)),
            Input::Confirmed { public_key } => Sorted::event(Event::Confirmed(public_key)),
            Input::StoreFailed(fault) => Sorted::event(Event::StoreFailed(fault)),
            Input::BackupMade(backup) => Sorted::event(Event::BackupMade(backup)),
            Input::DocumentMade(left) => Sorted::event(Event::DocumentMade(left)),
        }
    }

    fn take_in(
        mut self,
        verb: V,
        from_peer: FromPeer,
        now: Millis,
        out: &mut Outbox,
    ) -> Result<Self, SessionError> {
        match self.inbox.push(from_peer) {
            Ok(()) => Ok(Self { state: State::Running(verb), ..self }),
            Err(error) => self.give(verb, Event::Trouble(error), now, out),
        }
    }

    fn give(mut self, verb: V, event: Event, now: Millis, out: &mut Outbox) -> Result<Self, SessionError> {
        let debt = match verb.waiting() {
            // The store is at work: what it is writing cannot be taken back now. Its record says what is left to do.
            Waiting::Store => Debt { provisional: None, ..verb.debt() },
            _ => verb.debt(),
        };
        let engine_runs = verb.waiting() == Waiting::Engine && !event.is_engines();
        match verb.step(event, out) {
            Ok(Flow::Stay(verb)) => {
                self.clock.restart(now, verb.patience(&self.limits));
                self.state = State::Running(verb);
                Ok(self)
            }
            Ok(Flow::Done(outcome)) => {
                out.push(Effect::Finish(outcome));
                self.state = State::Over;
                Ok(self)
            }
            // What the engine is about to say of the peer must not be lost, whatever else went wrong meanwhile.
            Err(error)
                if engine_runs && debt.ledger.is_some() && !matches!(error, SessionError::Misuse { .. }) =>
            {
                self.farewell.close(&error, out);
                self.state = State::Draining(Draining::new(error, debt));
                Ok(self)
            }
            Err(error) => self.fail(error, debt, now, out),
        }
    }

    /// The session has failed: what must be durable before the peer hears of it is written first.
    fn fail(
        mut self,
        error: SessionError,
        debt: Debt,
        now: Millis,
        out: &mut Outbox,
    ) -> Result<Self, SessionError> {
        let (error, write) = settle(error, debt);
        match write {
            Some(write) => {
                out.push(Effect::Store(write));
                self.clock.restart(now, self.limits.step_deadline);
                self.state = State::Aborting(Aborting::new(error, self.farewell));
                Ok(self)
            }
            None => {
                self.farewell.close(&error, out);
                Err(error)
            }
        }
    }
}

/// What is to be written about a failure, and the failure as it is reported then.
fn settle(error: SessionError, debt: Debt) -> (SessionError, Option<Write>) {
    if let (SessionError::Engine { class, .. }, Some((ledger, epoch))) = (&error, debt.ledger) {
        let record = ledger.record(epoch, *class);
        let error = SessionError::Engine { class: record.class, verdict: record.verdict };
        let write = (record.verdict != Verdict::NotCounted).then_some(Write::Abort(record));
        return (error, write);
    }
    (error, debt.provisional.map(Write::DropProvisional))
}

/// The error of an engine's failure, before the ledger has judged it.
pub(super) const fn engine_error(class: AbortClass) -> SessionError {
    SessionError::Engine { class, verdict: Verdict::NotCounted }
}

enum Sorted {
    Event(Box<Event>),
    FromPeer(FromPeer),
    Nothing,
}

impl Sorted {
    fn event(event: Event) -> Self {
        Self::Event(Box::new(event))
    }
}

fn open(from_peer: FromPeer) -> Event {
    match from_peer {
        FromPeer::Text(text) => Event::Text(text),
        FromPeer::Closed(code) => Event::Closed(code),
        FromPeer::Binary(bytes) => match classify(&bytes) {
            Ok(Frame::Control(control)) => Event::Control(control),
            Ok(Frame::Engine(_)) => Event::Engine(bytes),
            Err(error) => Event::Trouble(error.into()),
        },
    }
}
