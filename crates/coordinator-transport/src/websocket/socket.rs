//! A WebSocket as a [`Transport`]: one codec, one task, no hidden queue but a short read-ahead.

use super::bridge::Bridge;
use super::closing;
use super::fault::Fault;
use crate::limits::{Current, Limits};
use crate::{Message, Participant, Transport, TransportError};
use async_trait::async_trait;
use bytes::Bytes;
use maany_coordinator_proto::CloseCode;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tungstenite::Message as Frame;
use tungstenite::protocol::{Role, WebSocketConfig};

pub(crate) type Codec<S> = tungstenite::WebSocket<Bridge<S>>;

/// Bytes asked of the stream at a time; allocated as soon as a connection exists.
const READ_BUFFER: usize = 2 * 1024;

/// What pongs may fill while the peer does not read, beside the one message being sent.
const WRITE_SLACK: usize = 1024;

/// Messages read while a send waits for room, so that two ends that send at the same time never wait for each other.
const READ_AHEAD: usize = 2;

/// One end of a WebSocket connection over the stream `S`.
pub struct WebSocket<S> {
    me: Participant,
    codec: Option<Codec<S>>,
    phase: Phase,
    ahead: VecDeque<Result<Message, TransportError>>,
    unflushed: bool,
    limits: Current,
    close_timeout: Duration,
}

#[derive(Debug)]
enum Phase {
    Open,
    /// Holds the `Message::Closed` that every `recv` gives from now on.
    PeerClosed(Message),
    /// The peer broke a rule and was told so.
    Failed,
    Over,
}

impl<S> std::fmt::Debug for WebSocket<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebSocket")
            .field("me", &self.me)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// How the codec is set up: every default of tungstenite's that is too large for many idle peers is lowered.
pub(crate) fn config(max_message: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(WRITE_SLACK)
        .max_message_size(Some(max_message))
        .max_frame_size(Some(max_message))
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> WebSocket<S> {
    /// A connection whose HTTP upgrade is done; `me` is this end: a server does not mask, a device does.
    #[must_use]
    pub fn after_handshake(stream: S, me: Participant, limits: Limits) -> Self {
        let role = if me == Participant::Server { Role::Server } else { Role::Client };
        let config = config(limits.max_message);
        Self::new(Codec::from_raw_socket(Bridge::new(stream), role, Some(config)), me, limits)
    }

    pub(crate) fn new(mut codec: Codec<S>, me: Participant, limits: Limits) -> Self {
        codec.get_mut().set_limits(limits.max_message, limits.max_fragment);
        Self {
            me,
            codec: Some(codec),
            phase: Phase::Open,
            ahead: VecDeque::new(),
            unflushed: false,
            limits: Current::new(limits),
            close_timeout: limits.close_timeout,
        }
    }

    fn check_peer(&self, participant: Participant) -> Result<(), TransportError> {
        if participant == self.me.peer() {
            Ok(())
        } else {
            Err(TransportError::NoSuchParticipant(participant))
        }
    }

    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Message, TransportError>> {
        if self.unflushed {
            // A send was dropped half-way: its rest goes out while we wait. An error shows up in reading too.
            if let Some(codec) = &mut self.codec {
                codec.get_mut().set_waker(cx.waker());
                self.unflushed = codec.flush().is_err();
            }
        }
        let Some(read) = self.ahead.pop_front() else { return self.poll_next(cx) };
        Poll::Ready(match read {
            // The limit may have been lowered since it was read.
            Ok(message) => self.limits.check(&message).map(|()| message).map_err(|fault| self.fail(fault)),
            Err(error) => Err(error),
        })
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Message, TransportError>> {
        match &self.phase {
            Phase::Open => {}
            Phase::PeerClosed(closed) => return Poll::Ready(Ok(closed.clone())),
            Phase::Failed | Phase::Over => return Poll::Ready(Err(TransportError::Closed)),
        }
        let Some(codec) = &mut self.codec else { return Poll::Ready(Err(TransportError::Closed)) };
        codec.get_mut().set_waker(cx.waker());
        let fault = loop {
            match codec.read() {
                Ok(Frame::Text(text)) => return Poll::Ready(Ok(Message::Text(text.as_str().to_owned()))),
                Ok(Frame::Binary(bytes)) => return Poll::Ready(Ok(Message::Binary(bytes))),
                // The codec answers pings by itself.
                Ok(Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_)) => {}
                Ok(Frame::Close(frame)) => {
                    // The codec has the answer ready; what does not go out now goes out in `close`.
                    let _ = codec.flush();
                    let closed = closing::closed(frame);
                    self.phase = Phase::PeerClosed(closed.clone());
                    return Poll::Ready(Ok(closed));
                }
                Err(error) => break Fault::from(error),
            }
        };
        match fault {
            Fault::Wait => Poll::Pending,
            Fault::Gone => {
                self.codec = None;
                self.phase = Phase::PeerClosed(Message::vanished());
                Poll::Ready(Ok(Message::vanished()))
            }
            Fault::TooLarge => {
                let fault = self.limits.fault();
                Poll::Ready(Err(self.fail(fault)))
            }
            Fault::Failed(error) => Poll::Ready(Err(self.fail(error))),
        }
    }

    /// Tells the peer what it did wrong, as far as the stream takes it at once; `close` sees to the rest.
    fn fail(&mut self, error: TransportError) -> TransportError {
        self.phase = Phase::Failed;
        self.ahead.clear();
        match (error.close_code(), &mut self.codec) {
            (Some(code), Some(codec)) => {
                let _ = closing::tell(codec, closing::frame(code, code.reason()));
            }
            _ => self.codec = None,
        }
        error
    }

    /// Waits until the stream has taken everything, reading a little ahead meanwhile.
    fn poll_flushed(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        loop {
            let Some(codec) = &mut self.codec else { return Poll::Ready(Err(TransportError::Closed)) };
            codec.get_mut().set_waker(cx.waker());
            match codec.flush().map_err(Fault::from) {
                Ok(()) => return Poll::Ready(Ok(())),
                Err(Fault::Wait) => {}
                // The codec stays: the peer's close frame may still be waiting to be read.
                Err(Fault::Gone | Fault::TooLarge) => return Poll::Ready(Err(TransportError::Closed)),
                Err(Fault::Failed(error)) => return Poll::Ready(Err(self.fail(error))),
            }
            if self.ahead.len() >= READ_AHEAD {
                return Poll::Pending;
            }
            let Poll::Ready(read) = self.poll_next(cx) else { return Poll::Pending };
            self.ahead.push_back(read);
            if !matches!(self.phase, Phase::Open) {
                return Poll::Ready(Err(TransportError::Closed));
            }
        }
    }

    /// Puts one message into the codec, which must be flushed and open.
    fn write(&mut self, frame: Frame) -> Result<(), TransportError> {
        let Some(codec) = &mut self.codec else { return Err(TransportError::Closed) };
        codec.set_config(|config| config.max_write_buffer_size = frame.len() + 2 * WRITE_SLACK);
        self.unflushed = true;
        match codec.write(frame).map_err(Fault::from) {
            Ok(()) | Err(Fault::Wait) => Ok(()),
            Err(Fault::Gone | Fault::TooLarge) => Err(TransportError::Closed),
            Err(Fault::Failed(error)) => Err(self.fail(error)),
        }
    }
}

#[async_trait]
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Transport for WebSocket<S> {
    async fn send(&mut self, to: Participant, message: Message) -> Result<(), TransportError> {
        self.check_peer(to)?;
        let frame = match message {
            Message::Text(text) => Frame::text(text),
            Message::Binary(bytes) => Frame::binary::<Bytes>(bytes),
            Message::Closed { .. } => return Err(TransportError::NotSendable),
        };
        if !matches!(self.phase, Phase::Open) {
            return Err(TransportError::Closed);
        }
        poll_fn(|cx| self.poll_flushed(cx)).await?;
        self.write(frame)?;
        poll_fn(|cx| self.poll_flushed(cx)).await?;
        self.unflushed = false;
        if let Some(codec) = &mut self.codec {
            codec.set_config(|config| config.max_write_buffer_size = WRITE_SLACK);
        }
        Ok(())
    }

    async fn recv(&mut self, from: Participant) -> Result<Message, TransportError> {
        self.check_peer(from)?;
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    async fn close(&mut self, code: CloseCode, reason: &str) -> Result<(), TransportError> {
        let phase = std::mem::replace(&mut self.phase, Phase::Over);
        self.ahead.clear();
        let Some(codec) = self.codec.take() else { return Ok(()) };
        let ending = match phase {
            Phase::Open => closing::Ending::Ours(closing::frame(code, reason)),
            Phase::PeerClosed(_) | Phase::Over => closing::Ending::Theirs,
            Phase::Failed => closing::Ending::Broken,
        };
        closing::close(codec, ending, self.close_timeout).await
    }

    fn set_limit(&mut self, max_message: usize) {
        self.limits.set(max_message);
        if let Some(codec) = &mut self.codec {
            codec.set_config(|config| {
                config.max_message_size = Some(max_message);
                config.max_frame_size = Some(max_message);
            });
            codec.get_mut().set_limits(max_message, self.limits.max_fragment());
        }
    }
}
