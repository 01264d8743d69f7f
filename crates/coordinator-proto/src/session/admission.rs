//! What the host answers to a hello. The host looks facts up; the rules that judge them are here.

use super::{AbortLedger, SessionError};
use crate::close::CloseCode;
use crate::ids::{Intent, ShareId, WalletId};

/// The state of a wallet, as its record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Made by a DKG that has not been decided yet.
    Provisional,
    /// In use.
    Active,
    /// The peer cheated, or failed too often: only a stepped-up refresh or restore leads out.
    Quarantined,
    /// Our own state does not add up: only a stepped-up restore leads out.
    Frozen,
    /// No longer in use.
    Retired,
}

/// Whether this hello's single-use code was checked and used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SteppedUp {
    /// No code, or none that holds.
    No,
    /// The code was right.
    Yes,
}

/// Whether the wallet needs a backup, and for which share one is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Backup {
    /// The wallet does without one (or a waiver was given).
    NotRequired,
    /// It needs one; the share for which the receipt is complete.
    Required {
        /// The share that the last complete receipt is for.
        receipt: Option<ShareId>,
    },
}

/// What the server holds of a wallet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalletFacts {
    /// The wallet.
    pub wallet: WalletId,
    /// Its state.
    pub standing: Standing,
    /// The share in use.
    pub active: ShareId,
    /// A share of an attempt that was not decided.
    pub pending: Option<ShareId>,
    /// The share before the active one.
    pub retired: Option<ShareId>,
    /// Its backup.
    pub backup: Backup,
    /// Its abort ledger.
    pub aborts: AbortLedger,
    /// Whether this hello carried a right single-use code.
    pub stepped_up: SteppedUp,
}

/// What there is to sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignFacts {
    /// A request that policy allows and that is not signed yet.
    Open(WalletFacts),
    /// A request whose signature is stored.
    AlreadySigned,
}

/// The host lets a session in. The variant must be the hello's intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// A new key, under this new wallet id.
    Dkg {
        /// The id that the server gives the new wallet.
        wallet: WalletId,
    },
    /// A signature.
    Sign(SignFacts),
    /// New shares.
    Refresh(WalletFacts),
    /// A restored device.
    Restore(WalletFacts),
}

impl Admission {
    /// Judges the facts: whether a wallet in this state may do what the hello asks for.
    pub(super) fn check(&self, intent: Intent) -> Result<(), SessionError> {
        let refused = |refusal| Err(SessionError::Refused(refusal));
        match (intent, self) {
            (Intent::Dkg, Self::Dkg { .. }) | (Intent::Sign, Self::Sign(SignFacts::AlreadySigned)) => Ok(()),
            (Intent::Sign, Self::Sign(SignFacts::Open(facts))) => match facts.standing {
                Standing::Active => Ok(()),
                Standing::Quarantined | Standing::Frozen => refused(Refusal::WalletLocked),
                Standing::Provisional | Standing::Retired => refused(Refusal::UnknownWallet),
            },
            (Intent::Refresh, Self::Refresh(facts)) => match (facts.standing, facts.stepped_up) {
                (Standing::Active, _) | (Standing::Quarantined, SteppedUp::Yes) => Ok(()),
                (Standing::Quarantined, SteppedUp::No) | (Standing::Frozen, _) => {
                    refused(Refusal::WalletLocked)
                }
                (Standing::Provisional | Standing::Retired, _) => refused(Refusal::UnknownWallet),
            },
            (Intent::Restore, Self::Restore(facts)) => match (facts.standing, facts.stepped_up) {
                (Standing::Provisional | Standing::Retired, _) => refused(Refusal::UnknownWallet),
                (_, SteppedUp::No) => refused(Refusal::NotAllowed),
                (Standing::Active | Standing::Quarantined | Standing::Frozen, SteppedUp::Yes) => Ok(()),
            },
            (intent, Self::Dkg { .. } | Self::Sign(_) | Self::Refresh(_) | Self::Restore(_)) => {
                Err(SessionError::WrongAdmission(intent))
            }
        }
    }
}

/// The host does not let a session in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No token, or none that holds.
    #[error("not authenticated")]
    NotAuthenticated,
    /// Policy or scope says no, or there is no such sign request.
    #[error("not allowed")]
    NotAllowed,
    /// No such wallet, or another owner's: the peer hears the same as for `NotAllowed`.
    #[error("unknown wallet")]
    UnknownWallet,
    /// DKG for a key id that its owner has already.
    #[error("the key id is taken")]
    KeyIdTaken,
    /// Another session of this wallet is under way.
    #[error("the wallet is busy")]
    WalletBusy,
    /// The wallet is quarantined or frozen.
    #[error("the wallet is locked")]
    WalletLocked,
    /// Too many sessions of this wallet or this principal came to nothing.
    #[error("too many sessions came to nothing: try again in {again_s} s")]
    TooMany {
        /// After so many seconds another try may help.
        again_s: u32,
    },
    /// The host could not answer.
    #[error("the host could not answer")]
    Internal,
}

impl Refusal {
    /// The close code that answers it.
    #[must_use]
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::NotAuthenticated => CloseCode::NotAuthenticated,
            Self::NotAllowed | Self::UnknownWallet => CloseCode::NotAllowed,
            Self::KeyIdTaken | Self::WalletBusy => CloseCode::Busy,
            Self::WalletLocked => CloseCode::Quarantined,
            Self::TooMany { .. } => CloseCode::TooMany,
            Self::Internal => CloseCode::Internal,
        }
    }
}
