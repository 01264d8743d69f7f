use std::num::NonZeroUsize;

use maany_coordinator_proto::{Intent, SessionId, WalletId};

use super::{text::TextRecorder, *};
use crate::engine_pool::{EnginePool, PoolConfig};

fn telemetry() -> (Telemetry, Arc<TextRecorder>) {
    let recorder = Arc::new(TextRecorder::default());
    let shared: SharedRecorder = Arc::clone(&recorder) as _;
    (Telemetry::new(shared), recorder)
}

fn open(telemetry: &Telemetry) -> SessionTrace {
    SessionTrace::open(telemetry, &SessionId::new("session-1").unwrap(), Intent::Sign)
}

fn has(recorder: &TextRecorder, line: &str) -> bool {
    recorder.render().lines().any(|found| found == line)
}

#[test]
fn a_session_is_counted_while_it_is_open_and_by_its_outcome_when_it_ends() {
    let (telemetry, recorder) = telemetry();
    let mut trace = open(&telemetry);
    trace.wallet(&WalletId::from_bytes([1; 16]));
    trace.received(100);
    trace.sent(30);
    trace.round(Duration::from_millis(250));
    assert!(has(&recorder, "maany_sessions_active 1"));
    trace.end("finished");
    assert!(has(&recorder, "maany_sessions_active 0"));
    assert!(has(&recorder, "maany_sessions_total{intent=\"sign\",outcome=\"finished\"} 1"));
    assert!(has(&recorder, "maany_received_bytes_total 100"));
    assert!(has(&recorder, "maany_sent_bytes_total 30"));
    assert!(has(&recorder, "maany_round_seconds_sum 0.25"));
    assert!(has(&recorder, "maany_session_seconds_count{intent=\"sign\"} 1"));
}

#[test]
fn a_session_that_nobody_ends_is_counted_as_dropped() {
    let (telemetry, recorder) = telemetry();
    drop(open(&telemetry));
    assert!(has(&recorder, "maany_sessions_active 0"));
    assert!(has(&recorder, "maany_sessions_total{intent=\"sign\",outcome=\"dropped\"} 1"));
}

#[tokio::test]
async fn the_engine_pool_reports_to_the_same_recorder() {
    let (telemetry, recorder) = telemetry();
    let config = PoolConfig::with_threads(NonZeroUsize::MIN);
    let pool = EnginePool::observed(config, Arc::new(telemetry)).unwrap();
    pool.run(|| ()).await.unwrap();
    pool.run(|| panic!("contained")).await.unwrap_err();
    pool.shutdown().await;
    assert!(has(&recorder, "maany_engine_step_seconds_count 1"));
    assert!(has(&recorder, "maany_engine_panics_total 1"));
    assert!(has(&recorder, "maany_engine_queued_jobs 0"));
    assert!(has(&recorder, "maany_engine_running_jobs 0"));
}

#[test]
fn every_series_has_a_help_text_and_without_a_recorder_nothing_is_kept() {
    let (telemetry, recorder) = telemetry();
    telemetry.auth_failed();
    telemetry.policy_decided("deny");
    telemetry.http_answered("/healthz", 200);
    open(&telemetry).end("finished");
    let text = recorder.render();
    let count = |what: &str| text.lines().filter(|line| line.starts_with(what)).count();
    assert_eq!(count("# HELP"), count("# TYPE"));
    let silent = Telemetry::default();
    silent.auth_failed();
    open(&silent).end("finished");
}
