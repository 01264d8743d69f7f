//! The transport of protocol 2: a raw [`Transport`](crate::transport::Transport) inside the Noise channel, with the link on
//! top that makes a session outlive its sockets.
//!
//! [`connect`] is the device's side of the handshake and [`accept`] the server's; each gives a [`SecureTransport`], which
//! carries the same messages as a socket of the older profile, so that driver and machines notice nothing of a socket that was lost
//! and resumed. How long a session may wait for that is their business: their deadlines go on. The rules of the channel and the
//! link are `maany-coordinator-proto`'s; here is only what moves bytes.

mod accept;
mod connect;
mod dial;
mod epilogue;
mod error;
mod key;
mod line;
mod redial;
mod registry;
#[cfg(test)]
mod tests;
mod transport;

pub use self::{
    accept::{Accepted, Answer, Door, accept},
    connect::{Connected, Pin, Route, connect},
    dial::{Dial, WebSocketDialer},
    error::{AcceptError, ConnectError},
    key::ChannelKey,
    registry::{Admittance, Registry},
    transport::SecureTransport,
};
