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
    /// On a device, the secret of the identity that it enrolled with: P-256, 32 bytes. Empty on a server, and on a
    /// device whose wallet was made without a proof of identity.
    pub identity: SecretBytes,
}

/// The length of an identity's secret, in bytes.
const IDENTITY_LEN: usize = 32;

/// The format before device identities: it ends after `stored_ms`.
const WITHOUT_IDENTITY: u8 = 1;

impl ShareRecord {
    /// Whether the identity's secret is one, or there is none.
    pub(crate) fn has_sound_identity(&self) -> bool {
        matches!(self.identity.len(), 0 | IDENTITY_LEN)
    }
}

impl Record for ShareRecord {
    const FORMAT: u8 = 2;

    fn dangerous_encode(&self) -> Zeroizing<Vec<u8>> {
        Writer::new(Self::FORMAT, 16 + 24 + 1 + 4 + 8 + 4 + self.bytes.len() + self.identity.len())
            .array(self.wallet.as_bytes())
            .array(self.id.as_bytes())
            .u8(self.engine)
            .bytes(self.bytes.dangerous_expose())
            .u64(self.stored_ms)
            .bytes(self.identity.dangerous_expose())
            .finish()
    }

    fn decode(bytes: &[u8]) -> Result<Self, Corruption> {
        let (mut r, format) = Reader::one_of(bytes, WITHOUT_IDENTITY..=Self::FORMAT)?;
        let mut record = Self {
            wallet: WalletId::from_bytes(r.array()?),
            id: ShareId::from_bytes(r.array()?),
            engine: r.u8()?,
            bytes: SecretBytes::new(r.bytes()?.to_vec()),
            stored_ms: r.u64()?,
            identity: SecretBytes::default(),
        };
        if format > WITHOUT_IDENTITY {
            record.identity = SecretBytes::new(r.bytes()?.to_vec());
        }
        r.finish()?;
        if record.has_sound_identity() { Ok(record) } else { Err(Corruption::Field("identity")) }
    }
}
