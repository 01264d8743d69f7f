//! The end-to-end channel of protocol 2: `Noise_NX_25519_ChaChaPoly_SHA256` (Noise Protocol Framework, revision 34),
//! between the device, which initiates, and the server, whose static key the device pins.
//!
//! The cryptography is the crate snow's. This module fixes what is ours: the prologue, which binds the fields of the
//! hello; the payload that rides in the second message; and how a message longer than a Noise message is cut into
//! pieces. It draws no randomness: ephemeral keys are arguments. Numbering, acknowledgement and resuming are the
//! business of [`crate::link`].

mod error;
mod handshake;
mod key;
mod pieces;
mod prologue;
mod resolver;

pub use error::ChannelError;
pub use handshake::{Answered, Finished, Initiator, respond};
pub use key::{EphemeralKey, KeyError, PublicKey, StaticKey};
pub use pieces::{Channel, NOISE_BYTES, PIECE_BYTES};
pub use prologue::{PROLOGUE_LABEL, prologue};

/// The Noise protocol's name.
pub const PROTOCOL_NAME: &str = "Noise_NX_25519_ChaChaPoly_SHA256";
