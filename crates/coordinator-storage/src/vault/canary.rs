//! The canary: the first record of a store, which a wrong key does not open and which says whose side it is.

use crate::batch::Batch;
use crate::error::{Corruption, StoreError};
use crate::key::KeyProvider;
use crate::record::Record;
use crate::record::canary::CanaryRecord;
use crate::seal::{self, Place};
use crate::store::ShareStore;
use crate::table::{RecordTable, Table};
use crate::vault::{Role, read};

const KEY: &[u8] = b"canary";
const PLACE: Place<'static> = Place { table: Table::Meta, key: KEY, role: None, share: None };

/// Opens the store's canary; an empty store gets one.
pub(super) async fn check(
    store: &dyn ShareStore,
    keys: &dyn KeyProvider,
    role: Role,
) -> Result<(), StoreError> {
    if store.get(Table::Meta, KEY).await?.is_none() {
        // A store with rows had a canary. To give it a new one would let a second key in beside the first.
        for table in Table::ALL {
            if !store.scan(table, &[], None, 1).await?.is_empty() {
                return Err(StoreError::corrupt(Table::Meta, KEY, Corruption::Missing));
            }
        }
        let sealed = seal::seal(keys, &PLACE, CanaryRecord { role }.dangerous_encode()).await?;
        let mut batch = Batch::new();
        batch.insert(RecordTable::Meta, KEY, sealed);
        match store.commit(batch).await {
            // Somebody else opened the new store at the same time: theirs counts.
            Ok(()) | Err(StoreError::Conflict { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    look(store, keys, role).await
}

/// Opens the canary that is there.
pub(super) async fn look(
    store: &dyn ShareStore,
    keys: &dyn KeyProvider,
    role: Role,
) -> Result<(), StoreError> {
    let missing = || StoreError::corrupt(Table::Meta, KEY, Corruption::Missing);
    let canary = store.get(Table::Meta, KEY).await?.ok_or_else(missing)?;
    let plain = match seal::open(keys, &PLACE, &canary.value).await {
        Ok(plain) => plain,
        Err(StoreError::Corrupt { cause: Corruption::KeyNotAuthentic, .. }) => {
            let key_id =
                seal::key_id(&canary.value).map_err(|cause| StoreError::corrupt(Table::Meta, KEY, cause))?;
            return Err(StoreError::WrongKey { key_id });
        }
        Err(StoreError::Corrupt { cause: Corruption::UnknownKey(key_id), .. }) => {
            return Err(StoreError::WrongKey { key_id });
        }
        Err(error) => return Err(error),
    };
    let found = read::decode::<CanaryRecord>(Table::Meta, KEY, &plain)?.role;
    if found == role { Ok(()) } else { Err(StoreError::WrongRole { found: found.name() }) }
}
