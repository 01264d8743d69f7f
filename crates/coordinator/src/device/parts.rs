//! What a device tells its caller: a wallet, a signature, and what a run cost.

use std::{fmt, time::Duration};

use maany_coordinator_proto::{Digest, KeyId, RequestId, WalletId};
use maany_coordinator_storage::record::{WalletRecord, WalletState};
use maany_mpc_core::{DerivationPath, PublicKey, Signature, derivation};

use super::DeviceError;
use crate::convert;

/// A wallet as this device holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalletInfo {
    /// The server's id of the wallet.
    pub wallet: WalletId,
    /// The id that this device proposed.
    pub key_id: Option<KeyId>,
    /// The wallet's public key, 33-byte compressed SEC1.
    pub public_key: PublicKey,
    /// The BIP-32 chain code of the public key.
    pub chain_code: [u8; 32],
    /// How many times the shares have been made: 1 after DKG, one more after each refresh or restore.
    pub epoch: u64,
    /// Whether it signs.
    pub state: WalletState,
}

impl WalletInfo {
    /// The public key at a non-hardened path below the wallet's.
    ///
    /// # Errors
    /// Where the path leads to no key (probability below 2^-127 a step).
    pub fn child(&self, path: &DerivationPath) -> Result<PublicKey, DeviceError> {
        Ok(derivation::child_public_key(&self.public_key, &self.chain_code, path)?)
    }

    pub(super) fn of(record: &WalletRecord) -> Result<Self, DeviceError> {
        Ok(Self {
            wallet: convert::wallet_from_storage(record.wallet),
            key_id: record.key_id.as_deref().and_then(|id| KeyId::new(id).ok()),
            public_key: PublicKey::from_sec1(&record.public_key)?,
            chain_code: record.chain_code,
            epoch: record.active.map_or(0, |share| share.epoch()),
            state: record.standing.state,
        })
    }
}

/// What to sign: the full sign doc, for a chain, with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignOrder {
    /// The chain, as the sign doc names it.
    pub chain_id: String,
    /// From the wallet's key to the key that signs; the empty path is the wallet's key itself.
    pub path: DerivationPath,
    /// How the sign doc is encoded.
    pub mode: maany_coordinator_cosmos::SignMode,
    /// The sign doc's original bytes.
    pub sign_doc: Vec<u8>,
}

/// What to sign that is no transaction: the doc of arbitrary data (ADR-036), with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArbitraryOrder {
    /// From the wallet's key to the key that signs; the empty path is the wallet's key itself.
    pub path: DerivationPath,
    /// The doc's original bytes, see [`maany_coordinator_cosmos::ArbitraryDoc`]. It names an account of the key.
    pub sign_doc: Vec<u8>,
}

/// A signature over a sign order.
#[derive(Debug, Clone)]
pub struct Signed {
    /// The sign request that it answers.
    pub request: RequestId,
    /// `r || s`, 64 bytes, low-S, and the recovery id.
    pub signature: Signature,
    /// The key that it verifies under, at the order's path.
    pub public_key: PublicKey,
    /// What was signed: the digest of the sign doc, computed on this device.
    pub digest: Digest,
}

/// A result, and what it cost.
#[derive(Debug, Clone)]
pub struct Done<T> {
    /// The result.
    pub value: T,
    /// What it cost.
    pub report: Report,
}

/// What a run cost, all attempts together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// From the call to the result.
    pub elapsed: Duration,
    /// Payload bytes sent over WebSocket.
    pub sent: u64,
    /// Payload bytes received over WebSocket.
    pub received: u64,
    /// WebSocket messages both ways.
    pub frames: u32,
    /// Attempts beyond the first.
    pub retries: u32,
}

/// What happens while a device runs a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProgressEvent {
    /// The socket is open.
    Connected,
    /// A message went out; its payload in bytes.
    Sent(usize),
    /// A message came in; its payload in bytes.
    Received(usize),
    /// The engine finished a step.
    Computed(Duration),
    /// An attempt failed; the next one begins after this delay.
    Retrying(Duration),
}

/// Watches a device's sessions, for a progress bar.
pub trait Progress: Send + Sync + 'static {
    /// Something happened. Called between two steps of a session: it must not block.
    fn event(&self, event: ProgressEvent);
}

/// Nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Progress for Unwatched {
    fn event(&self, _event: ProgressEvent) {}
}

impl fmt::Debug for dyn Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Progress")
    }
}
