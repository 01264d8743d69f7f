//! A guard: which sign request may be signed, or was, of all that exclude each other.

use zeroize::Zeroizing;

use crate::error::Corruption;
use crate::id::RequestId;
use crate::record::codec::{Reader, Record, Writer};

/// What a guard is found by: 32 bytes, computed by the facade from what may be signed once.
pub type GuardKey = [u8; 32];

/// Who holds a guard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardRecord {
    /// The request that is live: open, or signed and not replaced.
    pub holder: RequestId,
    /// The newest request of this guard that is signed. It gets the guard back where a holder ends unsigned.
    pub signed: Option<RequestId>,
}

impl GuardRecord {
    /// Whether the holder is signed.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        self.signed == Some(self.holder)
    }
}

impl Record for GuardRecord {
    const FORMAT: u8 = 1;

    fn dangerous_encode(&self) -> Zeroizing<Vec<u8>> {
        Writer::new(Self::FORMAT, 16 + 17)
            .array(self.holder.as_bytes())
            .option(self.signed, |w, id| w.array(id.as_bytes()))
            .finish()
    }

    fn decode(bytes: &[u8]) -> Result<Self, Corruption> {
        let mut r = Reader::new(bytes, Self::FORMAT)?;
        let record = Self {
            holder: RequestId::from_bytes(r.array()?),
            signed: r.option("signed", |r| r.array().map(RequestId::from_bytes))?,
        };
        r.finish()?;
        Ok(record)
    }
}
