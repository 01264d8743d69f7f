//! The end of a connection: say why, hear the answer, and never wait longer than agreed.
//!
//! Whoever closes a socket while bytes of the peer are unread makes the operating system send a reset, which can
//! overtake the close frame. So after a broken rule, what the peer still sends is thrown away for a moment.

use super::bridge::Bridge;
use super::fault::Fault;
use super::socket::Codec;
use crate::close::clip;
use crate::{Message, TransportError};
use maany_coordinator_proto::CloseCode;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, timeout_at};
use tungstenite::protocol::CloseFrame;

/// Most that is thrown away after a broken rule, in bytes: three of the largest messages.
const DRAIN: usize = 900 * 1024;

/// Who ended the connection.
pub(crate) enum Ending {
    /// This end, with a frame that is still to be said.
    Ours(CloseFrame),
    /// The peer; the codec holds the answer.
    Theirs,
    /// This end, because the codec cannot go on; the frame has been given to it.
    Broken,
}

/// A close frame, its reason cut to what fits.
pub(crate) fn frame(code: CloseCode, reason: &str) -> CloseFrame {
    CloseFrame { code: code.as_u16().into(), reason: clip(reason).to_owned().into() }
}

/// What the peer's close frame means to a session.
pub(crate) fn closed(frame: Option<CloseFrame>) -> Message {
    match frame {
        Some(frame) => {
            Message::Closed { code: Some(frame.code.into()), reason: frame.reason.as_str().to_owned() }
        }
        None => Message::vanished(),
    }
}

/// Ends the connection within `limit`.
///
/// # Errors
/// When the peer could not be told in time, or the network failed.
pub(crate) async fn close<S>(
    mut codec: Codec<S>,
    ending: Ending,
    limit: Duration,
) -> Result<(), TransportError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let deadline = Instant::now() + limit;
    let (frame, wait) = match ending {
        Ending::Ours(frame) => (Some(frame), Wait::ForAnswer),
        Ending::Theirs => (None, Wait::No),
        Ending::Broken => (None, Wait::WhileDraining),
    };
    let said = timeout_at(deadline, say(&mut codec, frame)).await;
    said.map_err(|_| TransportError::Timeout(limit))??;
    // From here on the peer knows: its silence is no error.
    let _ = timeout_at(deadline, async {
        let heard = match wait {
            Wait::No => Heard::Answer,
            Wait::ForAnswer => hear(&mut codec).await,
            Wait::WhileDraining => Heard::Noise,
        };
        if let Heard::Noise = heard {
            drain(codec.get_mut()).await;
        }
    })
    .await;
    Ok(())
}

enum Wait {
    No,
    ForAnswer,
    WhileDraining,
}

/// Puts the close frame into the codec, behind whatever is still to go out.
pub(crate) fn tell<S>(codec: &mut Codec<S>, frame: CloseFrame) -> Result<(), tungstenite::Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // The codec counts itself as closing even where it had no room for the frame: so there is room.
    codec.set_config(|config| config.max_write_buffer_size = usize::MAX);
    codec.close(Some(frame))
}

/// Hands the close frame, and all before it, to the stream.
async fn say<S>(codec: &mut Codec<S>, mut frame: Option<CloseFrame>) -> Result<(), TransportError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    poll_fn(|cx| {
        codec.get_mut().set_waker(cx.waker());
        let flushed = match frame.take() {
            Some(frame) => tell(codec, frame),
            None => codec.flush(),
        };
        Poll::Ready(match flushed.map_err(Fault::from) {
            Ok(()) | Err(Fault::Gone | Fault::TooLarge) => Ok(()),
            Err(Fault::Wait) => return Poll::Pending,
            Err(Fault::Failed(error)) => Err(error),
        })
    })
    .await
}

enum Heard {
    Answer,
    Noise,
}

/// Reads on until the peer has answered and, where that is its part, has hung up.
async fn hear<S>(codec: &mut Codec<S>) -> Heard
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    poll_fn(|cx| {
        codec.get_mut().set_waker(cx.waker());
        loop {
            match codec.read().map_err(Fault::from) {
                Ok(_) => {}
                Err(Fault::Wait) => return Poll::Pending,
                Err(Fault::Gone) => return Poll::Ready(Heard::Answer),
                Err(Fault::TooLarge | Fault::Failed(_)) => return Poll::Ready(Heard::Noise),
            }
        }
    })
    .await
}

/// Ends our direction of the stream and throws away the other.
async fn drain<S>(bridge: &mut Bridge<S>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let io = bridge.io_mut();
    let mut left = DRAIN;
    if poll_fn(|cx| Pin::new(&mut *io).poll_shutdown(cx)).await.is_ok() {
        let _ = poll_fn(|cx| poll_drain(io, &mut left, cx)).await;
    }
}

fn poll_drain<S>(io: &mut S, left: &mut usize, cx: &mut Context<'_>) -> Poll<std::io::Result<()>>
where
    S: AsyncRead + Unpin,
{
    let mut waste = [0; 1024];
    while *left > 0 {
        let mut buffer = ReadBuf::new(&mut waste);
        ready!(Pin::new(&mut *io).poll_read(cx, &mut buffer))?;
        match buffer.filled().len() {
            0 => break,
            count => *left = left.saturating_sub(count),
        }
    }
    Poll::Ready(Ok(()))
}
