//! What holds for every route: the body limit, the deadline, one span and one count. The path itself is in neither.

use std::time::{Duration, Instant};

use axum::{
    extract::{DefaultBodyLimit, MatchedPath, Request, State},
    http::Method,
    middleware::Next,
    response::{IntoResponse, Response},
};
use tracing::Instrument;

use super::{error::ApiError, gate::Gate};

/// The route of a path that no route matches, in spans and counts.
const NO_ROUTE: &str = "none";

pub(super) fn body_limit(gate: &Gate) -> DefaultBodyLimit {
    DefaultBodyLimit::max(gate.limits.body_bytes)
}

pub(super) async fn observe_and_bound(
    State(gate): State<Gate>,
    route: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let route = route.as_ref().map_or(NO_ROUTE, MatchedPath::as_str);
    let span = tracing::info_span!("http", method = method(request.method()), route);
    let started = Instant::now();
    let answer = bounded(gate.limits.deadline, next.run(request)).instrument(span.clone()).await;
    let status = answer.status().as_u16();
    gate.telemetry.http_answered(route, status);
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    span.in_scope(|| tracing::debug!(status, duration_ms, "answered"));
    answer
}

/// The methods that are served, by name: a peer can send any other word as a method.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        _ => "other",
    }
}

async fn bounded(deadline: Duration, answer: impl Future<Output = Response>) -> Response {
    match tokio::time::timeout(deadline, answer).await {
        Ok(answer) => answer,
        Err(_elapsed) => ApiError::Deadline.into_response(),
    }
}
