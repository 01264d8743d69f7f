//! Wallets without their DKG: one key of this process, written into both vaults under a new wallet id, as a DKG writes it.
//!
//! A test whose subject is not the making of a wallet saves a second with it. Everything after it is real.

use std::sync::OnceLock;

use maany_coordinator::WalletInfo;
use maany_coordinator::proto::{self, IdentityKey, channel::StaticKey};
use maany_coordinator_storage::record::{
    AuditRow, BackupRule, Devices, ShareRecord, Standing, WalletRecord, WalletState,
};
use maany_coordinator_storage::{Owner, SecretBytes, ShareId, Vault, WalletId};
use maany_mpc_core::KeyShare;
use zeroize::Zeroizing;

use crate::engine_alone::{self, Shares};
use crate::{Failure, Holder, RunningServer, holder, running_server};

/// The key of every planted wallet of this process.
///
/// # Errors
/// What the engine answers.
pub fn shares() -> Result<&'static Shares, Failure> {
    static SHARES: OnceLock<Result<Shares, String>> = OnceLock::new();
    SHARES
        .get_or_init(|| engine_alone::dkg().map_err(|error| error.to_string()))
        .as_ref()
        .map_err(|error| error.as_str().into())
}

/// A wallet of `owner` on the server and on the device.
///
/// # Errors
/// What the stores answer.
pub async fn wallet(server: &RunningServer, owner: &str, holder: &Holder) -> Result<WalletInfo, Failure> {
    let id = on_server(server, owner).await?;
    on_device(holder, id).await
}

/// The same, of a device that has enrolled: it speaks protocol 2, and has to be [`acquainted`] with the server.
///
/// # Errors
/// What the stores answer.
pub async fn proven_wallet(
    server: &RunningServer,
    owner: &str,
    holder: &Holder,
) -> Result<WalletInfo, Failure> {
    let key = identity()?;
    let (id, owner) = (fresh_id(), Owner::new(running_server::TENANT, owner));
    let enrolled = Devices { enrolled: Some(*key.public().as_bytes()), ..Devices::default() };
    let side = Side { share: &shares()?.server, device: enrolled, identity: SecretBytes::default() };
    write(server.vault(), owner, id, side).await?;
    let identity = SecretBytes::new(key.dangerous_expose().to_vec());
    let side = Side { share: &shares()?.device, device: Devices::default(), identity };
    write(holder.vault(), holder::owner(), id, side).await?;
    Ok(holder.device()?.wallet(&id.to_string()).await?)
}

/// Has the device know the server's channel key, as it does after its first wallet.
///
/// # Errors
/// What the stores answer, and where it knows one already.
pub async fn acquainted(server: &RunningServer, holder: &Holder) -> Result<(), Failure> {
    let secret = server.vault().channel_key().await?.ok_or("the server has no channel key")?;
    let public = Zeroizing::new(*StaticKey::from_bytes(secret).public().as_bytes());
    let audit = AuditRow { wallet: None, ..audit("server-learnt", WalletId::from_bytes([0; 16])) };
    holder.vault().keep_channel_key(public, audit).await?;
    Ok(())
}

fn identity() -> Result<IdentityKey, Failure> {
    IdentityKey::from_bytes(&Zeroizing::new([0x1d; IdentityKey::SIZE])).map_err(|_| "no key".into())
}

/// A wallet of `owner` on the server alone.
///
/// # Errors
/// What the stores answer.
pub async fn on_server(server: &RunningServer, owner: &str) -> Result<proto::WalletId, Failure> {
    let (id, owner) = (fresh_id(), Owner::new(running_server::TENANT, owner));
    write(server.vault(), owner, id, Side::plain(&shares()?.server)).await?;
    Ok(proto::WalletId::from_bytes(id.to_bytes()))
}

/// The device's side of a wallet that is on the server.
///
/// # Errors
/// What the stores answer.
pub async fn on_device(holder: &Holder, wallet: proto::WalletId) -> Result<WalletInfo, Failure> {
    let id = WalletId::from_bytes(*wallet.as_bytes());
    write(holder.vault(), holder::owner(), id, Side::plain(&shares()?.device)).await?;
    Ok(holder.device()?.wallet(&wallet.to_string()).await?)
}

fn fresh_id() -> WalletId {
    WalletId::from_bytes((0xf1_u128 << 120 | u128::from(holder::fresh())).to_be_bytes())
}

/// What one side keeps of a wallet.
struct Side {
    share: &'static KeyShare,
    /// On the server: who has enrolled.
    device: Devices,
    /// On the device: with which secret.
    identity: SecretBytes,
}

impl Side {
    fn plain(share: &'static KeyShare) -> Self {
        Self { share, device: Devices::default(), identity: SecretBytes::default() }
    }
}

async fn write(vault: &Vault, owner: Owner, wallet: WalletId, side: Side) -> Result<(), Failure> {
    let Side { share, device, identity } = side;
    let id = ShareId::from_bytes(share.share_id().to_bytes());
    let record = WalletRecord {
        wallet,
        owner,
        key_id: None,
        role: vault.role(),
        engine: share.engine().0,
        public_key: share.public_key().to_bytes(),
        chain_code: share.chain_code(),
        standing: Standing { state: WalletState::Provisional, aborts: Vec::new() },
        active: Some(id),
        pending: None,
        retired: None,
        backup_rule: BackupRule::None,
        receipt: None,
        policy: Vec::new(),
        created_ms: 0,
        device,
        confirmed: false,
    };
    let bytes = SecretBytes::new(share.dangerous_export().to_vec());
    let share = ShareRecord { wallet, id, engine: record.engine, bytes, stored_ms: 0, identity };
    let row = vault.insert_provisional(record, &share, audit("wallet-provisional", wallet)).await?;
    vault.activate(&row, id, audit("wallet-active", wallet)).await?;
    Ok(())
}

fn audit(event: &str, wallet: WalletId) -> AuditRow {
    AuditRow {
        at_ms: 0,
        actor: "tests".to_owned(),
        event: event.to_owned(),
        wallet: Some(wallet),
        details: String::new(),
    }
}
