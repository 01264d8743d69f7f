//! A step-up code that was handed out, hashed, good for one use.

use std::fmt;

use zeroize::Zeroizing;

use crate::error::Corruption;
use crate::id::WalletId;
use crate::record::codec::{Reader, Record, Writer};

/// A step-up code for one wallet. The code itself is never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct StepUpRecord {
    /// The wallet that the code is for.
    pub wallet: WalletId,
    /// SHA-256 of the code; a code has at least 128 random bits.
    pub hash: [u8; 32],
    /// When it ends, in milliseconds since 1970-01-01 UTC.
    pub expires_ms: u64,
}

impl Record for StepUpRecord {
    const FORMAT: u8 = 1;

    fn dangerous_encode(&self) -> Zeroizing<Vec<u8>> {
        Writer::new(Self::FORMAT, 16 + 32 + 8)
            .array(self.wallet.as_bytes())
            .array(&self.hash)
            .u64(self.expires_ms)
            .finish()
    }

    fn decode(bytes: &[u8]) -> Result<Self, Corruption> {
        let mut r = Reader::new(bytes, Self::FORMAT)?;
        let record =
            Self { wallet: WalletId::from_bytes(r.array()?), hash: r.array()?, expires_ms: r.u64()? };
        r.finish()?;
        Ok(record)
    }
}

impl fmt::Debug for StepUpRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepUpRecord")
            .field("wallet", &self.wallet)
            .field("expires_ms", &self.expires_ms)
            .finish_non_exhaustive()
    }
}
