//! The network between a device and its server: a TCP proxy on loopback that delays what passes, cuts connections after a
//! frame, lets them fall silent, or does not make them.
//!
//! It delays and nothing else: loopback has no bandwidth limit, no loss and no slow start, so a delayed line shows
//! round trips and not what a slow network would add to them. What is under way is bounded.

mod frames;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub use self::frames::{FrameCounter, client_frame};
use crate::Failure;

/// Bytes read at once.
const CHUNK: usize = 16 * 1024;
/// Chunks under way in one direction.
const UNDER_WAY: usize = 64;

/// Who sent a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// The device.
    Device,
    /// The server.
    Server,
}

/// Where a WebSocket connection through a line breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Whose frames are counted.
    pub sender: Sender,
    /// How many of them pass. After the last of them both ends see the other vanish; 0 is right after the upgrade.
    pub after: usize,
}

/// What becomes of one WebSocket connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ailment {
    /// It breaks there, and both ends see the other vanish.
    Cut(Cut),
    /// From there on the sender is not heard any more, and nobody sees a connection close.
    Silent(Cut),
    /// It is not made.
    Unreachable,
    /// Nothing.
    None,
}

/// A proxy in front of a server.
pub struct Line {
    address: SocketAddr,
    cuts: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl Line {
    /// A line on which everything takes this long each way.
    ///
    /// # Errors
    /// What the system answers.
    pub async fn delaying(upstream: SocketAddr, one_way: Duration) -> Result<Self, Failure> {
        Self::open(upstream, one_way, VecDeque::new()).await
    }

    /// A line that breaks the first WebSocket connection there, and leaves all others alone.
    ///
    /// # Errors
    /// What the system answers.
    pub async fn cutting(upstream: SocketAddr, cut: Cut) -> Result<Self, Failure> {
        Self::ailing(upstream, [Ailment::Cut(cut)]).await
    }

    /// A line that, at that place of the first WebSocket connection, says `bytes` to the other end and swallows
    /// everything that the sender says after it.
    ///
    /// # Errors
    /// What the system answers.
    pub async fn meddling(upstream: SocketAddr, cut: Cut, bytes: Vec<u8>) -> Result<Self, Failure> {
        Self::open(upstream, Duration::ZERO, [Fate::Breaks(Break { cut, instead: Some(bytes) })].into()).await
    }

    /// A line whose first WebSocket connection fares as the first of these says, and so on; later ones hold.
    ///
    /// # Errors
    /// What the system answers.
    pub async fn ailing(
        upstream: SocketAddr,
        ailments: impl IntoIterator<Item = Ailment>,
    ) -> Result<Self, Failure> {
        let fates = ailments.into_iter().map(|ailment| match ailment {
            Ailment::Cut(cut) => Fate::Breaks(Break { cut, instead: None }),
            Ailment::Silent(cut) => Fate::Breaks(Break { cut, instead: Some(Vec::new()) }),
            Ailment::Unreachable => Fate::Dies,
            Ailment::None => Fate::Holds,
        });
        Self::open(upstream, Duration::ZERO, fates.collect()).await
    }

    async fn open(upstream: SocketAddr, one_way: Duration, fates: VecDeque<Fate>) -> Result<Self, Failure> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let cuts = Arc::new(AtomicUsize::new(0));
        let plan = Plan { one_way, fates: Arc::new(Mutex::new(fates)), cuts: Arc::clone(&cuts) };
        let accepting = tokio::spawn(async move {
            while let Ok((device, _)) = listener.accept().await {
                let plan = plan.clone();
                tokio::spawn(async move {
                    if let Ok(server) = TcpStream::connect(upstream).await {
                        carry(device, server, &plan).await;
                    }
                });
            }
        });
        Ok(Self { address, cuts, accepting })
    }

    /// The device's end of the line.
    #[must_use]
    pub fn url(&self) -> String {
        crate::running_server::url(self.address)
    }

    /// How many connections were cut, fell silent or were not made.
    #[must_use]
    pub fn cuts(&self) -> usize {
        self.cuts.load(Ordering::SeqCst)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

#[derive(Clone)]
struct Break {
    cut: Cut,
    /// What the sender seems to say from there on; where there is nothing, both ends see the other vanish.
    instead: Option<Vec<u8>>,
}

/// What becomes of a connection.
enum Fate {
    Breaks(Break),
    Dies,
    Holds,
}

#[derive(Clone)]
struct Plan {
    one_way: Duration,
    /// Those of the next WebSocket connections.
    fates: Arc<Mutex<VecDeque<Fate>>>,
    cuts: Arc<AtomicUsize>,
}

impl Plan {
    /// What becomes of the connection that begins with these bytes. Sessions run at the root path; the HTTP routes have longer ones,
    /// and nothing befalls them.
    fn fate(&self, bytes: &[u8]) -> Fate {
        if !bytes.starts_with(b"GET / ") {
            return Fate::Holds;
        }
        let next = self.fates.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        next.unwrap_or(Fate::Holds)
    }
}

/// Carries one connection until both directions have ended, or it is cut.
async fn carry(device: TcpStream, server: TcpStream, plan: &Plan) {
    let (_, _) = (device.set_nodelay(true), server.set_nodelay(true));
    let (over, chosen) = (CancellationToken::new(), Arc::new(OnceLock::new()));
    let knife = |sender| Knife {
        sender,
        chosen: Arc::clone(&chosen),
        counter: FrameCounter::default(),
        plan: plan.clone(),
    };
    let (from_device, to_device) = device.into_split();
    let (from_server, to_server) = server.into_split();
    let there = pass(from_device, to_server, plan.one_way, knife(Sender::Device), &over);
    let back = pass(from_server, to_device, plan.one_way, knife(Sender::Server), &over);
    tokio::select! {
        _ = async { tokio::join!(there, back) } => {}
        () = over.cancelled() => {}
    }
}

/// Finds the place of the cut in one direction.
struct Knife {
    sender: Sender,
    /// What becomes of the connection; said by the device's direction, whose bytes come first.
    chosen: Arc<OnceLock<Fate>>,
    counter: FrameCounter,
    plan: Plan,
}

impl Knife {
    /// How many of these bytes pass before the cut; `None` where it does not come in them.
    fn place(&mut self, bytes: &[u8]) -> Option<usize> {
        match self.chosen.get_or_init(|| self.plan.fate(bytes)) {
            Fate::Breaks(Break { cut, .. }) if self.sender == cut.sender => {
                self.counter.pass(bytes, cut.after)
            }
            Fate::Dies if self.sender == Sender::Device => Some(0),
            Fate::Breaks(_) | Fate::Dies | Fate::Holds => None,
        }
    }

    /// What the sender seems to say from the cut on.
    fn instead(&self) -> Option<Vec<u8>> {
        match self.chosen.get() {
            Some(Fate::Breaks(Break { instead, .. })) => instead.clone(),
            _ => None,
        }
    }
}

/// Carries one direction.
async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    one_way: Duration,
    mut knife: Knife,
    over: &CancellationToken,
) {
    let (under_way, mut arriving) = mpsc::channel::<(Instant, Vec<u8>)>(UNDER_WAY);
    let read = async {
        let under_way = under_way;
        let mut buffer = vec![0; CHUNK];
        while let Ok(count @ 1..) = from.read(&mut buffer).await {
            let place = knife.place(&buffer[..count]);
            let bytes = buffer[..place.unwrap_or(count)].to_vec();
            if under_way.send((Instant::now() + one_way, bytes)).await.is_err() {
                return false;
            }
            if place.is_none() {
                continue;
            }
            knife.plan.cuts.fetch_add(1, Ordering::SeqCst);
            let Some(instead) = knife.instead() else { return true };
            let _ = under_way.send((Instant::now() + one_way, instead)).await;
            while let Ok(1..) = from.read(&mut buffer).await {}
        }
        false
    };
    let write = async {
        while let Some((at, bytes)) = arriving.recv().await {
            if !one_way.is_zero() {
                tokio::time::sleep_until(at).await;
            }
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
        // A direction that has ended ends at the other side as well.
        let _ = to.shutdown().await;
    };
    if let (true, ()) = tokio::join!(read, write) {
        over.cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_delayed_line_takes_its_time_each_way() {
        let echo = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = echo.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut peer, _) = echo.accept().await.unwrap();
            let mut byte = [0; 1];
            while peer.read_exact(&mut byte).await.is_ok() {
                peer.write_all(&byte).await.unwrap();
            }
        });
        let line = Line::delaying(address, Duration::from_millis(20)).await.unwrap();
        let mut peer = TcpStream::connect(line.address).await.unwrap();
        let mut byte = [7; 1];
        let begin = Instant::now();
        for _ in 0..3 {
            peer.write_all(&byte).await.unwrap();
            peer.read_exact(&mut byte).await.unwrap();
        }
        assert!(begin.elapsed() >= Duration::from_millis(120));
        assert_eq!(byte, [7]);
    }

    #[tokio::test]
    async fn a_cut_comes_behind_its_frame_and_only_once() {
        let upstream = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = upstream.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut peer, _)) = upstream.accept().await {
                tokio::spawn(async move {
                    let mut all = Vec::new();
                    let _ = peer.read_to_end(&mut all).await;
                    let _ = peer.write_all(&[u8::try_from(all.len()).unwrap()]).await;
                });
            }
        });
        let cut = Cut { sender: Sender::Device, after: 1 };
        let line = Line::cutting(address, cut).await.unwrap();
        // The upgrade, one frame of three bytes, and the beginning of another.
        let sent = b"GET / HTTP/1.1\r\n\r\n\x82\x03abc\x82\x03a";
        for cuts in [1, 1] {
            let mut peer = TcpStream::connect(line.address).await.unwrap();
            peer.write_all(sent).await.unwrap();
            peer.shutdown().await.unwrap();
            let mut answer = Vec::new();
            let _ = peer.read_to_end(&mut answer).await;
            assert_eq!(line.cuts(), cuts);
            assert!(answer.is_empty() || answer == [u8::try_from(sent.len()).unwrap()]);
        }
    }
}
