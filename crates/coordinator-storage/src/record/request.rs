//! A sign request: what is to be signed, what was decided, and in the end the one signature.

use zeroize::Zeroizing;

use crate::error::Corruption;
use crate::id::{Owner, RequestId, WalletId};
use crate::record::GuardKey;
use crate::record::codec::{Reader, Record, Writer};

/// A sign request. `signature` is set once and never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignRequestRecord {
    /// The request's id.
    pub request: RequestId,
    /// The wallet that is to sign.
    pub wallet: WalletId,
    /// Whom the wallet belongs to.
    pub owner: Owner,
    /// The chain id.
    pub chain_id: String,
    /// The derivation path, such as `m/44/118/0/0/5`.
    pub path: String,
    /// The sign mode's number, given by the facade.
    pub mode: u8,
    /// The sign doc, byte for byte as it came.
    pub sign_doc: Vec<u8>,
    /// SHA-256 of the sign doc, computed by the server.
    pub digest: [u8; 32],
    /// The policy's verdict, numbered by the facade.
    pub verdict: u8,
    /// The request's status, numbered by the facade.
    pub status: u8,
    /// Why, in words for the operator and the owner.
    pub reason: String,
    /// When it was made, in milliseconds since 1970-01-01 UTC.
    pub created_ms: u64,
    /// When it ends unsigned, in milliseconds since 1970-01-01 UTC.
    pub expires_ms: u64,
    /// `r || s || recovery id`, 65 bytes, low-S.
    pub signature: Option<[u8; 65]>,
    /// The guard that it holds while it is open, and keeps once it is signed. A request of format 1 has none.
    pub guard: Option<GuardKey>,
    /// The request that it was made to replace.
    pub replaces: Option<RequestId>,
    /// What is set aside for it while it is open, and spent once it is signed; empty where it ended unsigned.
    pub reserved: Vec<ReservedCoin>,
}

/// An amount of a denom, in the spelling of the facade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReservedCoin {
    /// What.
    pub denom: String,
    /// How much, decimal digits.
    pub amount: String,
}

/// The format before guards: it ends after `signature`.
const WITHOUT_GUARD: u8 = 1;

impl Record for SignRequestRecord {
    const FORMAT: u8 = 2;

    fn dangerous_encode(&self) -> Zeroizing<Vec<u8>> {
        let mut w = Writer::new(Self::FORMAT, 1024 + self.sign_doc.len())
            .array(self.request.as_bytes())
            .array(self.wallet.as_bytes())
            .text(&self.owner.tenant)
            .text(&self.owner.owner)
            .text(&self.chain_id)
            .text(&self.path)
            .u8(self.mode)
            .bytes(&self.sign_doc)
            .array(&self.digest)
            .u8(self.verdict)
            .u8(self.status)
            .text(&self.reason)
            .u64(self.created_ms)
            .u64(self.expires_ms)
            .option(self.signature.as_ref(), |w, signature| w.array(signature))
            .option(self.guard.as_ref(), |w, guard| w.array(guard))
            .option(self.replaces, |w, id| w.array(id.as_bytes()))
            .u64(self.reserved.len() as u64);
        for coin in &self.reserved {
            w = w.text(&coin.denom).text(&coin.amount);
        }
        w.finish()
    }

    fn decode(bytes: &[u8]) -> Result<Self, Corruption> {
        let (mut r, format) = Reader::one_of(bytes, WITHOUT_GUARD..=Self::FORMAT)?;
        let mut record = Self {
            request: RequestId::from_bytes(r.array()?),
            wallet: WalletId::from_bytes(r.array()?),
            owner: Owner { tenant: r.text("tenant")?, owner: r.text("owner")? },
            chain_id: r.text("chain id")?,
            path: r.text("path")?,
            mode: r.u8()?,
            sign_doc: r.bytes()?.to_vec(),
            digest: r.array()?,
            verdict: r.u8()?,
            status: r.u8()?,
            reason: r.text("reason")?,
            created_ms: r.u64()?,
            expires_ms: r.u64()?,
            signature: r.option("signature", Reader::array)?,
            guard: None,
            replaces: None,
            reserved: Vec::new(),
        };
        if format > WITHOUT_GUARD {
            record.guard = r.option("guard", Reader::array)?;
            record.replaces = r.option("replaces", |r| r.array().map(RequestId::from_bytes))?;
            record.reserved = coins(&mut r)?;
        }
        r.finish()?;
        Ok(record)
    }
}

fn coins(r: &mut Reader<'_>) -> Result<Vec<ReservedCoin>, Corruption> {
    let count = r.u64()?;
    // Each coin takes at least its eight bytes of lengths: a larger count cannot be true.
    if count > (r.remaining() / 8) as u64 {
        return Err(Corruption::Field("reserved"));
    }
    (0..count).map(|_| Ok(ReservedCoin { denom: r.text("denom")?, amount: r.text("amount")? })).collect()
}
