//! The server's end of the network.
//!
//! When a process dies, its runtime drops the tasks in an order that follows from their numbers, which are counted over all
//! runs of this process; what a dropped connection sends draws its delay from the run's dice. So the streams of a dying
//! server are put aside as they are dropped, and are closed in the order in which they were accepted.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use async_trait::async_trait;
use maany_coordinator::network::{BoxedStream, Listen};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use turmoil::net::{TcpListener, TcpStream};

use crate::road::PORT;

/// What one process of the server has open. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Sockets(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    accepted: u64,
    is_dying: bool,
    aside: Vec<(u64, TcpStream)>,
}

impl Sockets {
    /// From now on what is dropped is put aside.
    pub(crate) fn die(&self) {
        self.lock().is_dying = true;
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes what was put aside when it is dropped itself, which has to be after every task and in the process's own world.
pub(crate) struct Last(pub(crate) Sockets);

impl Drop for Last {
    fn drop(&mut self) {
        let mut aside = std::mem::take(&mut self.0.lock().aside);
        aside.sort_by_key(|(number, _)| *number);
        // A vector drops its elements in their order.
        drop(aside);
    }
}

/// Where the server accepts.
pub(crate) struct Gate {
    listener: TcpListener,
    sockets: Sockets,
}

impl Gate {
    pub(crate) async fn open(sockets: Sockets) -> io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(("0.0.0.0", PORT)).await?, sockets })
    }
}

#[async_trait]
impl Listen for Gate {
    async fn accept(&mut self) -> io::Result<(BoxedStream, SocketAddr)> {
        let (stream, peer) = self.listener.accept().await?;
        let sockets = self.sockets.clone();
        let number = {
            let mut inner = sockets.lock();
            inner.accepted += 1;
            inner.accepted
        };
        Ok((Box::new(Accepted { stream: Some(stream), number, sockets }), peer))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// What is tried is not who may listen.
    fn is_private(&self) -> bool {
        true
    }
}

/// An accepted stream; it has its stream until it is dropped.
struct Accepted {
    stream: Option<TcpStream>,
    number: u64,
    sockets: Sockets,
}

impl Accepted {
    fn stream(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        self.stream.as_mut().map(Pin::new).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl Drop for Accepted {
    fn drop(&mut self) {
        let Some(stream) = self.stream.take() else { return };
        let mut inner = self.sockets.lock();
        if inner.is_dying {
            inner.aside.push((self.number, stream));
        }
    }
}

impl AsyncRead for Accepted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream()?.poll_read(cx, buf)
    }
}

impl AsyncWrite for Accepted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.stream()?.poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_shutdown(cx)
    }
}
