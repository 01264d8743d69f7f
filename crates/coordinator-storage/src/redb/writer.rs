//! The one thread that writes: it commits whatever is queued in one transaction.
//!
//! Each batch is checked on its own, after the ones before it, and one that does not fit leaves nothing behind and
//! fails nobody else. Every answer is given after the disk has the transaction.

use std::io;

use redb::{Database, Durability};
use tokio::sync::{mpsc, oneshot};

use crate::batch::Batch;
use crate::error::StoreError;
use crate::redb::database::Shared;
use crate::redb::rows::{self, Applied};

/// The most batches in one transaction.
const MAX_GROUP: usize = 64;

/// How many batches of a group may fail alone before the rest is refused untried: after each failure the file is opened
/// again, which reads all of it.
const GIVE_UP: usize = 3;

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
pub(super) fn write(shared: &Shared, batches: &[Batch]) -> Vec<Result<(), StoreError>> {
    match write_together(shared, batches) {
        Ok(answers) => answers,
        Err(Failed::Unchanged(_)) if batches.len() > 1 => write_each(shared, batches),
        Err(Failed::Unchanged(error)) => vec![Err(error)],
        Err(Failed::Unknown(cause)) => batches.iter().map(|_| Err(unknown(&cause))).collect(),
    }
}

fn write_each(shared: &Shared, batches: &[Batch]) -> Vec<Result<(), StoreError>> {
    let mut failures = Vec::new();
    batches
        .iter()
        .map(|batch| {
            if let [.., last] = failures[..]
                && failures.len() >= GIVE_UP
            {
                return Err(StoreError::io("committing where others failed", io::Error::from(last)));
            }
            let answer = write_alone(shared, batch);
            if let Err(StoreError::Full { source } | StoreError::Io { source, .. }) = &answer {
                failures.push(source.kind());
            }
            answer
        })
        .collect()
}

fn write_alone(shared: &Shared, batch: &Batch) -> Result<(), StoreError> {
    match write_together(shared, std::slice::from_ref(batch)) {
        Ok(mut answers) => answers.pop().unwrap_or(Err(StoreError::Closed)),
        Err(Failed::Unchanged(error)) => Err(error),
        Err(Failed::Unknown(cause)) => Err(unknown(&cause)),
    }
}

/// The answer to everybody whose batch may be in the file, whatever the cause: `Full` would say that it is not.
fn unknown(cause: &redb::Error) -> StoreError {
    StoreError::Io { doing: "committing", source: io::Error::other(cause.to_string()) }
}

/// Why there are no answers.
enum Failed {
    /// None of the batches was applied.
    Unchanged(StoreError),
    /// All were applied or none, and the file cannot be read to see which.
    Unknown(redb::Error),
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
                Err(_) => Err(Failed::Unknown(error)),
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
