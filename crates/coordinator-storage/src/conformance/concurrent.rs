//! Many callers at once: of those who change one row exactly one wins, and nobody else is hurt.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::conformance::{Broken, Promise, batch};
use crate::error::StoreError;
use crate::store::ShareStore;
use crate::table::{RecordTable, Table};

const CALLERS: u8 = 16;

pub(super) async fn check_one_winner(store: Arc<dyn ShareStore>) -> Result<(), Broken> {
    const P: Promise = Promise("of concurrent changes of one row exactly one wins");
    for round in 0..4_u64 {
        let mut callers = JoinSet::new();
        for caller in 1..=CALLERS {
            let store = Arc::clone(&store);
            callers.spawn(async move {
                let change = batch(|b| {
                    match round {
                        0 => b.insert(RecordTable::StepUps, b"code", [caller]),
                        _ => b.replace(RecordTable::StepUps, b"code", round, [caller]),
                    };
                    b.append_audit([round.to_be_bytes().as_slice(), &[caller]].concat(), [caller])
                });
                (caller, store.commit(change).await)
            });
        }
        let mut winner = None;
        while let Some(caller) = callers.join_next().await {
            let (caller, answer) = caller.map_err(|error| P.broken(format!("a caller: {error}")))?;
            match answer {
                Ok(()) if winner.is_none() => winner = Some(caller),
                Ok(()) => return Err(P.broken("two callers won")),
                lost => P.conflict("a caller who lost", lost, Table::StepUps, b"code")?,
            }
        }
        let winner = winner.ok_or_else(|| P.broken("nobody won"))?;
        P.row(&*store, Table::StepUps, b"code", Some((round + 1, &[winner]))).await?;
        let audit = P.ok("scan", store.scan(Table::Audit, &round.to_be_bytes(), None, 100).await)?;
        P.holds(audit.len() == 1, || format!("{} audit rows in place of the winner's", audit.len()))?;
    }
    Ok(())
}

pub(super) async fn check_no_lost_update(store: Arc<dyn ShareStore>) -> Result<(), Broken> {
    const P: Promise = Promise("callers who read, change and try again lose no update");
    const EACH: u64 = 5;
    let first = batch(|b| b.insert(RecordTable::Wallets, b"count", 0_u64.to_be_bytes()));
    P.ok("insert", store.commit(first).await)?;
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let store = Arc::clone(&store);
        callers.spawn(async move {
            let mut done = 0;
            while done < EACH {
                let row = P.ok("get", store.get(Table::Wallets, b"count").await)?;
                let row = row.ok_or_else(|| P.broken("the row is gone"))?;
                let count = row.value.try_into().map(u64::from_be_bytes).unwrap_or(u64::MAX - 1);
                let next = batch(|b| {
                    b.replace(RecordTable::Wallets, b"count", row.version, (count + 1).to_be_bytes())
                });
                match store.commit(next).await {
                    Ok(()) => done += 1,
                    Err(StoreError::Conflict { .. }) => {}
                    Err(error) => return Err(P.broken(format!("replace: {error}"))),
                }
            }
            Ok(())
        });
    }
    while let Some(caller) = callers.join_next().await {
        caller.map_err(|error| P.broken(format!("a caller: {error}")))??;
    }
    let total = u64::from(CALLERS) * EACH;
    P.row(&*store, Table::Wallets, b"count", Some((total + 1, &total.to_be_bytes()))).await
}

pub(super) async fn check_conflicts_stay_alone(store: Arc<dyn ShareStore>) -> Result<(), Broken> {
    const P: Promise = Promise("a batch that does not fit fails no batch beside it");
    let taken = batch(|b| b.insert(RecordTable::KeyIds, b"taken", b""));
    P.ok("insert", store.commit(taken).await)?;
    let mut callers = JoinSet::new();
    for caller in 0..64_u8 {
        let store = Arc::clone(&store);
        callers.spawn(async move {
            let change = batch(|b| {
                b.insert(RecordTable::Wallets, [caller], [caller]);
                if caller % 2 == 1 {
                    b.insert(RecordTable::KeyIds, b"taken", b"");
                }
                b
            });
            (caller, store.commit(change).await)
        });
    }
    while let Some(caller) = callers.join_next().await {
        let (caller, answer) = caller.map_err(|error| P.broken(format!("a caller: {error}")))?;
        if caller % 2 == 1 {
            P.conflict("a batch with a taken key id", answer, Table::KeyIds, b"taken")?;
            P.row(&*store, Table::Wallets, &[caller], None).await?;
        } else {
            P.ok("a batch that fits", answer)?;
            P.row(&*store, Table::Wallets, &[caller], Some((1, &[caller]))).await?;
        }
    }
    Ok(())
}
