#![doc = include_str!("../README.md")]

mod close;
pub mod error;
pub mod limits;
pub mod memory;
pub mod message;
pub mod transport;

#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(feature = "__websocket")]
pub mod websocket;

pub use error::TransportError;
pub use limits::Limits;
pub use message::Message;
pub use transport::{Participant, Transport};
