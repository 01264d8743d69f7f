//! Whether a sign doc is this wallet's: the chain, the key, the mode and the sender. Pure.

use maany_coordinator_cosmos::{
    AccountKey, DecodedMsg, DecodedTx, KeyType, MultisigKey, SignMode, Signer, SignerKey, SignerMode,
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
    member_of: Option<&MultisigKey>,
) -> Result<&'a Signer, SignRequestError> {
    if tx.chain_id != chain_id.as_str() {
        return Err(SignRequestError::OtherChain);
    }
    let signer = signer(tx, mode, public_key).ok_or(SignRequestError::OtherSigner)?;
    match (mode, signer.mode) {
        (SignMode::Direct, SignerMode::Direct) | (SignMode::AminoJson, SignerMode::AminoJson) => {}
        _ => return Err(SignRequestError::OtherMode),
    }
    let account = match member_of {
        None => {
            AccountKey::new(KeyType::Secp256k1, *public_key).map_err(|_| SignRequestError::Damaged)?.account()
        }
        // Only the Amino JSON doc is the same for every member of the account.
        Some(_) if mode != SignMode::AminoJson => return Err(SignRequestError::OtherMode),
        Some(multisig) if !is_member(multisig, public_key) => return Err(SignRequestError::OtherSigner),
        Some(multisig) => multisig.account(),
    };
    tx.messages.iter().try_for_each(|message| sent_by(message, &account))?;
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

fn is_member(multisig: &MultisigKey, public_key: &[u8; 33]) -> bool {
    multisig.members().iter().any(|member| member.as_bytes() == public_key)
}

/// Every signer that the message names must be the account, under whatever prefix. Of a message that is not decoded none can be told; whether such a
/// message may pass at all is the policy's matter.
fn sent_by(message: &DecodedMsg, account: &[u8; 20]) -> Result<(), SignRequestError> {
    let signers = message.signers().map_err(|_| SignRequestError::OtherSender)?;
    let told = !signers.is_empty() || matches!(message, DecodedMsg::Unknown { .. });
    let own = signers.iter().all(|signer| signer.as_bytes() == account);
    if told && own { Ok(()) } else { Err(SignRequestError::OtherSender) }
}
