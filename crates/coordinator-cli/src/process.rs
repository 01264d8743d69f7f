//! What this process asks of the operating system before it touches a secret.

use rustix::process::{Resource, Rlimit, Signal as Number, setrlimit};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::error::CliError;

/// Turns core dumps off: a dump would hold key shares and keys.
pub(crate) fn without_core_dumps() -> Result<(), CliError> {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    setrlimit(Resource::Core, none)
        .map_err(|error| CliError::System { doing: "turning core dumps off", source: error.into() })
}

/// The runtime that every command runs on.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, CliError> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|source| CliError::System { doing: "starting the runtime", source })
}

/// Makes a write over the file size limit an error of that write, where it would by default end the process.
pub(crate) fn outlive_file_size_limit() -> Result<(), CliError> {
    // The handler stays when the listener goes.
    listen(SignalKind::from_raw(Number::XFSZ.as_raw())).map(drop)
}

/// Whoever wants this process to end: SIGINT or SIGTERM.
pub(crate) struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    /// From here on the two signals are heard, and end nothing by themselves.
    pub(crate) fn listen() -> Result<Self, CliError> {
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    /// Waits for one of the two.
    pub(crate) async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

fn listen(kind: SignalKind) -> Result<Signal, CliError> {
    signal(kind).map_err(|source| CliError::System { doing: "listening for signals", source })
}
