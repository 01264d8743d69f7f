//! Every operation of the database file fails in turn, alone and with the ones after it: a group of batches is answered
//! for what is in the file, and the store goes on without a restart.

use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use redb::{Database, StorageBackend};

use crate::batch::Batch;
use crate::error::StoreError;
use crate::redb::database::{Shared, prepare};
use crate::redb::{rows, writer};
use crate::table::{RecordTable, Table};

/// A file in memory whose operations can fail.
#[derive(Clone, Debug, Default)]
struct Disk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    content: Vec<u8>,
    operations: usize,
    fault: Option<(Range<usize>, io::ErrorKind)>,
}

impl Disk {
    fn operate<T>(&self, run: impl FnOnce(&mut Vec<u8>) -> T) -> io::Result<T> {
        let mut state = self.0.lock().unwrap();
        state.operations += 1;
        let operation = state.operations;
        match &state.fault {
            Some((range, kind)) if range.contains(&operation) => Err((*kind).into()),
            _ => Ok(run(&mut state.content)),
        }
    }

    /// Lets operations fail, counted from here.
    fn fail(&self, range: Range<usize>, kind: io::ErrorKind) {
        let mut state = self.0.lock().unwrap();
        state.fault = Some((state.operations + range.start..state.operations + range.end, kind));
    }

    /// Nothing fails from here on; says whether something did.
    fn mend(&self) -> bool {
        let mut state = self.0.lock().unwrap();
        let operations = state.operations;
        state.fault.take().is_some_and(|(range, _)| range.start <= operations)
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().content.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let at = usize::try_from(offset).unwrap();
        self.operate(|content| out.copy_from_slice(&content[at..at + out.len()]))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.operate(|content| content.resize(usize::try_from(len).unwrap(), 0))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.operate(|_| ())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let at = usize::try_from(offset).unwrap();
        self.operate(|content| content[at..at + data.len()].copy_from_slice(data))
    }
}

fn shared(disk: &Disk) -> Shared {
    let open = {
        let disk = disk.clone();
        move || -> Result<Database, redb::Error> {
            Ok(Database::builder().create_with_backend(disk.clone())?)
        }
    };
    let database = open().unwrap();
    prepare(&database).unwrap();
    Shared::new(PathBuf::from("faulty"), database, Box::new(open))
}

/// Five batches: the second does not fit, the last one undoes what the first does.
fn group() -> Vec<Batch> {
    let w = RecordTable::Wallets;
    let mut group = vec![Batch::new(), Batch::new(), Batch::new(), Batch::new(), Batch::new()];
    group[0].insert(w, b"a", b"1").erase(w, b"old", 1).insert_share(b"a", vec![1; 30_000]);
    group[1].insert(w, b"b", b"1").insert(w, b"a", b"2");
    group[2].insert(w, b"c", b"1").insert_share(b"c", vec![3; 200_000]);
    group[3].replace(w, b"c", 1, b"2");
    group[4].erase(w, b"a", 1).insert(w, b"old", b"again");
    group
}

/// Key, version, value.
type Wallet = (Vec<u8>, u64, Vec<u8>);

fn wallets(shared: &Shared) -> Vec<Wallet> {
    let entries = shared.with(|database| rows::scan(database, Table::Wallets, b"", None, 100)).unwrap();
    entries
        .into_iter()
        .map(|entry| {
            let row = entry.row.unwrap();
            (entry.key, row.version, row.value)
        })
        .collect()
}

/// What a healthy store makes of these batches; `None` where they do not fit one after the other.
fn expected(batches: &[&Batch]) -> Option<Vec<Wallet>> {
    let shared = shared(&Disk::default());
    seed(&shared);
    for batch in batches {
        writer::write(&shared, std::slice::from_ref(*batch)).remove(0).ok()?;
    }
    Some(wallets(&shared))
}

/// Whether the rows are those of every batch that was answered with `Ok`, and of any of those whose outcome was not
/// known when they were answered.
fn agrees(found: &[Wallet], group: &[Batch], answers: &[Result<(), StoreError>]) -> bool {
    let unknown: Vec<usize> = (0..group.len())
        .filter(|index| matches!(answers[*index], Err(StoreError::Io { doing: "committing", .. })))
        .collect();
    (0..1 << unknown.len()).any(|choice: usize| {
        let counts = |index: usize| match unknown.iter().position(|other| *other == index) {
            Some(bit) => choice >> bit & 1 == 1,
            None => answers[index].is_ok(),
        };
        let counted: Vec<&Batch> = (0..group.len()).filter(|i| counts(*i)).map(|i| &group[i]).collect();
        expected(&counted).is_some_and(|expected| expected == found)
    })
}

fn seed(shared: &Shared) {
    let mut seed = Batch::new();
    seed.insert(RecordTable::Wallets, b"old", b"0");
    writer::write(shared, &[seed]).remove(0).unwrap();
}

#[test]
fn answers_agree_with_the_file_wherever_it_fails() {
    let mut points = 0;
    for kind in [io::ErrorKind::StorageFull, io::ErrorKind::Other] {
        for length in [1, 2, 1_000] {
            for start in 1.. {
                let disk = Disk::default();
                let shared = shared(&disk);
                seed(&shared);
                disk.fail(start..start + length, kind);
                let answers = writer::write(&shared, &group());
                if !disk.mend() {
                    break;
                }
                let name = format!("{kind:?} at {start} for {length}: {answers:?}");
                assert!(answers[0].is_err() || answers[1].is_err(), "{name}");
                let found = wallets(&shared);
                assert!(agrees(&found, &group(), &answers), "{name}: {found:?}");
                let typed = answers.iter().all(|answer| match answer {
                    Ok(()) | Err(StoreError::Conflict { .. }) => true,
                    Err(StoreError::Full { .. }) => kind == io::ErrorKind::StorageFull,
                    Err(StoreError::Io { doing, .. }) => {
                        kind == io::ErrorKind::Other || *doing == "committing"
                    }
                    Err(_) => false,
                });
                assert!(typed, "{name}");

                let mut next = Batch::new();
                next.insert(RecordTable::KeyIds, b"next", b"");
                writer::write(&shared, &[next]).remove(0).unwrap_or_else(|error| panic!("{name}: {error}"));
                points += 1;
            }
        }
    }
    assert!(points > 30, "{points} points");
}

fn healthy() -> Vec<Result<(), StoreError>> {
    let shared = shared(&Disk::default());
    seed(&shared);
    writer::write(&shared, &group())
}

#[test]
fn a_batch_that_does_not_fit_leaves_nothing_in_the_transaction_of_the_others() {
    let answers = healthy();
    let kinds: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(kinds, [true, false, true, true, true]);
    let shared = shared(&Disk::default());
    seed(&shared);
    let before = shared.with(rows::last_commit).unwrap();
    writer::write(&shared, &group());
    assert_eq!(shared.with(rows::last_commit).unwrap(), before + 1, "one transaction for all");
    let keys: Vec<Vec<u8>> = wallets(&shared).into_iter().map(|(key, _, _)| key).collect();
    assert_eq!(keys, [b"c".to_vec(), b"old".to_vec()]);
}
