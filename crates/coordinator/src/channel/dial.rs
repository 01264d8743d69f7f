//! How a device gets a raw connection to its server, the first time and again.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use maany_coordinator_transport::{Limits, Transport, TransportError, websocket};
use tokio::time::timeout;

use crate::network::Connect;

/// Makes raw connections to one server.
#[async_trait]
pub trait Dial: Send + Sync + 'static {
    /// A fresh connection, within a time of its own.
    ///
    /// # Errors
    /// Where the server cannot be reached now.
    async fn dial(&self) -> Result<Box<dyn Transport>, TransportError>;
}

/// Dials `ws://host[:port]`.
#[derive(Clone)]
pub struct WebSocketDialer {
    url: String,
    limits: Limits,
    network: Option<Arc<dyn Connect>>,
}

impl WebSocketDialer {
    /// A dialer of this address, with the limits of a device.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), limits: Limits::device(), network: None }
    }

    /// The same over streams of the host's own; the address names the server in the upgrade.
    #[must_use]
    pub fn over(self, network: Arc<dyn Connect>) -> Self {
        Self { network: Some(network), ..self }
    }
}

impl fmt::Debug for WebSocketDialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketDialer").field("url", &self.url).finish_non_exhaustive()
    }
}

#[async_trait]
impl Dial for WebSocketDialer {
    async fn dial(&self) -> Result<Box<dyn Transport>, TransportError> {
        let Some(network) = &self.network else {
            return Ok(Box::new(websocket::connect(&self.url, self.limits).await?));
        };
        let limit = self.limits.connect_timeout;
        let dialing = async {
            let stream = network.connect().await?;
            websocket::connect::handshake(stream, &self.url, self.limits).await
        };
        let socket = timeout(limit, dialing).await.map_err(|_| TransportError::Timeout(limit))??;
        Ok(Box::new(socket))
    }
}
