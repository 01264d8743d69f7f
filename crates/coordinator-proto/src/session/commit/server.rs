//! The server's side of the commit: it decides.

use super::{
    CommitAction, CommitError, CommitEvent, CommitFault, CommitFrame, CommitWrite, Origin, Progress,
};
use crate::ids::{ShareId, WalletId};
use crate::session::{Promotion, Waiting};

/// Where the server is in a commit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServerCommit {
    id: ShareId,
    wallet: WalletId,
    origin: Origin,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum State {
    /// The new share is being written.
    StoringShare,
    /// The device is to say that it has it too.
    AwaitPrepared,
    /// The decision is being written.
    Promoting,
    /// The device is to say that it follows.
    AwaitCommitted,
}

impl ServerCommit {
    /// Begins with the first write, which is to be carried out now.
    #[must_use]
    pub fn begin(id: ShareId, wallet: WalletId, origin: Origin) -> (Self, CommitWrite) {
        let write = origin.first_write(id, wallet);
        (Self { id, wallet, origin, state: State::StoringShare }, write)
    }

    /// Takes one event. It ends with the share that the device now follows to.
    ///
    /// # Errors
    /// [`CommitError`]; the commit is over.
    pub fn step(self, event: CommitEvent) -> Result<Progress<Self, ShareId>, CommitError> {
        let (id, wallet) = (self.id, self.wallet);
        match (self.state, event) {
            (State::StoringShare, CommitEvent::Stored) => {
                let frame = CommitFrame::Prepared { id, wallet: Some(wallet) };
                Ok(self.then(State::AwaitPrepared, CommitAction::Send(frame)))
            }
            (
                State::AwaitPrepared,
                CommitEvent::Frame(CommitFrame::Prepared { id: theirs, wallet: claimed }),
            ) => {
                if theirs != id || claimed.is_some_and(|claimed| claimed != wallet) {
                    return Err(self.failed(CommitFault::Disagreement));
                }
                let promotion = Promotion { id, retire: self.origin.base(), erase: None };
                Ok(self.then(State::Promoting, CommitAction::Write(CommitWrite::Promote(promotion))))
            }
            (State::Promoting, CommitEvent::Stored) => {
                let frame = CommitFrame::Commit { id, wallet };
                Ok(self.then(State::AwaitCommitted, CommitAction::Send(frame)))
            }
            (State::AwaitCommitted, CommitEvent::Frame(CommitFrame::Committed { id: theirs })) => {
                if theirs == id {
                    Ok(Progress::Done(id, None))
                } else {
                    Err(self.failed(CommitFault::Disagreement))
                }
            }
            // What was not written is not decided.
            (State::StoringShare | State::Promoting, CommitEvent::StoreFailed(fault)) => {
                Err(CommitError { fault: CommitFault::Store(fault), undecided: None })
            }
            _ => Err(self.failed(CommitFault::OutOfTurn)),
        }
    }

    fn then(self, state: State, action: CommitAction) -> Progress<Self, ShareId> {
        Progress::Next(Self { state, ..self }, action)
    }

    fn failed(&self, fault: CommitFault) -> CommitError {
        CommitError { fault, undecided: self.undecided() }
    }

    /// The new share, if the two sides may stand on different ones should the connection break now.
    #[must_use]
    pub const fn undecided(&self) -> Option<ShareId> {
        match self.state {
            State::StoringShare | State::AwaitPrepared => None,
            State::Promoting | State::AwaitCommitted => Some(self.id),
        }
    }

    /// The provisional share that nobody can use yet.
    #[must_use]
    pub const fn provisional(&self) -> Option<ShareId> {
        match self.state {
            State::StoringShare | State::AwaitPrepared => self.origin.provisional(self.id),
            State::Promoting | State::AwaitCommitted => None,
        }
    }

    /// What it waits for: its store or its peer.
    #[must_use]
    pub const fn waiting(&self) -> Waiting {
        match self.state {
            State::StoringShare | State::Promoting => Waiting::Store,
            State::AwaitPrepared | State::AwaitCommitted => Waiting::Peer,
        }
    }

    /// What it waits for, for a log.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self.state {
            State::StoringShare => "the new share to be stored",
            State::AwaitPrepared => "prepared",
            State::Promoting => "the decision to be stored",
            State::AwaitCommitted => "committed",
        }
    }
}
