//! How a device gets a raw connection to its server, the first time and again.

use async_trait::async_trait;
use maany_coordinator_transport::{Limits, Transport, TransportError, websocket};

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
#[derive(Debug, Clone)]
pub struct WebSocketDialer {
    url: String,
    limits: Limits,
}

impl WebSocketDialer {
    /// A dialer of this address, with the limits of a device.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), limits: Limits::device() }
    }
}

#[async_trait]
impl Dial for WebSocketDialer {
    async fn dial(&self) -> Result<Box<dyn Transport>, TransportError> {
        Ok(Box::new(websocket::connect(&self.url, self.limits).await?))
    }
}
