//! Contexts, a shared key, and a pump that lets a test look at and change every frame.

use std::sync::{Arc, OnceLock};

use maany_mpc_core::{
    BoxedCeremony, DerivationPath, DkgContext, Dkls23, Engine, EngineError, Flight, KeyShare, RefreshContext,
    Role, SignContext, Signature, Step,
};

pub(crate) const WALLET: &[u8] = b"wallet-1";
pub(crate) const KEY_ID: &[u8] = b"key-1";
pub(crate) const SERVER_NONCE: [u8; 32] = [0x5e; 32];

/// The two shares of one key.
#[derive(Clone)]
pub(crate) struct Pair {
    pub(crate) device: Arc<KeyShare>,
    pub(crate) server: Arc<KeyShare>,
}

impl Pair {
    pub(crate) fn of(&self, role: Role) -> Arc<KeyShare> {
        Arc::clone(match role {
            Role::Device => &self.device,
            Role::Server => &self.server,
        })
    }
}

/// Every frame of a run in the order of sending, with its sender.
pub(crate) type Frames = Vec<(Role, Vec<u8>)>;

fn dkg() -> &'static (Pair, Frames) {
    static RUN: OnceLock<(Pair, Frames)> = OnceLock::new();
    RUN.get_or_init(|| {
        let (run, frames) = run_dkg(pass);
        (run.unwrap(), frames)
    })
}

fn refresh() -> &'static (Pair, Frames) {
    static RUN: OnceLock<(Pair, Frames)> = OnceLock::new();
    RUN.get_or_init(|| {
        let (run, frames) = run_refresh(pair(), pass);
        (run.unwrap(), frames)
    })
}

/// The key that all tests share.
pub(crate) fn pair() -> &'static Pair {
    &dkg().0
}

/// The frames of the DKG that made it.
pub(crate) fn dkg_frames() -> &'static Frames {
    &dkg().1
}

/// The shared key after one complete refresh.
pub(crate) fn refreshed() -> &'static Pair {
    &refresh().0
}

/// The frames of that refresh.
pub(crate) fn refresh_frames() -> &'static Frames {
    &refresh().1
}

pub(crate) fn dkg_context(role: Role) -> DkgContext {
    DkgContext { role, session: b"session-1".to_vec(), key_id: KEY_ID.to_vec() }
}

pub(crate) fn refresh_context(role: Role) -> RefreshContext {
    RefreshContext { role, session: b"session-2".to_vec(), wallet: WALLET.to_vec() }
}

pub(crate) fn sign_context(role: Role, flight: Flight) -> SignContext {
    SignContext {
        role,
        flight,
        session: b"session-3".to_vec(),
        wallet: WALLET.to_vec(),
        request_id: b"request-1".to_vec(),
        chain_id: b"chain-1".to_vec(),
        path: DerivationPath::root(),
        digest: [0xd1; 32],
        sign_bytes: b"sign bytes".to_vec(),
        server_nonce: (flight == Flight::DeviceFirst).then_some(SERVER_NONCE),
    }
}

/// A frame on its way: who sent it, its round, its bytes.
pub(crate) struct Passing<'a> {
    pub(crate) sender: Role,
    pub(crate) round: usize,
    pub(crate) frame: &'a mut Vec<u8>,
}

/// Leaves every frame as it is.
pub(crate) fn pass(_: Passing<'_>) {}

/// What each side came to.
pub(crate) struct Outcome<T> {
    pub(crate) device: Result<Option<T>, EngineError>,
    pub(crate) server: Result<Option<T>, EngineError>,
}

impl<T> Outcome<T> {
    /// Both outputs of a run that must have been honest.
    #[track_caller]
    pub(crate) fn both(self) -> (T, T) {
        let output = |side: Result<Option<T>, EngineError>| side.unwrap().expect("finished");
        (output(self.device), output(self.server))
    }

    /// The first error, which must be there.
    #[track_caller]
    pub(crate) fn error(self) -> EngineError {
        match (self.device, self.server) {
            (Err(error), _) | (_, Err(error)) => error,
            _ => panic!("no side refused"),
        }
    }
}

/// A run that gives a pair, if it gives one.
pub(crate) struct PairRun(pub(crate) Outcome<KeyShare>);

impl PairRun {
    pub(crate) fn unwrap(self) -> Pair {
        let (device, server) = self.0.both();
        Pair { device: Arc::new(device), server: Arc::new(server) }
    }
}

pub(crate) fn run_dkg(tamper: impl FnMut(Passing<'_>)) -> (PairRun, Frames) {
    let side = |role| Dkls23.dkg(dkg_context(role)).unwrap();
    let (outcome, frames) = pump(side(Role::Device), side(Role::Server), tamper);
    (PairRun(outcome), frames)
}

pub(crate) fn run_refresh(pair: &Pair, tamper: impl FnMut(Passing<'_>)) -> (PairRun, Frames) {
    let side = |role| Dkls23.refresh(pair.of(role), refresh_context(role)).unwrap();
    let (outcome, frames) = pump(side(Role::Device), side(Role::Server), tamper);
    (PairRun(outcome), frames)
}

pub(crate) fn run_sign(
    pair: &Pair,
    flight: Flight,
    tamper: impl FnMut(Passing<'_>),
) -> (Outcome<Signature>, Frames) {
    let context = |role| sign_context(role, flight);
    run_sign_with(pair, context(Role::Device), context(Role::Server), tamper)
}

pub(crate) fn run_sign_with(
    pair: &Pair,
    device: SignContext,
    server: SignContext,
    tamper: impl FnMut(Passing<'_>),
) -> (Outcome<Signature>, Frames) {
    let device = Dkls23.sign(pair.of(Role::Device), device).unwrap();
    let server = Dkls23.sign(pair.of(Role::Server), server).unwrap();
    pump(device, server, tamper)
}

/// Runs both sides until neither has anything to receive; a side that fails sends nothing more.
/// Returns what came of each, and every frame in the order of sending, as sent.
pub(crate) fn pump<T>(
    device: BoxedCeremony<T>,
    server: BoxedCeremony<T>,
    mut tamper: impl FnMut(Passing<'_>),
) -> (Outcome<T>, Frames) {
    let mut frames = Vec::new();
    let mut sent = [0, 0];
    let mut carry = |sender: Role, outbound: Option<Vec<u8>>| {
        let mut frame = outbound?;
        frames.push((sender, frame.clone()));
        let count = &mut sent[usize::from(sender.party_index()) - 1];
        *count += 1;
        tamper(Passing { sender, round: *count, frame: &mut frame });
        Some(frame)
    };
    let (mut device, to_server) = Side::after(device.start());
    let (mut server, to_device) = Side::after(server.start());
    let mut to_server = carry(Role::Device, to_server);
    let mut to_device = carry(Role::Server, to_device);
    while to_server.is_some() || to_device.is_some() {
        let (at_server, at_device) = (to_server.take(), to_device.take());
        let (next, outbound) = server.deliver(at_server);
        server = next;
        to_device = carry(Role::Server, outbound);
        let (next, outbound) = device.deliver(at_device);
        device = next;
        to_server = carry(Role::Device, outbound);
    }
    (Outcome { device: device.result(), server: server.result() }, frames)
}

enum Side<T> {
    Running(BoxedCeremony<T>),
    Over(Result<Option<T>, EngineError>),
}

impl<T> Side<T> {
    fn after(step: Result<Step<T>, EngineError>) -> (Self, Option<Vec<u8>>) {
        match step {
            Ok(Step::Continue { ceremony, outbound }) => (Self::Running(ceremony), outbound),
            Ok(Step::Done { output, outbound }) => (Self::Over(Ok(Some(output))), outbound),
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
            Self::Over(result) => result,
        }
    }
}

/// A ceremony and its frame out of a step that must continue.
#[track_caller]
pub(crate) fn go_on<T>(step: Result<Step<T>, EngineError>) -> (BoxedCeremony<T>, Option<Vec<u8>>) {
    match step.unwrap() {
        Step::Continue { ceremony, outbound } => (ceremony, outbound),
        Step::Done { .. } => panic!("over too early"),
    }
}

/// The error of a run that must fail.
#[track_caller]
pub(crate) fn refused<T>(result: Result<T, EngineError>) -> EngineError {
    match result {
        Err(error) => error,
        Ok(_) => panic!("accepted"),
    }
}

/// The error of a step that must fail.
#[track_caller]
pub(crate) fn refusal<T>(step: Result<Step<T>, EngineError>) -> EngineError {
    match step {
        Err(error) => error,
        Ok(Step::Continue { .. }) => panic!("went on"),
        Ok(Step::Done { .. }) => panic!("finished"),
    }
}
