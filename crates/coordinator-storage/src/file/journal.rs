//! The journal: which staged files take which places, and which rows go. SHA-256 stands at its end.

use sha2::{Digest, Sha256};

use crate::error::Corruption;
use crate::file::record::checked;
use crate::record::codec::{Reader, Writer};
use crate::table::Table;

const FORMAT: u8 = 1;
const PUT: u8 = 1;
const ERASE: u8 = 2;

/// One step of a batch.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) table: Table,
    pub(super) key: Vec<u8>,
    pub(super) action: Action,
}

/// What becomes of the row.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// A staged file takes its place.
    Put {
        /// The file's name in the staging folder.
        staged: String,
        /// SHA-256 of the file.
        sum: [u8; 32],
    },
    /// It goes.
    Erase,
}

/// The journal's bytes.
pub(super) fn encode(steps: &[Step]) -> Vec<u8> {
    let mut w = Writer::new(FORMAT, 8 + steps.len() * 256).u64(steps.len() as u64);
    for step in steps {
        w = w.u8(step.table.number()).bytes(&step.key);
        w = match &step.action {
            Action::Put { staged, sum } => w.u8(PUT).text(staged).array(sum),
            Action::Erase => w.u8(ERASE),
        };
    }
    let mut bytes = w.finish().to_vec();
    bytes.extend_from_slice(&Sha256::digest(&bytes));
    bytes
}

/// Reads a journal back.
pub(super) fn decode(bytes: &[u8]) -> Result<Vec<Step>, Corruption> {
    let mut r = Reader::new(checked(bytes)?, FORMAT)?;
    let count = r.u64()?;
    let mut steps = Vec::new();
    for _ in 0..count {
        let table = Table::from_number(r.u8()?).ok_or(Corruption::Field("table"))?;
        let key = r.bytes()?.to_vec();
        let action = match r.u8()? {
            PUT => Action::Put { staged: staged_name(r.text("staged")?)?, sum: r.array()? },
            ERASE => Action::Erase,
            _ => return Err(Corruption::Field("action")),
        };
        steps.push(Step { table, key, action });
    }
    r.finish()?;
    Ok(steps)
}

/// A name that cannot lead out of the staging folder.
fn staged_name(name: String) -> Result<String, Corruption> {
    if name.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-') && !name.is_empty() {
        Ok(name)
    } else {
        Err(Corruption::Field("staged"))
    }
}
