//! The server's log: standard error, at the level of MAANY_LOG (a tracing filter, `info` by default).
//!
//! Only this binary sets a subscriber; the libraries never do.

use tracing_subscriber::EnvFilter;

use crate::output::Mode;

/// Starts logging. Called once, by commands that run for long.
pub(crate) fn start(mode: Mode) {
    let filter = EnvFilter::try_from_env("MAANY_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let log =
        tracing_subscriber::fmt().with_env_filter(filter).with_target(false).with_writer(std::io::stderr);
    match mode {
        Mode::Text => log.with_ansi(console::colors_enabled_stderr()).init(),
        Mode::Json => log.json().flatten_event(true).init(),
    }
}
