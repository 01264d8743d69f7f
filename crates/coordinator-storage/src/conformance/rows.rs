//! Single rows: insert, replace, erase, and their versions.

use crate::batch::{Batch, MAX_KEY_LEN, MAX_OPS, MAX_VALUE_LEN};
use crate::conformance::{Broken, Promise, batch};
use crate::error::StoreError;
use crate::store::ShareStore;
use crate::table::{RecordTable, Table};

pub(super) async fn check(store: &dyn ShareStore) -> Result<(), Broken> {
    const P: Promise =
        Promise("a row changes only from the version that was named, and its version grows by one");
    let (t, w) = (Table::Wallets, RecordTable::Wallets);

    P.row(store, t, b"k", None).await?;
    P.ok("insert", store.commit(batch(|b| b.insert(w, b"k", b"one"))).await)?;
    P.row(store, t, b"k", Some((1, b"one"))).await?;
    P.row(store, Table::Requests, b"k", None).await?;
    P.row(store, t, b"kk", None).await?;

    let again = store.commit(batch(|b| b.insert(w, b"k", b"two"))).await;
    P.conflict("insert of an existing row", again, t, b"k")?;
    P.row(store, t, b"k", Some((1, b"one"))).await?;

    for version in 1..=20_u64 {
        let value = [u8::try_from(version).unwrap_or(0)];
        for wrong in [0, version - 1, version + 1, u64::MAX] {
            if wrong != version {
                let stale = store.commit(batch(|b| b.replace(w, b"k", wrong, b"no"))).await;
                P.conflict("replace of another version", stale, t, b"k")?;
                let stale = store.commit(batch(|b| b.erase(w, b"k", wrong))).await;
                P.conflict("erase of another version", stale, t, b"k")?;
            }
        }
        P.ok("replace", store.commit(batch(|b| b.replace(w, b"k", version, value))).await)?;
        P.row(store, t, b"k", Some((version + 1, &value))).await?;
    }

    let missing = store.commit(batch(|b| b.replace(w, b"other", 1, b"no"))).await;
    P.conflict("replace of a missing row", missing, t, b"other")?;
    let missing = store.commit(batch(|b| b.replace(w, b"other", 0, b"no"))).await;
    P.conflict("replace of a missing row at version 0", missing, t, b"other")?;
    let missing = store.commit(batch(|b| b.erase(w, b"other", 1))).await;
    P.conflict("erase of a missing row", missing, t, b"other")?;
    P.row(store, t, b"other", None).await?;

    P.ok("erase", store.commit(batch(|b| b.erase(w, b"k", 21))).await)?;
    P.row(store, t, b"k", None).await?;
    P.ok("insert again", store.commit(batch(|b| b.insert(w, b"k", b"new"))).await)?;
    P.row(store, t, b"k", Some((1, b"new"))).await
}

pub(super) async fn check_shares_and_audit(store: &dyn ShareStore) -> Result<(), Broken> {
    const P: Promise = Promise("shares and audit rows are never overwritten");
    P.ok("insert", store.commit(batch(|b| b.insert_share(b"s", b"share").append_audit(b"a", b"row"))).await)?;
    let again = store.commit(batch(|b| b.insert_share(b"s", b"other"))).await;
    P.conflict("second insert of a share", again, Table::Shares, b"s")?;
    let again = store.commit(batch(|b| b.append_audit(b"a", b"other"))).await;
    P.conflict("second append of an audit row", again, Table::Audit, b"a")?;
    P.row(store, Table::Shares, b"s", Some((1, b"share"))).await?;
    P.row(store, Table::Audit, b"a", Some((1, b"row"))).await?;
    P.ok("erase", store.commit(batch(|b| b.erase_share(b"s"))).await)?;
    P.row(store, Table::Shares, b"s", None).await?;
    let again = store.commit(batch(|b| b.erase_share(b"s"))).await;
    P.conflict("second erase of a share", again, Table::Shares, b"s")
}

pub(super) async fn check_sizes(store: &dyn ShareStore) -> Result<(), Broken> {
    const P: Promise = Promise("every key and value within the bounds reads back as it was written");
    let long = vec![0xff; MAX_KEY_LEN];
    let dotted = b"../../escape".to_vec();
    let keys: [&[u8]; 8] = [b"\0", b"\0\0", b"/", b".", &dotted, "ä".as_bytes(), b"\xff\xfe\xfd", &long];
    let values: [Vec<u8>; 4] = [vec![], vec![0], vec![0xa5; 300 * 1024], vec![0x5a; MAX_VALUE_LEN]];
    for (index, key) in keys.iter().enumerate() {
        let value = &values[index % values.len()];
        for record in [RecordTable::Wallets, RecordTable::Meta] {
            let written = store.commit(batch(|b| b.insert(record, *key, value.clone()))).await;
            P.ok("insert", written)?;
        }
    }
    for (index, key) in keys.iter().enumerate() {
        let value = values[index % values.len()].as_slice();
        for table in [Table::Wallets, Table::Meta] {
            P.row(store, table, key, Some((1, value))).await?;
        }
    }
    let many = batch(|b| {
        for n in 0..MAX_OPS {
            b.insert(RecordTable::UsedIds, n.to_be_bytes(), b"x");
        }
        b
    });
    P.ok("a batch with the most operations", store.commit(many).await)?;
    P.row(store, Table::UsedIds, &(MAX_OPS - 1).to_be_bytes(), Some((1, b"x"))).await
}

pub(super) async fn check_unfit(store: &dyn ShareStore) -> Result<(), Broken> {
    const P: Promise = Promise("a batch outside the bounds is refused and writes nothing");
    let w = RecordTable::Wallets;
    let long = vec![1; MAX_KEY_LEN + 1];
    let unfit = [
        Batch::new(),
        batch(|b| b.insert(w, b"x", b"").insert(w, b"", b"")),
        batch(|b| b.insert(w, b"x", b"").insert(w, long.clone(), b"")),
        batch(|b| b.insert(w, b"x", b"").insert(w, b"y", vec![0; MAX_VALUE_LEN + 1])),
        batch(|b| b.insert(w, b"x", b"").insert(w, b"y", b"").insert(w, b"y", b"")),
        batch(|b| b.insert(w, b"x", b"").erase(w, b"x", 1)),
        batch(|b| {
            for n in 0..=MAX_OPS {
                b.insert(w, n.to_be_bytes(), b"");
            }
            b
        }),
    ];
    for (index, bad) in unfit.into_iter().enumerate() {
        let answer = store.commit(bad).await;
        P.holds(matches!(answer, Err(StoreError::Unfit { .. })), || format!("batch {index}: {answer:?}"))?;
    }
    let rows = P.ok("scan", store.scan(Table::Wallets, b"", None, 10).await)?;
    P.holds(rows.is_empty(), || format!("{} rows were written", rows.len()))
}
