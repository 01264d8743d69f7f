//! What a commit is told, and what it asks for.

use crate::control::Control;
use crate::ids::{ShareId, WalletId};
use crate::session::{Pending, Promotion, Provisional, StoreFault};

/// One frame of the commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CommitFrame {
    /// Either side: the new share is durable here. The server's names the wallet.
    Prepared {
        /// The new share.
        id: ShareId,
        /// The wallet, in the server's frame.
        wallet: Option<WalletId>,
    },
    /// Server: it has decided for the new share.
    Commit {
        /// The new share.
        id: ShareId,
        /// The wallet.
        wallet: WalletId,
    },
    /// Device: the new share is its active one.
    Committed {
        /// The new share.
        id: ShareId,
    },
}

impl CommitFrame {
    /// The frame of the commit that this control frame is; none for any other.
    #[must_use]
    pub const fn of(control: &Control) -> Option<Self> {
        match control {
            Control::Prepared { id, wallet } => Some(Self::Prepared { id: *id, wallet: *wallet }),
            Control::Commit { id, wallet } => Some(Self::Commit { id: *id, wallet: *wallet }),
            Control::Committed { id } => Some(Self::Committed { id: *id }),
            _ => None,
        }
    }
}

impl From<CommitFrame> for Control {
    fn from(frame: CommitFrame) -> Self {
        match frame {
            CommitFrame::Prepared { id, wallet } => Self::Prepared { id, wallet },
            CommitFrame::Commit { id, wallet } => Self::Commit { id, wallet },
            CommitFrame::Committed { id } => Self::Committed { id },
        }
    }
}

/// One thing that happens to a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CommitEvent {
    /// A frame of the peer.
    Frame(CommitFrame),
    /// The write that was asked for is durable.
    Stored,
    /// It was not written.
    StoreFailed(StoreFault),
}

/// One durable write of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CommitWrite {
    /// DKG: the new share and its wallet, provisional.
    Provisional(Provisional),
    /// Refresh, restore: the new share, pending.
    Pending(Pending),
    /// The new share becomes the active one.
    Promote(Promotion),
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CommitAction {
    /// Write this durably, and say [`CommitEvent::Stored`] or [`CommitEvent::StoreFailed`].
    Write(CommitWrite),
    /// Send this.
    Send(CommitFrame),
}

/// Where a commit is after an event.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Progress<Machine, End> {
    /// It goes on from this state, after this action.
    Next(Machine, CommitAction),
    /// It has finished, after this action.
    Done(End, Option<CommitAction>),
}
