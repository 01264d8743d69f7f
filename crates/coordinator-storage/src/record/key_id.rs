//! Which wallet an owner's key id stands for.

use zeroize::Zeroizing;

use crate::error::Corruption;
use crate::id::WalletId;
use crate::record::codec::{Reader, Record, Writer};

/// The wallet behind a key id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyIdRecord {
    /// The wallet.
    pub wallet: WalletId,
}

impl Record for KeyIdRecord {
    const FORMAT: u8 = 1;

    fn dangerous_encode(&self) -> Zeroizing<Vec<u8>> {
        Writer::new(Self::FORMAT, 16).array(self.wallet.as_bytes()).finish()
    }

    fn decode(bytes: &[u8]) -> Result<Self, Corruption> {
        let mut r = Reader::new(bytes, Self::FORMAT)?;
        let record = Self { wallet: WalletId::from_bytes(r.array()?) };
        r.finish()?;
        Ok(record)
    }
}
