//! The static key of the end-to-end channel: on a server its own secret, on a device the public key of its server.

use zeroize::Zeroizing;

use crate::error::Corruption;
use crate::record::codec::{Reader, Record, Writer};

/// A key of X25519, opaque here.
pub(crate) struct ChannelKeyRecord {
    pub(crate) key: Zeroizing<[u8; 32]>,
}

impl Record for ChannelKeyRecord {
    const FORMAT: u8 = 1;

    fn dangerous_encode(&self) -> Zeroizing<Vec<u8>> {
        Writer::new(Self::FORMAT, 32).array(&self.key).finish()
    }

    fn decode(bytes: &[u8]) -> Result<Self, Corruption> {
        let mut r = Reader::new(bytes, Self::FORMAT)?;
        let record = Self { key: Zeroizing::new(r.array()?) };
        r.finish()?;
        Ok(record)
    }
}
