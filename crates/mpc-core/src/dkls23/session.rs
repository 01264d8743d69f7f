//! Session ids: each from a fresh nonce of both sides and everything that the sides must agree on.

use crate::context::SignContext;
use crate::envelope::Operation;
use crate::error::EngineError;
use crate::hash::Hash;
use crate::role::Role;
use crate::share_id::ShareId;

/// A fresh 256-bit nonce.
pub(super) fn fresh_nonce() -> Result<[u8; 32], EngineError> {
    let mut nonce = [0; 32];
    getrandom::fill(&mut nonce).map_err(EngineError::Randomness)?;
    Ok(nonce)
}

/// The two nonces of a DKG or refresh, as the given role holds them.
pub(super) struct Nonces {
    pub(super) role: Role,
    pub(super) ours: [u8; 32],
    pub(super) theirs: [u8; 32],
}

impl Nonces {
    fn device_first(&self) -> [&[u8; 32]; 2] {
        match self.role {
            Role::Device => [&self.ours, &self.theirs],
            Role::Server => [&self.theirs, &self.ours],
        }
    }
}

/// The session id of a DKG or refresh: H(both nonces, key id, epoch and id of the shares, operation,
/// session). Neither side can choose it, nor make it again.
pub(super) fn joint_session(
    operation: Operation,
    nonces: &Nonces,
    key_id: &[u8],
    shares: Option<ShareId>,
    session: &[u8],
) -> [u8; 32] {
    let [device, server] = nonces.device_first();
    Hash::new("maany-mpc/session/1")
        .part(device)
        .part(server)
        .part(key_id)
        .part(&shares.map_or([0; 24], |id| id.to_bytes()))
        .part(&[operation.to_byte()])
        .part(session)
        .finish()
}

/// The session id of a signature: H(server's nonce, device's nonce, sign bytes, chain id, derivation path,
/// request id).
pub(super) fn sign_id(context: &SignContext, server_nonce: &[u8; 32]) -> [u8; 32] {
    Hash::new("maany-mpc/sign-id/1")
        .part(server_nonce)
        .part(&context.session)
        .part(&context.sign_bytes)
        .part(&context.chain_id)
        .part(&context.path.to_bytes())
        .part(&context.request_id)
        .finish()
}
