//! The network as a host may bring it: byte streams to a server, and byte streams from devices.
//!
//! Without one, devices and servers use TCP of their own. A host that ends TLS itself, goes through a tunnel, or runs both sides
//! in a simulation gives its streams here; WebSocket, HTTP and everything above them run over those unchanged.

use std::{io, net::SocketAddr};

use async_trait::async_trait;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
};
use tracing::debug;

/// A connection as bytes.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for S {}

/// A connection of whichever kind.
pub type BoxedStream = Box<dyn Stream>;

/// Makes streams to one server: a device's WebSockets and HTTP requests run over them.
#[async_trait]
pub trait Connect: Send + Sync + 'static {
    /// A fresh stream. The caller bounds how long it waits.
    ///
    /// # Errors
    /// Where the server cannot be reached now.
    async fn connect(&self) -> io::Result<BoxedStream>;

    /// Whether nobody between here and the server's process can read what goes over the streams: inside TLS that this host ends
    /// and whose certificate it checks.
    ///
    /// # Security
    /// Fragments, step-up codes and the older profile's key making travel only where this is true or the server is on this
    /// machine.
    fn is_private(&self) -> bool {
        false
    }
}

/// Takes the connections of devices.
#[async_trait]
pub trait Listen: Send + 'static {
    /// Waits for the next connection, and gives it with the address of its other end. Cancel-safe.
    ///
    /// # Errors
    /// Where this one connection cannot be taken; the next one is waited for.
    async fn accept(&mut self) -> io::Result<(BoxedStream, SocketAddr)>;

    /// Where it listens.
    ///
    /// # Errors
    /// What the system answers.
    fn local_addr(&self) -> io::Result<SocketAddr>;

    /// Whether nobody between a device and this process can read what goes over the streams: inside TLS that this host ends.
    ///
    /// # Security
    /// As [`Connect::is_private`].
    fn is_private(&self) -> bool {
        false
    }
}

#[async_trait]
impl Listen for TcpListener {
    async fn accept(&mut self) -> io::Result<(BoxedStream, SocketAddr)> {
        let (stream, peer) = Self::accept(self).await?;
        // Rounds are small and latency is what a user waits for.
        if let Err(error) = stream.set_nodelay(true) {
            debug!(%error, "cannot set TCP_NODELAY");
        }
        Ok((Box::new(stream), peer))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Self::local_addr(self)
    }
}
