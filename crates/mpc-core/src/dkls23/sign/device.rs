//! The device's side of a signature.

use dkls23_secp256k1::protocols::signing::{TransmitPhase1to2, TransmitPhase2to3};
use k256::Secp256k1;

use super::Signing;
use crate::channel::Channel;
use crate::context::Flight;
use crate::dkls23::rounds::{Opening, Round, send_and_wait, wait};
use crate::dkls23::signer::{Committed, Multiplied, release};
use crate::dkls23::wire::{CommitAndMultiply, Finished, MultiplyAndOpen};
use crate::engine::Step;
use crate::envelope::peek;
use crate::error::{EngineError, FrameError};
use crate::public_key::PublicKey;
use crate::signature::Signature;

pub(super) struct Begin(pub(super) Signing);

/// Server first: the server's nonce and m1 are due.
struct AwaitNonce(Signing);

/// Server first: the server's m2 is due.
struct AwaitMultiplication {
    channel: Channel,
    multiplied: Multiplied,
    result: Expected,
}

/// Device first: the server's m1 and m2 are due.
struct AwaitCommitment {
    channel: Channel,
    committed: Committed,
    result: Expected,
}

/// The signature is due.
struct AwaitSignature {
    channel: Channel,
    result: Expected,
}

/// What the signature is checked against: our own digest, the key that we derived.
struct Expected {
    public_key: PublicKey,
    digest: [u8; 32],
}

impl Opening for Begin {
    type Output = Signature;

    fn open(self) -> Result<Step<Signature>, EngineError> {
        let Self(signing) = self;
        match (signing.context.flight, signing.context.server_nonce) {
            (Flight::ServerFirst, _) => Ok(wait(AwaitNonce(signing))),
            (Flight::DeviceFirst, None) => Err(EngineError::MissingServerNonce),
            (Flight::DeviceFirst, Some(nonce)) => {
                let (mut channel, signer) = signing.join(&nonce);
                let (committed, commit) = signer.commit()?;
                let outbound = channel.seal(&commit)?;
                let result = Expected::of(&signing);
                Ok(send_and_wait(outbound, AwaitCommitment { channel, committed, result }))
            }
        }
    }
}

impl Round for AwaitNonce {
    type Output = Signature;

    fn receive(self, inbound: &[u8]) -> Result<Step<Signature>, EngineError> {
        let Self(signing) = self;
        let nonce = peek(inbound).ok_or(FrameError::Malformed)?.session;
        if signing.context.server_nonce.is_some_and(|known| known != nonce) {
            return Err(FrameError::Session.into());
        }
        let (mut channel, signer) = signing.join(&nonce);
        let session = *channel.session();
        let theirs: TransmitPhase1to2 = channel.open_with_nonce(nonce, session, inbound)?;
        let (committed, commit) = signer.commit()?;
        let (multiplied, multiply) = committed.multiply(theirs)?;
        let outbound = channel.seal(&CommitAndMultiply { commit, multiply })?;
        let result = Expected::of(&signing);
        Ok(send_and_wait(outbound, AwaitMultiplication { channel, multiplied, result }))
    }
}

impl Round for AwaitMultiplication {
    type Output = Signature;

    fn receive(self, inbound: &[u8]) -> Result<Step<Signature>, EngineError> {
        let Self { mut channel, multiplied, result } = self;
        let theirs: TransmitPhase2to3<Secp256k1> = channel.open(inbound)?;
        let opened = multiplied.open(theirs)?;
        let outbound = channel.seal(opened.message())?;
        Ok(send_and_wait(outbound, AwaitSignature { channel, result }))
    }
}

impl Round for AwaitCommitment {
    type Output = Signature;

    fn receive(self, inbound: &[u8]) -> Result<Step<Signature>, EngineError> {
        let Self { mut channel, committed, result } = self;
        let theirs: CommitAndMultiply = channel.open(inbound)?;
        let (multiplied, multiply) = committed.multiply(theirs.commit)?;
        let opened = multiplied.open(theirs.multiply)?;
        let open = opened.message().clone();
        let outbound = channel.seal(&MultiplyAndOpen { multiply, open })?;
        Ok(send_and_wait(outbound, AwaitSignature { channel, result }))
    }
}

impl Round for AwaitSignature {
    type Output = Signature;

    fn receive(self, inbound: &[u8]) -> Result<Step<Signature>, EngineError> {
        let Self { mut channel, result } = self;
        let Finished { r, s, recovery_id } = channel.open(inbound)?;
        let mut r_s = [0; 64];
        r_s[..32].copy_from_slice(&r);
        r_s[32..].copy_from_slice(&s);
        let output = release(&r_s, recovery_id, &result.public_key, &result.digest)?;
        Ok(Step::Done { output, outbound: None })
    }
}

impl Expected {
    fn of(signing: &Signing) -> Self {
        Self { public_key: signing.public_key, digest: signing.context.digest }
    }
}
