//! A scripted engine: its messages say who sent them, in which ceremony, as the how-manieth and with which share, and it
//! refuses any other than the next one. DKG and refresh take three messages from each side; signing goes server first, or in
//! protocol 2 device first.

use maany_coordinator_proto::session::{AbortClass, Ceremony, EngineOutput, Input};
use maany_coordinator_proto::{Epoch, ShareId};

const MAGIC: &[u8] = b"ENG";
/// Messages of each side in DKG and refresh.
const FLIGHTS: u8 = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Device,
    Server,
}

impl Role {
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Device => Self::Server,
            Self::Server => Self::Device,
        }
    }
}

#[derive(Debug)]
pub(crate) struct FakeEngine {
    role: Role,
    /// What both sides' nonces come to: the tag of the share that the ceremony makes.
    attempt: u8,
    running: Option<Running>,
    /// Fails the how-manieth call with this class.
    pub(crate) fail: Option<(usize, AbortClass)>,
    pub(crate) calls: usize,
    /// Who speaks first in a signature.
    pub(crate) first: Role,
}

#[derive(Debug, Clone, Copy)]
struct Running {
    operation: u8,
    base: Option<ShareId>,
    received: u8,
}

impl FakeEngine {
    pub(crate) fn new(role: Role, attempt: u8) -> Self {
        Self { role, attempt, running: None, fail: None, calls: 0, first: Role::Server }
    }

    pub(crate) fn start(&mut self, ceremony: Ceremony) -> Input {
        let (operation, base) = match ceremony {
            Ceremony::Dkg => (1, None),
            Ceremony::Sign(share) => (2, Some(share)),
            Ceremony::Refresh(share) | Ceremony::Restore(share) => (3, Some(share)),
        };
        self.running = Some(Running { operation, base, received: 0 });
        if self.is_to_fail() {
            return self.failed();
        }
        let speaks_first = operation != 2 || self.role == self.first;
        Input::EngineStepped { outbound: speaks_first.then(|| self.message(1)), output: EngineOutput::None }
    }

    pub(crate) fn step(&mut self, message: &[u8]) -> Input {
        let Some(running) = &mut self.running else { return Input::EngineFailed(AbortClass::Freeze) };
        running.received += 1;
        let (received, operation, base) = (running.received, running.operation, running.base);
        if self.is_to_fail() {
            return self.failed();
        }
        let expected = Self { role: self.role.other(), running: self.running, ..*self }.message(received);
        if message != expected {
            let only_the_check_fails = message.len() == expected.len()
                && message[..message.len() - 1] == expected[..expected.len() - 1];
            return Input::EngineFailed(if only_the_check_fails { AbortClass::B } else { AbortClass::A });
        }
        match (operation, self.role, received) {
            (2, Role::Server, 1) if self.first == Role::Device => self.go_on(1),
            (2, Role::Server, _) if self.first == Role::Device => {
                Input::EngineStepped { outbound: Some(self.message(2)), output: EngineOutput::Signature }
            }
            (2, Role::Device, 1) if self.first == Role::Device => self.go_on(2),
            (2, Role::Device, _) if self.first == Role::Device => {
                Input::EngineStepped { outbound: None, output: EngineOutput::Signature }
            }
            (2, Role::Server, 1) => self.go_on(2),
            (2, Role::Server, _) => {
                Input::EngineStepped { outbound: Some(self.message(3)), output: EngineOutput::Signature }
            }
            (2, Role::Device, 1 | 2) => self.go_on(received),
            (2, Role::Device, _) => Input::EngineStepped { outbound: None, output: EngineOutput::Signature },
            (_, _, FLIGHTS) => {
                let epoch = base.map_or(Ok(Epoch::FIRST), |base| base.epoch().next()).expect("an epoch");
                let share = ShareId::new(epoch, [self.attempt; 16]);
                Input::EngineStepped { outbound: None, output: EngineOutput::Share(share) }
            }
            _ => self.go_on(received + 1),
        }
    }

    /// The share id in a message's header.
    pub(crate) fn peek(message: &[u8]) -> Option<ShareId> {
        let share = message.strip_prefix(MAGIC)?.get(4..28)?;
        ShareId::from_bytes(share.try_into().ok()?).ok()
    }

    fn go_on(&self, sequence: u8) -> Input {
        Input::EngineStepped { outbound: Some(self.message(sequence)), output: EngineOutput::None }
    }

    fn is_to_fail(&mut self) -> bool {
        self.calls += 1;
        self.fail.is_some_and(|(call, _)| call == self.calls)
    }

    fn failed(&self) -> Input {
        Input::EngineFailed(self.fail.map_or(AbortClass::A, |(_, class)| class))
    }

    /// Magic, operation, sender, sequence, attempt, share id, and a byte that stands for everything an engine checks.
    fn message(&self, sequence: u8) -> Vec<u8> {
        let running = self.running.expect("a ceremony");
        let sender = if self.role == Role::Device { 1 } else { 2 };
        let share = running.base.map_or([0; 24], |base| base.to_bytes());
        [MAGIC, &[running.operation, sender, sequence, self.attempt], &share, &[0]].concat()
    }
}
