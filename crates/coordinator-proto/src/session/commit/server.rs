//! The server's side of the commit: it decides.

use super::{Origin, undecided};
use crate::control::Control;
use crate::ids::{ShareId, WalletId};
use crate::session::event::Event;
use crate::session::shell::Flow;
use crate::session::{Effect, Outbox, Promotion, SessionError, Waiting, Write};

pub(in crate::session) enum ServerCommit {
    StoringShare(StoringShare),
    AwaitPrepared(AwaitPrepared),
    Promoting(Promoting),
    AwaitCommitted(AwaitCommitted),
}

/// The new share is being written.
pub(in crate::session) struct StoringShare(Decision);
/// The device is to say that it has it too.
pub(in crate::session) struct AwaitPrepared(Decision);
/// The decision is being written.
pub(in crate::session) struct Promoting(Decision);
/// The device is to say that it follows.
pub(in crate::session) struct AwaitCommitted(Decision);

struct Decision {
    id: ShareId,
    wallet: WalletId,
    origin: Origin,
}

impl ServerCommit {
    pub(in crate::session) fn begin(id: ShareId, wallet: WalletId, origin: Origin, out: &mut Outbox) -> Self {
        out.push(Effect::Store(origin.first_write(id, wallet)));
        Self::StoringShare(StoringShare(Decision { id, wallet, origin }))
    }

    pub(in crate::session) fn step(
        self,
        event: Event,
        out: &mut Outbox,
    ) -> Result<Flow<Self, ShareId>, SessionError> {
        match (self, event) {
            (Self::StoringShare(StoringShare(decision)), Event::Stored) => {
                let frame = Control::Prepared { id: decision.id, wallet: Some(decision.wallet) };
                out.push(Effect::SendBinary(frame.to_bytes()));
                Ok(Flow::Stay(Self::AwaitPrepared(AwaitPrepared(decision))))
            }
            (
                Self::AwaitPrepared(AwaitPrepared(decision)),
                Event::Control(Control::Prepared { id, wallet }),
            ) => {
                if id != decision.id || wallet.is_some_and(|wallet| wallet != decision.wallet) {
                    return Err(SessionError::Disagreement);
                }
                let promotion = Promotion { id, retire: decision.origin.base(), erase: None };
                out.push(Effect::Store(Write::Promote(promotion)));
                Ok(Flow::Stay(Self::Promoting(Promoting(decision))))
            }
            (Self::Promoting(Promoting(decision)), Event::Stored) => {
                let frame = Control::Commit { id: decision.id, wallet: decision.wallet };
                out.push(Effect::SendBinary(frame.to_bytes()));
                Ok(Flow::Stay(Self::AwaitCommitted(AwaitCommitted(decision))))
            }
            (Self::AwaitCommitted(AwaitCommitted(decision)), Event::Control(Control::Committed { id })) => {
                if id == decision.id {
                    Ok(Flow::Done(id))
                } else {
                    Err(undecided(decision.id, SessionError::Disagreement))
                }
            }
            (Self::StoringShare(_) | Self::Promoting(_), Event::StoreFailed(fault)) => {
                Err(SessionError::Store(fault))
            }
            (state, event) => {
                let error = event.unexpected(state.name(), state.waiting());
                Err(match state {
                    Self::StoringShare(_) | Self::AwaitPrepared(_) => error,
                    Self::Promoting(Promoting(decision)) | Self::AwaitCommitted(AwaitCommitted(decision)) => {
                        undecided(decision.id, error)
                    }
                })
            }
        }
    }

    pub(in crate::session) const fn waiting(&self) -> Waiting {
        match self {
            Self::StoringShare(_) | Self::Promoting(_) => Waiting::Store,
            Self::AwaitPrepared(_) | Self::AwaitCommitted(_) => Waiting::Peer,
        }
    }

    pub(in crate::session) const fn name(&self) -> &'static str {
        match self {
            Self::StoringShare(_) => "the new share to be stored",
            Self::AwaitPrepared(_) => "prepared",
            Self::Promoting(_) => "the decision to be stored",
            Self::AwaitCommitted(_) => "committed",
        }
    }

    /// The provisional share that nobody can use yet.
    pub(in crate::session) fn provisional(&self) -> Option<ShareId> {
        match self {
            Self::StoringShare(StoringShare(decision)) | Self::AwaitPrepared(AwaitPrepared(decision)) => {
                decision.origin.provisional(decision.id)
            }
            Self::Promoting(_) | Self::AwaitCommitted(_) => None,
        }
    }
}
