//! Messages over the finished handshake. A message is cut into pieces, each one Noise transport message: one byte, 1
//! where more pieces follow and 0 on the last one, then the piece. Every piece but the last is full, so that a message of a
//! given length is cut in one way only.

use core::fmt;

use snow::{HandshakeState, TransportState};
use zeroize::Zeroizing;

use super::ChannelError;
use super::handshake::TAG_BYTES;

/// The longest Noise message (Noise Protocol Framework, section 3), in bytes.
pub const NOISE_BYTES: usize = 65_535;
/// What a full piece carries of a message, in bytes.
pub const PIECE_BYTES: usize = NOISE_BYTES - TAG_BYTES - MARK_BYTES;

const MARK_BYTES: usize = 1;
const LAST: u8 = 0;
const MORE: u8 = 1;

/// A channel whose handshake is over. It is good for one socket; a resumed session has a new one.
pub struct Channel {
    /// None once it has failed.
    state: Option<TransportState>,
    hash: [u8; 32],
    joined: Vec<u8>,
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel").finish_non_exhaustive()
    }
}

impl Channel {
    pub(super) fn new(handshake: HandshakeState) -> Result<Self, ChannelError> {
        let hash = handshake.get_handshake_hash().try_into().map_err(|_| ChannelError::Internal)?;
        let state = handshake.into_transport_mode().map_err(|_| ChannelError::Internal)?;
        Ok(Self { state: Some(state), hash, joined: Vec::new() })
    }

    /// The handshake hash, the same on both sides and of this handshake alone.
    #[must_use]
    pub const fn handshake_hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// The pieces of a message, encrypted, in the order in which they must be sent.
    ///
    /// # Errors
    /// [`ChannelError::Broken`] after a failure, [`ChannelError::Internal`].
    pub fn seal(&mut self, message: &[u8]) -> Result<Vec<Vec<u8>>, ChannelError> {
        let mut state = self.state.take().ok_or(ChannelError::Broken)?;
        let mut pieces = Vec::with_capacity(message.len() / PIECE_BYTES + 1);
        let mut plain = Zeroizing::new(Vec::with_capacity(MARK_BYTES + message.len().min(PIECE_BYTES)));
        let mut rest = message;
        loop {
            let (piece, after) = rest.split_at(rest.len().min(PIECE_BYTES));
            rest = after;
            plain.clear();
            plain.push(if rest.is_empty() { LAST } else { MORE });
            plain.extend_from_slice(piece);
            let mut sealed = vec![0; plain.len() + TAG_BYTES];
            state.write_message(&plain, &mut sealed).map_err(|_| ChannelError::Internal)?;
            pieces.push(sealed);
            if rest.is_empty() {
                self.state = Some(state);
                return Ok(pieces);
            }
        }
    }

    /// Takes the next piece; with the last one the message, which may have at most `limit` bytes.
    ///
    /// # Errors
    /// [`ChannelError`] for anything but the next piece that the other side sealed. The channel is of no use after it.
    pub fn open(&mut self, piece: &[u8], limit: usize) -> Result<Option<Vec<u8>>, ChannelError> {
        let mut state = self.state.take().ok_or(ChannelError::Broken)?;
        if !(MARK_BYTES + TAG_BYTES..=NOISE_BYTES).contains(&piece.len()) {
            return Err(ChannelError::Length);
        }
        if self.joined.len() + piece.len() - MARK_BYTES - TAG_BYTES > limit {
            return Err(ChannelError::TooLong { limit });
        }
        let mut plain = Zeroizing::new(vec![0; piece.len() - TAG_BYTES]);
        let read = state.read_message(piece, &mut plain).map_err(|_| ChannelError::Decrypt)?;
        let (&mark, body) = plain[..read].split_first().ok_or(ChannelError::Length)?;
        match mark {
            LAST => {}
            MORE if body.len() == PIECE_BYTES => {}
            MORE => return Err(ChannelError::Short),
            _ => return Err(ChannelError::Mark),
        }
        self.joined.extend_from_slice(body);
        self.state = Some(state);
        Ok((mark == LAST).then(|| core::mem::take(&mut self.joined)))
    }
}
