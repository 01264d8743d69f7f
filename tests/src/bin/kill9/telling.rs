//! What a device process tells: one line of JSON for each thing that its owner would now rely on.

use std::io::Write as _;

use maany_tests::Failure;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum Told {
    /// An address could be shown.
    Shown { wallet: String },
    /// A sign request was made, in the place of another where it names one.
    Requested { question: Question, replaces: Option<String> },
    /// The account's sequence belonged to another document.
    Taken,
    /// A signature came back and verified. `asked` says whether it was asked for once more.
    Signed { wallet: String, request: String, signature: String, asked: bool },
    /// The shares are new.
    Refreshed,
    /// A backup is with its holders, the coordinator among them.
    BackedUp,
    /// With everything up, a request that was made gave no signature.
    Unanswered { request: String, error: String },
    /// Something did not work this time.
    Failed { what: String, error: String },
    /// The last check of a wallet: it signs.
    Signs { wallet: String },
}

impl Told {
    /// One write, so that a process that is killed tells all of a line or nothing.
    pub(crate) fn say(&self) -> Result<(), Failure> {
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        let mut out = std::io::stdout().lock();
        out.write_all(&line)?;
        Ok(out.flush()?)
    }
}

/// What is asked for again at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Question {
    pub(crate) wallet: String,
    pub(crate) request: String,
    pub(crate) sequence: u64,
    pub(crate) amount: u64,
}
