use super::*;
use crate::telemetry::text::TextRecorder;

#[tokio::test]
async fn health_needs_no_token_and_readiness_ends_with_the_drain() {
    let api = api().await;
    let bare = |path: &str| Request::get(path).body(Body::empty()).unwrap();
    assert_eq!(api.call(bare("/healthz")).await.status, StatusCode::OK);
    assert_eq!(api.call(bare("/readyz")).await.status, StatusCode::OK);
    api.state.readiness.drain();
    let answer = api.call(bare("/readyz")).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "draining"));
    assert_eq!(api.call(bare("/healthz")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn metrics_are_for_the_admin_scope_and_only_where_they_are_kept() {
    let mut api = api().await;
    assert_eq!(api.get("x", "/metrics").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(api.get(&api.alice, "/metrics").await.status, StatusCode::FORBIDDEN);
    assert_eq!(api.get(&api.admin, "/metrics").await.status, StatusCode::NOT_FOUND);
    let recorder = Arc::new(TextRecorder::default());
    let page = Arc::clone(&recorder);
    api.state = api.state.with_metrics(Arc::new(move || page.render()));
    api.state.telemetry = Telemetry::new(recorder);
    api.get(&api.alice, "/wallets/any").await;
    let answer = api.get(&api.admin, "/metrics").await;
    assert_eq!(answer.status, StatusCode::OK);
    let text = String::from_utf8(answer.body).unwrap();
    assert!(text.contains("maany_http_requests_total{route=\"/wallets/{id}\",status=\"200\"} 1"), "{text}");
    assert_eq!(api.get(&api.alice, "/metrics").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_websocket_path_without_an_upgrade_is_426() {
    let response = upgrade_required();
    assert_eq!(response.status(), StatusCode::UPGRADE_REQUIRED);
    assert_eq!(response.headers()[header::UPGRADE], "websocket");
}
