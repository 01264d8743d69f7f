//! The real engine, with a charge: a signing step that is armed ends as if the peer had cheated.
//!
//! What follows from an abort is the coordinator's business; that a cheat is seen is the engine's, and is tried there.

use std::sync::{Arc, Mutex, PoisonError};

use maany_coordinator::engine::{
    AbortClass, BoxedCeremony, Ceremony, DkgContext, Dkls23, Engine, EngineError, EngineId, KeyShare,
    RefreshContext, SignContext, Signature, SlimShare, Step,
};

/// What the next signing step ends with, after this has been called.
type Charge = (AbortClass, Box<dyn FnOnce() + Send>);

/// The engine of a side that is to see its peer cheat.
#[derive(Clone, Default)]
pub struct ArmedEngine {
    charge: Arc<Mutex<Option<Charge>>>,
}

impl ArmedEngine {
    /// The next signing step ends with this class, and before it says so it calls `meanwhile`, on the engine's thread.
    pub fn arm(&self, class: AbortClass, meanwhile: impl FnOnce() + Send + 'static) {
        *self.charge.lock().unwrap_or_else(PoisonError::into_inner) = Some((class, Box::new(meanwhile)));
    }
}

impl Engine for ArmedEngine {
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
        let inner = Dkls23.sign(share, context)?;
        Ok(Box::new(Armed { inner, engine: self.clone() }))
    }

    fn import_share(&self, bytes: &[u8]) -> Result<KeyShare, EngineError> {
        Dkls23.import_share(bytes)
    }

    fn restore_slim(&self, slim: SlimShare) -> Result<KeyShare, EngineError> {
        Dkls23.restore_slim(slim)
    }
}

struct Armed {
    inner: BoxedCeremony<Signature>,
    engine: ArmedEngine,
}

impl Ceremony<Signature> for Armed {
    fn start(self: Box<Self>) -> Result<Step<Signature>, EngineError> {
        let Self { inner, engine } = *self;
        Ok(wrapped(inner.start()?, engine))
    }

    fn step(self: Box<Self>, inbound: &[u8]) -> Result<Step<Signature>, EngineError> {
        let Self { inner, engine } = *self;
        let charge = engine.charge.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((class, meanwhile)) = charge {
            meanwhile();
            return Err(EngineError::Abort { class, reason: "the charge went off".into() });
        }
        Ok(wrapped(inner.step(inbound)?, engine))
    }
}

fn wrapped(step: Step<Signature>, engine: ArmedEngine) -> Step<Signature> {
    match step {
        Step::Continue { ceremony, outbound } => {
            Step::Continue { ceremony: Box::new(Armed { inner: ceremony, engine }), outbound }
        }
        done @ Step::Done { .. } => done,
    }
}
