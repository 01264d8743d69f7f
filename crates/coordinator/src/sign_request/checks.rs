//! Whether a sign doc is this wallet's: the chain, the key, the mode and the sender. Pure.

use maany_coordinator_cosmos::{
    Address, DecodedMsg, DecodedTx, Hrp, SignMode, Signer, SignerKey, SignerMode,
};
use maany_coordinator_proto::ChainId;
use maany_coordinator_storage::record::WalletRecord;
use maany_mpc_core::{DerivationPath, PublicKey, derivation::child_public_key};

use super::SignRequestError;

/// The wallet's key at this path, 33-byte compressed SEC1. Public data only: no share is opened.
pub(super) fn signing_key(
    wallet: &WalletRecord,
    path: &DerivationPath,
) -> Result<[u8; 33], SignRequestError> {
    let parent = PublicKey::from_sec1(&wallet.public_key).map_err(|_| SignRequestError::Damaged)?;
    let child =
        child_public_key(&parent, &wallet.chain_code, path).map_err(|_| SignRequestError::NoSuchKey)?;
    Ok(child.to_bytes())
}

/// Who signs. Refuses a transaction for another chain, another signer, another mode or another sender.
pub(super) fn belongs<'a>(
    tx: &'a DecodedTx,
    mode: SignMode,
    chain_id: &ChainId,
    public_key: &[u8; 33],
) -> Result<&'a Signer, SignRequestError> {
    if tx.chain_id != chain_id.as_str() {
        return Err(SignRequestError::OtherChain);
    }
    let signer = signer(tx, mode, public_key).ok_or(SignRequestError::OtherSigner)?;
    match (mode, signer.mode) {
        (SignMode::Direct, SignerMode::Direct) | (SignMode::AminoJson, SignerMode::AminoJson) => {}
        _ => return Err(SignRequestError::OtherMode),
    }
    tx.messages.iter().try_for_each(|message| sent_by(message, public_key))?;
    Ok(signer)
}

/// A direct doc must name the key. An Amino JSON doc cannot: it is made for one signer, and the sender tells whom.
fn signer<'a>(tx: &'a DecodedTx, mode: SignMode, public_key: &[u8; 33]) -> Option<&'a Signer> {
    let signer = tx.signer(public_key)?;
    match (mode, &signer.key) {
        (_, SignerKey::Secp256k1(_)) | (SignMode::AminoJson, SignerKey::Absent) => Some(signer),
        _ => None,
    }
}

/// Every signer that the message names must be the key, under whatever prefix. Of a message that is not decoded none can be told; whether such a
/// message may pass at all is the policy's matter.
fn sent_by(message: &DecodedMsg, public_key: &[u8; 33]) -> Result<(), SignRequestError> {
    let signers = message.signers().map_err(|_| SignRequestError::OtherSender)?;
    if signers.is_empty() && !matches!(message, DecodedMsg::Unknown { .. }) {
        return Err(SignRequestError::OtherSender);
    }
    signers.iter().try_for_each(|signer| {
        let hrp = Hrp::parse(signer.hrp()).map_err(|_| SignRequestError::OtherSender)?;
        let own = Address::from_public_key(public_key, &hrp).map_err(|_| SignRequestError::Damaged)?;
        if *signer == own { Ok(()) } else { Err(SignRequestError::OtherSender) }
    })
}
