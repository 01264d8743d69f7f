//! A signing ceremony of the real engine that is run once and then played back, message for message.
//!
//! The engine draws its own randomness and takes none from outside, so that two ceremonies never give the same bytes. On tape they do:
//! what was disturbed on its way can be compared with what was not, to the byte. A step that is given anything but what it was given
//! when it was recorded says that the peer cheated, so that a message that is lost, doubled, changed or run twice cannot go unseen.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use maany_coordinator::engine::{
    AbortClass, BoxedCeremony, Ceremony, DkgContext, Dkls23, Engine, EngineError, EngineId, KeyShare,
    RefreshContext, SignContext, Signature, SlimShare, Step,
};

/// One side's part of a ceremony.
#[derive(Clone, Default)]
pub struct Tape {
    turns: Arc<Mutex<Vec<Turn>>>,
    starts: Arc<AtomicUsize>,
}

/// What a step was given, none for the first, and what it gave.
#[derive(Clone)]
struct Turn {
    inbound: Option<Vec<u8>>,
    outbound: Option<Vec<u8>>,
    signature: Option<([u8; 64], u8)>,
}

impl Tape {
    /// The real engine, which records the signing ceremony that it runs.
    #[must_use]
    pub fn recording(&self) -> Arc<dyn Engine> {
        Arc::new(Recorder { tape: self.clone(), plays: false })
    }

    /// An engine whose every signing ceremony is the recorded one.
    #[must_use]
    pub fn playing(&self) -> Arc<dyn Engine> {
        Arc::new(Recorder { tape: self.clone(), plays: true })
    }

    /// How often a ceremony was begun by it, recording and playing.
    #[must_use]
    pub fn starts(&self) -> usize {
        self.starts.load(Ordering::SeqCst)
    }

    fn count_start(&self) {
        self.starts.fetch_add(1, Ordering::SeqCst);
    }

    /// How many steps are on it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.turns().len()
    }

    /// Whether nothing was recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn turns(&self) -> MutexGuard<'_, Vec<Turn>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, inbound: Option<&[u8]>, step: &Step<Signature>) {
        let (outbound, signature) = match step {
            Step::Continue { outbound, .. } => (outbound, None),
            Step::Done { outbound, output } => (outbound, Some((output.to_bytes(), output.recovery_id()))),
        };
        let (inbound, outbound) = (inbound.map(<[u8]>::to_vec), outbound.clone());
        self.turns().push(Turn { inbound, outbound, signature });
    }

    fn turn(&self, at: usize, inbound: Option<&[u8]>) -> Result<Turn, EngineError> {
        let turn = self.turns().get(at).filter(|turn| turn.inbound.as_deref() == inbound).cloned();
        turn.ok_or_else(|| EngineError::Abort {
            class: AbortClass::C,
            reason: "this is not on the tape".into(),
        })
    }
}

struct Recorder {
    tape: Tape,
    plays: bool,
}

impl Engine for Recorder {
    fn id(&self) -> EngineId {
        Dkls23.id()
    }

    fn dkg(&self, context: DkgContext) -> Result<BoxedCeremony<KeyShare>, EngineError> {
        Dkls23.dkg(context)
    }

    fn refresh(
        &self,
        share: Arc<KeyShare>,
        context: RefreshContext,
    ) -> Result<BoxedCeremony<KeyShare>, EngineError> {
        Dkls23.refresh(share, context)
    }

    fn sign(
        &self,
        share: Arc<KeyShare>,
        context: SignContext,
    ) -> Result<BoxedCeremony<Signature>, EngineError> {
        let tape = self.tape.clone();
        if self.plays {
            return Ok(Box::new(Played { tape, at: 0 }));
        }
        Ok(Box::new(Recorded { tape, inner: Dkls23.sign(share, context)? }))
    }

    fn import_share(&self, bytes: &[u8]) -> Result<KeyShare, EngineError> {
        Dkls23.import_share(bytes)
    }

    fn restore_slim(&self, slim: SlimShare) -> Result<KeyShare, EngineError> {
        Dkls23.restore_slim(slim)
    }
}

/// The real ceremony, watched.
struct Recorded {
    tape: Tape,
    inner: BoxedCeremony<Signature>,
}

impl Recorded {
    fn watch(tape: Tape, inbound: Option<&[u8]>, step: Step<Signature>) -> Step<Signature> {
        tape.add(inbound, &step);
        match step {
            Step::Continue { ceremony, outbound } => {
                Step::Continue { ceremony: Box::new(Self { tape, inner: ceremony }), outbound }
            }
            done @ Step::Done { .. } => done,
        }
    }
}

impl Ceremony<Signature> for Recorded {
    fn start(self: Box<Self>) -> Result<Step<Signature>, EngineError> {
        let Self { tape, inner } = *self;
        tape.count_start();
        Ok(Self::watch(tape, None, inner.start()?))
    }

    fn step(self: Box<Self>, inbound: &[u8]) -> Result<Step<Signature>, EngineError> {
        let Self { tape, inner } = *self;
        Ok(Self::watch(tape, Some(inbound), inner.step(inbound)?))
    }
}

/// The recorded ceremony.
struct Played {
    tape: Tape,
    at: usize,
}

impl Played {
    fn play(self, inbound: Option<&[u8]>) -> Result<Step<Signature>, EngineError> {
        let Turn { outbound, signature, .. } = self.tape.turn(self.at, inbound)?;
        Ok(match signature {
            None => Step::Continue { ceremony: Box::new(Self { at: self.at + 1, ..self }), outbound },
            Some((r_s, recovery_id)) => {
                let output =
                    Signature::from_parts(&r_s, recovery_id).map_err(|_| EngineError::InvalidSignature)?;
                Step::Done { output, outbound }
            }
        })
    }
}

impl Ceremony<Signature> for Played {
    fn start(self: Box<Self>) -> Result<Step<Signature>, EngineError> {
        self.tape.count_start();
        self.play(None)
    }

    fn step(self: Box<Self>, inbound: &[u8]) -> Result<Step<Signature>, EngineError> {
        self.play(Some(inbound))
    }
}
