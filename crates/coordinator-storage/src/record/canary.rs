//! The record that tells at once whether the key provider's keys open this store, and whose side it is.

use zeroize::Zeroizing;

use crate::error::Corruption;
use crate::record::codec::{Reader, Record, Writer};
use crate::vault::Role;

/// The first record of every store.
pub(crate) struct CanaryRecord {
    pub(crate) role: Role,
}

impl Record for CanaryRecord {
    const FORMAT: u8 = 1;

    fn dangerous_encode(&self) -> Zeroizing<Vec<u8>> {
        Writer::new(Self::FORMAT, 1).u8(self.role.number()).finish()
    }

    fn decode(bytes: &[u8]) -> Result<Self, Corruption> {
        let mut r = Reader::new(bytes, Self::FORMAT)?;
        let record = Self { role: Role::from_number(r.u8()?).ok_or(Corruption::Field("role"))? };
        r.finish()?;
        Ok(record)
    }
}
