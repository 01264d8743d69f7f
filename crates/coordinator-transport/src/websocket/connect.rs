//! The connecting side: TCP, the HTTP upgrade, and no TLS of its own.

use super::bridge::Bridge;
use super::socket::{Codec, WebSocket, config};
use crate::{Limits, Participant, TransportError};
use std::future::poll_fn;
use std::io;
use std::task::Poll;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tungstenite::client::IntoClientRequest;
use tungstenite::handshake::HandshakeError;
use tungstenite::handshake::client::{ClientHandshake, Request};

/// A device's connection over plain TCP.
pub type ClientSocket = WebSocket<TcpStream>;

/// Connects to `ws://host[:port]` as the device, within `limits.connect_timeout`.
///
/// # Errors
/// [`TransportError::Address`] for anything but a `ws://` address, [`TransportError::Refused`] with the HTTP status
/// where no upgrade is served, [`TransportError::Io`] when nobody listens, [`TransportError::Timeout`].
///
/// # Security
/// Plain TCP: whoever is between reads everything. What may travel over it is the caller's rule.
pub async fn connect(url: &str, limits: Limits) -> Result<ClientSocket, TransportError> {
    let request = request(url)?;
    if request.uri().scheme_str() != Some("ws") {
        return Err(TransportError::Address("only ws:// is connected to over plain TCP"));
    }
    let host = request.uri().host().ok_or(TransportError::Address("no host"))?;
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = request.uri().port_u16().unwrap_or(80);
    let connecting = async {
        let stream = TcpStream::connect((host, port)).await?;
        // A round is one small message, and the other side waits for it.
        stream.set_nodelay(true)?;
        upgrade(stream, request, limits).await
    };
    timeout(limits.connect_timeout, connecting)
        .await
        .map_err(|_| TransportError::Timeout(limits.connect_timeout))?
}

/// Makes the client's side of the HTTP upgrade over a stream that is already connected, such as one inside TLS,
/// within `limits.connect_timeout`. The address gives the host header and the path.
///
/// # Errors
/// As [`connect`].
pub async fn handshake<S>(stream: S, url: &str, limits: Limits) -> Result<WebSocket<S>, TransportError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    timeout(limits.connect_timeout, upgrade(stream, request(url)?, limits))
        .await
        .map_err(|_| TransportError::Timeout(limits.connect_timeout))?
}

fn request(url: &str) -> Result<Request, TransportError> {
    url.into_client_request().map_err(|_| TransportError::Address("not a websocket url"))
}

async fn upgrade<S>(stream: S, request: Request, limits: Limits) -> Result<WebSocket<S>, TransportError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    let config = config(limits.max_message);
    let started = ClientHandshake::start(Bridge::new(stream), request, Some(config)).map_err(refusal)?;
    let mut waiting = Some(started);
    let codec: Codec<S> = poll_fn(|cx| {
        let Some(mut middle) = waiting.take() else { return Poll::Pending };
        middle.get_mut().get_mut().set_waker(cx.waker());
        match middle.handshake() {
            Ok((codec, _)) => Poll::Ready(Ok(codec)),
            Err(HandshakeError::Interrupted(middle)) => {
                waiting = Some(middle);
                Poll::Pending
            }
            Err(HandshakeError::Failure(error)) => Poll::Ready(Err(refusal(error))),
        }
    })
    .await?;
    Ok(WebSocket::new(codec, Participant::Device, limits))
}

fn refusal(error: tungstenite::Error) -> TransportError {
    use tungstenite::Error;
    use tungstenite::error::ProtocolError;
    match error {
        Error::Io(error) => TransportError::Io(error),
        Error::Http(response) => TransportError::Refused(response.status().as_u16()),
        Error::Url(_) => TransportError::Address("not a websocket url"),
        Error::Protocol(ProtocolError::HandshakeIncomplete) => {
            TransportError::Io(io::ErrorKind::UnexpectedEof.into())
        }
        _ => TransportError::Protocol("the answer to the upgrade is not websocket's"),
    }
}
