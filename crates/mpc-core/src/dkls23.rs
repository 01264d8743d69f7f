//! Two-party ECDSA over oblivious transfer: DKLs23, by the pinned crate `dkls23-secp256k1`.
//!
//! This module wraps, it does no cryptography of its own. What the wrapping adds, and why, is written
//! at each check; the list is in engine.md ("Found by trying it").

mod abort;
mod contribution;
mod dkg;
mod generation;
mod party;
mod party_bytes;
mod refresh;
mod rounds;
mod session;
mod sign;
mod signer;
mod trial;
mod wipe;
mod wire;

use std::sync::Arc;

pub use self::abort::AbortCause;
pub use self::party::SLIM_SHARE_LEN;
use crate::context::{DkgContext, RefreshContext, SignContext};
use crate::engine::{BoxedCeremony, Engine, EngineId};
use crate::error::EngineError;
use crate::key_share::{KeyShare, SlimShare};
use crate::signature::Signature;

/// The DKLs23 engine. It holds nothing: every ceremony draws its own randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct Dkls23;

impl Engine for Dkls23 {
    fn id(&self) -> EngineId {
        EngineId::DKLS23
    }

    fn dkg(&self, context: DkgContext) -> Result<BoxedCeremony<KeyShare>, EngineError> {
        Ok(dkg::begin(context))
    }

    fn refresh(
        &self,
        share: Arc<KeyShare>,
        context: RefreshContext,
    ) -> Result<BoxedCeremony<KeyShare>, EngineError> {
        refresh::begin(share, context)
    }

    fn sign(
        &self,
        share: Arc<KeyShare>,
        context: SignContext,
    ) -> Result<BoxedCeremony<Signature>, EngineError> {
        sign::begin(&share, context)
    }

    fn import_share(&self, bytes: &[u8]) -> Result<KeyShare, EngineError> {
        party::import(bytes)
    }

    fn restore_slim(&self, slim: SlimShare) -> Result<KeyShare, EngineError> {
        party::restore(slim)
    }
}
