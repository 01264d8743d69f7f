//! The transport that a session of protocol 2 runs over. It seals and numbers what goes out, and goes on over a new socket where
//! one is lost: the device makes it, the server is handed it.

use std::{collections::VecDeque, fmt, mem, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::{FutureExt, future::BoxFuture};
use maany_coordinator_proto::{
    CloseCode,
    link::{HEAD_BYTES, Link, LinkError, Received},
};
use maany_coordinator_transport::{Message, Participant, Transport, TransportError};
use tokio::time::timeout;
use tracing::debug;

use super::{
    epilogue::Epilogue,
    line::{Event, Line},
    redial::{Gone, Redial},
    registry::{Attached, Live},
};

/// Messages that may wait for a reader while a sender waits for an ack.
const INBOX: usize = 8;

/// How long a frame that is on its way out may hold a closing up.
const LAST_FRAME: Duration = Duration::from_millis(750);

/// One end of a session's transport. Text is not carried.
pub struct SecureTransport {
    me: Participant,
    path: Path,
    recovery: Recovery,
    link: Link,
    /// Frames that have not gone out over the socket of now.
    queue: VecDeque<Vec<u8>>,
    inbox: VecDeque<Vec<u8>>,
    /// The largest message, in bytes.
    limit: usize,
}

/// Where the session's socket is.
enum Path {
    Open(Line),
    /// A frame is going out. The line comes back with the end of it.
    Sending(BoxFuture<'static, Line>),
    /// Server: the socket is lost, and another may be handed in.
    Lost,
    /// Device: the socket is lost, and another is being made.
    Redialing(BoxFuture<'static, Result<Attached, Gone>>),
    /// The peer ended the session, with this.
    Over(Message, Option<Line>),
    /// The session failed, or this end closed.
    Failed(Option<Line>),
}

/// Where another socket comes from.
enum Recovery {
    Redial(Arc<Redial>),
    Registry(Live),
}

/// One thing that happened to the socket.
enum Happened {
    Heard(Event),
    Sent(Line),
    Redialed(Result<Attached, Gone>),
    Attached(Attached),
}

impl fmt::Debug for SecureTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecureTransport")
            .field("me", &self.me)
            .field("link", &self.link)
            .finish_non_exhaustive()
    }
}

impl SecureTransport {
    pub(super) fn device(line: Line, redial: Arc<Redial>, limit: usize) -> Self {
        Self::new(Participant::Device, line, Recovery::Redial(redial), limit)
    }

    pub(super) fn server(line: Line, live: Live, limit: usize) -> Self {
        Self::new(Participant::Server, line, Recovery::Registry(live), limit)
    }

    fn new(me: Participant, line: Line, recovery: Recovery, limit: usize) -> Self {
        Self {
            me,
            path: Path::Open(line),
            recovery,
            link: Link::new(),
            queue: VecDeque::new(),
            inbox: VecDeque::new(),
            limit,
        }
    }

    fn check_peer(&self, participant: Participant) -> Result<(), TransportError> {
        if participant == self.me.peer() {
            Ok(())
        } else {
            Err(TransportError::NoSuchParticipant(participant))
        }
    }

    fn is_over(&self) -> bool {
        matches!(self.path, Path::Over(..) | Path::Failed(_))
    }

    /// Waits for the next thing to happen to the socket and sees to it. Cancel-safe: what is under way is kept in `path`.
    async fn pump(&mut self) -> Result<(), TransportError> {
        self.start_sending();
        let limit = self.limit.saturating_add(HEAD_BYTES);
        let Self { path, recovery, .. } = self;
        let happened = tokio::select! {
            biased;
            attached = recovery.attached() => Happened::Attached(attached),
            happened = path.next(limit) => happened,
        };
        match happened {
            Happened::Sent(line) => self.path = Path::Open(line),
            Happened::Heard(Event::Frame(bytes)) => self.take(bytes)?,
            Happened::Heard(Event::Ended(closed)) => {
                self.path = match self.give_up_line() {
                    Some(line) => Path::Over(closed, Some(line)),
                    None => Path::Over(closed, None),
                };
            }
            Happened::Heard(Event::Lost) => self.lose(),
            Happened::Heard(Event::Fault(error)) => return Err(self.fail(error)),
            Happened::Redialed(Ok(Attached { line, ack })) => self.go_on(line, ack)?,
            Happened::Redialed(Err(Gone::Closed(closed))) => self.path = Path::Over(closed, None),
            Happened::Redialed(Err(Gone::Fault(error))) => return Err(self.fail(error)),
            Happened::Attached(Attached { line, ack }) => self.go_on(line, ack)?,
        }
        Ok(())
    }

    /// Puts the next frame on its way, where there is one and a socket that takes it.
    fn start_sending(&mut self) {
        let Path::Open(line) = &self.path else { return };
        if !line.can_send() {
            // The link has what matters of it.
            self.queue.clear();
            return;
        }
        let Some(frame) = self.queue.pop_front() else { return };
        if let Some(line) = self.give_up_line() {
            self.path = Path::Sending(line.send(frame).boxed());
        }
    }

    fn is_sending(&self) -> bool {
        match &self.path {
            Path::Sending(_) => true,
            Path::Open(line) => line.can_send() && !self.queue.is_empty(),
            Path::Lost | Path::Redialing(_) | Path::Over(..) | Path::Failed(_) => false,
        }
    }

    fn take(&mut self, frame: Vec<u8>) -> Result<(), TransportError> {
        match self.link.receive(frame) {
            Ok(Received::Message(message)) => self.inbox.push_back(message),
            Ok(Received::Nothing) => {}
            Err(error) => return Err(self.fail(TransportError::Link(error))),
        }
        if self.link.owes_ack() {
            let ack = self.link.ack();
            self.queue.push_back(ack);
        }
        Ok(())
    }

    fn lose(&mut self) {
        debug!(me = ?self.me, "the socket was lost");
        self.queue.clear();
        self.path = match &self.recovery {
            Recovery::Redial(redial) => {
                let frame = self.link.resume(&redial.token);
                Path::Redialing(Arc::clone(redial).run(frame).boxed())
            }
            Recovery::Registry(_) => Path::Lost,
        };
    }

    /// Goes on over this socket, whose other end has everything up to `ack`. One that was there before is dropped.
    fn go_on(&mut self, line: Line, ack: u64) -> Result<(), TransportError> {
        debug!(me = ?self.me, ack, "the session goes on over a new socket");
        self.path = Path::Open(line);
        self.queue.clear();
        if let Recovery::Registry(_) = self.recovery {
            let answer = self.link.ack();
            self.queue.push_back(answer);
        }
        match self.link.resend(ack) {
            Ok(frames) => {
                self.queue.extend(frames);
                Ok(())
            }
            Err(error) => Err(self.fail(TransportError::Link(error))),
        }
    }

    fn fail(&mut self, error: TransportError) -> TransportError {
        self.path = Path::Failed(self.give_up_line());
        error
    }

    /// The socket, where it is at hand. Leaves a path that must be replaced.
    fn give_up_line(&mut self) -> Option<Line> {
        match mem::replace(&mut self.path, Path::Failed(None)) {
            Path::Open(line) => Some(line),
            _ => None,
        }
    }
}

impl Path {
    /// What happens next on it; nothing where there is no socket.
    async fn next(&mut self, limit: usize) -> Happened {
        match self {
            Self::Open(line) => Happened::Heard(line.recv(limit).await),
            Self::Sending(sending) => Happened::Sent(sending.await),
            Self::Redialing(redialing) => Happened::Redialed(redialing.await),
            Self::Lost | Self::Over(..) | Self::Failed(_) => std::future::pending().await,
        }
    }
}

impl Recovery {
    /// Waits for a socket that is handed in.
    async fn attached(&self) -> Attached {
        match self {
            Self::Registry(live) => live.attached().await,
            Self::Redial(_) => std::future::pending().await,
        }
    }

    /// From now on there is no other socket. Gives the one that waited.
    fn end(&self, epilogue: &Arc<Epilogue>) -> Option<Attached> {
        match self {
            Self::Registry(live) => live.end(Some(Arc::clone(epilogue))),
            Self::Redial(_) => None,
        }
    }
}

#[async_trait]
impl Transport for SecureTransport {
    /// A message counts as sent once it is numbered and kept, even while there is no socket: it goes out over the next one.
    async fn send(&mut self, to: Participant, message: Message) -> Result<(), TransportError> {
        self.check_peer(to)?;
        let message = match message {
            Message::Binary(bytes) => Vec::from(bytes),
            Message::Text(_) => return Err(TransportError::NotBinary),
            Message::Closed { .. } => return Err(TransportError::NotSendable),
        };
        while !self.is_over() && !self.link.has_room(message.len()) {
            if self.link.is_settled() || self.inbox.len() >= INBOX {
                return Err(TransportError::Link(LinkError::Full));
            }
            self.pump().await?;
        }
        if self.is_over() {
            return Err(TransportError::Closed);
        }
        let frame = self.link.send(message).map_err(TransportError::Link)?;
        self.queue.push_back(frame);
        while self.is_sending() {
            self.pump().await?;
        }
        Ok(())
    }

    async fn recv(&mut self, from: Participant) -> Result<Message, TransportError> {
        self.check_peer(from)?;
        loop {
            if let Some(message) = self.inbox.pop_front() {
                return Ok(Message::from(message));
            }
            match &self.path {
                Path::Over(closed, _) => return Ok(closed.clone()),
                Path::Failed(_) => return Err(TransportError::Closed),
                _ => self.pump().await?,
            }
        }
    }

    async fn close(&mut self, code: CloseCode, reason: &str) -> Result<(), TransportError> {
        let epilogue = Arc::new(Epilogue::new(mem::take(&mut self.link), code, reason));
        let waiting = self.recovery.end(&epilogue);
        self.inbox.clear();
        let line = match mem::replace(&mut self.path, Path::Failed(None)) {
            Path::Open(line) => Some(line),
            Path::Over(_, line) | Path::Failed(line) => line,
            Path::Sending(sending) => timeout(LAST_FRAME, sending).await.ok(),
            Path::Lost | Path::Redialing(_) => None,
        };
        // A socket that waited to be taken belongs to the same device, which may be listening on it alone, and may lack what was
        // said on the one before.
        if let Some(waiting) = waiting {
            drop(line);
            let said = timeout(LAST_FRAME, epilogue.say(waiting)).await;
            return said.unwrap_or(Err(TransportError::Timeout(LAST_FRAME)));
        }
        match line {
            Some(line) => line.close(code, reason).await,
            None => Ok(()),
        }
    }

    fn set_limit(&mut self, max_message: usize) {
        self.limit = max_message;
    }
}
