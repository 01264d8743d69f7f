//! The server's side of a signature. Until the step that yields the signature, nothing that the server
//! sent lets anybody assemble it: an abort before is provably unsigned.

use dkls23_secp256k1::protocols::signing::{Broadcast3to4, TransmitPhase1to2};
use k256::Secp256k1;

use super::Signing;
use crate::channel::Channel;
use crate::context::Flight;
use crate::dkls23::rounds::{Opening, Round, send_and_wait, wait};
use crate::dkls23::session::fresh_nonce;
use crate::dkls23::signer::{Committed, Multiplied, Opened};
use crate::dkls23::wire::{CommitAndMultiply, Finished, MultiplyAndOpen};
use crate::engine::Step;
use crate::error::EngineError;
use crate::signature::Signature;

pub(super) struct Begin(pub(super) Signing);

/// Server first: the device's m1 and m2 are due.
struct AwaitBoth {
    channel: Channel,
    committed: Committed,
}

/// Server first: the device's m3 is due.
struct AwaitOpening {
    channel: Channel,
    opened: Opened,
}

/// Device first: the device's m1 is due; ours is ready, but not sent.
struct AwaitCommitment {
    channel: Channel,
    committed: Committed,
    commit: TransmitPhase1to2,
}

/// Device first: the device's m2 and m3 are due.
struct AwaitRest {
    channel: Channel,
    multiplied: Multiplied,
}

impl Opening for Begin {
    type Output = Signature;

    fn open(self) -> Result<Step<Signature>, EngineError> {
        let Self(signing) = self;
        let nonce = match signing.context.server_nonce {
            Some(nonce) => nonce,
            None => fresh_nonce()?,
        };
        let (mut channel, signer) = signing.join(&nonce);
        let (committed, commit) = signer.commit()?;
        match signing.context.flight {
            Flight::ServerFirst => {
                let outbound = channel.seal_with_nonce(nonce, &commit)?;
                Ok(send_and_wait(outbound, AwaitBoth { channel, committed }))
            }
            Flight::DeviceFirst => Ok(wait(AwaitCommitment { channel, committed, commit })),
        }
    }
}

impl Round for AwaitBoth {
    type Output = Signature;

    fn receive(self, inbound: &[u8]) -> Result<Step<Signature>, EngineError> {
        let Self { mut channel, committed } = self;
        let theirs: CommitAndMultiply = channel.open(inbound)?;
        let (multiplied, multiply) = committed.multiply(theirs.commit)?;
        let opened = multiplied.open(theirs.multiply)?;
        let outbound = channel.seal(&multiply)?;
        Ok(send_and_wait(outbound, AwaitOpening { channel, opened }))
    }
}

impl Round for AwaitOpening {
    type Output = Signature;

    fn receive(self, inbound: &[u8]) -> Result<Step<Signature>, EngineError> {
        let Self { mut channel, opened } = self;
        let open: Broadcast3to4<Secp256k1> = channel.open(inbound)?;
        finish(channel, opened, open)
    }
}

impl Round for AwaitCommitment {
    type Output = Signature;

    fn receive(self, inbound: &[u8]) -> Result<Step<Signature>, EngineError> {
        let Self { mut channel, committed, commit } = self;
        let theirs: TransmitPhase1to2 = channel.open(inbound)?;
        let (multiplied, multiply) = committed.multiply(theirs)?;
        let outbound = channel.seal(&CommitAndMultiply { commit, multiply })?;
        Ok(send_and_wait(outbound, AwaitRest { channel, multiplied }))
    }
}

impl Round for AwaitRest {
    type Output = Signature;

    fn receive(self, inbound: &[u8]) -> Result<Step<Signature>, EngineError> {
        let Self { mut channel, multiplied } = self;
        let theirs: MultiplyAndOpen = channel.open(inbound)?;
        let opened = multiplied.open(theirs.multiply)?;
        finish(channel, opened, theirs.open)
    }
}

/// The verified signature, and the frame that carries it: to be stored before it is sent.
fn finish(
    mut channel: Channel,
    opened: Opened,
    open: Broadcast3to4<Secp256k1>,
) -> Result<Step<Signature>, EngineError> {
    let signature = opened.assemble(open)?;
    let (r, s) = signature.split();
    let outbound = channel.seal(&Finished { r, s, recovery_id: signature.recovery_id() })?;
    Ok(Step::Done { output: signature, outbound: Some(outbound) })
}
