//! Lends an asynchronous stream to tungstenite, which reads and writes as if it were blocking.
//!
//! One task polls, so one waker is enough: it is put in before each call. What is read passes a [`Meter`], and the codec
//! gets no further byte of a message that is going to be over the limit.

use super::meter::Meter;
use std::io::{self, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

pub(crate) struct Bridge<S> {
    io: S,
    waker: Waker,
    /// Follows the frames once the HTTP handshake is over.
    meter: Option<Meter>,
    max_message: usize,
    max_fragment: usize,
}

impl<S> Bridge<S> {
    pub(crate) fn new(io: S) -> Self {
        Self {
            io,
            waker: Waker::noop().clone(),
            meter: None,
            max_message: usize::MAX,
            max_fragment: usize::MAX,
        }
    }

    /// Who to wake when the stream moves again.
    pub(crate) fn set_waker(&mut self, waker: &Waker) {
        self.waker.clone_from(waker);
    }

    /// From here on the stream consists of frames, and no message and no piece of one is longer than this.
    pub(crate) fn set_limits(&mut self, max_message: usize, max_fragment: usize) {
        self.meter.get_or_insert_default();
        (self.max_message, self.max_fragment) = (max_message, max_fragment);
    }

    /// The stream itself, for what comes after the codec.
    pub(crate) fn io_mut(&mut self) -> &mut S {
        &mut self.io
    }
}

fn block<T>(poll: Poll<io::Result<T>>) -> io::Result<T> {
    match poll {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}

impl<S: AsyncRead + Unpin> Read for Bridge<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // The codec asks for more only when it has used what it had: so this is about the message in hand, not about
        // one that came along behind a message which raises the limit.
        if self.meter.as_ref().is_some_and(|meter| meter.is_over(self.max_message, self.max_fragment)) {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        let mut buffer = ReadBuf::new(buffer);
        let mut context = Context::from_waker(&self.waker);
        block(Pin::new(&mut self.io).poll_read(&mut context, &mut buffer))?;
        if let Some(meter) = &mut self.meter {
            meter.pass(buffer.filled());
        }
        Ok(buffer.filled().len())
    }
}

impl<S: AsyncWrite + Unpin> Write for Bridge<S> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let mut context = Context::from_waker(&self.waker);
        block(Pin::new(&mut self.io).poll_write(&mut context, buffer))
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut context = Context::from_waker(&self.waker);
        block(Pin::new(&mut self.io).poll_flush(&mut context))
    }
}
