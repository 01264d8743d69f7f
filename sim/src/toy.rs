//! An engine for speed, which protects nothing: in a signature the device tells the server its share.
//!
//! What the coordinator relies on is all there, and the suite of engines is run on it: shares on a line through the key, made
//! by both sides; refreshes that move them; frames with headers and tags, in the flights of the real engine; signatures of
//! both shares' key, so that shares of two generations give none; a nonce of each session's own, so that what is signed twice
//! shows.

mod frame;
mod generation;
mod numbers;
mod share;
mod signing;

use std::sync::{Arc, Mutex, PoisonError};

use maany_mpc_core::key_share::KeyShare;
use maany_mpc_core::{
    BoxedCeremony, DkgContext, Engine, EngineError, EngineId, Flight, RefreshContext, ShareError,
    SignContext, Signature, SlimShare,
};

use self::generation::Generation;
use self::share::Beside;
use self::signing::Signing;
use crate::dice::Dice;

/// The toy's id.
pub(crate) const ID: EngineId = EngineId(0xfa);

/// The engine; its randomness is a seed's.
pub(crate) struct Toy(Mutex<Dice>);

impl Toy {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(Dice::of(seed, "engine")))
    }

    fn draw(&self) -> [u8; 32] {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).bytes()
    }
}

impl Engine for Toy {
    fn id(&self) -> EngineId {
        ID
    }

    fn dkg(&self, context: DkgContext) -> Result<BoxedCeremony<KeyShare>, EngineError> {
        Ok(Box::new(Generation::dkg(&context, self.draw())))
    }

    fn refresh(
        &self,
        share: Arc<KeyShare>,
        context: RefreshContext,
    ) -> Result<BoxedCeremony<KeyShare>, EngineError> {
        fits(&share, context.role)?;
        Ok(Box::new(Generation::refresh(share, &context, self.draw())))
    }

    fn sign(
        &self,
        share: Arc<KeyShare>,
        context: SignContext,
    ) -> Result<BoxedCeremony<Signature>, EngineError> {
        fits(&share, context.role)?;
        if !share.can_sign() {
            return Err(EngineError::RefreshFirst);
        }
        if context.flight == Flight::DeviceFirst && context.server_nonce.is_none() {
            return Err(EngineError::MissingServerNonce);
        }
        Ok(Box::new(Signing::new(share, context, self.draw())?))
    }

    fn import_share(&self, bytes: &[u8]) -> Result<KeyShare, EngineError> {
        let (core, state) = KeyShare::split_export(bytes)?;
        if core.engine() != ID {
            return Err(EngineError::WrongEngine);
        }
        let state = Beside::read(state).ok_or(ShareError::State)?;
        Ok(KeyShare::new(core, Box::new(state)))
    }

    fn restore_slim(&self, slim: SlimShare) -> Result<KeyShare, EngineError> {
        if slim.engine() != ID {
            return Err(EngineError::WrongEngine);
        }
        let (core, state) = slim.into_parts();
        if !state.is_empty() {
            return Err(ShareError::State.into());
        }
        Ok(KeyShare::new(core, Box::new(Beside::Slim)))
    }
}

fn fits(share: &KeyShare, role: maany_mpc_core::Role) -> Result<(), EngineError> {
    if share.engine() != ID {
        return Err(EngineError::WrongEngine);
    }
    if share.role() != role {
        return Err(EngineError::WrongRole);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_toy_keeps_what_every_engine_promises() {
        maany_mpc_core::conformance::run(&Toy::new(7));
    }
}
