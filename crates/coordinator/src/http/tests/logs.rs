use std::{cell::RefCell, io, sync::Once};

use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use super::*;
use crate::test_support::{alice, doc, wallet};

thread_local! {
    /// What was logged on this thread, on which a test runs with everything that it calls.
    static LOGGED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Keeps everything that is logged, at every level.
struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOGGED.with_borrow_mut(|logged| logged.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self
    }
}

/// For the whole process: what a thread alone listens to may be switched off for all by another thread's first event.
fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
            .with_ansi(false)
            .with_writer(Log)
            .finish();
        tracing::subscriber::set_global_default(subscriber).unwrap();
    });
}

#[tokio::test]
async fn no_log_holds_a_url_path_a_token_or_a_body() {
    listen();
    let api = api().await;
    let row = wallet(&api.vault, &alice(), 1, Some("canary-key")).await;
    for path in [
        "/wallets/canary-key",
        "/wallets/canary%20",
        "/canary/nowhere?canary=1",
        "/v1/wallets/canary-key",
        "/wallets/canary-key/recovery",
        "/v1/wallets?canary=1",
    ] {
        api.get(&api.alice, path).await;
        api.get("canary.token", path).await;
    }
    let strange = Method::from_bytes(b"CANARY-canary").unwrap();
    api.call(request(strange, &api.alice, "/v1/wallets", None)).await;
    let body =
        sign_requests::body("canary-key", &doc(row.public_key, maany_coordinator_cosmos::SignMode::Direct));
    assert_eq!(api.post(&api.alice, "/v1/sign-requests", &body).await.status, StatusCode::CREATED);
    api.post(&api.alice, "/v1/sign-requests", &json!({"canary": "canary"})).await;
    let code = api.post(&api.admin, "/v1/admin/step-up", &json!({"walletId": row.wallet.to_string()})).await;
    let code = code.json()["code"].as_str().unwrap().to_owned();

    let text = String::from_utf8(LOGGED.take()).unwrap();
    assert!(text.contains("route=\"/wallets/{id}\""), "routes are logged: {text}");
    let doc = body["signDoc"].as_str().unwrap();
    for secret in ["canary", "CANARY", &api.alice, &api.admin, &code, doc] {
        assert!(!text.contains(secret), "{secret} is in the log");
    }
}
