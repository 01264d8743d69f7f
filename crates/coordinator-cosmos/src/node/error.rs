//! Why a node gave no answer, or which one.
//!
//! Whose fault: the chain's rules' for [`NodeError::Chain`] and [`NodeError::Refused`], the caller's for addresses and time, else the node's or the
//! network's. May it be retried: [`NodeError::is_retryable`] says; what was idempotent was retried here already. What may the peer hear: all of it,
//! for an endpoint is named by its host alone, without the path, in which providers put API keys.

use std::time::Duration;

use crate::visible::excerpt;
use crate::{Cause, ChainError};

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// The address is none that this client speaks to.
    #[error(
        "{excerpt} is no address of a node: http://host:port, or https where the feature `node-tls` is on"
    )]
    Endpoint {
        /// The address up to its path, control and bidi characters made visible.
        excerpt: String,
    },
    /// No endpoint was given.
    #[error("no endpoint of a node is named")]
    NoEndpoint,
    /// The client cannot be set up.
    #[error("the http client cannot be set up")]
    SetUp(#[source] Cause),
    /// The node could not be reached, broke off, or did not answer in time.
    #[error("the node {host} did not answer")]
    Unreachable {
        /// Which.
        host: String,
        /// Whether the request never left: then nothing has happened.
        unsent: bool,
        /// Why.
        #[source]
        source: Cause,
    },
    /// The node answers that it cannot answer now.
    #[error("the node {host} is unavailable: status {status}")]
    Unavailable {
        /// Which.
        host: String,
        /// Its HTTP status.
        status: u16,
    },
    /// The node belongs to another chain. What it says counts for nothing here.
    #[error("the node {host} is of the chain {found}, not of {expected}")]
    OtherChain {
        /// Which.
        host: String,
        /// The chain that was asked for.
        expected: String,
        /// Its own, control and bidi characters made visible.
        found: String,
    },
    /// The node understood the request and answers no: a gRPC status other than 0.
    #[error("the node refused with gRPC status {code}: {message}")]
    Refused {
        /// The gRPC status: 3 an argument is bad, 5 not found, 2 the chain's own error, in words only.
        code: i64,
        /// Its words, cut at 2,000 characters, control and bidi characters made visible.
        message: String,
    },
    /// The chain refused the transaction, before a block or in one.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The answer is larger than any that is expected.
    #[error("the answer of {host} is over {limit} bytes")]
    TooLarge {
        /// Which node.
        host: String,
        /// Bytes that are read.
        limit: usize,
    },
    /// The answer is not what this release understands.
    #[error("the answer of {host} to {question} is not understood")]
    Malformed {
        /// Which node.
        host: String,
        /// What was asked.
        question: &'static str,
        /// What the parser says, absent where the content is the fault.
        #[source]
        source: Option<Cause>,
    },
    /// The transaction was in no block when the time was over. It may still be included: its hash can be waited for again.
    #[error("transaction {} is in no block after {} s; it may still be included", hex(hash), waited.as_secs())]
    NotIncluded {
        /// The transaction's hash.
        hash: [u8; 32],
        /// How long it was waited for.
        waited: Duration,
    },
    /// Nobody knows whether the node took the transaction: the connection broke after it was sent. Wait for its hash, or send the same bytes again.
    #[error("the connection broke while transaction {} was sent; it may be included", hex(hash))]
    Undecided {
        /// The transaction's hash.
        hash: [u8; 32],
        /// What broke.
        #[source]
        source: Box<NodeError>,
    },
}

impl NodeError {
    /// Whether the same call may succeed later, or at another node.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::Unavailable { .. }
            | Self::OtherChain { .. }
            | Self::TooLarge { .. }
            | Self::Malformed { .. }
            | Self::NotIncluded { .. }
            | Self::Undecided { .. } => true,
            Self::Endpoint { .. }
            | Self::NoEndpoint
            | Self::SetUp(_)
            | Self::Refused { .. }
            | Self::Chain(_) => false,
        }
    }

    /// Whether nothing can have happened at the node, so that another may be asked even for what must not happen twice.
    pub(super) fn is_before_sending(&self) -> bool {
        matches!(self, Self::Unreachable { unsent: true, .. } | Self::OtherChain { .. })
    }

    pub(super) fn endpoint(text: &str) -> Self {
        let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
        // Behind the host stands what may be a secret, before it a password.
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = host.rsplit('@').next().unwrap_or_default();
        Self::Endpoint { excerpt: excerpt(&format!("{scheme}://{host}")) }
    }
}

fn hex(hash: &[u8; 32]) -> String {
    hash.iter().map(|byte| format!("{byte:02X}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_error_shows_what_stands_behind_or_before_a_host() {
        for bad in ["ftp://user:canary@host/canary?canary", "canary@host", "http://host\u{202e}/canary"] {
            let text = NodeError::endpoint(bad).to_string();
            assert!(!text.contains("canary") && !text.contains('\u{202e}'), "{text}");
        }
    }
}
