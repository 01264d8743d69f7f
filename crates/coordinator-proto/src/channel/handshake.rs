//! The two messages of the handshake. The first is the device's ephemeral public key, bare, in the hello; the second brings
//! the server's ephemeral and static keys and, encrypted, the welcome.

use snow::Builder;
use snow::params::NoiseParams;
use zeroize::Zeroizing;

use super::key::KEY_BYTES;
use super::resolver::Resolver;
use super::{Channel, ChannelError, EphemeralKey, PROTOCOL_NAME, PublicKey, StaticKey};

/// An authentication tag of ChaCha20-Poly1305, in bytes.
pub(super) const TAG_BYTES: usize = 16;
/// The second message without its payload: the ephemeral key, the static key and its tag, the payload's tag.
const SECOND_BYTES: usize = 2 * KEY_BYTES + 2 * TAG_BYTES;
/// The longest payload of the second message, in bytes; a welcome has about a hundred.
pub(super) const PAYLOAD_BYTES: usize = 512;

/// The device after its hello: it waits for the second message.
pub struct Initiator(snow::HandshakeState);

/// What the device has from the second message.
#[derive(Debug)]
#[must_use = "the server's key is to be compared"]
pub struct Finished {
    /// The server's static key, which the device compares with the one that it pins before it sends anything.
    pub server: PublicKey,
    /// The payload.
    pub payload: Zeroizing<Vec<u8>>,
    /// The channel.
    pub channel: Channel,
}

/// What the server has from the first message.
#[derive(Debug)]
pub struct Answered {
    /// The second message.
    pub message: Vec<u8>,
    /// The channel.
    pub channel: Channel,
}

impl core::fmt::Debug for Initiator {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Initiator").finish_non_exhaustive()
    }
}

impl Initiator {
    /// A handshake whose first message, `ephemeral`'s public key, is in the hello that `prologue` was made from.
    ///
    /// # Errors
    /// [`ChannelError::Internal`].
    pub fn new(ephemeral: EphemeralKey, prologue: &[u8]) -> Result<Self, ChannelError> {
        let first = ephemeral.public();
        let builder = builder(ephemeral)?.prologue(prologue).map_err(|_| ChannelError::Internal)?;
        let mut state = builder.build_initiator().map_err(|_| ChannelError::Internal)?;
        // snow wants room for a tag, though there is no key yet.
        let mut message = [0; KEY_BYTES + TAG_BYTES];
        let written = state.write_message(&[], &mut message).map_err(|_| ChannelError::Internal)?;
        if message[..written] != *first.as_bytes() {
            return Err(ChannelError::Internal);
        }
        Ok(Self(state))
    }

    /// Reads the second message.
    ///
    /// # Errors
    /// [`ChannelError::Handshake`] where it is not the answer to this hello.
    pub fn finish(mut self, message: &[u8]) -> Result<Finished, ChannelError> {
        if !(SECOND_BYTES..=SECOND_BYTES + PAYLOAD_BYTES).contains(&message.len()) {
            return Err(ChannelError::Handshake);
        }
        let mut payload = Zeroizing::new(vec![0; message.len()]);
        let read = self.0.read_message(message, &mut payload).map_err(|_| ChannelError::Handshake)?;
        payload.truncate(read);
        let server = self.0.get_remote_static().and_then(|key| <[u8; KEY_BYTES]>::try_from(key).ok());
        let server = PublicKey::from_bytes(server.ok_or(ChannelError::Internal)?);
        Ok(Finished { server, payload, channel: Channel::new(self.0)? })
    }
}

impl Finished {
    /// The same, where the server has the key that the device pins.
    ///
    /// # Errors
    /// [`ChannelError::WrongKey`]; nothing may be sent then.
    pub fn pinned(self, key: &PublicKey) -> Result<Self, ChannelError> {
        if self.server == *key { Ok(self) } else { Err(ChannelError::WrongKey) }
    }
}

/// The server's answer to the first message, with a payload of at most 512 bytes.
///
/// # Errors
/// [`ChannelError::Handshake`] where the first message is no key that can be used.
pub fn respond(
    key: &StaticKey,
    ephemeral: EphemeralKey,
    prologue: &[u8],
    first: &[u8; KEY_BYTES],
    payload: &[u8],
) -> Result<Answered, ChannelError> {
    if payload.len() > PAYLOAD_BYTES {
        return Err(ChannelError::Payload);
    }
    let internal = |_| ChannelError::Internal;
    let builder = builder(ephemeral)?.prologue(prologue).map_err(internal)?;
    let builder = builder.local_private_key(key.dangerous_expose()).map_err(internal)?;
    let mut state = builder.build_responder().map_err(internal)?;
    state.read_message(first, &mut []).map_err(|_| ChannelError::Handshake)?;
    let mut message = vec![0; SECOND_BYTES + payload.len()];
    let written = state.write_message(payload, &mut message).map_err(|_| ChannelError::Handshake)?;
    message.truncate(written);
    Ok(Answered { message, channel: Channel::new(state)? })
}

fn builder<'a>(ephemeral: EphemeralKey) -> Result<Builder<'a>, ChannelError> {
    let params: NoiseParams = PROTOCOL_NAME.parse().map_err(|_| ChannelError::Internal)?;
    Ok(Builder::with_resolver(params, Box::new(Resolver::new(ephemeral))))
}
