//! Every connection that a device opens is told to who watches it, the ones that bring a session back among them.

use std::sync::Arc;

use async_trait::async_trait;
use maany_coordinator_transport::{Transport, TransportError};

use super::{Parts, Progress, ProgressEvent};
use crate::channel::{Dial, WebSocketDialer};

/// Dials the device's server.
pub(super) struct WatchedDialer {
    server: WebSocketDialer,
    progress: Arc<dyn Progress>,
}

impl WatchedDialer {
    pub(super) fn of(parts: &Parts) -> Self {
        let server = WebSocketDialer::new(&parts.server);
        let server = match &parts.network {
            Some(network) => server.over(Arc::clone(network)),
            None => server,
        };
        Self { server, progress: Arc::clone(&parts.progress) }
    }
}

#[async_trait]
impl Dial for WatchedDialer {
    async fn dial(&self) -> Result<Box<dyn Transport>, TransportError> {
        let socket = self.server.dial().await?;
        self.progress.event(ProgressEvent::Connected);
        Ok(socket)
    }
}
