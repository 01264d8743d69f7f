//! The way between a device and the server: TCP of the simulated network, and a hop that meddles.
//!
//! The network delays, holds back and partitions. What it cannot do to a TCP connection the hop does, to WebSockets and below
//! the channel: it repeats, swallows or harms a piece of the stream, or cuts it.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use async_trait::async_trait;
use maany_coordinator::network::{BoxedStream, Connect};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use turmoil::net::TcpStream;

/// The host that the server runs on.
pub(crate) const SERVER: &str = "server";
pub(crate) const PORT: u16 = 8080;
/// The server's address, as devices name it.
pub(crate) const URL: &str = "ws://server.simulation:8080";

/// What the hop does to the next piece that goes over a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meddling {
    /// It goes on twice.
    Repeat,
    /// It does not go on.
    Swallow,
    /// One bit of its last byte is turned.
    Harm,
    /// It goes on, and then the connection ends.
    Cut,
}

/// Which way the piece goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    ToServer,
    ToDevice,
}

/// The hop of one device. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Hop(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    orders: Vec<(Way, u64, Meddling)>,
    /// How often it has meddled.
    done: u64,
    /// Counts cuts of everything; a stream of an earlier count is dead.
    cuts: u64,
    waiting: Vec<Waker>,
}

impl Hop {
    /// Meddles with the piece that goes this way after `skip` others.
    pub(crate) fn order(&self, way: Way, skip: u64, meddling: Meddling) {
        self.lock().orders.push((way, skip, meddling));
    }

    /// Cuts every connection that is open now, HTTP too.
    pub(crate) fn cut(&self) {
        let waiting = {
            let mut inner = self.lock();
            inner.cuts += 1;
            inner.done += 1;
            std::mem::take(&mut inner.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Stops meddling.
    pub(crate) fn rest(&self) {
        self.lock().orders.clear();
    }

    /// How often it has meddled.
    pub(crate) fn done(&self) -> u64 {
        self.lock().done
    }

    fn next(&self, way: Way) -> Option<Meddling> {
        let mut inner = self.lock();
        let at = inner.orders.iter().position(|(of, _, _)| *of == way)?;
        let (_, skip, meddling) = inner.orders.get_mut(at)?;
        if *skip > 0 {
            *skip -= 1;
            return None;
        }
        let meddling = *meddling;
        inner.orders.remove(at);
        inner.done += 1;
        Some(meddling)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A device's way to the server.
pub(crate) struct Road(pub(crate) Hop);

#[async_trait]
impl Connect for Road {
    async fn connect(&self) -> io::Result<BoxedStream> {
        let stream = TcpStream::connect((SERVER, PORT)).await?;
        let cuts = self.0.lock().cuts;
        Ok(Box::new(Led {
            stream,
            hop: self.0.clone(),
            cuts,
            is_cut: false,
            socket: Socket::Unknown,
            out: VecDeque::new(),
            within: VecDeque::new(),
        }))
    }

    /// What is tried is not who may listen.
    fn is_private(&self) -> bool {
        true
    }
}

/// A stream that leads over the hop.
struct Led {
    stream: TcpStream,
    hop: Hop,
    cuts: u64,
    is_cut: bool,
    socket: Socket,
    /// What still has to go to the server.
    out: VecDeque<u8>,
    /// What has come from the server and was not read.
    within: VecDeque<u8>,
}

/// How far a stream has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Socket {
    /// Nothing has been sent.
    Unknown,
    /// An HTTP request, which the hop leaves alone: nothing protects it, and nothing needs to.
    Http,
    /// The upgrade is asked for.
    Asked,
    /// A WebSocket.
    Open,
}

impl Led {
    fn check(&mut self, cx: &Context<'_>) -> io::Result<()> {
        let mut inner = self.hop.lock();
        if self.is_cut || inner.cuts != self.cuts {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        inner.waiting.retain(|waker| !waker.will_wake(cx.waker()));
        inner.waiting.push(cx.waker().clone());
        Ok(())
    }

    fn meddle(&mut self, way: Way, mut piece: Vec<u8>) -> Vec<u8> {
        if self.socket != Socket::Open {
            return piece;
        }
        match self.hop.next(way) {
            None => piece,
            Some(Meddling::Repeat) => piece.repeat(2),
            Some(Meddling::Swallow) => Vec::new(),
            Some(Meddling::Harm) => {
                if let Some(last) = piece.last_mut() {
                    *last ^= 1;
                }
                piece
            }
            Some(Meddling::Cut) => {
                self.is_cut = true;
                piece
            }
        }
    }

    fn poll_out(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.out.is_empty() {
            let piece = self.out.make_contiguous();
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, piece))?;
            self.out.drain(..written);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Led {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            if !self.within.is_empty() {
                let fits = buf.remaining().min(self.within.len());
                let bytes: Vec<u8> = self.within.drain(..fits).collect();
                buf.put_slice(&bytes);
                return Poll::Ready(Ok(()));
            }
            self.check(cx)?;
            let mut piece = [0; 4096];
            let mut read = ReadBuf::new(&mut piece);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut read))?;
            if read.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            let piece = read.filled().to_vec();
            let piece = self.meddle(Way::ToDevice, piece);
            self.within.extend(piece);
            if self.socket == Socket::Asked {
                self.socket = Socket::Open;
            }
        }
    }
}

impl AsyncWrite for Led {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        ready!(self.poll_out(cx))?;
        let piece = self.meddle(Way::ToServer, buf.to_vec());
        if self.socket == Socket::Unknown {
            let text = String::from_utf8_lossy(buf).to_ascii_lowercase();
            self.socket = if text.contains("upgrade: websocket") { Socket::Asked } else { Socket::Http };
        }
        self.out.extend(piece);
        // What the network does not take now goes with the next call.
        if let Poll::Ready(Err(error)) = self.poll_out(cx) {
            return Poll::Ready(Err(error));
        }
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_out(cx))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_out(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
