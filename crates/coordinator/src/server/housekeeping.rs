//! Forgets what has expired: step-up codes, and used ids of tokens that have ended; and closes expired sign requests.

use std::{sync::Arc, time::Duration};

use maany_coordinator_storage::{Vault, record::AuditRow};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{sign_request::SignRequests, time};

/// How often; a step-up code lives ten minutes.
const EVERY: Duration = Duration::from_secs(10 * 60);

/// Runs until `shutdown`. What has expired is refused whether or not it is forgotten already.
pub(crate) async fn run(vault: Vault, shutdown: CancellationToken) {
    loop {
        let audit = AuditRow {
            at_ms: time::now_ms(),
            actor: "housekeeping".to_owned(),
            event: "expired-forgotten".to_owned(),
            wallet: None,
            details: String::new(),
        };
        match vault.forget_expired(time::now_ms(), audit).await {
            Ok(0) => {}
            Ok(count) => info!(count, "expired codes and ids are forgotten"),
            Err(error) => warn!(%error, "expired codes and ids cannot be forgotten"),
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Closes expired sign requests until `shutdown`. One that has expired is refused whether or not it is closed already.
pub(super) async fn close_requests(requests: Arc<SignRequests>, shutdown: CancellationToken) {
    loop {
        match requests.close_expired().await {
            Ok(0) => {}
            Ok(count) => info!(count, "expired sign requests are closed"),
            Err(error) => warn!(%error, "expired sign requests cannot be closed"),
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}
