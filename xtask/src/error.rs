//! What can stop a task, said so that the next step is clear.

use std::path::PathBuf;

/// Why a task failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A program is not installed.
    #[error("{program} is needed and was not found\n  {hint}")]
    MissingTool {
        /// What was looked for.
        program: &'static str,
        /// How to get it.
        hint: &'static str,
    },
    /// A program is installed, but too old.
    #[error("{program} {found} is too old\n  {hint}")]
    OldTool {
        /// What was looked at.
        program: &'static str,
        /// Its version.
        found: String,
        /// How to get a newer one.
        hint: &'static str,
    },
    /// A process could not be started.
    #[error("could not start `{command}`")]
    Spawn {
        /// The command line.
        command: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A process ended with a failure.
    #[error("`{command}` failed ({status})")]
    Failed {
        /// The command line.
        command: String,
        /// How it ended.
        status: std::process::ExitStatus,
    },
    /// The test runner has already said what is wrong.
    #[error("tests failed")]
    TestsFailed,
    /// A file could not be read, written or copied.
    #[error("{}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Cargo printed something else than was expected.
    #[error("cannot read the output of `{0}`")]
    Output(String),
    /// No step has this name.
    #[error("there is no step {name:?}; the steps are {known}")]
    UnknownStep {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// A check found something; the findings are printed already.
    #[error("{0}")]
    Findings(String),
}

impl Error {
    /// Names the file that an I/O error is about.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
