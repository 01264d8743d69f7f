//! One line of the audit log. It holds no secret; the hash chain over the lines comes with a later format.

use zeroize::Zeroizing;

use crate::error::Corruption;
use crate::id::WalletId;
use crate::record::codec::{Reader, Record, Writer};

/// Who did what, when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// When, in milliseconds since 1970-01-01 UTC.
    pub at_ms: u64,
    /// Who: the principal, or the name of a part of the server.
    pub actor: String,
    /// What happened, a short fixed word such as `share-promoted`.
    pub event: String,
    /// To which wallet.
    pub wallet: Option<WalletId>,
    /// More, without any secret.
    pub details: String,
}

impl Record for AuditRow {
    const FORMAT: u8 = 1;

    fn dangerous_encode(&self) -> Zeroizing<Vec<u8>> {
        Writer::new(Self::FORMAT, 64 + self.actor.len() + self.event.len() + self.details.len())
            .u64(self.at_ms)
            .text(&self.actor)
            .text(&self.event)
            .option(self.wallet, |w, id| w.array(id.as_bytes()))
            .text(&self.details)
            .finish()
    }

    fn decode(bytes: &[u8]) -> Result<Self, Corruption> {
        let mut r = Reader::new(bytes, Self::FORMAT)?;
        let record = Self {
            at_ms: r.u64()?,
            actor: r.text("actor")?,
            event: r.text("event")?,
            wallet: r.option("wallet", |r| r.array().map(WalletId::from_bytes))?,
            details: r.text("details")?,
        };
        r.finish()?;
        Ok(record)
    }
}
