//! What a device remembers of a wallet's backup: the plan, who has acknowledged, and the documents still owed.
//!
//! It is kept sealed in the device's own vault, under the wallet's id and the epoch of the share. A document is kept
//! until its holder has it; the coordinator's as long as the backup is remembered, for it is sent again with a higher count, and
//! where the coordinator has lost it.
//!
//! ```text
//! 1     format (2; in format 1 every file is the first of its name)
//! 24    share id
//! 1     t
//! 1     settled: 1 once the coordinator has recorded the receipt
//! 1     holders; for each:
//!   1     kind: 0 coordinator, 1 folder, 2 by hand, 3 fragment host
//!   1     acknowledged: 0 or 1; of a folder, the how manieth file of its name it became
//!   2+p   folder or address, length first (big-endian), empty for the others
//!   2+k   API key, likewise
//!   2+d   document still kept, likewise
//! ```

use std::{
    ffi::OsString,
    os::unix::ffi::OsStrExt,
    os::unix::ffi::OsStringExt,
    path::{Path, PathBuf},
};

use maany_coordinator_proto::Token;
use maany_coordinator_storage::{
    SecretBytes, ShareId, Vault,
    record::{AuditRow, FragmentRecord, WalletRecord},
};
use maany_mpc_core::backup::FragmentDocument;
use zeroize::Zeroizing;

use super::plan::{BackupPlan, Holder, PlanError};
use crate::{
    device::{DeviceError, owner},
    time,
};

const FORMAT: u8 = 2;
/// The kind of a folder.
const FOLDER: u8 = 1;

/// Why what is remembered of a backup cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// A later release wrote it.
    #[error("it has format {0}, which this release does not know")]
    Format(u8),
    /// It ends early, goes on behind its end, or a field is out of range.
    #[error("it is damaged")]
    Damaged,
    /// Its holders make no plan.
    #[error("its plan cannot be used")]
    Plan(#[from] PlanError),
}

/// The backup of one generation of a wallet's shares.
pub(super) struct Ledger {
    share: ShareId,
    plan: BackupPlan,
    /// One for each holder of the plan.
    entries: Vec<Entry>,
    settled: bool,
}

struct Entry {
    /// Where its holder has it: 1, or the number of the file that it became in a folder. Otherwise 0.
    acknowledged: u8,
    document: Option<Zeroizing<Vec<u8>>>,
}

impl Ledger {
    /// A backup of which no holder has anything yet.
    pub(super) fn new(share: ShareId, plan: BackupPlan, documents: &[FragmentDocument]) -> Self {
        let entry = |document: &FragmentDocument| Entry {
            acknowledged: 0,
            document: Some(document.dangerous_to_bytes()),
        };
        Self { share, plan, entries: documents.iter().map(entry).collect(), settled: false }
    }

    /// The latest that is remembered of this wallet.
    pub(super) async fn load(vault: &Vault, row: &WalletRecord) -> Result<Option<Self>, DeviceError> {
        let page = vault.fragments(&owner(), &row.wallet.to_string()).await?;
        if let Some(error) = page.damaged.into_iter().next() {
            return Err(error.into());
        }
        let Some(latest) = page.rows.first() else { return Ok(None) };
        Ok(Some(Self::decode(latest.document.dangerous_expose())?))
    }

    /// Remembers it, in one write with the audit row of `event`.
    pub(super) async fn save(
        &self,
        vault: &Vault,
        row: &WalletRecord,
        event: &str,
    ) -> Result<(), DeviceError> {
        let record = FragmentRecord {
            owner: owner(),
            subject: row.wallet.to_string(),
            epoch: self.share.epoch(),
            document: SecretBytes::from(self.encode()),
            stored_ms: time::now_ms(),
        };
        let audit = AuditRow {
            at_ms: time::now_ms(),
            actor: "device".to_owned(),
            event: event.to_owned(),
            wallet: Some(row.wallet),
            details: format!("{} of {} acknowledged", self.acknowledged(), self.entries.len()),
        };
        Ok(vault.put_fragment(record, audit).await?)
    }

    pub(super) fn plan(&self) -> &BackupPlan {
        &self.plan
    }

    pub(super) fn into_plan(self) -> BackupPlan {
        self.plan
    }

    pub(super) fn epoch(&self) -> u64 {
        self.share.epoch()
    }

    /// Whether it is of the wallet's present share.
    pub(super) fn is_of(&self, row: &WalletRecord) -> bool {
        row.active == Some(self.share)
    }

    /// How many holders have their document.
    pub(super) fn acknowledged(&self) -> u8 {
        let count = self.entries.iter().filter(|entry| entry.acknowledged > 0).count();
        u8::try_from(count).unwrap_or(u8::MAX)
    }

    /// What changes with every step forward: how many holders have their document, and whether that is settled.
    pub(super) fn standing(&self) -> (u8, bool) {
        (self.acknowledged(), self.settled)
    }

    /// Whether the coordinator has recorded that enough holders have theirs.
    pub(super) fn is_settled(&self) -> bool {
        self.settled
    }

    /// Whether there is nothing to tell the coordinator: it has its document, and the receipt where there is one to have.
    pub(super) fn coordinator_is_done(&self) -> bool {
        let has_its_own = self.entries.first().is_some_and(|entry| entry.acknowledged > 0);
        has_its_own && (self.settled || self.acknowledged() < self.plan.threshold().t())
    }

    /// The holders that lack their document, with it: index from 1, holder, document.
    pub(super) fn owed(&self) -> impl Iterator<Item = (u8, &Holder, &[u8])> {
        self.numbered().filter(|(_, _, entry)| entry.acknowledged == 0).map(|(index, holder, entry)| {
            (index, holder, entry.document.as_ref().map_or(&[][..], |document| document))
        })
    }

    /// The coordinator's document, where it is kept.
    pub(super) fn coordinators(&self) -> Option<&[u8]> {
        self.entries.first().and_then(|entry| entry.document.as_ref()).map(|document| document.as_slice())
    }

    /// The folders that a document was written into, with its index and the number of its file.
    pub(super) fn folders(&self) -> impl Iterator<Item = (u8, &Path, u8)> {
        self.numbered().filter(|(_, _, entry)| entry.acknowledged > 0).filter_map(|(index, holder, entry)| {
            match holder {
                Holder::Folder(path) => Some((index, path.as_path(), entry.acknowledged)),
                _ => None,
            }
        })
    }

    /// Whether a backup by this plan is this one: the same holders in the same order, and the same threshold.
    pub(super) fn follows(&self, plan: &BackupPlan) -> bool {
        let kinds = |plan: &BackupPlan| plan.holders().iter().map(Holder::kind).collect::<Vec<_>>();
        self.plan.threshold() == plan.threshold() && kinds(&self.plan) == kinds(plan)
    }

    /// Takes over what a plan of the same holders knows them by, such as a fragment host's new API key.
    pub(super) fn adopt(&mut self, plan: BackupPlan) {
        self.plan = plan;
    }

    /// What goes by hand and has not gone.
    pub(super) fn by_hand(&self) -> Result<Vec<FragmentDocument>, DeviceError> {
        let owed = self.owed().filter(|(_, holder, _)| matches!(holder, Holder::ByHand));
        owed.map(|(_, _, document)| Ok(FragmentDocument::from_bytes(document)?)).collect()
    }

    /// Takes note that a person has this one; `false` where no such document is owed to one.
    pub(super) fn hand_over(&mut self, index: u8) -> bool {
        let is_owed = self.owed().any(|(owed, holder, _)| owed == index && matches!(holder, Holder::ByHand));
        if is_owed {
            self.acknowledge(index);
        }
        is_owed
    }

    /// Takes note that this holder has its document.
    pub(super) fn acknowledge(&mut self, index: u8) {
        self.acknowledge_as(index, 1);
    }

    /// The same, where it is the `nth` file of its name.
    pub(super) fn acknowledge_as(&mut self, index: u8, nth: u8) {
        if let Some(entry) = self.entries.get_mut(usize::from(index).wrapping_sub(1)) {
            entry.acknowledged = nth;
            if index != 1 {
                entry.document = None;
            }
        }
    }

    /// Takes note that the coordinator has its document, and the receipt where `receipt` says so.
    pub(super) fn coordinator_has(&mut self, receipt: bool) {
        self.acknowledge(1);
        self.settled |= receipt;
    }

    /// Takes note that the coordinator has lost what it acknowledged; `false` where its document is not kept, so that it cannot get it
    /// again.
    pub(super) fn coordinator_lost(&mut self) -> bool {
        self.settled = false;
        if let Some(entry) = self.entries.first_mut() {
            entry.acknowledged = 0;
        }
        self.coordinators().is_some()
    }

    fn numbered(&self) -> impl Iterator<Item = (u8, &Holder, &Entry)> {
        let holders = (1..=u8::MAX).zip(self.plan.holders());
        holders.zip(&self.entries).map(|((index, holder), entry)| (index, holder, entry))
    }

    fn encode(&self) -> Zeroizing<Vec<u8>> {
        let parts: Vec<_> = self.numbered().map(|(_, holder, entry)| (fields(holder), entry)).collect();
        let document = |entry: &Entry| entry.document.as_ref().map_or(0, |document| document.len());
        let room = parts.iter().map(|((_, place, key), e)| 8 + place.len() + key.len() + document(e)).sum();
        let room: usize = room;
        // Room for everything from the start: growing would leave copies of the documents behind.
        let mut out = Zeroizing::new(Vec::with_capacity(28 + room));
        out.push(FORMAT);
        out.extend_from_slice(self.share.as_bytes());
        out.push(self.plan.threshold().t());
        out.push(u8::from(self.settled));
        out.push(self.plan.threshold().n());
        for ((kind, place, key), entry) in parts {
            out.push(kind);
            out.push(entry.acknowledged);
            put(&mut out, place);
            put(&mut out, key);
            put(&mut out, entry.document.as_ref().map_or(&[][..], |document| document));
        }
        out
    }

    fn decode(bytes: &[u8]) -> Result<Self, LedgerError> {
        let mut reader = Reader(bytes);
        let [format] = reader.array()?;
        if !(1..=FORMAT).contains(&format) {
            return Err(LedgerError::Format(format));
        }
        let share = ShareId::from_bytes(reader.array()?);
        let [t, settled, n] = reader.array()?;
        let mut holders = Vec::with_capacity(usize::from(n));
        let mut entries = Vec::with_capacity(usize::from(n));
        for _ in 0..n {
            let [kind, acknowledged] = reader.array()?;
            let (place, key, document) = (reader.field()?, reader.field()?, reader.field()?);
            holders.push(holder(kind, place, key)?);
            let document = (!document.is_empty()).then(|| Zeroizing::new(document.to_vec()));
            if acknowledged > 1 && (format == 1 || kind != FOLDER) {
                return Err(LedgerError::Damaged);
            }
            entries.push(Entry { acknowledged, document });
        }
        if !reader.0.is_empty() {
            return Err(LedgerError::Damaged);
        }
        Ok(Self { share, plan: BackupPlan::new(t, holders)?, entries, settled: flag(settled)? })
    }
}

/// Kind, place and key of a holder.
fn fields(holder: &Holder) -> (u8, &[u8], &[u8]) {
    match holder {
        Holder::Coordinator => (0, &[], &[]),
        Holder::Folder(path) => (FOLDER, path.as_os_str().as_bytes(), &[]),
        Holder::ByHand => (2, &[], &[]),
        Holder::FragmentHost { url, key } => (3, url.as_bytes(), key.dangerous_expose().as_bytes()),
    }
}

fn holder(kind: u8, place: &[u8], key: &[u8]) -> Result<Holder, LedgerError> {
    let text = |bytes| std::str::from_utf8(bytes).map_err(|_| LedgerError::Damaged);
    match kind {
        0 => Ok(Holder::Coordinator),
        FOLDER => Ok(Holder::Folder(PathBuf::from(OsString::from_vec(place.to_vec())))),
        2 => Ok(Holder::ByHand),
        3 => {
            let key = Token::new(text(key)?).map_err(|_| LedgerError::Damaged)?;
            Ok(Holder::FragmentHost { url: text(place)?.to_owned(), key })
        }
        _ => Err(LedgerError::Damaged),
    }
}

fn flag(byte: u8) -> Result<bool, LedgerError> {
    match byte {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(LedgerError::Damaged),
    }
}

fn put(out: &mut Vec<u8>, field: &[u8]) {
    let length = u16::try_from(field.len()).expect("places, keys and documents are bounded below 64 KiB");
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(field);
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], LedgerError> {
        let (field, rest) = self.0.split_first_chunk::<N>().ok_or(LedgerError::Damaged)?;
        self.0 = rest;
        Ok(*field)
    }

    fn field(&mut self) -> Result<&'a [u8], LedgerError> {
        let length = u16::from_be_bytes(self.array()?);
        let (field, rest) = self.0.split_at_checked(usize::from(length)).ok_or(LedgerError::Damaged)?;
        self.0 = rest;
        Ok(field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger() -> Ledger {
        let host = Holder::FragmentHost {
            url: "http://127.0.0.1:9".to_owned(),
            key: Token::new("id.secret").unwrap(),
        };
        let holders = vec![Holder::Coordinator, Holder::Folder("/media/stick".into()), host, Holder::ByHand];
        let entries = (1..=4_u8)
            .map(|index| Entry { acknowledged: 0, document: Some(Zeroizing::new(vec![index; 9])) })
            .collect();
        let plan = BackupPlan::new(2, holders).unwrap();
        Ledger { share: ShareId::from_bytes([7; 24]), plan, entries, settled: false }
    }

    fn owed(ledger: &Ledger) -> Vec<u8> {
        ledger.owed().map(|(index, _, _)| index).collect()
    }

    #[test]
    fn what_is_remembered_is_read_back() {
        let mut ledger = ledger();
        ledger.acknowledge(2);
        let bytes = ledger.encode();
        assert_eq!(bytes.capacity(), bytes.len(), "no copy was left behind by growing");
        let read = Ledger::decode(&bytes).unwrap();
        assert_eq!(read.encode(), bytes);
        assert_eq!((owed(&read), read.acknowledged()), (vec![1, 3, 4], 1));
        assert!(
            matches!(&read.plan.holders()[2], Holder::FragmentHost { key, .. } if key.dangerous_expose() == "id.secret")
        );
    }

    #[test]
    fn bytes_that_end_early_or_late_or_say_nonsense_are_an_error() {
        let bytes = ledger().encode();
        for length in 0..bytes.len() {
            assert!(Ledger::decode(&bytes[..length]).is_err(), "{length}");
        }
        assert!(matches!(Ledger::decode(&[&bytes[..], &[0]].concat()), Err(LedgerError::Damaged)));
        for (at, value) in [(0, 0), (25, 1), (26, 2), (27, 0), (28, 9), (29, 2)] {
            let mut bytes = bytes.to_vec();
            bytes[at] = value;
            assert!(Ledger::decode(&bytes).is_err(), "byte {at}");
        }
        let mut later = bytes.to_vec();
        later[0] = 3;
        assert!(matches!(Ledger::decode(&later), Err(LedgerError::Format(3))));
    }

    #[test]
    fn what_format_1_says_is_read_and_its_files_are_the_first_of_their_names() {
        let mut old = ledger();
        old.acknowledge(2);
        let mut bytes = old.encode().to_vec();
        bytes[0] = 1;
        let folders: Vec<_> = Ledger::decode(&bytes).unwrap().folders().map(|(_, _, nth)| nth).collect();
        assert_eq!(folders, [1]);
        old.acknowledge_as(2, 3);
        let bytes = old.encode();
        assert_eq!(Ledger::decode(&bytes).unwrap().folders().map(|(_, _, nth)| nth).collect::<Vec<_>>(), [3]);
        let mut numbered = bytes.to_vec();
        numbered[0] = 1;
        assert!(matches!(Ledger::decode(&numbered), Err(LedgerError::Damaged)));
    }

    #[test]
    fn the_coordinators_document_is_kept_for_the_day_on_which_it_is_lost() {
        let mut ledger = ledger();
        assert!(!ledger.coordinator_is_done());
        ledger.coordinator_has(false);
        assert!(ledger.coordinator_is_done() && ledger.coordinators().is_some());
        assert_eq!(owed(&ledger), [2, 3, 4]);
        ledger.acknowledge(3);
        assert!(!ledger.coordinator_is_done(), "two of two: the coordinator has to hear of it");
        ledger.coordinator_has(true);
        assert!(ledger.coordinator_is_done() && ledger.coordinators().is_some() && ledger.is_settled());
        assert!(ledger.coordinator_lost());
        assert!(!ledger.coordinator_is_done() && !ledger.is_settled());
        assert_eq!((owed(&ledger), ledger.acknowledged()), (vec![1, 2, 4], 1));
        // One that an earlier release made has forgotten it.
        ledger.entries[0].document = None;
        assert!(!ledger.coordinator_lost());
    }

    #[test]
    fn only_what_goes_by_hand_is_handed_over() {
        let mut ledger = ledger();
        assert!(!ledger.hand_over(0) && !ledger.hand_over(1) && !ledger.hand_over(2) && !ledger.hand_over(5));
        assert!(ledger.hand_over(4));
        assert!(!ledger.hand_over(4), "it is gone");
        assert_eq!(owed(&ledger), [1, 2, 3]);
    }
}
