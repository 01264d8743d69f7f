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
use maany_coordinator_cosmos::{ArbitraryDoc, Coin, DecodedTx, MultisigKey};
use maany_coordinator_proto::{Digest, RequestId, WalletId};
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
/// and its answer is stored with the request; where somebody else's request changes what this one replaces or reserves
/// before it is stored, it is asked again, and only the last answer counts.
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
    /// The multisig account that sends, where the signing key signs as one of its members.
    pub member_of: Option<&'a MultisigKey>,
    /// The live request of the same account and sequence whose place this one takes.
    pub replaces: Option<Replaced<'a>>,
    /// What would be set aside for it: for each denom what leaves the wallet, less what the signed request that it
    /// replaces takes already. A lower bound where a message is not decoded; nothing for a bare digest.
    pub reserved: &'a [Coin],
}

/// A live request that gives way.
#[derive(Debug, Clone, Copy)]
pub struct Replaced<'a> {
    /// Its id.
    pub request: RequestId,
    /// What the newest signed request of the same account and sequence says: it may run in place of the new one. None
    /// where nothing is signed yet.
    pub signed: Option<&'a DecodedTx>,
}

/// What is to be signed.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// A transaction whose sign doc the server has decoded, encoded again and found equal. It is for the chain
    /// that the request names, and every transfer in it is from the signing key's own account, or from the multisig account that the intent names.
    Transaction(&'a DecodedTx),
    /// Data that no chain runs (ADR-036). The account that it names is one of the signing key's.
    Arbitrary(&'a ArbitraryDoc),
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
