//! What the coordinator tells about itself: spans and numbers, never a payload.
//!
//! Spans go to whatever subscriber the host has set; numbers go to the recorder that is passed to
//! [`Telemetry::new`]. Nothing here is global, and nothing here takes message bytes, tokens or shares: the
//! functions accept ids, sizes, durations and fixed words only.

mod session;
pub mod text;

use std::{sync::Arc, time::Duration};

use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder, Unit};

pub use self::session::SessionTrace;
use crate::engine_pool::PoolObserver;

/// A recorder that several threads share.
pub type SharedRecorder = Arc<dyn Recorder + Send + Sync>;

const METADATA: Metadata<'static> = Metadata::new("maany_coordinator", Level::INFO, None);

const SESSIONS_ACTIVE: &str = "maany_sessions_active";
const SESSIONS: &str = "maany_sessions_total";
const SESSION_SECONDS: &str = "maany_session_seconds";
const BYTES_IN: &str = "maany_received_bytes_total";
const BYTES_OUT: &str = "maany_sent_bytes_total";
const ROUND_SECONDS: &str = "maany_round_seconds";
const HTTP: &str = "maany_http_requests_total";
const POLICY: &str = "maany_policy_verdicts_total";
const AUTH_FAILURES: &str = "maany_auth_failures_total";
const QUEUED: &str = "maany_engine_queued_jobs";
const RUNNING: &str = "maany_engine_running_jobs";
const WAIT_SECONDS: &str = "maany_engine_wait_seconds";
const STEP_SECONDS: &str = "maany_engine_step_seconds";
const PANICS: &str = "maany_engine_panics_total";
const REFUSED: &str = "maany_engine_refused_total";

/// The numbers of one coordinator. Cheap to clone.
#[derive(Clone)]
pub struct Telemetry {
    recorder: SharedRecorder,
    sessions_active: Gauge,
    bytes_in: Counter,
    bytes_out: Counter,
    round_seconds: Histogram,
    auth_failures: Counter,
    queued: Gauge,
    running: Gauge,
    wait_seconds: Histogram,
    step_seconds: Histogram,
    panics: Counter,
    refused: Counter,
}

impl std::fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Telemetry").finish_non_exhaustive()
    }
}

impl Default for Telemetry {
    /// Telemetry that keeps no numbers; spans are unaffected.
    fn default() -> Self {
        Self::new(Arc::new(metrics::NoopRecorder))
    }
}

impl Telemetry {
    /// Registers every series with `recorder`.
    pub fn new(recorder: SharedRecorder) -> Self {
        describe(recorder.as_ref());
        let counter = |name| recorder.register_counter(&Key::from_static_name(name), &METADATA);
        let gauge = |name| recorder.register_gauge(&Key::from_static_name(name), &METADATA);
        let histogram = |name| recorder.register_histogram(&Key::from_static_name(name), &METADATA);
        Self {
            sessions_active: gauge(SESSIONS_ACTIVE),
            bytes_in: counter(BYTES_IN),
            bytes_out: counter(BYTES_OUT),
            round_seconds: histogram(ROUND_SECONDS),
            auth_failures: counter(AUTH_FAILURES),
            queued: gauge(QUEUED),
            running: gauge(RUNNING),
            wait_seconds: histogram(WAIT_SECONDS),
            step_seconds: histogram(STEP_SECONDS),
            panics: counter(PANICS),
            refused: counter(REFUSED),
            recorder,
        }
    }

    /// A peer was not authenticated, over HTTP or in a hello.
    pub fn auth_failed(&self) {
        self.auth_failures.increment(1);
    }

    /// The policy decided; `verdict` is `allow` or `deny`.
    pub fn policy_decided(&self, verdict: &'static str) {
        self.count(POLICY, vec![Label::from_static_parts("verdict", verdict)]);
    }

    /// An HTTP request was answered. `route` is the route's pattern, never the path that was asked for.
    pub fn http_answered(&self, route: &str, status: u16) {
        let route = Label::new("route", route.to_owned());
        self.count(HTTP, vec![route, Label::new("status", status.to_string())]);
    }

    fn count(&self, name: &'static str, labels: Vec<Label>) {
        self.recorder.register_counter(&Key::from_parts(name, labels), &METADATA).increment(1);
    }
}

impl PoolObserver for Telemetry {
    fn queued(&self, jobs: usize) {
        self.queued.set(gauge_value(jobs));
    }

    fn running(&self, workers: usize) {
        self.running.set(gauge_value(workers));
    }

    fn finished(&self, waited: Duration, ran: Duration) {
        self.wait_seconds.record(waited);
        self.step_seconds.record(ran);
    }

    fn panicked(&self) {
        self.panics.increment(1);
    }

    fn refused(&self) {
        self.refused.increment(1);
    }
}

/// Queue lengths are small; one past `u32::MAX` would be shown as that.
fn gauge_value(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

fn describe(recorder: &dyn Recorder) {
    let counter = |name: &'static str, unit, text: &'static str| {
        recorder.describe_counter(name.into(), Some(unit), text.into());
    };
    counter(SESSIONS, Unit::Count, "Sessions that have ended, by intent and outcome");
    counter(BYTES_IN, Unit::Bytes, "Bytes of messages received in sessions");
    counter(BYTES_OUT, Unit::Bytes, "Bytes of messages sent in sessions");
    counter(HTTP, Unit::Count, "HTTP requests answered, by route and status");
    counter(POLICY, Unit::Count, "Decisions of the policy, by verdict");
    counter(AUTH_FAILURES, Unit::Count, "Tokens that were refused");
    counter(PANICS, Unit::Count, "Engine steps that panicked and were contained");
    counter(REFUSED, Unit::Count, "Engine steps refused because the queue stayed full");
    let gauge =
        |name: &'static str, text: &'static str| recorder.describe_gauge(name.into(), None, text.into());
    gauge(SESSIONS_ACTIVE, "Sessions that are open now");
    gauge(QUEUED, "Engine steps that wait for a worker now");
    gauge(RUNNING, "Engine steps that run now");
    let seconds = |name: &'static str, text: &'static str| {
        recorder.describe_histogram(name.into(), Some(Unit::Seconds), text.into());
    };
    seconds(SESSION_SECONDS, "How long sessions lasted, by intent");
    seconds(ROUND_SECONDS, "How long one message took from its receipt to the answer");
    seconds(WAIT_SECONDS, "How long engine steps waited for a worker");
    seconds(STEP_SECONDS, "How long engine steps ran");
}

#[cfg(test)]
mod tests;
