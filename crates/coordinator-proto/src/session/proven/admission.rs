//! What the host answers to a proven hello: the wallet's facts, and who the device is to it.

use crate::control::SignatureBytes;
use crate::ids::{Intent, WalletId};
use crate::session::reconcile::{Confirmed, Identity};
use crate::session::{Admission, SessionError, SignFacts, WalletFacts};

/// What the server holds of a wallet, and who the device is to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenFacts {
    /// What the server holds. The active share of a provisional wallet is the provisional one.
    pub wallet: WalletFacts,
    /// Whether the device was seen to have the active share in use.
    pub confirmed: Confirmed,
    /// Who the device is.
    pub identity: Identity,
}

/// The sign request that a session is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Policy allows it, and it is not signed yet.
    Open,
    /// It is signed, and this is the stored signature.
    Signed(SignatureBytes),
}

/// The host lets a proven session in. The variant must be the hello's intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProvenAdmission {
    /// A new key, under this new wallet id.
    Dkg {
        /// The id that the server gives the new wallet.
        wallet: WalletId,
    },
    /// A signature.
    Sign {
        /// The wallet.
        facts: ProvenFacts,
        /// What is asked for.
        asked: Asked,
    },
    /// New shares.
    Refresh(ProvenFacts),
    /// A restored device.
    Restore(ProvenFacts),
}

/// Judges a wallet in this state by the rules of every profile.
pub(super) fn judge(intent: Intent, facts: &WalletFacts) -> Result<(), SessionError> {
    let facts = facts.clone();
    let admission = match intent {
        Intent::Dkg => Admission::Dkg { wallet: facts.wallet },
        Intent::Sign => Admission::Sign(SignFacts::Open(facts)),
        Intent::Refresh => Admission::Refresh(facts),
        Intent::Restore => Admission::Restore(facts),
    };
    admission.check(intent)
}
