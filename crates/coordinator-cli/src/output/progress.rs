//! A line on the terminal while a session runs: what is going on, for how long, how much has gone over the wire.
//!
//! On standard error, and only where that is a terminal and a person reads; it is gone when the session ends.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use maany_coordinator::device::{Progress, ProgressEvent};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Mode;
use crate::units::{Bytes, Took};

/// How often the line is drawn anew.
const TICK: Duration = Duration::from_millis(100);

/// Watches a device's sessions.
pub(crate) struct SessionLine {
    bar: ProgressBar,
    bytes: AtomicU64,
}

impl SessionLine {
    /// Begins a line that says what is going on.
    pub(crate) fn begin(mode: Mode, doing: &'static str) -> Self {
        // indicatif draws nothing where standard error is no terminal.
        let target = match mode {
            Mode::Text => ProgressDrawTarget::stderr(),
            Mode::Json => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(None, target).with_prefix(doing);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} · {elapsed}{msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(TICK);
        Self { bar, bytes: AtomicU64::new(0) }
    }

    fn say(&self, what: &str) {
        self.bar.set_message(format!(" · {what}"));
    }

    fn moved(&self, bytes: usize) {
        let bytes = bytes as u64;
        let all = self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.say(&Bytes(all).to_string());
    }
}

/// The line is gone when nobody watches any more.
impl Drop for SessionLine {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for SessionLine {
    fn event(&self, event: ProgressEvent) {
        match event {
            ProgressEvent::Connected => self.say("connected"),
            ProgressEvent::Sent(bytes) | ProgressEvent::Received(bytes) => self.moved(bytes),
            ProgressEvent::Retrying(after) => {
                self.say(&format!("interrupted, trying again in {}", Took(after)));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_both_directions_are_added_up() {
        let line = SessionLine::begin(Mode::Json, "making a key");
        line.event(ProgressEvent::Sent(1000));
        line.event(ProgressEvent::Received(24));
        assert_eq!(line.bar.message(), " · 1.00 KiB");
        line.event(ProgressEvent::Retrying(Duration::from_millis(250)));
        assert_eq!(line.bar.message(), " · interrupted, trying again in 250 ms");
    }
}
