//! The abort ledger: how often a peer failed a check in this epoch, and what follows from it. The store keeps its bytes
//! and does not read them.

use super::AbortClass;
use crate::ids::Epoch;

/// Class B aborts in one epoch that quarantine a wallet.
const QUARANTINE_AFTER: u8 = 3;
/// The version of the stored form.
const VERSION: u8 = 1;

/// What an abort means for the wallet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Nothing to write.
    NotCounted,
    /// Counted.
    Counted,
    /// The wallet goes into quarantine.
    Quarantine,
    /// The wallet is frozen.
    Freeze,
}

/// The stored bytes are not an abort ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the abort ledger is malformed")]
pub struct LedgerError;

/// The count of class B aborts in the epoch it was last counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AbortLedger {
    counted: Option<(Epoch, u8)>,
}

/// What is to be written about an abort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AbortRecord {
    /// The class of the abort.
    pub class: AbortClass,
    /// The ledger after it.
    pub ledger: AbortLedger,
    /// What it means for the wallet.
    pub verdict: Verdict,
}

impl AbortLedger {
    /// The size of the byte form.
    pub const SIZE: usize = 10;

    /// How many class B aborts in one epoch quarantine a wallet.
    pub const QUARANTINE_AFTER: u8 = QUARANTINE_AFTER;

    /// Adds an abort.
    #[must_use]
    pub fn record(self, epoch: Epoch, class: AbortClass) -> AbortRecord {
        let (ledger, verdict) = match class {
            AbortClass::A => (self, Verdict::NotCounted),
            AbortClass::B => {
                let count = self.count(epoch).saturating_add(1);
                let verdict = if count >= QUARANTINE_AFTER { Verdict::Quarantine } else { Verdict::Counted };
                (Self { counted: Some((epoch, count)) }, verdict)
            }
            AbortClass::C => (self, Verdict::Quarantine),
            AbortClass::Freeze => (self, Verdict::Freeze),
        };
        AbortRecord { class, ledger, verdict }
    }

    /// How many class B aborts were counted in this epoch.
    #[must_use]
    pub fn count(&self, epoch: Epoch) -> u8 {
        self.counted.map_or(0, |(counted, count)| if counted == epoch { count } else { 0 })
    }

    /// Version byte 1, epoch (8 bytes, big-endian; zero where nothing was counted), count.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        bytes[0] = VERSION;
        if let Some((epoch, count)) = self.counted {
            bytes[1..9].copy_from_slice(&epoch.get().to_be_bytes());
            bytes[9] = count;
        }
        bytes
    }

    /// Reads the byte form; no bytes at all are an empty ledger.
    ///
    /// # Errors
    /// [`LedgerError`] for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LedgerError> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        let bytes = <[u8; Self::SIZE]>::try_from(bytes).map_err(|_| LedgerError)?;
        let mut number = [0; 8];
        number.copy_from_slice(&bytes[1..9]);
        let counted = match (bytes[0], u64::from_be_bytes(number), bytes[9]) {
            (VERSION, 0, 0) => None,
            (VERSION, number, count) if count > 0 => {
                Some((Epoch::new(number).map_err(|_| LedgerError)?, count))
            }
            _ => return Err(LedgerError),
        };
        Ok(Self { counted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(number: u64) -> Epoch {
        Epoch::new(number).expect("an epoch")
    }

    #[test]
    fn three_class_b_aborts_in_one_epoch_quarantine() {
        let mut ledger = AbortLedger::default();
        let verdicts = [(); 4].map(|()| {
            let record = ledger.record(epoch(2), AbortClass::B);
            ledger = record.ledger;
            record.verdict
        });
        let quarantine = Verdict::Quarantine;
        assert_eq!(verdicts, [Verdict::Counted, Verdict::Counted, quarantine, quarantine]);
    }

    #[test]
    fn a_new_epoch_counts_from_zero() {
        let two = AbortLedger::default()
            .record(epoch(1), AbortClass::B)
            .ledger
            .record(epoch(1), AbortClass::B)
            .ledger;
        assert_eq!((two.count(epoch(1)), two.count(epoch(2))), (2, 0));
        assert_eq!(two.record(epoch(2), AbortClass::B).verdict, Verdict::Counted);
    }

    #[test]
    fn one_class_c_quarantines_and_local_trouble_freezes() {
        let ledger = AbortLedger::default();
        assert_eq!(ledger.record(epoch(1), AbortClass::C).verdict, Verdict::Quarantine);
        assert_eq!(ledger.record(epoch(1), AbortClass::Freeze).verdict, Verdict::Freeze);
    }

    #[test]
    fn class_a_is_never_counted() {
        let ledger = AbortLedger::default().record(epoch(1), AbortClass::B).ledger;
        let record = ledger.record(epoch(1), AbortClass::A);
        assert_eq!((record.verdict, record.ledger), (Verdict::NotCounted, ledger));
    }

    #[test]
    fn the_count_does_not_wrap() {
        let mut ledger = AbortLedger::default();
        for _ in 0..300 {
            ledger = ledger.record(epoch(1), AbortClass::B).ledger;
        }
        assert_eq!(ledger.count(epoch(1)), u8::MAX);
    }

    #[test]
    fn the_stored_form_is_pinned() {
        let ledger = AbortLedger::default().record(epoch(0x0102), AbortClass::B).ledger;
        assert_eq!(ledger.to_bytes(), [1, 0, 0, 0, 0, 0, 0, 1, 2, 1]);
        assert_eq!(AbortLedger::default().to_bytes(), [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        for ledger in [ledger, AbortLedger::default()] {
            assert_eq!(AbortLedger::from_bytes(&ledger.to_bytes()), Ok(ledger));
        }
        assert_eq!(AbortLedger::from_bytes(&[]), Ok(AbortLedger::default()));
    }

    #[test]
    fn malformed_ledgers_are_refused() {
        for bytes in [
            &[2, 0, 0, 0, 0, 0, 0, 0, 1, 1][..],
            &[1, 0, 0, 0, 0, 0, 0, 0, 1, 0],
            &[1, 0, 0, 0, 0, 0, 0, 0, 0, 1],
            &[1],
            &[1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0],
        ] {
            assert_eq!(AbortLedger::from_bytes(bytes), Err(LedgerError), "{bytes:?}");
        }
    }
}
