//! Frames that wait, in order, while this side is at work. Bounded: one frame too many ends the session.

use std::collections::VecDeque;

use super::SessionError;
use crate::close::CloseCode;

/// What a peer does.
pub(super) enum FromPeer {
    Text(Vec<u8>),
    Binary(Vec<u8>),
    Closed(Option<CloseCode>),
}

/// The frames that wait, and after them the end of the connection.
pub(super) struct Inbox {
    frames: VecDeque<FromPeer>,
    closed: Option<Option<CloseCode>>,
    limit: usize,
}

impl Inbox {
    pub(super) const fn new(limit: usize) -> Self {
        Self { frames: VecDeque::new(), closed: None, limit }
    }

    /// Takes a frame in. Frames after the end of the connection, and a second end, are dropped.
    pub(super) fn push(&mut self, from_peer: FromPeer) -> Result<(), SessionError> {
        if self.closed.is_some() {
            return Ok(());
        }
        match from_peer {
            FromPeer::Closed(code) => self.closed = Some(code),
            FromPeer::Text(_) | FromPeer::Binary(_) if self.frames.len() >= self.limit => {
                return Err(SessionError::QueueFull);
            }
            frame @ (FromPeer::Text(_) | FromPeer::Binary(_)) => self.frames.push_back(frame),
        }
        Ok(())
    }

    /// The next thing that the peer did; the end of the connection comes last, and stays.
    pub(super) fn pop(&mut self) -> Option<FromPeer> {
        self.frames.pop_front().or_else(|| self.closed.map(FromPeer::Closed))
    }

    /// Whether the connection has ended.
    pub(super) const fn is_closed(&self) -> bool {
        self.closed.is_some()
    }
}
