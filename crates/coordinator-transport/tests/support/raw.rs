//! A peer made of nothing but TCP and hand-written bytes, so that it can break every rule.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

pub(crate) const TEXT: u8 = 0x1;
pub(crate) const BINARY: u8 = 0x2;
pub(crate) const CONTINUATION: u8 = 0x0;
pub(crate) const CLOSE: u8 = 0x8;
pub(crate) const PING: u8 = 0x9;
pub(crate) const PONG: u8 = 0xa;
pub(crate) const FIN: u8 = 0x80;

/// An upgrade request as RFC 6455, 1.2 shows it.
pub(crate) const UPGRADE: &str = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

pub(crate) struct RawPeer {
    pub(crate) stream: TcpStream,
}

impl RawPeer {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server is listening");
        stream.set_nodelay(true).expect("a socket takes its options");
        Self { stream }
    }

    /// Connects and upgrades; gives the response's head too.
    pub(crate) async fn upgraded(address: SocketAddr) -> (Self, String) {
        let mut peer = Self::connect(address).await;
        peer.write(UPGRADE.as_bytes()).await;
        let head = peer.head().await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        (peer, head)
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.expect("the server takes bytes");
    }

    /// Reads up to the empty line.
    pub(crate) async fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.byte().await.expect("an answer has an end"));
        }
        String::from_utf8(head).expect("an answer is text").to_ascii_lowercase().replacen("http", "HTTP", 1)
    }

    /// `None` at the end of the stream, which must be an orderly one.
    async fn byte(&mut self) -> Option<u8> {
        let read = timeout(Duration::from_secs(5), self.stream.read_u8()).await;
        match read.expect("the server answers in time") {
            Ok(byte) => Some(byte),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => None,
            Err(error) => panic!("the server reset the connection: {error}"),
        }
    }

    /// The next frame of the server: opcode and payload. `None` at the end of the stream.
    pub(crate) async fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let opcode = self.byte().await? & 0x0f;
        let mut length = usize::from(self.byte().await?);
        assert_eq!(length & 0x80, 0, "a server does not mask");
        if length == 126 {
            length = usize::from(self.byte().await?) << 8 | usize::from(self.byte().await?);
        }
        let mut payload = Vec::with_capacity(length);
        for _ in 0..length {
            payload.push(self.byte().await?);
        }
        Some((opcode, payload))
    }

    /// The code of the close frame that comes next, and nothing after it.
    pub(crate) async fn close_code(&mut self) -> u16 {
        let (opcode, payload) = self.frame().await.expect("a close frame comes before the end");
        assert_eq!(opcode, CLOSE);
        assert!(self.byte().await.is_none(), "nothing follows a close frame");
        u16::from_be_bytes([payload[0], payload[1]])
    }
}

/// A masked frame. `first` is the first byte: flags and opcode.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    let mut frame = header(first, payload.len() as u64);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// A frame's header with that mask, whatever follows.
pub(crate) fn header(first: u8, length: u64) -> Vec<u8> {
    let mut header = vec![first];
    match length {
        0..=125 => header.push(0x80 | length as u8),
        126..=65_535 => {
            header.push(0x80 | 126);
            header.extend((length as u16).to_be_bytes());
        }
        _ => {
            header.push(0x80 | 127);
            header.extend(length.to_be_bytes());
        }
    }
    header.extend([0x37, 0xfa, 0x21, 0x3d]);
    header
}
