//! What was answered survives the process.

use crate::conformance::{Broken, Harness, Promise, batch};
use crate::table::{RecordTable, Table};

const P: Promise = Promise("what was committed is there after the store was closed and opened again");

pub(super) async fn check(harness: &dyn Harness) -> Result<(), Broken> {
    let w = RecordTable::Wallets;
    let store = harness.fresh().await;
    let first = batch(|b| {
        b.insert(w, b"kept", b"one").insert(w, b"gone", b"one").insert_share(b"share", vec![7; 60_000]);
        b.append_audit(b"audit", b"row")
    });
    P.ok("insert", store.commit(first).await)?;
    let second = batch(|b| b.replace(w, b"kept", 1, b"two").erase(w, b"gone", 1));
    P.ok("replace and erase", store.commit(second).await)?;
    let torn = batch(|b| b.insert(w, b"torn", b"x").insert_share(b"share", b"x"));
    P.conflict("a batch that does not fit", store.commit(torn).await, Table::Shares, b"share")?;

    let Some(store) = harness.reopen(store).await else {
        return Ok(());
    };
    P.row(&*store, Table::Wallets, b"kept", Some((2, b"two"))).await?;
    P.row(&*store, Table::Wallets, b"gone", None).await?;
    P.row(&*store, Table::Wallets, b"torn", None).await?;
    P.row(&*store, Table::Shares, b"share", Some((1, &[7; 60_000]))).await?;
    P.row(&*store, Table::Audit, b"audit", Some((1, b"row"))).await?;
    let rows = P.ok("scan", store.scan(Table::Wallets, b"", None, 10).await)?;
    P.holds(rows.len() == 1, || format!("{} wallets instead of 1", rows.len()))?;

    let stale = store.commit(batch(|b| b.replace(w, b"kept", 1, b"no"))).await;
    P.conflict("a change from before", stale, Table::Wallets, b"kept")?;
    P.ok("replace", store.commit(batch(|b| b.replace(w, b"kept", 2, b"three"))).await)?;
    let Some(store) = harness.reopen(store).await else {
        return Err(P.broken("the store opens once only"));
    };
    P.row(&*store, Table::Wallets, b"kept", Some((3, b"three"))).await
}
