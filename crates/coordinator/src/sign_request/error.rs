//! Why a sign request was not made, found or finished.

use maany_coordinator_cosmos::CosmosError;
use maany_coordinator_proto::{RequestId, session::StoreFault};
use maany_coordinator_storage::StoreError;

use crate::convert;

/// What went wrong with a sign request.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignRequestError {
    /// There is no such wallet, for this principal.
    #[error("there is no such wallet")]
    UnknownWallet,
    /// There is no such request, for this principal and wallet.
    #[error("there is no such sign request")]
    UnknownRequest,
    /// Several open requests have this digest: name one by its id.
    #[error("several open sign requests have this digest: name one by its id")]
    Ambiguous,
    /// The request that is named is for another digest than the one that is given.
    #[error("the sign request is for another digest")]
    OtherDigest,
    /// The wallet is provisional, quarantined, frozen or retired.
    #[error("the wallet cannot sign in its present state")]
    WalletNotActive,
    /// The wallet's store came from an archive: what the wallet signed since is forgotten, and nobody has answered for it.
    #[error(
        "the server's store came from an archive, and what this wallet signed since is forgotten: its operator has to accept that before it signs again"
    )]
    SignaturesForgotten,
    /// The wallet has as many open requests as it may have.
    #[error("the wallet has too many open sign requests: sign them or let them expire")]
    TooMany,
    /// The sign doc does not decode, is not canonical, or holds something that would be signed without being shown.
    #[error("the sign doc is not accepted")]
    SignDoc(#[source] CosmosError),
    /// The sign doc is for another chain than the request.
    #[error("the sign doc is for another chain than the request")]
    OtherChain,
    /// The sign doc does not name the wallet's key at this path as a signer.
    #[error("the sign doc names another signer than the wallet's key at this path")]
    OtherSigner,
    /// The sign doc names the wallet's key, but with another sign mode.
    #[error("the sign doc names another sign mode for this signer")]
    OtherMode,
    /// A transfer in the sign doc is from another account than the signer's.
    #[error("a transfer in the sign doc is from another account than the signer's")]
    OtherSender,
    /// No key hangs at this path (probability below 2^-127 for each step).
    #[error("the derivation path leads to no key")]
    NoSuchKey,
    /// Another doc of this account and sequence is live: open, or signed and not replaced.
    #[error(
        "sign request {by} is live for this account and sequence: sign it, let it expire, or name it to be replaced"
    )]
    SequenceTaken {
        /// The live request.
        by: RequestId,
    },
    /// The request that is to be replaced is for another account, chain or sequence.
    #[error("the sign request to replace is for another account, chain or sequence")]
    OtherSequence,
    /// The request that is to be replaced is over, and nothing is live in its place.
    #[error("the sign request to replace is over: ask again without naming it")]
    NotLive,
    /// As many requests as may be have taken each other's place for this account and sequence.
    #[error(
        "this account and sequence has been asked for too often: have a signed transaction of it run, or let the open one expire"
    )]
    ReplacedTooOften,
    /// The request is over: refused, expired, failed or replaced.
    #[error("the sign request is over")]
    Over,
    /// A stored row makes no sense: it is damaged, or a later release wrote it.
    #[error("a stored record of the sign request makes no sense")]
    Damaged,
    /// The store failed.
    #[error("the sign request could not be stored or read")]
    Store(#[from] StoreError),
    /// The operating system gave no random bytes.
    #[error("the system gave no random bytes")]
    NoRandomness(#[source] getrandom::Error),
}

impl SignRequestError {
    /// Whether this side failed, rather than what was asked for.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        match self {
            Self::Damaged | Self::Store(_) | Self::NoRandomness(_) => true,
            Self::UnknownWallet
            | Self::UnknownRequest
            | Self::Ambiguous
            | Self::OtherDigest
            | Self::WalletNotActive
            | Self::SignaturesForgotten
            | Self::TooMany
            | Self::SignDoc(_)
            | Self::OtherChain
            | Self::OtherSigner
            | Self::OtherMode
            | Self::OtherSender
            | Self::NoSuchKey
            | Self::SequenceTaken { .. }
            | Self::OtherSequence
            | Self::NotLive
            | Self::ReplacedTooOften
            | Self::Over => false,
        }
    }

    /// What it means to a session that could not store its signature.
    pub(crate) fn fault(&self) -> StoreFault {
        match self {
            Self::Store(error) => convert::store_fault(error),
            Self::Damaged => StoreFault::Corrupt,
            Self::NoRandomness(_) => StoreFault::Unavailable,
            // The request is not there any more, or not open any more: somebody else was faster.
            _ => StoreFault::Conflict,
        }
    }

    /// Whether the same call may succeed later without anyone's help.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::TooMany | Self::NoRandomness(_) => true,
            Self::Store(error) => error.is_retryable(),
            Self::UnknownWallet
            | Self::UnknownRequest
            | Self::Ambiguous
            | Self::OtherDigest
            | Self::WalletNotActive
            | Self::SignaturesForgotten
            | Self::SignDoc(_)
            | Self::OtherChain
            | Self::OtherSigner
            | Self::OtherMode
            | Self::OtherSender
            | Self::NoSuchKey
            | Self::SequenceTaken { .. }
            | Self::OtherSequence
            | Self::NotLive
            | Self::ReplacedTooOften
            | Self::Over
            | Self::Damaged => false,
        }
    }
}
