//! All or nothing: a batch with one operation that does not fit changes nothing, and no reader sees half of one.

use std::sync::Arc;

use crate::batch::Batch;
use crate::conformance::{Broken, Promise, batch};
use crate::store::ShareStore;
use crate::table::{RecordTable, Table};

const P: Promise = Promise("a batch is applied all or nothing");

/// The operation that does not fit, in every position among operations that do.
pub(super) async fn check(store: &dyn ShareStore) -> Result<(), Broken> {
    let w = RecordTable::Wallets;
    let seed = batch(|b| {
        b.insert(w, b"held", b"held").insert(w, b"replaced", b"old").insert(w, b"erased", b"old");
        b.insert_share(b"share", b"share")
    });
    P.ok("insert", store.commit(seed).await)?;

    type Add = fn(&mut Batch) -> &mut Batch;
    let unfit: [(Table, &[u8], Add); 6] = [
        (Table::Wallets, b"held", |b| b.insert(RecordTable::Wallets, b"held", b"torn")),
        (Table::Wallets, b"held", |b| b.replace(RecordTable::Wallets, b"held", 7, b"torn")),
        (Table::Wallets, b"held", |b| b.erase(RecordTable::Wallets, b"held", 2)),
        (Table::KeyIds, b"none", |b| b.replace(RecordTable::KeyIds, b"none", 1, b"torn")),
        (Table::Shares, b"share", |b| b.insert_share(b"share", b"torn")),
        (Table::Shares, b"none", |b| b.erase_share(b"none")),
    ];
    let fit: [Add; 5] = [
        |b| b.insert(RecordTable::Wallets, b"inserted", b"torn"),
        |b| b.replace(RecordTable::Wallets, b"replaced", 1, b"torn"),
        |b| b.erase(RecordTable::Wallets, b"erased", 1),
        |b| b.insert_share(b"new-share", b"torn"),
        |b| b.append_audit(b"audit", b"torn"),
    ];
    for (table, key, bad) in unfit {
        for position in 0..=fit.len() {
            let torn = batch(|b| {
                let b = fit[..position].iter().fold(b, |b, add| add(b));
                fit[position..].iter().fold(bad(b), |b, add| add(b))
            });
            P.conflict("a batch with one operation that does not fit", store.commit(torn).await, table, key)?;
            P.row(store, Table::Wallets, b"held", Some((1, b"held"))).await?;
            P.row(store, Table::Wallets, b"inserted", None).await?;
            P.row(store, Table::Wallets, b"replaced", Some((1, b"old"))).await?;
            P.row(store, Table::Wallets, b"erased", Some((1, b"old"))).await?;
            P.row(store, Table::Shares, b"share", Some((1, b"share"))).await?;
            P.row(store, Table::Shares, b"new-share", None).await?;
            P.row(store, Table::Audit, b"audit", None).await?;
            P.row(store, Table::KeyIds, b"none", None).await?;
        }
    }
    let whole = batch(|b| fit.iter().fold(b, |b, add| add(b)));
    P.ok("the same batch without it", store.commit(whole).await)?;
    P.row(store, Table::Wallets, b"erased", None).await?;
    P.row(store, Table::Wallets, b"replaced", Some((2, b"torn"))).await?;
    P.row(store, Table::Shares, b"new-share", Some((1, b"torn"))).await
}

/// Two rows are always written together: a scan never sees them differ.
pub(super) async fn check_readers(store: Arc<dyn ShareStore>) -> Result<(), Broken> {
    const P: Promise = Promise("a scan sees a batch whole or not at all");
    const ROUNDS: u8 = 30;
    let w = RecordTable::Wallets;
    let first = batch(|b| b.insert(w, b"left", [0]).insert(w, b"right", [0]));
    P.ok("insert", store.commit(first).await)?;

    let writer = tokio::spawn({
        let store = Arc::clone(&store);
        async move {
            for round in 1..=ROUNDS {
                let version = u64::from(round);
                let both =
                    batch(|b| b.replace(w, b"left", version, [round]).replace(w, b"right", version, [round]));
                P.ok("replace", store.commit(both).await)?;
            }
            Ok::<(), Broken>(())
        }
    });
    loop {
        let over = writer.is_finished();
        let rows = P.ok("scan", store.scan(Table::Wallets, b"", None, 10).await)?;
        let mut values = Vec::new();
        for row in rows {
            values.push(P.ok("scan", row.row)?.value);
        }
        P.holds(values.len() == 2 && values[0] == values[1], || format!("the rows hold {values:?}"))?;
        if over {
            break;
        }
        tokio::task::yield_now().await;
    }
    writer.await.map_err(|error| P.broken(format!("the writer: {error}")))?
}
