//! Carries frames between the two sides of a ceremony, and lets a check harm them on the way.

use crate::engine::{BoxedCeremony, Step};
use crate::error::EngineError;
use crate::role::Role;

/// A frame on its way.
pub(super) struct Passing<'a> {
    pub(super) sender: Role,
    /// Counted from 1 for each sender.
    pub(super) count: usize,
    pub(super) frame: &'a mut Vec<u8>,
}

/// Leaves every frame as it is.
pub(super) fn pass(_: Passing<'_>) {}

/// What each side came to (`None`: it still waits), and every frame as it was sent.
pub(super) struct Outcome<T> {
    pub(super) device: Result<Option<T>, EngineError>,
    pub(super) server: Result<Option<T>, EngineError>,
    pub(super) frames: Vec<(Role, Vec<u8>)>,
}

impl<T> Outcome<T> {
    /// Both results of a run that nothing disturbed.
    pub(super) fn both(self) -> (T, T) {
        let result = |side: Result<Option<T>, EngineError>| {
            side.expect("an undisturbed ceremony succeeds").expect("an undisturbed ceremony comes to its end")
        };
        (result(self.device), result(self.server))
    }

    /// The first refusal of a run in which there must be one.
    pub(super) fn refusal(self, what: &str) -> EngineError {
        match (self.device, self.server) {
            (Err(error), _) | (_, Err(error)) => error,
            _ => panic!("nobody refused {what}"),
        }
    }
}

/// Runs both sides until neither has anything left to receive.
pub(super) fn pump<T>(
    device: BoxedCeremony<T>,
    server: BoxedCeremony<T>,
    mut tamper: impl FnMut(Passing<'_>),
) -> Outcome<T> {
    let mut frames = Vec::new();
    let mut counts = [0; 2];
    let mut carry = |sender: Role, outbound: Option<Vec<u8>>| {
        let mut frame = outbound?;
        frames.push((sender, frame.clone()));
        let count = &mut counts[usize::from(sender.party_index()) - 1];
        *count += 1;
        tamper(Passing { sender, count: *count, frame: &mut frame });
        Some(frame)
    };
    let (mut device, outbound) = Side::after(device.start());
    let mut to_server = carry(Role::Device, outbound);
    let (mut server, outbound) = Side::after(server.start());
    let mut to_device = carry(Role::Server, outbound);
    while to_server.is_some() || to_device.is_some() {
        let (at_server, at_device) = (to_server.take(), to_device.take());
        let (next, outbound) = server.deliver(at_server);
        server = next;
        to_device = carry(Role::Server, outbound);
        let (next, outbound) = device.deliver(at_device);
        device = next;
        to_server = carry(Role::Device, outbound);
    }
    Outcome { device: device.result(), server: server.result(), frames }
}

enum Side<T> {
    Running(BoxedCeremony<T>),
    Over(Result<T, EngineError>),
}

impl<T> Side<T> {
    fn after(step: Result<Step<T>, EngineError>) -> (Self, Option<Vec<u8>>) {
        match step {
            Ok(Step::Continue { ceremony, outbound }) => (Self::Running(ceremony), outbound),
            Ok(Step::Done { output, outbound }) => (Self::Over(Ok(output)), outbound),
            Err(error) => (Self::Over(Err(error)), None),
        }
    }

    fn deliver(self, inbound: Option<Vec<u8>>) -> (Self, Option<Vec<u8>>) {
        match (self, inbound) {
            (Self::Running(ceremony), Some(frame)) => Self::after(ceremony.step(&frame)),
            (side, _) => (side, None),
        }
    }

    fn result(self) -> Result<Option<T>, EngineError> {
        match self {
            Self::Running(_) => Ok(None),
            Self::Over(result) => result.map(Some),
        }
    }
}
