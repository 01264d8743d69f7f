//! A process that writes until it is killed with SIGKILL: what it was told is written is there, in whole batches.

use std::io::{BufRead, BufReader, Lines};
use std::process::ChildStdout;
use std::time::Duration;

use maany_coordinator_storage::{Batch, RecordTable, Table};

use crate::kinds::KINDS;
use crate::process::{say, spawn, told};

/// How often each store is killed, at different moments.
const KILLS: u64 = 12;

#[test]
fn a_killed_process_leaves_whole_batches_and_every_answered_one() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    for kind in KINDS {
        let path = folder.path().join(format!("{kind:?}"));
        let mut total = 0;
        for round in 0..KILLS {
            let mut child = spawn("kill", "kill::child", kind, &path);
            let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
            // It runs; the moment of the kill differs from round to round, down to parts of a commit.
            let mut answered = next_answer(&mut lines).expect("the child writes at least once");
            std::thread::sleep(Duration::from_micros(700 * round));
            child.kill().unwrap();
            child.wait().unwrap();
            while let Some(later) = next_answer(&mut lines) {
                answered = later;
            }

            total = runtime.block_on(async {
                let store = kind.open(&path).await.unwrap();
                let count = store.get(Table::Wallets, b"count").await.unwrap().unwrap();
                let written = u64::from_be_bytes(count.value.try_into().unwrap());
                assert!(written == answered || written == answered + 1, "{kind:?}: {written}, {answered}");
                let audit = store.scan(Table::Audit, b"", None, 100_000).await.unwrap();
                assert_eq!(audit.len() as u64, written, "{kind:?}");
                let shares = store.scan(Table::Shares, b"", None, 10).await.unwrap();
                assert_eq!(shares.len(), 1, "{kind:?}");
                assert_eq!(shares[0].key, written.to_be_bytes(), "{kind:?}");
                assert_eq!(shares[0].row.as_ref().unwrap().value, vec![written as u8; 20_000], "{kind:?}");
                written
            });
        }
        assert!(total >= KILLS);
    }
}

type Output = Lines<BufReader<ChildStdout>>;

fn next_answer(lines: &mut Output) -> Option<u64> {
    lines.find_map(|line| line.unwrap().strip_prefix("done ")?.parse().ok())
}

/// Counts for ever: each batch replaces the count, brings a share, erases the last one and appends an audit row.
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    let Some(told) = told("kill") else { return };
    let store = told.kind.open(&told.path).await.unwrap();
    say("");
    loop {
        let mut batch = Batch::new();
        let next = match store.get(Table::Wallets, b"count").await.unwrap() {
            None => {
                batch.insert(RecordTable::Wallets, b"count", 1_u64.to_be_bytes());
                1
            }
            Some(row) => {
                let count = u64::from_be_bytes(row.value.try_into().unwrap());
                batch.erase_share(count.to_be_bytes());
                batch.replace(RecordTable::Wallets, b"count", row.version, (count + 1).to_be_bytes());
                count + 1
            }
        };
        batch.insert_share(next.to_be_bytes(), vec![next as u8; 20_000]);
        batch.append_audit(next.to_be_bytes(), next.to_be_bytes());
        store.commit(batch).await.unwrap();
        say(&format!("done {next}"));
    }
}
