//! A backup document that this side keeps for an owner: opaque, made by the device, never opened here.

use zeroize::Zeroizing;

use crate::error::Corruption;
use crate::id::Owner;
use crate::record::codec::{Reader, Record, Writer};
use crate::secret::SecretBytes;

/// One stored fragment document. There is one for each (owner, subject, epoch).
#[derive(Debug)]
pub struct FragmentRecord {
    /// Whom it belongs to.
    pub owner: Owner,
    /// What it is a fragment of: a wallet id in hexadecimal, or the id that a partner's client chose.
    pub subject: String,
    /// The epoch of the share that was backed up; 0 where the uploader names none.
    pub epoch: u64,
    /// The document, opaque here.
    pub document: SecretBytes,
    /// When it was stored, in milliseconds since 1970-01-01 UTC.
    pub stored_ms: u64,
}

impl Record for FragmentRecord {
    const FORMAT: u8 = 1;

    fn dangerous_encode(&self) -> Zeroizing<Vec<u8>> {
        let names = self.owner.tenant.len() + self.owner.owner.len() + self.subject.len();
        Writer::new(Self::FORMAT, 4 * 4 + 2 * 8 + names + self.document.len())
            .text(&self.owner.tenant)
            .text(&self.owner.owner)
            .text(&self.subject)
            .u64(self.epoch)
            .bytes(self.document.dangerous_expose())
            .u64(self.stored_ms)
            .finish()
    }

    fn decode(bytes: &[u8]) -> Result<Self, Corruption> {
        let mut r = Reader::new(bytes, Self::FORMAT)?;
        let record = Self {
            owner: Owner { tenant: r.text("tenant")?, owner: r.text("owner")? },
            subject: r.text("subject")?,
            epoch: r.u64()?,
            document: SecretBytes::new(r.bytes()?.to_vec()),
            stored_ms: r.u64()?,
        };
        r.finish()?;
        Ok(record)
    }
}
