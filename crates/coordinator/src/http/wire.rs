//! The JSON bodies, the same for the routes and for the client.
//!
//! Names are camelCase. Ids, digests and public keys are lower-case hexadecimal, other bytes padded standard base64
//! (RFC 4648, section 4), times milliseconds since 1970-01-01 UTC. A request with an unknown field is refused; a
//! client ignores fields of an answer that it does not know.

use maany_coordinator_proto::proof::Proof;
use serde::{Deserialize, Serialize};

/// The body of every answer that is not a success.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Error {
    /// A stable word, such as `not_found`.
    pub code: String,
    /// What is wrong and what to do, for people.
    pub message: String,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// With `sequence_taken`, the caller's live sign request of this account and sequence, 32 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
}

/// `GET /wallets/{id}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exists {
    /// Whether the owner has such a wallet.
    pub exists: bool,
}

/// `GET /v1/wallets`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wallets {
    /// The owner's wallets, in the order of their ids.
    pub wallets: Vec<Wallet>,
    /// What to send as `after` for the wallets that follow; absent after the last ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// One wallet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wallet {
    /// The wallet id, 32 hexadecimal digits.
    pub id: String,
    /// The key id that the device proposed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// The wallet's public key, 33-byte compressed SEC1, 66 hexadecimal digits.
    pub public_key: String,
    /// `provisional`, `active`, `quarantined`, `frozen` or `retired`.
    pub state: String,
    /// The epoch of the active share; 0 where there is none.
    pub epoch: u64,
    /// The epoch of the latest backup that the server has recorded as complete, with its own fragment of it; absent where there is
    /// none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup_epoch: Option<u64>,
}

/// `POST /v1/sign-requests`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewSignRequest {
    /// The wallet id, or the key id that the device proposed.
    pub wallet_id: String,
    /// The chain; empty with `adr-036`.
    pub chain_id: String,
    /// Where the signing key hangs below the wallet's key, `m/44/118/0/0/0`; absent for the wallet's key itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// `direct` or `amino-json`; `adr-036` for arbitrary data.
    pub mode: String,
    /// The sign doc, base64.
    pub sign_doc: String,
    /// The live sign request of the same account and sequence whose place this one takes, 32 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// The multisig account that sends, of which the signing key is a member; with `amino-json` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multisig: Option<Multisig>,
}

/// A multisig account of secp256k1 keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Multisig {
    /// How many of them sign.
    pub threshold: u32,
    /// The members' keys in the account's order, 33-byte compressed SEC1, 66 hexadecimal digits each.
    pub members: Vec<String>,
}

/// The answer to `POST /v1/sign-requests` and to `GET /v1/sign-requests/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignRequest {
    /// The request's id, 32 hexadecimal digits.
    pub id: String,
    /// The wallet id.
    pub wallet_id: String,
    /// The chain; empty for arbitrary data and for a bare digest.
    pub chain_id: String,
    /// The derivation path.
    pub path: String,
    /// `direct`, `amino-json`, `adr-036` or `raw`.
    pub mode: String,
    /// What is signed, 64 hexadecimal digits: the SHA-256 of the sign doc, or the Keccak-256 where the account's chain has it so.
    pub digest: String,
    /// What the sign doc says, as the server decoded it: a transaction, or `{mode, signer, data (base64), text}` of arbitrary data; null for a
    /// bare digest.
    pub decoded: serde_json::Value,
    /// What the policy decided.
    pub verdict: Verdict,
    /// `open`, `signed`, `refused`, `expired`, `failed` or `replaced`.
    pub status: String,
    /// The request that it was made to replace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// When it was made.
    pub created_at: u64,
    /// When it ends unsigned.
    pub expires_at: u64,
    /// The signature, base64 of `r || s` (64 bytes, low-S), once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// The signature's recovery id, 0 to 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_id: Option<u8>,
}

/// What the policy decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// `allow` or `deny`.
    pub decision: String,
    /// The code of the reason for which it was denied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// `PUT /v1/wallets/{id}/fragment`. It holds a secret: no `Debug`, no `Clone`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewFragment {
    /// The fragment document, base64.
    pub document: String,
    /// How many of the fragments have reached their holders, this one included.
    pub acknowledged: u8,
    /// The device's proof; none for a wallet without an enrolled device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<DepositProof>,
}

/// The signature of the wallet's enrolled device over a deposit, as [`maany_coordinator_proto::proof::Deposit`] has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DepositProof {
    /// The device's identity key, 33-byte compressed SEC1, 66 hexadecimal digits.
    pub identity: String,
    /// ECDSA with P-256 and SHA-256, `r || s`, 128 hexadecimal digits.
    pub signature: String,
}

impl DepositProof {
    /// As it travels.
    #[must_use]
    pub fn of(proof: &Proof) -> Self {
        Self { identity: hex::encode(proof.identity), signature: hex::encode(proof.signature) }
    }

    /// `None` where it is not of its form.
    #[must_use]
    pub fn parse(&self) -> Option<Proof> {
        let mut proof = Proof { identity: [0; 33], signature: [0; 64] };
        hex::decode_to_slice(&self.identity, &mut proof.identity).ok()?;
        hex::decode_to_slice(&self.signature, &mut proof.signature).ok()?;
        Some(proof)
    }
}

/// The answer to `PUT /v1/wallets/{id}/fragment`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFragment {
    /// The epoch of the share that the fragment is of.
    pub epoch: u64,
    /// Whether the backup is complete: enough fragments have reached their holders to restore.
    pub receipt: bool,
}

/// `POST /v1/admin/step-up`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewStepUp {
    /// The wallet id, 32 hexadecimal digits.
    pub wallet_id: String,
}

/// The answer to `POST /v1/admin/step-up`. It holds a secret: no `Debug`, no `Clone`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepUp {
    /// The code, shown once.
    pub code: String,
    /// When it ends.
    pub expires_at: u64,
}

/// `GET /v1/admin/api-keys`: a part of the keys that are accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKeys {
    /// The keys, in the order of their ids.
    pub keys: Vec<ApiKey>,
    /// What to send as `after` for those that follow; absent after the last ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What may be told about an API key. Its secret is nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// The public part.
    pub id: String,
    /// Whom it speaks for: the tenant.
    pub tenant: String,
    /// Whom it speaks for: the owner.
    pub owner: String,
    /// What it allows, by the names of the scopes.
    pub scopes: Vec<String>,
}

/// `POST /v1/admin/api-keys/revoke`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokeApiKey {
    /// The public part of the key that is to be accepted no more.
    pub id: String,
}

/// `GET /v1/admin/quarantine`: a part of the locked wallets; it may be empty and not the last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockedWallets {
    /// The wallets, in the order of their owners and ids.
    pub wallets: Vec<LockedWallet>,
    /// How many wallets cannot be read; they are in the server's log.
    pub damaged: u64,
    /// What to send as `after` for those that follow; absent after the last ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A wallet that is locked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LockedWallet {
    /// The wallet id, 32 hexadecimal digits.
    pub id: String,
    /// Its owner's tenant.
    pub tenant: String,
    /// Its owner.
    pub owner: String,
    /// The key id that the device proposed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// `quarantined` or `frozen`; `active` where only what it signed is in question.
    pub state: String,
    /// The epoch of the active share; 0 where there is none.
    pub epoch: u64,
    /// Checks that failed in this epoch.
    pub failed_checks: u8,
    /// `peer_cheated`, `failed_checks`, `own_state` or `imported`.
    pub cause: String,
    /// What leads out: `refresh` or `restore`, with a step-up code, or `accept`.
    pub remedy: String,
    /// The time of which it is not known what the wallet signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forgotten: Option<ForgottenTime>,
}

/// From an archive to its return, in milliseconds since 1970-01-01 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForgottenTime {
    /// When the archive was made.
    pub from: u64,
    /// When it was put back.
    pub until: u64,
}

/// `POST /v1/admin/quarantine/clear`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewClearance {
    /// The wallet id, 32 hexadecimal digits.
    pub wallet_id: String,
    /// Whether somebody answers for what the wallet may have signed in a time that is forgotten.
    #[serde(default)]
    pub accept_forgotten: bool,
}

/// The answer to `POST /v1/admin/quarantine/clear`. Where it has a code, the wallet is still locked. It holds a secret: no
/// `Debug`, no `Clone`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Clearance {
    /// The wallet.
    pub wallet: LockedWallet,
    /// The step-up code, shown once; none where new shares are not needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<u64>,
}

/// `POST /fragments/{id}` on a fragment host. It holds a secret: no `Debug`, no `Clone`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewHeldFragment {
    /// The fragment document, base64.
    pub fragment: String,
}

/// The answer to `POST /fragments/{id}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldFragment {
    /// The epoch of the share that the fragment is of; 0 where the bytes name none.
    pub epoch: u64,
}

/// The answer to `GET /fragments/{id}`. It may hold a secret: no `Debug`, no `Clone`.
#[derive(Serialize, Deserialize)]
pub struct ReleasedFragment {
    /// The fragment document, base64; where `encryption` says so, inside an age file.
    pub fragment: String,
    /// `age` where the request named a recipient; absent where the fragment is as it was left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption: Option<String>,
}

/// `POST /v1/admin/release` on a fragment host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewRelease {
    /// The fragment's id.
    pub id: String,
    /// The owner's tenant; the operator's own by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Whose fragment; it may be left out where only one owner has one of this id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Whether the owner's next request needs no code, for devices that can send none.
    #[serde(default)]
    pub without_code: bool,
}

/// `POST /v1/admin/drop` on a fragment host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DropFragment {
    /// The fragment's id.
    pub id: String,
    /// The owner's tenant; the operator's own by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Whose fragment; it may be left out where only one owner has one of this id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The epoch that goes.
    pub epoch: u64,
}

/// The answer to `POST /v1/admin/drop`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DroppedFragment {
    /// Whose fragment went.
    pub owner: String,
    /// Its epoch.
    pub epoch: u64,
}

/// The answer to `POST /v1/admin/release`. It holds a secret: no `Debug`, no `Clone`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Release {
    /// The code, shown once; absent where none is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Whose fragment is released.
    pub owner: String,
    /// When it ends.
    pub expires_at: u64,
}
