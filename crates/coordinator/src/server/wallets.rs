//! How a device names a wallet: by the key id that it proposed, or by the wallet id that it was given.

use maany_coordinator_proto as proto;
use maany_coordinator_storage::{Row, StoreError, Vault, record::WalletRecord};

use crate::{auth::Principal, convert};

/// The principal's wallet of that name. Another owner's wallet is `None`, exactly like one that does not exist.
pub(crate) async fn find(
    vault: &Vault,
    principal: &Principal,
    name: &str,
) -> Result<Option<Row<WalletRecord>>, StoreError> {
    let owner = principal.rows();
    // The id comes first: a key id that looks like another wallet's id must not hide that wallet.
    if let Ok(id) = proto::WalletId::from_hex(name)
        && let Some(row) = vault.wallet(&owner, convert::wallet_to_storage(id)).await?
    {
        return Ok(Some(row));
    }
    vault.wallet_by_key_id(&owner, name).await
}
