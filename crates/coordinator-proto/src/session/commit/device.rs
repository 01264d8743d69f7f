//! The device's side of the commit: it follows. Once it has said that it is prepared, it cannot know the decision
//! before it hears of it.

use super::{Origin, undecided};
use crate::control::Control;
use crate::ids::{ShareId, WalletId};
use crate::session::event::Event;
use crate::session::shell::Flow;
use crate::session::{Effect, Outbox, Promotion, SessionError, Waiting, Write};

pub(in crate::session) enum DeviceCommit {
    AwaitPrepared(AwaitPrepared),
    StoringShare(StoringShare),
    AwaitCommit(AwaitCommit),
    Promoting(Promoting),
}

/// The server is to say that it has the new share.
pub(in crate::session) struct AwaitPrepared {
    id: ShareId,
    /// The wallet that this side knows; in DKG the server gives it.
    wallet: Option<WalletId>,
    origin: Origin,
}
/// The new share is being written.
pub(in crate::session) struct StoringShare(Following);
/// The server is to say that it has decided.
pub(in crate::session) struct AwaitCommit(Following);
/// The decision is being written.
pub(in crate::session) struct Promoting(Following);

struct Following {
    id: ShareId,
    wallet: WalletId,
    origin: Origin,
}

/// The share and the wallet that are in use now.
pub(in crate::session) struct Followed {
    pub(in crate::session) id: ShareId,
    pub(in crate::session) wallet: WalletId,
}

impl DeviceCommit {
    pub(in crate::session) const fn begin(id: ShareId, wallet: Option<WalletId>, origin: Origin) -> Self {
        Self::AwaitPrepared(AwaitPrepared { id, wallet, origin })
    }

    pub(in crate::session) fn step(
        self,
        event: Event,
        out: &mut Outbox,
    ) -> Result<Flow<Self, Followed>, SessionError> {
        match (self, event) {
            (Self::AwaitPrepared(state), Event::Control(Control::Prepared { id, wallet })) => {
                let wallet = wallet.ok_or(SessionError::Disagreement)?;
                if id != state.id || state.wallet.is_some_and(|known| known != wallet) {
                    return Err(SessionError::Disagreement);
                }
                let following = Following { id, wallet, origin: state.origin };
                out.push(Effect::Store(following.origin.first_write(id, wallet)));
                Ok(Flow::Stay(Self::StoringShare(StoringShare(following))))
            }
            (Self::StoringShare(StoringShare(following)), Event::Stored) => {
                let frame = Control::Prepared { id: following.id, wallet: None };
                out.push(Effect::SendBinary(frame.to_bytes()));
                Ok(Flow::Stay(Self::AwaitCommit(AwaitCommit(following))))
            }
            (Self::AwaitCommit(AwaitCommit(following)), Event::Control(Control::Commit { id, wallet })) => {
                if id != following.id || wallet != following.wallet {
                    return Err(undecided(following.id, SessionError::Disagreement));
                }
                let promotion = Promotion { id, retire: None, erase: following.origin.base() };
                out.push(Effect::Store(Write::Promote(promotion)));
                Ok(Flow::Stay(Self::Promoting(Promoting(following))))
            }
            (Self::Promoting(Promoting(Following { id, wallet, .. })), Event::Stored) => {
                out.push(Effect::SendBinary(Control::Committed { id }.to_bytes()));
                Ok(Flow::Done(Followed { id, wallet }))
            }
            (Self::StoringShare(_), Event::StoreFailed(fault)) => Err(SessionError::Store(fault)),
            (Self::Promoting(Promoting(following)), Event::StoreFailed(fault)) => {
                Err(undecided(following.id, SessionError::Store(fault)))
            }
            (state, event) => {
                let error = event.unexpected(state.name(), state.waiting());
                Err(match state {
                    Self::AwaitPrepared(_) | Self::StoringShare(_) => error,
                    Self::AwaitCommit(AwaitCommit(following)) | Self::Promoting(Promoting(following)) => {
                        undecided(following.id, error)
                    }
                })
            }
        }
    }

    pub(in crate::session) const fn waiting(&self) -> Waiting {
        match self {
            Self::StoringShare(_) | Self::Promoting(_) => Waiting::Store,
            Self::AwaitPrepared(_) | Self::AwaitCommit(_) => Waiting::Peer,
        }
    }

    pub(in crate::session) const fn name(&self) -> &'static str {
        match self {
            Self::AwaitPrepared(_) => "prepared",
            Self::StoringShare(_) => "the new share to be stored",
            Self::AwaitCommit(_) => "commit",
            Self::Promoting(_) => "the decision to be stored",
        }
    }
}
