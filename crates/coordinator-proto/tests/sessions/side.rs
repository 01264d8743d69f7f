//! One side of a pair: a machine with its engine, its store and what it still has to do.

use std::collections::VecDeque;

use maany_coordinator_proto::session::{Effect, Input, Outbox, Outcome, SessionError, SteppedUp};
use maany_coordinator_proto::{DeviceSession, Millis, ServerSession};

use crate::engine::{FakeEngine, Role};
use crate::store::FakeStore;
use crate::trace::Trace;

/// Either machine.
pub(crate) enum Machine {
    Server(ServerSession),
    Device(DeviceSession),
}

impl Machine {
    pub(crate) fn step(self, now: Millis, input: Input, out: &mut Outbox) -> Result<Self, SessionError> {
        match self {
            Self::Server(machine) => machine.step(now, input, out).map(Self::Server),
            Self::Device(machine) => machine.step(now, input, out).map(Self::Device),
        }
    }

    pub(crate) fn deadline(&self) -> Option<Millis> {
        match self {
            Self::Server(machine) => machine.deadline(),
            Self::Device(machine) => machine.deadline(),
        }
    }

    pub(crate) fn read_limit(&self) -> Option<usize> {
        match self {
            Self::Server(machine) => machine.read_limit(),
            Self::Device(machine) => machine.read_limit(),
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        match self {
            Self::Server(machine) => machine.is_over(),
            Self::Device(machine) => machine.is_over(),
        }
    }
}

pub(crate) struct Side {
    pub(crate) machine: Option<Machine>,
    pub(crate) engine: FakeEngine,
    pub(crate) store: FakeStore,
    pub(crate) trace: Trace,
    pub(crate) end: Option<Result<Outcome, SessionError>>,
    pub(crate) stepped_up: SteppedUp,
    pub(crate) todo: VecDeque<Effect>,
    /// What has arrived and was not read yet.
    pub(crate) socket: VecDeque<Input>,
    pub(crate) sent: usize,
    pub(crate) held: Option<Input>,
    pub(crate) is_closed: bool,
    pub(crate) done: usize,
    /// How long an engine's step takes.
    pub(crate) pace: u64,
    /// Stops the whole run when this side waits for this.
    pub(crate) stop: Option<&'static str>,
    /// Vanishes before carrying out its how-manieth effect.
    pub(crate) vanish: Option<usize>,
}

impl Side {
    pub(crate) fn new(role: Role, machine: Machine, store: FakeStore, attempt: u8) -> Self {
        Self {
            machine: Some(machine),
            engine: FakeEngine::new(role, attempt),
            store,
            trace: Trace::new(role),
            end: None,
            stepped_up: SteppedUp::No,
            todo: VecDeque::new(),
            socket: VecDeque::new(),
            sent: 0,
            held: None,
            is_closed: false,
            done: 0,
            pace: 5,
            stop: None,
            vanish: None,
        }
    }

    pub(crate) fn feed(&mut self, now: u64, input: Input) {
        let Some(machine) = self.machine.take() else { return };
        self.trace.input(&input);
        let mut out = Outbox::new();
        let stepped = machine.step(Millis::new(now), input, &mut out);
        for effect in out.drain() {
            self.trace.effect(&effect);
            if let Effect::Finish(outcome) = &effect {
                self.end = Some(Ok(*outcome));
            }
            self.todo.push_back(effect);
        }
        match stepped {
            Ok(machine) => self.machine = Some(machine),
            Err(error) => self.end = Some(Err(error)),
        }
    }

    /// How it ended.
    pub(crate) fn result(&self) -> &Result<Outcome, SessionError> {
        self.end.as_ref().expect("an end")
    }

    pub(crate) fn error(&self) -> &SessionError {
        self.result().as_ref().expect_err("a failure")
    }

    pub(crate) fn is_at_its_stop(&self) -> bool {
        let state = match &self.machine {
            Some(Machine::Server(machine)) => machine.state(),
            Some(Machine::Device(machine)) => machine.state(),
            None => return false,
        };
        self.stop == Some(state) && self.todo.is_empty()
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.machine.as_ref().is_none_or(Machine::is_over)
    }
}
