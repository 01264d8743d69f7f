//! The server's static key of the channel: made once, kept sealed in the vault, and the same after every restart, since
//! devices pin it.

use maany_coordinator_storage::{StoreError, Vault, record::AuditRow};
use zeroize::Zeroizing;

use crate::{channel::ChannelKey, time};

/// Why a server has no channel key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChannelKeyError {
    /// The vault cannot be read or written.
    #[error("the channel key cannot be read or kept")]
    Store(#[from] StoreError),
    /// The operating system gave no random bytes.
    #[error("the system gave no random bytes")]
    NoRandomness(#[from] getrandom::Error),
}

/// The key that the vault keeps; a vault without one gets one.
pub(super) async fn settle(vault: &Vault) -> Result<ChannelKey, ChannelKeyError> {
    if let Some(key) = vault.channel_key().await? {
        return Ok(ChannelKey::from_bytes(key));
    }
    let key = ChannelKey::generate()?;
    let audit = AuditRow {
        at_ms: time::now_ms(),
        actor: "server".to_owned(),
        event: "channel-key-made".to_owned(),
        wallet: None,
        details: key.public().to_string(),
    };
    match vault.keep_channel_key(Zeroizing::new(*key.dangerous_expose()), audit).await {
        Ok(()) => Ok(key),
        // Another process of this server was faster: its key counts.
        Err(error @ StoreError::AlreadyExists { .. }) => {
            let kept = vault.channel_key().await?;
            kept.map(ChannelKey::from_bytes).ok_or(ChannelKeyError::Store(error))
        }
        Err(error) => Err(error.into()),
    }
}
