//! The end of every DKG and refresh: both sides confirm that they saw the same, and sign once with the
//! new shares before anybody relies on them.
//!
//! The engine accepts some tampering that only shows in the first signature, and a complete refresh on
//! top of a wrong base share. The digest is SHA-256 over a fixed tag, the transcript hash and the public
//! key; each side computes it, nobody sends it, and the signature is dropped here.

use std::sync::Arc;

use dkls23_secp256k1::Party;
use dkls23_secp256k1::protocols::signing::{Broadcast3to4, TransmitPhase2to3};
use k256::Secp256k1;
use subtle::ConstantTimeEq;

use super::party;
use super::rounds::{Round, send_and_wait};
use super::signer::{Committed, Multiplied, Opened, Signer};
use super::wire::Confirm;
use crate::channel::Channel;
use crate::engine::Step;
use crate::error::EngineError;
use crate::hash::Hash;
use crate::key_share::KeyShare;
use crate::role::Role;
use crate::tag::TagKeys;

struct AwaitConfirmation {
    channel: Channel,
    share: KeyShare,
    expected: [u8; 32],
    committed: Committed,
}

struct AwaitMultiplication {
    channel: Channel,
    share: KeyShare,
    multiplied: Multiplied,
}

struct AwaitOpening {
    share: KeyShare,
    channel: Channel,
    opened: Opened,
}

/// Sends our confirmation, with the first message of the test signature in the same frame.
pub(super) fn begin(
    mut channel: Channel,
    key_id: &[u8],
    share: KeyShare,
    party: Arc<Party>,
) -> Result<Step<KeyShare>, EngineError> {
    let role = channel.role();
    let transcript = channel.transcript();
    channel.rekey(TagKeys::new(party::pair_seed(&party), key_id, share.share_id()));
    let sign_id = Hash::new("maany-mpc/test-signature-id/1").part(channel.session()).finish();
    let signer = Signer::new(party, role, &sign_id, &test_digest(&transcript, &share));
    let (committed, commit) = signer.commit()?;
    let outbound =
        channel.seal(&Confirm { confirmation: confirmation(role, &transcript, &share), commit })?;
    let expected = confirmation(role.peer(), &transcript, &share);
    Ok(send_and_wait(outbound, AwaitConfirmation { channel, share, expected, committed }))
}

impl Round for AwaitConfirmation {
    type Output = KeyShare;

    fn receive(self, inbound: &[u8]) -> Result<Step<KeyShare>, EngineError> {
        let Self { mut channel, share, expected, committed } = self;
        let theirs: Confirm = channel.open(inbound)?;
        if !bool::from(theirs.confirmation.ct_eq(&expected)) {
            return Err(EngineError::Confirmation);
        }
        let (multiplied, multiply) = committed.multiply(theirs.commit)?;
        let outbound = channel.seal(&multiply)?;
        Ok(send_and_wait(outbound, AwaitMultiplication { channel, share, multiplied }))
    }
}

impl Round for AwaitMultiplication {
    type Output = KeyShare;

    fn receive(self, inbound: &[u8]) -> Result<Step<KeyShare>, EngineError> {
        let Self { mut channel, share, multiplied } = self;
        let multiply: TransmitPhase2to3<Secp256k1> = channel.open(inbound)?;
        let opened = multiplied.open(multiply)?;
        let outbound = channel.seal(opened.message())?;
        Ok(send_and_wait(outbound, AwaitOpening { share, channel, opened }))
    }
}

impl Round for AwaitOpening {
    type Output = KeyShare;

    fn receive(self, inbound: &[u8]) -> Result<Step<KeyShare>, EngineError> {
        let Self { share, mut channel, opened } = self;
        let open: Broadcast3to4<Secp256k1> = channel.open(inbound)?;
        opened.assemble(open)?;
        Ok(Step::Done { output: share, outbound: None })
    }
}

/// What a role confirms: transcript, public key, chain code, verifying shares and the name of the new shares.
fn confirmation(role: Role, transcript: &[u8; 32], share: &KeyShare) -> [u8; 32] {
    let [device, server] = share.verifying_shares();
    Hash::new("maany-mpc/confirmation/1")
        .part(&[role.party_index()])
        .part(transcript)
        .part(share.public_key().as_bytes())
        .part(&share.chain_code())
        .part(device.as_bytes())
        .part(server.as_bytes())
        .part(&share.share_id().to_bytes())
        .finish()
}

/// The one digest that is signed without a request (security.md 10). It is no hash of a sign doc.
fn test_digest(transcript: &[u8; 32], share: &KeyShare) -> [u8; 32] {
    Hash::new("maany-mpc/test-signature/1").part(transcript).part(share.public_key().as_bytes()).finish()
}
