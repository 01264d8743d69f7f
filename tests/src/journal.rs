//! Everything that is logged, at every level, in memory: for tests that look for what must not be there.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tracing_subscriber::fmt::MakeWriter;

/// What was logged so far.
#[derive(Clone, Default)]
pub struct Journal(Arc<Mutex<Vec<u8>>>);

impl Journal {
    /// Records every event and span of this process from now on.
    ///
    /// # Panics
    /// Where somebody else records already.
    #[must_use]
    pub fn of_this_process() -> Self {
        let journal = Self::default();
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
            .with_writer(journal.clone())
            .with_ansi(false)
            .init();
        journal
    }

    /// The log as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl io::Write for &Journal {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Journal {
    type Writer = &'a Journal;

    fn make_writer(&'a self) -> &'a Journal {
        self
    }
}
