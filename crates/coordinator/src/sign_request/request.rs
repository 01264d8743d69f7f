//! One sign request as it is stored, read with care: a row that makes no sense is an error, never a guess.

use std::fmt;

use maany_coordinator_cosmos::{ArbitraryDoc, Coin, DecodedTx, SignDoc, SignMode};
use maany_coordinator_proto::{Digest, RequestId, WalletId};
use maany_coordinator_storage::{
    Row,
    record::{ReservedCoin, SignRequestRecord},
};
use maany_mpc_core::DerivationPath;

use super::{
    SignRequestError,
    stored::{self, Decision},
};

/// What is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// A sign doc of this form.
    SignDoc(SignMode),
    /// Arbitrary data (ADR-036).
    Arbitrary,
    /// A bare digest.
    Raw,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SignDoc(mode) => mode.fmt(f),
            Self::Arbitrary => f.write_str(ArbitraryDoc::MODE),
            Self::Raw => f.write_str("raw"),
        }
    }
}

/// Where a sign request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// It may be signed.
    Open,
    /// It is signed; its signature never changes.
    Signed,
    /// The policy denied it.
    Refused,
    /// It was not signed in time.
    Expired,
    /// It will not be signed, for a reason that lies in the wallet.
    Failed,
    /// It will not be signed: another request has taken its place.
    Replaced,
}

impl Status {
    /// The word for it in answers.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Signed => "signed",
            Self::Refused => "refused",
            Self::Expired => "expired",
            Self::Failed => "failed",
            Self::Replaced => "replaced",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A stored sign request, as of the moment at which it was read.
#[derive(Debug, Clone)]
pub struct SignRequest {
    row: Row<SignRequestRecord>,
    path: DerivationPath,
    mode: Mode,
    decision: Decision,
    status: Status,
    reserved: Vec<Coin>,
}

impl SignRequest {
    pub(super) fn from_row(row: Row<SignRequestRecord>, now_ms: u64) -> Result<Self, SignRequestError> {
        let path = row.path.parse().map_err(|_| SignRequestError::Damaged)?;
        let mode = stored::mode(row.mode).ok_or(SignRequestError::Damaged)?;
        let decision = Decision::from_number(row.verdict).ok_or(SignRequestError::Damaged)?;
        let status = match Status::from_number(row.status).ok_or(SignRequestError::Damaged)? {
            Status::Open if row.expires_ms <= now_ms => Status::Expired,
            status => status,
        };
        // A signature without the status, or the other way round, was never written.
        if (status == Status::Signed) != row.signature.is_some() {
            return Err(SignRequestError::Damaged);
        }
        let coin = |coin: &ReservedCoin| Coin::parse(&coin.amount, &coin.denom);
        let reserved = row.reserved.iter().map(coin).collect::<Result<_, _>>();
        let reserved = reserved.map_err(|_| SignRequestError::Damaged)?;
        Ok(Self { row, path, mode, decision, status, reserved })
    }

    pub(super) fn into_row(self) -> Row<SignRequestRecord> {
        self.row
    }

    /// The request's id.
    #[must_use]
    pub fn id(&self) -> RequestId {
        RequestId::from_bytes(self.row.request.to_bytes())
    }

    /// The wallet that is to sign.
    #[must_use]
    pub fn wallet(&self) -> WalletId {
        WalletId::from_bytes(self.row.wallet.to_bytes())
    }

    /// The chain; empty for arbitrary data and for a bare digest.
    #[must_use]
    pub fn chain_id(&self) -> &str {
        &self.row.chain_id
    }

    /// Where the signing key hangs below the wallet's key.
    #[must_use]
    pub fn path(&self) -> &DerivationPath {
        &self.path
    }

    /// What is signed.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The sign doc, byte for byte as it came; empty for a bare digest.
    #[must_use]
    pub fn sign_doc(&self) -> &[u8] {
        &self.row.sign_doc
    }

    /// What the engine signs.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::from_bytes(self.row.digest)
    }

    /// Whether the policy allowed it.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.decision == Decision::Allow
    }

    /// `allow` or `deny`.
    #[must_use]
    pub fn decision(&self) -> &'static str {
        self.decision.word()
    }

    /// The code of the policy's reason, or why it failed; empty otherwise.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.row.reason
    }

    /// Where it stands.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status
    }

    /// When it was made, in milliseconds since 1970-01-01 UTC.
    #[must_use]
    pub fn created_ms(&self) -> u64 {
        self.row.created_ms
    }

    /// When it ends unsigned, in milliseconds since 1970-01-01 UTC.
    #[must_use]
    pub fn expires_ms(&self) -> u64 {
        self.row.expires_ms
    }

    /// The request that it was made to replace.
    #[must_use]
    pub fn replaces(&self) -> Option<RequestId> {
        self.row.replaces.map(|id| RequestId::from_bytes(id.to_bytes()))
    }

    /// What is set aside for it while it is open and spent once it is signed: what leaves the wallet if it runs, less what
    /// the signed request that it replaces takes already. Nothing where it ended unsigned, and for a bare digest.
    #[must_use]
    pub fn reserved(&self) -> &[Coin] {
        &self.reserved
    }

    /// The signature: `r || s` (64 bytes, low-S) and the recovery id.
    #[must_use]
    pub fn signature(&self) -> Option<&[u8; 65]> {
        self.row.signature.as_ref()
    }

    /// What the sign doc of a transaction says; `None` for arbitrary data and for a bare digest.
    ///
    /// # Errors
    /// [`SignRequestError::Damaged`] where the stored doc does not decode or its digest is not the stored one.
    pub fn decoded(&self) -> Result<Option<DecodedTx>, SignRequestError> {
        let Mode::SignDoc(mode) = self.mode else { return Ok(None) };
        let doc = SignDoc::parse(mode, &self.row.sign_doc).map_err(|_| SignRequestError::Damaged)?;
        if doc.digest() != self.row.digest {
            return Err(SignRequestError::Damaged);
        }
        Ok(Some(doc.decoded().clone()))
    }

    /// What is said in arbitrary data; `None` for anything else.
    ///
    /// # Errors
    /// [`SignRequestError::Damaged`] where the stored doc does not decode.
    pub fn arbitrary(&self) -> Result<Option<ArbitraryDoc>, SignRequestError> {
        if self.mode != Mode::Arbitrary {
            return Ok(None);
        }
        ArbitraryDoc::parse(&self.row.sign_doc).map(Some).map_err(|_| SignRequestError::Damaged)
    }
}
