//! The span and the numbers of one session, from its hello to its close.

use std::time::{Duration, Instant};

use maany_coordinator_proto::{Intent, SessionId, WalletId};
use metrics::{Key, Label};
use tracing::{Span, field::Empty};

use super::{METADATA, SESSION_SECONDS, SESSIONS, Telemetry};

/// What a session tells about itself. When it is dropped without [`SessionTrace::end`], the session counts as
/// `dropped`.
#[derive(Debug)]
pub struct SessionTrace {
    telemetry: Telemetry,
    span: Span,
    intent: Intent,
    started: Instant,
    outcome: &'static str,
    rounds: u32,
    bytes_in: u64,
    bytes_out: u64,
}

impl SessionTrace {
    /// Opens the span `session`, with its id and intent. The id is one whose alphabet has been checked.
    #[must_use]
    pub fn open(telemetry: &Telemetry, session: &SessionId, intent: Intent) -> Self {
        telemetry.sessions_active.increment(1);
        let span = tracing::info_span!(
            "session",
            session = %session,
            intent = intent.as_str(),
            wallet = Empty,
            rounds = Empty,
            bytes_in = Empty,
            bytes_out = Empty,
            duration_ms = Empty,
            outcome = Empty,
        );
        Self {
            telemetry: telemetry.clone(),
            span,
            intent,
            started: Instant::now(),
            outcome: "dropped",
            rounds: 0,
            bytes_in: 0,
            bytes_out: 0,
        }
    }

    /// The span, to instrument the session's future with.
    #[must_use]
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// The wallet became known.
    pub fn wallet(&self, wallet: &WalletId) {
        self.span.record("wallet", tracing::field::display(wallet));
    }

    /// A message of this many bytes came in.
    pub fn received(&mut self, bytes: usize) {
        let bytes = count(bytes);
        self.bytes_in += bytes;
        self.telemetry.bytes_in.increment(bytes);
    }

    /// A message of this many bytes went out.
    pub fn sent(&mut self, bytes: usize) {
        let bytes = count(bytes);
        self.bytes_out += bytes;
        self.telemetry.bytes_out.increment(bytes);
    }

    /// A round ended `took` after its message had come in.
    pub fn round(&mut self, took: Duration) {
        self.rounds += 1;
        self.telemetry.round_seconds.record(took);
        self.span.in_scope(|| tracing::debug!(round = self.rounds, duration_ms = millis(took), "round"));
    }

    /// The session ended; `outcome` is a fixed word such as `finished`, `refused` or `deadline`.
    pub fn end(mut self, outcome: &'static str) {
        self.outcome = outcome;
    }
}

impl Drop for SessionTrace {
    fn drop(&mut self) {
        let took = self.started.elapsed();
        self.telemetry.sessions_active.decrement(1);
        let intent = Label::from_static_parts("intent", self.intent.as_str());
        let outcome = Label::from_static_parts("outcome", self.outcome);
        let recorder = &self.telemetry.recorder;
        let ended = Key::from_parts(SESSIONS, vec![intent.clone(), outcome]);
        recorder.register_counter(&ended, &METADATA).increment(1);
        let seconds = Key::from_parts(SESSION_SECONDS, vec![intent]);
        recorder.register_histogram(&seconds, &METADATA).record(took);
        self.span
            .record("rounds", self.rounds)
            .record("bytes_in", self.bytes_in)
            .record("bytes_out", self.bytes_out)
            .record("duration_ms", millis(took))
            .record("outcome", self.outcome);
        self.span.in_scope(|| {
            tracing::info!(
                outcome = self.outcome,
                rounds = self.rounds,
                bytes_in = self.bytes_in,
                bytes_out = self.bytes_out,
                duration_ms = millis(took),
                "session ended"
            );
        });
    }
}

fn count(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

fn millis(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}
