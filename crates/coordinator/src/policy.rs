//! What may be signed: the hook that decides, and the two policies that come with this crate.
//!
//! A [`PolicyHook`] sees a sign request after the server has decoded it, compared it with its bytes and checked
//! that it is this wallet's; it decides before anything is stored and before any engine step. Nothing here
//! counts across requests: limits over time come with the approvals.

mod allow_list;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod reason;

use async_trait::async_trait;
use maany_coordinator_cosmos::DecodedTx;
use maany_coordinator_proto::{Digest, WalletId};
use maany_mpc_core::DerivationPath;

pub use self::{
    allow_list::{AllowList, AllowListConfig, PolicyConfigError},
    reason::{InvalidReason, Reason},
};
use crate::auth::Principal;

/// Decides whether something may be signed.
///
/// # Security
/// The default of every implementation is no: what it does not know, it denies. It is asked once for each request,
/// and its answer is stored with the request.
#[async_trait]
pub trait PolicyHook: Send + Sync + 'static {
    /// Whether this may be signed.
    async fn decide(&self, intent: &SignIntent<'_>) -> Verdict;
}

/// What somebody wants signed.
#[derive(Debug, Clone, Copy)]
pub struct SignIntent<'a> {
    /// Who asks.
    pub principal: &'a Principal,
    /// The wallet that is to sign.
    pub wallet: WalletId,
    /// Where the signing key hangs below the wallet's key.
    pub path: &'a DerivationPath,
    /// The signing key, 33-byte compressed SEC1.
    pub public_key: &'a [u8; 33],
    /// What is to be signed.
    pub subject: Subject<'a>,
}

/// What is to be signed.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// A transaction whose sign doc the server has decoded, encoded again and found equal. It is for the chain
    /// that the request names, and every transfer in it is from the signing key's own account.
    Transaction(&'a DecodedTx),
    /// 32 bytes of which nobody here knows what they stand for.
    Raw(&'a Digest),
}

/// What a policy decided.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It may be signed.
    Allow,
    /// It may not.
    Deny(Reason),
}

/// The policy that denies everything.
#[derive(Debug, Clone, Copy, Default)]
pub struct RefuseAll;

#[async_trait]
impl PolicyHook for RefuseAll {
    async fn decide(&self, _intent: &SignIntent<'_>) -> Verdict {
        Verdict::Deny(Reason::REFUSE_ALL)
    }
}
