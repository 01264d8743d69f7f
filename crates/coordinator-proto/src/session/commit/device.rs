//! The device's side of the commit: it follows. Once it has said that it is prepared, it cannot know the decision
//! before it hears of it.

use super::{
    CommitAction, CommitError, CommitEvent, CommitFault, CommitFrame, CommitWrite, Origin, Progress,
};
use crate::ids::{ShareId, WalletId};
use crate::session::{Promotion, Waiting};

/// Where the device is in a commit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DeviceCommit {
    id: ShareId,
    origin: Origin,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum State {
    /// The server is to say that it has the new share. In DKG it gives the wallet; otherwise this side knows it.
    AwaitPrepared(Option<WalletId>),
    /// The new share is being written.
    StoringShare(WalletId),
    /// The server is to say that it has decided.
    AwaitCommit(WalletId),
    /// The decision is being written.
    Promoting(WalletId),
}

/// The share and the wallet that are in use now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Followed {
    /// The share.
    pub id: ShareId,
    /// The wallet.
    pub wallet: WalletId,
}

impl DeviceCommit {
    /// Begins by waiting for the server. `wallet` is none in a DKG, where the server names it.
    #[must_use]
    pub const fn begin(id: ShareId, wallet: Option<WalletId>, origin: Origin) -> Self {
        Self { id, origin, state: State::AwaitPrepared(wallet) }
    }

    /// Takes one event.
    ///
    /// # Errors
    /// [`CommitError`]; the commit is over.
    pub fn step(self, event: CommitEvent) -> Result<Progress<Self, Followed>, CommitError> {
        let id = self.id;
        match (self.state, event) {
            (
                State::AwaitPrepared(known),
                CommitEvent::Frame(CommitFrame::Prepared { id: theirs, wallet: Some(wallet) }),
            ) if theirs == id && known.is_none_or(|known| known == wallet) => {
                let write = self.origin.first_write(id, wallet);
                Ok(self.then(State::StoringShare(wallet), CommitAction::Write(write)))
            }
            (State::StoringShare(wallet), CommitEvent::Stored) => {
                let frame = CommitFrame::Prepared { id, wallet: None };
                Ok(self.then(State::AwaitCommit(wallet), CommitAction::Send(frame)))
            }
            (
                State::AwaitCommit(wallet),
                CommitEvent::Frame(CommitFrame::Commit { id: theirs, wallet: named }),
            ) if theirs == id && named == wallet => {
                let promotion = Promotion { id, retire: None, erase: self.origin.base() };
                let write = CommitWrite::Promote(promotion);
                Ok(self.then(State::Promoting(wallet), CommitAction::Write(write)))
            }
            (State::Promoting(wallet), CommitEvent::Stored) => {
                let frame = CommitFrame::Committed { id };
                Ok(Progress::Done(Followed { id, wallet }, Some(CommitAction::Send(frame))))
            }
            (State::AwaitPrepared(_), CommitEvent::Frame(CommitFrame::Prepared { .. }))
            | (State::AwaitCommit(_), CommitEvent::Frame(CommitFrame::Commit { .. })) => {
                Err(self.failed(CommitFault::Disagreement))
            }
            (State::StoringShare(_) | State::Promoting(_), CommitEvent::StoreFailed(fault)) => {
                Err(self.failed(CommitFault::Store(fault)))
            }
            _ => Err(self.failed(CommitFault::OutOfTurn)),
        }
    }

    fn then(self, state: State, action: CommitAction) -> Progress<Self, Followed> {
        Progress::Next(Self { state, ..self }, action)
    }

    fn failed(&self, fault: CommitFault) -> CommitError {
        CommitError { fault, undecided: self.undecided() }
    }

    /// The new share, if this side does not know whether the server has decided for it.
    #[must_use]
    pub const fn undecided(&self) -> Option<ShareId> {
        match self.state {
            State::AwaitPrepared(_) | State::StoringShare(_) => None,
            State::AwaitCommit(_) | State::Promoting(_) => Some(self.id),
        }
    }

    /// What it waits for: its store or its peer.
    #[must_use]
    pub const fn waiting(&self) -> Waiting {
        match self.state {
            State::StoringShare(_) | State::Promoting(_) => Waiting::Store,
            State::AwaitPrepared(_) | State::AwaitCommit(_) => Waiting::Peer,
        }
    }

    /// What it waits for, for a log.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self.state {
            State::AwaitPrepared(_) => "prepared",
            State::StoringShare(_) => "the new share to be stored",
            State::AwaitCommit(_) => "commit",
            State::Promoting(_) => "the decision to be stored",
        }
    }
}
