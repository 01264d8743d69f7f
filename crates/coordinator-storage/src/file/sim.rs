//! A disk that can stop between any two operations, and that forgets what was not synced, in part or in whole.
//!
//! It assumes no more than POSIX promises: names reach the disk in any order until their folder is synced, contents
//! until their file is. One thing more is assumed, that a rename never loses its file.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::file::disk::Disk;

type Folders = BTreeMap<PathBuf, BTreeMap<String, usize>>;

/// What is left after the power was cut.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cut {
    /// The process was killed: everything that was done is there, and still not synced.
    Kill,
    /// Nothing that was not synced is there.
    Lost,
    /// Any part of what was not synced is there, chosen by this number.
    Part(u64),
}

/// A shared handle: the disk outlives the engine on it.
#[derive(Clone)]
pub(super) struct SimDisk(Arc<Mutex<Sim>>);

#[derive(Clone, Default)]
struct Sim {
    /// Contents as they were, one after the other; the last is what a reader sees.
    files: Vec<Vec<Vec<u8>>>,
    seen: Folders,
    durable: Folders,
    pending: Vec<Change>,
    /// How many steps are still done before the power is cut.
    left: Option<usize>,
    /// These steps fail, and the following ones are done.
    fault: Option<(Range<usize>, io::ErrorKind)>,
    steps: usize,
    /// How many changes of names there were, over all processes.
    changes: usize,
}

#[derive(Clone)]
struct Change {
    folder: PathBuf,
    name: String,
    file: Option<usize>,
    /// The two halves of a rename have the same number.
    rename: usize,
}

impl SimDisk {
    pub(super) fn new() -> Self {
        let mut sim = Sim::default();
        sim.seen.insert(PathBuf::new(), BTreeMap::new());
        sim.durable.insert(PathBuf::new(), BTreeMap::new());
        Self(Arc::new(Mutex::new(sim)))
    }

    /// Cuts the power after this many more steps.
    pub(super) fn cut_after(&self, steps: usize) {
        self.0.lock().unwrap().left = Some(steps);
    }

    /// Lets steps fail, counted from here.
    pub(super) fn fail(&self, steps: Range<usize>, kind: io::ErrorKind) {
        let mut sim = self.0.lock().unwrap();
        sim.fault = Some((sim.steps + steps.start..sim.steps + steps.end, kind));
    }

    /// No step fails from here on; says whether one did.
    pub(super) fn mend(&self) -> bool {
        let mut sim = self.0.lock().unwrap();
        let fault = sim.fault.take();
        fault.is_some_and(|(steps, _)| steps.start < sim.steps)
    }

    /// How many steps have been done.
    pub(super) fn steps(&self) -> usize {
        self.0.lock().unwrap().steps
    }

    /// The disk as the next process finds it.
    pub(super) fn after(&self, cut: Cut) -> Self {
        let sim = self.0.lock().unwrap();
        if let Cut::Kill = cut {
            let sim = Sim { left: None, fault: None, steps: 0, ..sim.clone() };
            return Self(Arc::new(Mutex::new(sim)));
        }
        let mut dice = match cut {
            Cut::Part(seed) => seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            Cut::Kill | Cut::Lost => 1,
        };
        let mut roll = |sides: usize| {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            usize::try_from(dice >> 8).unwrap() % sides
        };
        let mut names = sim.durable.clone();
        if let Cut::Part(_) = cut {
            let mut kept: Vec<bool> = sim.pending.iter().map(|_| roll(2) == 1).collect();
            // A rename whose old name is gone has its new name.
            for (index, change) in sim.pending.iter().enumerate() {
                if kept[index] && change.file.is_none() {
                    let new = sim
                        .pending
                        .iter()
                        .position(|other| other.rename == change.rename && other.file.is_some());
                    new.into_iter().for_each(|new| kept[new] = true);
                }
            }
            for (change, _) in sim.pending.iter().zip(kept).filter(|(_, kept)| *kept) {
                change.apply(&mut names);
            }
        }
        let files = sim.files.iter().map(|history| {
            let content = match cut {
                Cut::Part(_) => history.get(roll(history.len())),
                Cut::Kill | Cut::Lost => history.first(),
            };
            vec![content.unwrap().clone()]
        });
        let files = files.collect();
        Self(Arc::new(Mutex::new(Sim { files, seen: names.clone(), durable: names, ..Sim::default() })))
    }
}

impl Change {
    fn apply(&self, folders: &mut Folders) {
        let folder = folders.entry(self.folder.clone()).or_default();
        match self.file {
            Some(file) => folder.insert(self.name.clone(), file),
            None => folder.remove(&self.name),
        };
    }
}

impl Sim {
    fn step(&mut self) -> io::Result<()> {
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(1).ok_or_else(|| io::Error::other("the power is cut"))?;
        }
        self.steps += 1;
        match &self.fault {
            Some((steps, kind)) if steps.contains(&(self.steps - 1)) => Err((*kind).into()),
            _ => Ok(()),
        }
    }

    fn find(&self, path: &Path) -> Option<usize> {
        let (folder, name) = split(path);
        self.seen.get(&folder)?.get(&name).copied()
    }

    fn change(&mut self, path: &Path, file: Option<usize>, rename: usize) {
        let (folder, name) = split(path);
        let change = Change { folder, name, file, rename };
        change.apply(&mut self.seen);
        self.pending.push(change);
    }
}

impl Disk for SimDisk {
    type Written = usize;

    fn root(&self) -> &Path {
        Path::new("/sim")
    }

    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        let mut sim = self.0.lock().unwrap();
        sim.step()?;
        Ok(sim.find(path).map(|file| sim.files[file].last().unwrap().clone()))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let mut sim = self.0.lock().unwrap();
        sim.step()?;
        let folder = sim.seen.get(folder).ok_or(io::ErrorKind::NotFound)?;
        let below = |path: &PathBuf| path.parent() == Some(Path::new("")) && path != Path::new("");
        let mut names: Vec<String> = folder.keys().cloned().collect();
        if std::ptr::eq(folder, &sim.seen[Path::new("")]) {
            names.extend(
                sim.seen.keys().filter(|path| below(path)).map(|path| path.to_string_lossy().into_owned()),
            );
        }
        Ok(names)
    }

    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        let mut sim = self.0.lock().unwrap();
        sim.step()?;
        sim.seen.entry(folder.to_owned()).or_default();
        sim.durable.entry(folder.to_owned()).or_default();
        Ok(())
    }

    fn write_new(&self, path: &Path, bytes: &[u8]) -> io::Result<usize> {
        let mut sim = self.0.lock().unwrap();
        sim.step()?;
        if sim.find(path).is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let file = sim.files.len();
        sim.files.push(vec![Vec::new()]);
        sim.changes += 1;
        let made = sim.changes;
        sim.change(path, Some(file), made);
        for content in [bytes[..bytes.len() / 2].to_vec(), vec![0; bytes.len()], bytes.to_vec()] {
            sim.step()?;
            sim.files[file].push(content);
        }
        Ok(file)
    }

    fn sync(&self, file: &usize) -> io::Result<()> {
        let mut sim = self.0.lock().unwrap();
        sim.step()?;
        let content = sim.files[*file].pop().unwrap();
        sim.files[*file] = vec![content];
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut sim = self.0.lock().unwrap();
        sim.step()?;
        let file = sim.find(from).ok_or(io::ErrorKind::NotFound)?;
        sim.changes += 1;
        let rename = sim.changes;
        sim.change(to, Some(file), rename);
        sim.change(from, None, rename);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut sim = self.0.lock().unwrap();
        sim.step()?;
        if sim.find(path).is_some() {
            sim.changes += 1;
            let remove = sim.changes;
            sim.change(path, None, remove);
        }
        Ok(())
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        let mut sim = self.0.lock().unwrap();
        sim.step()?;
        let pending = std::mem::take(&mut sim.pending);
        // Old names that go now take the new names of their renames along.
        let gone: Vec<usize> = pending
            .iter()
            .filter(|change| change.folder == folder && change.file.is_none())
            .map(|change| change.rename)
            .collect();
        for change in pending {
            if change.folder == folder || (change.file.is_some() && gone.contains(&change.rename)) {
                change.apply(&mut sim.durable);
            } else {
                sim.pending.push(change);
            }
        }
        Ok(())
    }
}

fn split(path: &Path) -> (PathBuf, String) {
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    (folder, path.file_name().unwrap().to_string_lossy().into_owned())
}
