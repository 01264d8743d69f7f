//! The driver: the only code that performs what a session machine asks for.
//!
//! It pumps one machine over one transport, for the server and for the device alike. It holds no rule: what may
//! follow what is the machine's business (`maany-coordinator-proto`), what a share or a wallet is, the host's. Engine steps run on
//! the [`EnginePool`], never on the async worker. Nothing polls: the driver waits on the transport, a running engine step, the
//! machine's deadline and its cancellation, whichever comes first.

mod ceremony;
mod clock;
mod host;
mod meter;

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{FutureExt, future::BoxFuture};
use maany_coordinator_proto::{
    CloseCode, Millis,
    session::{AbortClass, Effect, EngineOutput, Input, Outbox, Outcome, SessionError},
};
use maany_coordinator_transport::{Message, Participant, Transport, TransportError};
use maany_mpc_core::EngineError;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

pub(crate) use self::{
    ceremony::{Ceremony, Product, Stepped},
    clock::Clock,
    host::{Host, Prepare, Stored},
    meter::Meter,
};
use crate::{
    convert,
    engine_pool::{EnginePool, PoolError},
};

/// How long the frame that tells a peer of a failure may take.
const LAST_WORD: Duration = Duration::from_millis(500);

/// How long the frames that end a finished session may take.
const LAST_RESULT: Duration = Duration::from_secs(15);

/// A session machine of either side.
pub(crate) trait Machine: Sized + Send {
    /// Takes one input and says what follows from it.
    fn step(self, now: Millis, input: Input, out: &mut Outbox) -> Result<Self, SessionError>;
    /// When the machine wants a tick.
    fn deadline(&self) -> Option<Millis>;
    /// Whether nothing more can happen.
    fn is_over(&self) -> bool;
    /// The largest message that may be read from the peer now, in bytes; none where nothing may be read.
    fn read_limit(&self) -> Option<usize>;
}

impl Machine for maany_coordinator_proto::ServerSession {
    fn step(self, now: Millis, input: Input, out: &mut Outbox) -> Result<Self, SessionError> {
        Self::step(self, now, input, out)
    }
    fn deadline(&self) -> Option<Millis> {
        Self::deadline(self)
    }
    fn is_over(&self) -> bool {
        Self::is_over(self)
    }
    fn read_limit(&self) -> Option<usize> {
        Self::read_limit(self)
    }
}

impl Machine for maany_coordinator_proto::DeviceSession {
    fn step(self, now: Millis, input: Input, out: &mut Outbox) -> Result<Self, SessionError> {
        Self::step(self, now, input, out)
    }
    fn deadline(&self) -> Option<Millis> {
        Self::deadline(self)
    }
    fn is_over(&self) -> bool {
        Self::is_over(self)
    }
    fn read_limit(&self) -> Option<usize> {
        Self::read_limit(self)
    }
}

/// Where [`Driver::run_until_ready`] stopped.
#[derive(Debug)]
pub(crate) enum Pause {
    /// The session is admitted and waits for the host application.
    Ready,
    /// The session ended before it was ready.
    Over(Result<Outcome, SessionFailure>),
}

/// Why a session came to no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionFailure {
    /// The machine refused what the peer, the engine or the store did.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The machine ended without saying how.
    #[error("the session ended without a result")]
    NoResult,
}

type Running = BoxFuture<'static, Result<Result<Stepped, EngineError>, PoolError>>;

/// One machine, one transport, one host.
pub(crate) struct Driver<M, H> {
    machine: Option<M>,
    host: H,
    transport: Box<dyn Transport>,
    peer: Participant,
    pool: Arc<EnginePool>,
    clock: Clock,
    cancel: CancellationToken,
    effects: VecDeque<Effect>,
    ceremony: Option<Ceremony>,
    running: Option<Running>,
    launched: Instant,
    product: Option<Product>,
    outcome: Option<Outcome>,
    failure: Option<SessionFailure>,
    peer_gone: bool,
    closed: bool,
    meter: Meter,
}

impl<M: Machine, H: Host> Driver<M, H> {
    /// A driver of `machine` over `transport`, whose other end is `peer`.
    pub(crate) fn new(
        machine: M,
        host: H,
        transport: Box<dyn Transport>,
        peer: Participant,
        pool: Arc<EnginePool>,
        clock: Clock,
        cancel: CancellationToken,
    ) -> Self {
        Self {
            machine: Some(machine),
            host,
            transport,
            peer,
            pool,
            clock,
            cancel,
            effects: VecDeque::new(),
            ceremony: None,
            running: None,
            launched: Instant::now(),
            product: None,
            outcome: None,
            failure: None,
            peer_gone: false,
            closed: false,
            meter: Meter::default(),
        }
    }

    /// Queues effects that the machine's constructor asked for, such as the device's hello.
    pub(crate) fn begin(&mut self, mut out: Outbox) {
        self.effects.extend(out.drain());
    }

    /// Takes in what was received before the driver was there.
    pub(crate) async fn take_in(&mut self, received: Result<Message, TransportError>) {
        self.received(received).await;
    }

    /// What went over the wire so far.
    pub(crate) fn meter(&self) -> &Meter {
        &self.meter
    }

    /// The host, for what it learnt.
    pub(crate) fn host(&self) -> &H {
        &self.host
    }

    /// What the engine made, where nothing has taken it: on a device, the signature.
    pub(crate) fn take_product(&mut self) -> Option<Product> {
        self.product.take()
    }

    /// The host, when the session is over.
    pub(crate) fn into_host(self) -> H {
        self.host
    }

    /// The transport and the host, for a host application that runs the session itself.
    pub(crate) fn into_parts(self) -> (Box<dyn Transport>, H) {
        (self.transport, self.host)
    }

    /// Runs until the machine says that the session is ready, or is over.
    pub(crate) async fn run_until_ready(&mut self) -> Pause {
        loop {
            while let Some(effect) = self.effects.pop_front() {
                if matches!(effect, Effect::Ready) {
                    return Pause::Ready;
                }
                self.perform(effect).await;
            }
            if self.is_over() {
                return Pause::Over(self.finish().await);
            }
            self.wait().await;
        }
    }

    /// Runs to the end.
    pub(crate) async fn run(&mut self) -> Result<Outcome, SessionFailure> {
        loop {
            if let Pause::Over(result) = self.run_until_ready().await {
                return result;
            }
        }
    }

    fn is_over(&self) -> bool {
        self.failure.is_some() || self.machine.as_ref().is_none_or(Machine::is_over)
    }

    async fn finish(&mut self) -> Result<Outcome, SessionFailure> {
        if !self.closed {
            let code = match &self.failure {
                Some(SessionFailure::Session(error)) => error.close_code(),
                _ => CloseCode::Internal,
            };
            self.close(code).await;
        }
        match (self.failure.take(), self.outcome.take()) {
            (Some(failure), _) => Err(failure),
            (None, Some(outcome)) => Ok(outcome),
            (None, None) => Err(SessionFailure::NoResult),
        }
    }

    fn feed(&mut self, input: Input) {
        let Some(machine) = self.machine.take() else { return };
        let mut out = Outbox::default();
        let stepped = machine.step(self.clock.now(), input, &mut out);
        self.effects.extend(out.drain());
        if stepped.as_ref().map_or(true, Machine::is_over) {
            self.host.over();
        }
        match stepped {
            Ok(machine) => {
                if let Some(limit) = machine.read_limit() {
                    self.transport.set_limit(limit);
                }
                self.machine = Some(machine);
            }
            Err(error) => {
                // What the machine asked for before it gave up still happens: a durable abort count, a close.
                self.failure = Some(SessionFailure::Session(error));
            }
        }
    }

    async fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::SendText(text) => self.send(Message::Text(text)).await,
            Effect::SendBinary(bytes) => self.send(Message::from(bytes)).await,
            Effect::Close(code) => self.close(code).await,
            Effect::Admit(hello) => {
                let input = match self.host.admit(*hello).await {
                    Ok(admission) => Input::Admitted(admission),
                    Err(refusal) => Input::Refused(refusal),
                };
                self.feed(input);
            }
            Effect::AdmitProven(hello, claim) => {
                let input = match self.host.admit_proven(*hello, *claim).await {
                    Ok(admission) => Input::AdmittedProven(Box::new(admission)),
                    Err(refusal) => Input::Refused(refusal),
                };
                self.feed(input);
            }
            Effect::Prove(asked) => {
                let input = match self.host.prove(&asked.0, &asked.1) {
                    Some(proof) => Input::Proved(Box::new(proof)),
                    None => Input::Cancel,
                };
                self.feed(input);
            }
            // Only `run_until_ready` stops here.
            Effect::Ready => {}
            Effect::StartEngine(which) => match self.host.prepare(which).await {
                Ok(prepare) => self.launch(move || prepare()?.start()),
                // What is no verdict on the peer is this side's own trouble.
                Err(AbortClass::A) => self.feed(Input::EngineUnavailable),
                Err(class) => self.feed(Input::EngineFailed(class)),
            },
            Effect::RunEngine(bytes) => match self.ceremony.take() {
                Some(ceremony) => self.launch(move || ceremony.step(&bytes)),
                None => self.feed(Input::EngineUnavailable),
            },
            Effect::Peek(frame) => {
                let share = maany_mpc_core::peek(&frame)
                    .and_then(|header| header.share_id)
                    .and_then(|share| convert::share_from_engine(share).ok());
                self.feed(Input::Peeked { frame, share });
            }
            Effect::MakeBackup(share) => {
                let made = self.host.make_backup(share).await;
                self.feed(Input::BackupMade(made.map(Box::new)));
            }
            Effect::MakeDocument(share) => {
                let made = self.host.make_document(share).await;
                self.feed(Input::DocumentMade(made));
            }
            Effect::Store(write) => {
                let input = match self.host.store(write, &mut self.product).await {
                    Ok(Stored::Done) => Input::Stored,
                    Ok(Stored::Backup(receipt)) => Input::BackupStored(receipt),
                    Ok(Stored::Signature(signature)) => Input::SignatureStored(signature),
                    Ok(Stored::Confirmed(public_key)) => Input::Confirmed { public_key },
                    Err(fault) => Input::StoreFailed(fault),
                };
                self.feed(input);
            }
            Effect::Finish(outcome) => self.outcome = Some(outcome),
        }
    }

    fn launch(&mut self, job: impl FnOnce() -> Result<Stepped, EngineError> + Send + 'static) {
        let pool = Arc::clone(&self.pool);
        self.launched = Instant::now();
        self.running = Some(async move { pool.run(job).await }.boxed());
    }

    async fn send(&mut self, message: Message) {
        if self.closed || self.peer_gone {
            return;
        }
        self.meter.sent(&message);
        self.host.sent(&message);
        // A machine that is over has no deadline any more, and its last frame is not waited for without end.
        let deadline =
            self.clock.instant(self.machine.as_ref().and_then(Machine::deadline)).unwrap_or_else(|| {
                let last = if self.failure.is_some() { LAST_WORD } else { LAST_RESULT };
                tokio::time::Instant::now() + last
            });
        let sent = tokio::select! {
            biased;
            sent = self.transport.send(self.peer, message) => sent,
            // Nothing more goes out; the machine hears of the deadline or the cancellation from `wait`.
            () = clock::until(Some(deadline)) => return self.peer_gone = true,
            () = self.cancel.cancelled() => return self.peer_gone = true,
        };
        if let Err(error) = sent {
            debug!(%error, "send failed");
            self.lose_peer(None);
        }
    }

    /// Says once that the peer is gone.
    fn lose_peer(&mut self, code: Option<u16>) {
        if !std::mem::replace(&mut self.peer_gone, true) {
            self.feed(Input::PeerClosed(code));
        }
    }

    async fn close(&mut self, code: CloseCode) {
        if std::mem::replace(&mut self.closed, true) {
            return;
        }
        if let Err(error) = self.transport.close(code, code.reason()).await {
            debug!(%error, "close failed");
        }
    }

    /// Waits for the next thing to happen and feeds it.
    async fn wait(&mut self) {
        let deadline = self.clock.instant(self.machine.as_ref().and_then(Machine::deadline));
        let reads =
            !self.peer_gone && self.machine.as_ref().is_some_and(|machine| machine.read_limit().is_some());
        let running = async {
            match self.running.as_mut() {
                Some(running) => running.await,
                None => std::future::pending().await,
            }
        };
        let receive =
            async { if reads { self.transport.recv(self.peer).await } else { std::future::pending().await } };
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => {
                self.cancel = CancellationToken::new();
                self.feed(Input::Cancel);
            }
            stepped = running => {
                self.running = None;
                self.host.stepped(self.launched.elapsed());
                let input = self.stepped(stepped);
                self.feed(input);
            }
            received = receive => self.received(received).await,
            () = clock::until(deadline) => self.feed(Input::Tick),
        }
    }

    fn stepped(&mut self, result: Result<Result<Stepped, EngineError>, PoolError>) -> Input {
        match result {
            Ok(Ok(stepped)) => {
                let output = match &stepped.product {
                    None => EngineOutput::None,
                    Some(Product::Signature(_)) => EngineOutput::Signature,
                    Some(Product::Share(share)) => match convert::share_from_engine(share.share_id()) {
                        Ok(share) => EngineOutput::Share(share),
                        Err(_) => return Input::EngineFailed(AbortClass::Freeze),
                    },
                };
                self.ceremony = stepped.ceremony;
                self.product = stepped.product;
                Input::EngineStepped { outbound: stepped.outbound, output }
            }
            Ok(Err(error)) => {
                let class = convert::abort_class(error.class());
                warn!(%error, ?class, "the engine refused a step");
                Input::EngineFailed(class)
            }
            Err(error) => {
                warn!(%error, "the engine pool ran no step");
                Input::EngineUnavailable
            }
        }
    }

    async fn received(&mut self, received: Result<Message, TransportError>) {
        let message = match received {
            Ok(message) => message,
            Err(error) => {
                debug!(%error, "receive failed");
                let Some(code) = error.close_code() else { return self.lose_peer(None) };
                // The adapter has told the peer already what was wrong; this lets the news arrive.
                self.close(code).await;
                if !std::mem::replace(&mut self.peer_gone, true) {
                    self.feed(Input::PeerFault(code));
                }
                return;
            }
        };
        self.meter.received(&message);
        self.host.received(&message);
        match message {
            Message::Text(text) => self.feed(Input::Text(text.into_bytes())),
            Message::Binary(bytes) => self.feed(Input::Binary(bytes.into())),
            Message::Closed { code, .. } => self.lose_peer(code),
        }
    }
}
