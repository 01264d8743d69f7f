//! An API key, hashed: whom it speaks for and what it may do.

use std::fmt;

use zeroize::Zeroizing;

use crate::error::Corruption;
use crate::id::Owner;
use crate::record::codec::{Reader, Record, Writer};

/// The scope of an operator's key, as it stands in [`ApiKeyRecord::scopes`].
pub const ADMIN_SCOPE: &str = "admin";

/// An API key. The secret itself is never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKeyRecord {
    /// The public part of the key, before its dot.
    pub id: String,
    /// SHA-256 of the secret part; it has at least 128 random bits.
    pub hash: [u8; 32],
    /// Whom the key speaks for.
    pub owner: Owner,
    /// What it may do.
    pub scopes: Vec<String>,
    /// When it was made, in milliseconds since 1970-01-01 UTC.
    pub created_ms: u64,
}

impl Record for ApiKeyRecord {
    const FORMAT: u8 = 1;

    fn dangerous_encode(&self) -> Zeroizing<Vec<u8>> {
        let mut w = Writer::new(Self::FORMAT, 256)
            .text(&self.id)
            .array(&self.hash)
            .text(&self.owner.tenant)
            .text(&self.owner.owner)
            .u64(self.scopes.len() as u64);
        for scope in &self.scopes {
            w = w.text(scope);
        }
        w.u64(self.created_ms).finish()
    }

    fn decode(bytes: &[u8]) -> Result<Self, Corruption> {
        let mut r = Reader::new(bytes, Self::FORMAT)?;
        let id = r.text("id")?;
        let hash = r.array()?;
        let owner = Owner { tenant: r.text("tenant")?, owner: r.text("owner")? };
        let count = r.u64()?;
        // Each scope takes at least its four bytes of length: a larger count cannot be true.
        if count > (r.remaining() / 4) as u64 {
            return Err(Corruption::Field("scopes"));
        }
        let scopes = (0..count).map(|_| r.text("scope")).collect::<Result<_, _>>()?;
        let record = Self { id, hash, owner, scopes, created_ms: r.u64()? };
        r.finish()?;
        Ok(record)
    }
}

impl fmt::Debug for ApiKeyRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKeyRecord")
            .field("id", &self.id)
            .field("owner", &self.owner)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}
