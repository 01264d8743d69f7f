//! An id that is good for one use, until nobody could present it any more.

use zeroize::Zeroizing;

use crate::error::Corruption;
use crate::record::codec::{Reader, Record, Writer};

/// A used id. The id itself stands in the row's key, hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedIdRecord {
    /// From when on the row may be collected, in milliseconds since 1970-01-01 UTC.
    pub expires_ms: u64,
}

impl Record for UsedIdRecord {
    const FORMAT: u8 = 1;

    fn dangerous_encode(&self) -> Zeroizing<Vec<u8>> {
        Writer::new(Self::FORMAT, 8).u64(self.expires_ms).finish()
    }

    fn decode(bytes: &[u8]) -> Result<Self, Corruption> {
        let mut r = Reader::new(bytes, Self::FORMAT)?;
        let record = Self { expires_ms: r.u64()? };
        r.finish()?;
        Ok(record)
    }
}
