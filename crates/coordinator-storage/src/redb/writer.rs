//! The one thread that writes: it commits whatever is queued in one transaction.
//!
//! Each batch is checked on its own, after the ones before it, and one that does not fit leaves nothing behind and
//! fails nobody else. Every answer is given after the disk has the transaction.

use redb::{Database, Durability};
use tokio::sync::{mpsc, oneshot};

use crate::batch::Batch;
use crate::error::StoreError;
use crate::redb::database::Shared;
use crate::redb::rows::{self, Applied};

/// The most batches in one transaction.
const MAX_GROUP: usize = 64;

/// A batch and who waits for it.
pub(super) struct Job {
    pub(super) batch: Batch,
    pub(super) reply: oneshot::Sender<Result<(), StoreError>>,
}

/// Commits until the store is dropped, then closes the file.
pub(super) fn run(shared: &Shared, mut jobs: mpsc::Receiver<Job>) {
    let _closing = CloseOnExit(shared);
    while let Some(first) = jobs.blocking_recv() {
        let mut group = vec![first];
        while group.len() < MAX_GROUP
            && let Ok(next) = jobs.try_recv()
        {
            group.push(next);
        }
        let (batches, replies): (Vec<_>, Vec<_>) =
            group.into_iter().map(|job| (job.batch, job.reply)).unzip();
        for (reply, answer) in replies.into_iter().zip(write(shared, &batches)) {
            // Nobody waits any more: the batch counts all the same.
            let _ = reply.send(answer);
        }
    }
}

struct CloseOnExit<'a>(&'a Shared);

impl Drop for CloseOnExit<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Writes the batches together; where that fails, each alone, so that one that is too large for the disk does not fail
/// the others.
fn write(shared: &Shared, batches: &[Batch]) -> Vec<Result<(), StoreError>> {
    match write_together(shared, batches) {
        Ok(answers) => answers,
        Err(Failed::Unchanged(_)) if batches.len() > 1 => {
            batches.iter().map(|batch| write_alone(shared, batch)).collect()
        }
        Err(Failed::Unchanged(error)) => vec![Err(error)],
        Err(Failed::Unknown(error)) => {
            let text = error.to_string();
            let others = batches.iter().skip(1).map(|_| {
                let source = std::io::Error::other(text.clone());
                Err(StoreError::Io { doing: "committing together with others", source })
            });
            std::iter::once(Err(error)).chain(others).collect()
        }
    }
}

fn write_alone(shared: &Shared, batch: &Batch) -> Result<(), StoreError> {
    match write_together(shared, std::slice::from_ref(batch)) {
        Ok(mut answers) => answers.pop().unwrap_or(Err(StoreError::Closed)),
        Err(Failed::Unchanged(error) | Failed::Unknown(error)) => Err(error),
    }
}

/// Why there are no answers.
enum Failed {
    /// None of the batches was applied.
    Unchanged(StoreError),
    /// All were applied or none, and the file cannot be read to see which.
    Unknown(StoreError),
}

/// How far a transaction came.
enum Reached {
    /// redb said that it is on disk.
    Disk(Vec<Result<(), StoreError>>),
    /// Everything was staged, as the transaction of this number, and then the commit failed.
    Commit(Vec<Result<(), StoreError>>, u64, redb::Error),
}

/// Writes the batches in one transaction.
fn write_together(shared: &Shared, batches: &[Batch]) -> Result<Vec<Result<(), StoreError>>, Failed> {
    let mut attempt = shared.attempt(|database| transact(database, batches));
    if matches!(attempt, Err(redb::Error::PreviousIo)) {
        attempt = shared.attempt(|database| transact(database, batches));
    }
    match attempt {
        Ok(Reached::Disk(answers)) => Ok(answers),
        Ok(Reached::Commit(answers, number, error)) => {
            // Nobody else writes, so the file's own count says whether this transaction is in it.
            shared.distrust();
            match shared.with(rows::last_commit) {
                Ok(last) if last == number => Ok(answers),
                Ok(_) => Err(Failed::Unchanged(shared.sort(error))),
                Err(_) => Err(Failed::Unknown(shared.sort(error))),
            }
        }
        Err(error) => Err(Failed::Unchanged(shared.sort(error))),
    }
}

fn transact(database: &Database, batches: &[Batch]) -> Result<Reached, redb::Error> {
    let mut transaction = database.begin_write()?;
    transaction.set_durability(Durability::Immediate)?;
    let mut answers = Vec::with_capacity(batches.len());
    for batch in batches {
        answers.push(match rows::apply(&transaction, batch)? {
            Applied::Yes => Ok(()),
            Applied::No(error) => Err(error),
        });
    }
    if answers.iter().all(Result::is_err) {
        transaction.abort()?;
        return Ok(Reached::Disk(answers));
    }
    let number = rows::count_commit(&transaction)?;
    match transaction.commit() {
        Ok(()) => Ok(Reached::Disk(answers)),
        Err(error) => Ok(Reached::Commit(answers, number, error.into())),
    }
}
