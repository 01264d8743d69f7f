//! A store that was changed behind the vault's back: what was changed or moved does not open, is named, and hides
//! nothing else.

use maany_coordinator_storage::vault::Listing;
use maany_coordinator_storage::{Role, StoreError, Table};

use crate::lab::{active, alice, audit, bob, refreshed, request, server, share, share_id, wallet, wallet_id};

#[tokio::test]
async fn two_rows_that_were_swapped_do_not_open() {
    let (lab, vault) = server().await;
    for n in 1..=2 {
        let new = wallet(n, alice(), Some(&format!("key-{n}")), Role::Server);
        vault.insert_provisional(new, &share(n, 1), audit("made")).await.unwrap();
        vault.insert_request(request(n, alice(), n, n), Listing::Open, audit("r")).await.unwrap();
    }
    for table in [Table::Wallets, Table::Shares, Table::KeyIds, Table::Requests, Table::Audit] {
        let good = lab.rows();
        let mut swapped = good.clone();
        let keys = lab.keys(table);
        let (first, last) = (keys[0].clone(), keys[keys.len() - 1].clone());
        let (a, b) = (good[&(table, first.clone())].clone(), good[&(table, last.clone())].clone());
        swapped.insert((table, first), b);
        swapped.insert((table, last), a);
        let healthy = vault.wallets(&alice(), None, 10).await.unwrap().rows;
        lab.set_rows(swapped);
        let damaged = match table {
            Table::Wallets => vault.wallets(&alice(), None, 10).await.unwrap().damaged.len(),
            Table::Shares => {
                let mut damaged = 0;
                for row in &healthy {
                    damaged += usize::from(vault.share(row, share_id(1)).await.is_err());
                }
                damaged
            }
            Table::KeyIds => {
                usize::from(vault.wallet_by_key_id(&alice(), "key-1").await.is_err())
                    + usize::from(vault.wallet_by_key_id(&alice(), "key-2").await.is_err())
            }
            // The first row is a listing, the last one a request.
            Table::Requests => {
                1 + vault.open_requests(&alice(), wallet_id(2), None, 1).await.unwrap().damaged.len()
            }
            _ => vault.audit(None, 10).await.unwrap().damaged.len(),
        };
        assert_eq!(damaged, 2, "{table}");
        lab.set_rows(good);
    }
}

/// Shares of one wallet: another epoch's bytes in the active share's place.
#[tokio::test]
async fn an_old_share_in_the_new_ones_place_does_not_open() {
    let (lab, vault) = server().await;
    let row = refreshed(&vault).await;
    let keys = lab.keys(Table::Shares);
    let mut rows = lab.rows();
    let old = rows[&(Table::Shares, keys[0].clone())].clone();
    rows.insert((Table::Shares, keys[1].clone()), old);
    lab.set_rows(rows);
    let error = vault.share(&row, share_id(2)).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { table: Table::Shares, .. }), "{error}");
}

#[tokio::test]
async fn a_share_opens_only_with_the_wallet_record_that_it_was_sealed_for() {
    let (_, vault) = server().await;
    let row = active(&vault).await;
    let good = row.clone().into_record();
    let mut changed = vec![good.clone(); 7];
    changed[0].owner = bob();
    changed[1].owner.tenant = "other".into();
    changed[2].key_id = None;
    changed[3].key_id = Some("tablet".into());
    changed[4].role = Role::Device;
    changed[5].public_key[0] ^= 1;
    changed[6].engine = 2;
    for (index, wallet) in changed.iter().enumerate() {
        let error = vault.share(wallet, share_id(1)).await.unwrap_err();
        assert!(matches!(error, StoreError::Corrupt { table: Table::Shares, .. }), "{index}: {error}");
    }
    vault.share(&good, share_id(1)).await.unwrap();
}

#[tokio::test]
async fn a_flipped_byte_names_its_row_and_hides_no_other() {
    let (lab, vault) = server().await;
    for n in 1..=3 {
        let new = wallet(n, alice(), None, Role::Server);
        vault.insert_provisional(new, &share(n, 1), audit("made")).await.unwrap();
    }
    let good = lab.rows();
    let key = lab.keys(Table::Wallets).remove(1);
    let len = good[&(Table::Wallets, key.clone())].value.len();
    for at in 0..len {
        lab.set_rows(good.clone());
        lab.change(Table::Wallets, &key, |value| value[at] ^= 1);
        let page = vault.wallets(&alice(), None, 10).await.unwrap();
        let named = |error: &StoreError| matches!(error, StoreError::Corrupt { table: Table::Wallets, key: named, .. } if *named == hex(&key));
        assert!(page.damaged.iter().any(named) && page.rows.len() == 2, "byte {at}: {:?}", page.damaged);
        let (first, third) = (wallet_id(1), wallet_id(3));
        assert!(vault.wallet(&alice(), first).await.unwrap().is_some());
        assert!(vault.wallet(&alice(), third).await.unwrap().is_some());
        assert!(vault.wallet(&alice(), wallet_id(2)).await.is_err());
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
