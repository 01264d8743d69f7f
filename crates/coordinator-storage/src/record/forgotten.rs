//! A hole in the memory of what a wallet signed: its store came from an archive, and what came after that is not known.

use zeroize::Zeroizing;

use crate::error::Corruption;
use crate::record::codec::{Reader, Record, Writer};

/// The time of which nobody here knows what a wallet signed. While the row is there, nothing new is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgottenRecord {
    /// When the archive was made, in milliseconds since 1970-01-01 UTC.
    pub from_ms: u64,
    /// When it was put back, in milliseconds since 1970-01-01 UTC.
    pub until_ms: u64,
}

impl Record for ForgottenRecord {
    const FORMAT: u8 = 1;

    fn dangerous_encode(&self) -> Zeroizing<Vec<u8>> {
        Writer::new(Self::FORMAT, 16).u64(self.from_ms).u64(self.until_ms).finish()
    }

    fn decode(bytes: &[u8]) -> Result<Self, Corruption> {
        let mut r = Reader::new(bytes, Self::FORMAT)?;
        let record = Self { from_ms: r.u64()?, until_ms: r.u64()? };
        r.finish()?;
        Ok(record)
    }
}
