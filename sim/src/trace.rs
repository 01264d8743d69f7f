//! What happened in a run, with the simulation's own time: to be read, and to be compared with a second run of the same seed.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The trace of one run. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Trace(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    now: Duration,
    lines: Vec<String>,
}

impl Trace {
    /// What the time is from here on.
    pub(crate) fn set(&self, now: Duration) {
        self.lock().now = now;
    }

    /// Takes a line down, without the ids in it: they are random, and two runs of a seed have the same trace.
    pub(crate) fn say(&self, line: impl fmt::Display) {
        let mut inner = self.lock();
        let now = inner.now.as_secs_f64();
        inner.lines.push(format!("{now:8.3}  {}", without_ids(&line.to_string())));
    }

    /// Every line.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lock().lines.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The text with a star for every run of at least 16 hexadecimal digits.
fn without_ids(text: &str) -> String {
    let mut out = String::new();
    let mut digits = String::new();
    for c in text.chars().chain(['\0']) {
        if c.is_ascii_hexdigit() {
            digits.push(c);
            continue;
        }
        out.push_str(if digits.len() < 16 { &digits } else { "*" });
        digits.clear();
        out.push(c);
    }
    out.pop();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_left_out_and_words_are_not() {
        let text = "share 3.777b43e6496ba0a0d248146d65c5a1df, decided at 12 added";
        assert_eq!(without_ids(text), "share 3.*, decided at 12 added");
        assert_eq!(without_ids("0123456789abcdef"), "*");
    }
}
