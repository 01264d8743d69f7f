//! How a commit fails.

use crate::ids::ShareId;
use crate::session::StoreFault;

/// Why a commit cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum CommitFault {
    /// The two sides named different new shares or wallets.
    #[error("the two sides disagree about the new share")]
    Disagreement,
    /// The store failed.
    #[error("the store failed: {0}")]
    Store(StoreFault),
    /// The event has no place in this state.
    #[error("out of turn")]
    OutOfTurn,
}

/// A commit that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("the commit failed")]
pub struct CommitError {
    /// Why.
    #[source]
    pub fault: CommitFault,
    /// The new share, where the two sides may now stand on different ones until the next session settles it.
    pub undecided: Option<ShareId>,
}
