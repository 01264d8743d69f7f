//! One signature, in both flights. The two roles differ in one thing: the server assembles the signature
//! first, and its own last message never leaves.
//!
//! ```text
//! server first: server m1 -> device m1+m2 -> server m2    -> device m3 -> server signature
//! device first: device m1 -> server m1+m2 -> device m2+m3              -> server signature
//! ```

mod device;
mod server;

use std::sync::Arc;

use dkls23_secp256k1::Party;

use super::party;
use super::rounds::NotBegun;
use super::session::sign_id;
use super::signer::Signer;
use crate::channel::Channel;
use crate::context::{Flight, SignContext};
use crate::engine::{BoxedCeremony, EngineId};
use crate::envelope::Operation;
use crate::error::EngineError;
use crate::key_share::KeyShare;
use crate::public_key::PublicKey;
use crate::role::Role;
use crate::share_id::ShareId;
use crate::signature::Signature;
use crate::tag::TagKeys;

/// What a side needs to sign, before the session id is known.
struct Signing {
    context: SignContext,
    party: Arc<Party>,
    public_key: PublicKey,
    shares: ShareId,
}

pub(super) fn begin(share: &KeyShare, context: SignContext) -> Result<BoxedCeremony<Signature>, EngineError> {
    let party = party::of(share, context.role)?;
    if !share.can_sign() {
        return Err(EngineError::RefreshFirst);
    }
    if context.flight == Flight::DeviceFirst && context.server_nonce.is_none() {
        return Err(EngineError::MissingServerNonce);
    }
    let party = party::derive(party, &context.path)?;
    let public_key = PublicKey::from_point(&party.pk).map_err(|_| EngineError::Underivable)?;
    let shares = share.share_id();
    let signing = Signing { context, party, public_key, shares };
    Ok(match signing.context.role {
        Role::Device => Box::new(NotBegun(device::Begin(signing))),
        Role::Server => Box::new(NotBegun(server::Begin(signing))),
    })
}

impl Signing {
    /// The line and the engine's signer of the session that this server nonce makes.
    fn join(&self, server_nonce: &[u8; 32]) -> (Channel, Signer) {
        let role = self.context.role;
        let session = sign_id(&self.context, server_nonce);
        let keys = TagKeys::new(party::pair_seed(&self.party), &self.context.wallet, self.shares);
        let channel =
            Channel::new(EngineId::DKLS23, Operation::Sign, role, Some(self.shares), session, Some(keys));
        (channel, Signer::new(Arc::clone(&self.party), role, &session, &self.context.digest))
    }
}
