//! The key of the channel: kept once, and never replaced.

use maany_coordinator_storage::{StoreError, Table};
use zeroize::Zeroizing;

use crate::lab::{audit, server};

#[tokio::test]
async fn a_channel_key_is_kept_once_and_sealed() {
    let (lab, vault) = server().await;
    assert!(vault.channel_key().await.unwrap().is_none());
    vault.keep_channel_key(Zeroizing::new([0xc5; 32]), audit("kept")).await.unwrap();
    let again = vault.keep_channel_key(Zeroizing::new([0xc6; 32]), audit("kept")).await;
    assert!(matches!(again, Err(StoreError::AlreadyExists { what: "channel key" })), "{again:?}");
    assert_eq!(vault.channel_key().await.unwrap().as_deref(), Some(&[0xc5; 32]));
    let rows = lab.rows();
    let row = rows.keys().find(|(table, key)| *table == Table::Meta && key == b"agreement-key");
    let row = &rows[row.expect("a row")];
    assert!(!row.value.windows(8).any(|bytes| bytes == [0xc5; 8]), "it is sealed");
}
