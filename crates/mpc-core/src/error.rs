//! Why a ceremony or a share was refused, and what follows for the wallet.
//!
//! The classes are those of recovery.md. An error never carries a payload, a share or a nonce.

use std::error::Error;

use crate::key_share::ShareError;
use crate::path::PathError;
use crate::share_id::ShareId;

/// What an error means for the wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AbortClass {
    /// Loss, mismatch or misuse: nothing is counted, retry in a new session.
    A,
    /// A check failed inside a frame that is the peer's own: counted, three per epoch quarantine.
    B,
    /// The peer cheated in a way that may leak key material: quarantine at once.
    C,
    /// Our own state does not add up: freeze the wallet, never blame the peer.
    Freeze,
}

/// A refused ceremony step, share or context.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The context and the share name different roles.
    #[error("the share belongs to the other role")]
    WrongRole,
    /// The share or frame belongs to another engine.
    #[error("the share belongs to another engine")]
    WrongEngine,
    /// A restored slim share was asked to sign.
    #[error("a restored share can only run a complete refresh")]
    RefreshFirst,
    /// The flight needs the server's nonce beforehand and the context has none.
    #[error("the device moves first, so both sides need the server's nonce")]
    MissingServerNonce,
    /// The child key does not exist (probability below 2^-127 a step).
    #[error("the derivation path leads to no key, the next index does")]
    Underivable,
    /// The derivation path cannot be used.
    #[error("derivation path refused")]
    Path(#[from] PathError),
    /// The operating system gave no randomness.
    #[error("no randomness")]
    Randomness(#[source] getrandom::Error),
    /// `start` on a ceremony under way, or `step` on one that has not begun.
    #[error("ceremony used out of turn")]
    OutOfTurn,
    /// The frame does not belong here; nothing in it was looked at.
    #[error("frame refused")]
    Frame(#[from] FrameError),
    /// The two sides hold different generations of shares.
    #[error("share mismatch: ours is {ours}, the peer's is {theirs}; a backup of an earlier epoch is stale")]
    ShareMismatch {
        /// The generation that this side holds.
        ours: ShareId,
        /// The generation that the peer's frame names.
        theirs: ShareId,
    },
    /// The frame's tag does not verify; the engine did not run.
    #[error("frame tag does not verify")]
    BadTag,
    /// An authentic frame does not decode, or holds more than it should.
    #[error("payload does not decode")]
    Payload,
    /// An authentic message names another party than the one whose channel it came through.
    #[error("message names the wrong party")]
    PartyIndex,
    /// A discrete-logarithm proof has a challenge that is not exactly 4 bytes.
    #[error("proof challenge has the wrong length")]
    ChallengeLength,
    /// The peer's contribution equals ours: it was copied.
    #[error("the peer copied our {0}")]
    Copied(Contribution),
    /// The peer's contribution, or what follows from it, is trivial.
    #[error("trivial {0}")]
    Trivial(Contribution),
    /// The verifying shares do not lie on a line through the public key, or did not move as they should.
    #[error("verifying shares do not add up")]
    VerifyingShares,
    /// The two sides saw different transcripts, keys, chain codes or verifying shares.
    #[error("the peer's confirmation differs from ours")]
    Confirmation,
    /// A finished signature does not verify although every frame was authentic.
    #[error("the signature does not verify")]
    InvalidSignature,
    /// The engine gave up; the class comes from its own table.
    #[error("engine abort")]
    Abort {
        /// What the engine's reason means for the wallet.
        class: AbortClass,
        /// The engine's reason.
        #[source]
        reason: Box<dyn Error + Send + Sync>,
    },
    /// The engine contradicts itself on our side.
    #[error("our own round state is inconsistent")]
    Local(#[from] LocalFault),
    /// Our own share or engine state is inconsistent.
    #[error("our own share is inconsistent")]
    Share(#[from] ShareError),
}

/// Something that a party contributes to a DKG or refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Contribution {
    /// The fresh nonce.
    Nonce,
    /// The commitment to the proof of the key share.
    ProofCommitment,
    /// The commitment to the zero-share seed.
    SeedCommitment,
    /// The commitment to the chain code.
    ChainCodeCommitment,
    /// The public image of the key share, or of its correction in a refresh.
    Point,
    /// The sender's point of the base OT.
    OtPoint,
    /// The chain code.
    ChainCode,
}

impl core::fmt::Display for Contribution {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Nonce => "nonce",
            Self::ProofCommitment => "proof commitment",
            Self::SeedCommitment => "seed commitment",
            Self::ChainCodeCommitment => "chain code commitment",
            Self::Point => "point",
            Self::OtPoint => "base ot point",
            Self::ChainCode => "chain code",
        })
    }
}

/// Why a frame does not belong to this ceremony. Nothing of it is attributed to the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// Larger than the operation allows.
    #[error("frame is larger than the operation allows")]
    TooLarge,
    /// No frame of this format and version.
    #[error("not an engine frame")]
    Malformed,
    /// Another engine's frame.
    #[error("frame of another engine")]
    Engine,
    /// A frame of another operation.
    #[error("frame of another operation")]
    Operation,
    /// A frame that says it comes from this side.
    #[error("frame from the wrong sender")]
    Sender,
    /// A repeated, skipped or reordered frame.
    #[error("frame out of order")]
    Round,
    /// A frame of another session.
    #[error("frame of another session")]
    Session,
}

/// Something on our side that the engine's phases rule out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LocalFault {
    /// A phase made another number of messages than there are counterparties.
    #[error("wrong number of messages")]
    MessageCount,
    /// A message of ours cannot be encoded.
    #[error("message cannot be encoded")]
    Encoding,
    /// What one phase keeps for the next is missing.
    #[error("kept state is missing")]
    RoundState,
}

impl EngineError {
    /// What this error means for the wallet.
    #[must_use]
    pub fn class(&self) -> AbortClass {
        match self {
            Self::WrongRole
            | Self::WrongEngine
            | Self::RefreshFirst
            | Self::MissingServerNonce
            | Self::Underivable
            | Self::Path(_)
            | Self::Randomness(_)
            | Self::OutOfTurn
            | Self::Frame(_)
            | Self::ShareMismatch { .. }
            | Self::BadTag => AbortClass::A,
            Self::Payload
            | Self::PartyIndex
            | Self::ChallengeLength
            | Self::Copied(_)
            | Self::Trivial(_)
            | Self::VerifyingShares
            | Self::Confirmation => AbortClass::B,
            Self::InvalidSignature => AbortClass::C,
            Self::Abort { class, .. } => *class,
            Self::Local(_) | Self::Share(_) => AbortClass::Freeze,
        }
    }
}
