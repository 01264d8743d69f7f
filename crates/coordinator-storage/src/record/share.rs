//! A stored key share: opaque engine bytes under the id of their epoch.

use zeroize::Zeroizing;

use crate::error::Corruption;
use crate::id::{ShareId, WalletId};
use crate::record::codec::{Reader, Record, Writer};
use crate::secret::SecretBytes;

/// A key share as the engine exports it.
#[derive(Debug)]
pub struct ShareRecord {
    /// The wallet that it belongs to.
    pub wallet: WalletId,
    /// The share's id.
    pub id: ShareId,
    /// The engine's number.
    pub engine: u8,
    /// The share, opaque here.
    pub bytes: SecretBytes,
    /// When it was stored, in milliseconds since 1970-01-01 UTC.
    pub stored_ms: u64,
}

impl Record for ShareRecord {
    const FORMAT: u8 = 1;

    fn dangerous_encode(&self) -> Zeroizing<Vec<u8>> {
        Writer::new(Self::FORMAT, 16 + 24 + 1 + 4 + 8 + self.bytes.len())
            .array(self.wallet.as_bytes())
            .array(self.id.as_bytes())
            .u8(self.engine)
            .bytes(self.bytes.dangerous_expose())
            .u64(self.stored_ms)
            .finish()
    }

    fn decode(bytes: &[u8]) -> Result<Self, Corruption> {
        let mut r = Reader::new(bytes, Self::FORMAT)?;
        let record = Self {
            wallet: WalletId::from_bytes(r.array()?),
            id: ShareId::from_bytes(r.array()?),
            engine: r.u8()?,
            bytes: SecretBytes::new(r.bytes()?.to_vec()),
            stored_ms: r.u64()?,
        };
        r.finish()?;
        Ok(record)
    }
}
