//! WebSocket (RFC 6455) on both sides, over one codec.
//!
//! The codec is tungstenite's; this module lends it an asynchronous stream, enforces the limit that holds *now*
//! at the header of a frame, answers pings, and bounds how long closing takes. No extension is ever negotiated, so
//! there is no compression. It deliberately knows no TLS: [`WebSocket::after_handshake`] and [`connect::handshake`]
//! take any stream.

mod bridge;
mod closing;
#[cfg(feature = "websocket-client")]
pub mod connect;
mod fault;
mod meter;
mod socket;
#[cfg(feature = "websocket-server")]
pub mod upgrade;

#[cfg(feature = "websocket-client")]
pub use connect::{ClientSocket, connect};
pub use socket::WebSocket;
#[cfg(feature = "websocket-server")]
pub use upgrade::{ServerSocket, Upgrade};
