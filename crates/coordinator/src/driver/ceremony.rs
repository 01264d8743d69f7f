//! A running ceremony of any verb, as the driver moves it to the engine pool and back.

use maany_mpc_core::{BoxedCeremony, EngineError, KeyShare, Signature, Step};

/// What a finished ceremony yields.
pub(crate) enum Product {
    /// New shares: from DKG or a complete refresh.
    Share(Box<KeyShare>),
    /// A verified, low-S signature.
    Signature(Signature),
}

/// A ceremony between two steps.
pub(crate) enum Ceremony {
    /// DKG or refresh.
    Share(BoxedCeremony<KeyShare>),
    /// Signing.
    Signature(BoxedCeremony<Signature>),
}

/// What one step of a ceremony led to.
pub(crate) struct Stepped {
    /// The ceremony, if it goes on.
    pub(crate) ceremony: Option<Ceremony>,
    /// The frame to send, if there is one.
    pub(crate) outbound: Option<Vec<u8>>,
    /// The result, if it is over.
    pub(crate) product: Option<Product>,
}

impl Ceremony {
    /// Runs the first step. Blocking: only on the engine pool.
    pub(crate) fn start(self) -> Result<Stepped, EngineError> {
        match self {
            Self::Share(ceremony) => ceremony.start().map(share),
            Self::Signature(ceremony) => ceremony.start().map(signature),
        }
    }

    /// Feeds one frame of the peer. Blocking: only on the engine pool.
    pub(crate) fn step(self, inbound: &[u8]) -> Result<Stepped, EngineError> {
        match self {
            Self::Share(ceremony) => ceremony.step(inbound).map(share),
            Self::Signature(ceremony) => ceremony.step(inbound).map(signature),
        }
    }
}

fn share(step: Step<KeyShare>) -> Stepped {
    match step {
        Step::Continue { ceremony, outbound } => {
            Stepped { ceremony: Some(Ceremony::Share(ceremony)), outbound, product: None }
        }
        Step::Done { output, outbound } => {
            Stepped { ceremony: None, outbound, product: Some(Product::Share(Box::new(output))) }
        }
    }
}

fn signature(step: Step<Signature>) -> Stepped {
    match step {
        Step::Continue { ceremony, outbound } => {
            Stepped { ceremony: Some(Ceremony::Signature(ceremony)), outbound, product: None }
        }
        Step::Done { output, outbound } => {
            Stepped { ceremony: None, outbound, product: Some(Product::Signature(output)) }
        }
    }
}
