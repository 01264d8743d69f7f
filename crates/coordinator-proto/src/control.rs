//! The coordinator's own binary frames, which travel beside the engine's messages: who holds which share, and the
//! two-party commit. A frame is 4 bytes of magic and version, one byte of kind, and a body of fixed layout; integers
//! are big-endian. A frame of another length is refused: there are no optional tails.

use crate::frame::FrameError;
use crate::ids::{ShareId, WalletId};

/// The first three bytes of every control frame.
pub const MAGIC: [u8; 3] = *b"MYC";
/// The version byte after the magic.
pub const VERSION: u8 = 1;
/// Magic, version and kind.
const HEAD: usize = 5;

/// One control frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// Server, first frame of refresh and restore: the share it holds as active.
    Status {
        /// The server's active share.
        active: ShareId,
    },
    /// Device, answer to `Status`: the share it will run with, and any other it still holds.
    Holding {
        /// The share that the device will run with.
        active: ShareId,
        /// A share of an earlier attempt that the device still holds beside it.
        pending: Option<ShareId>,
    },
    /// Either side: the new share is durable here. The server's carries the wallet id.
    Prepared {
        /// The new share.
        id: ShareId,
        /// The wallet, in the server's frame.
        wallet: Option<WalletId>,
    },
    /// Server: it has decided for the new share.
    Commit {
        /// The new share.
        id: ShareId,
        /// The wallet.
        wallet: WalletId,
    },
    /// Device: it has made the new share its active one.
    Committed {
        /// The new share.
        id: ShareId,
    },
}

impl Control {
    /// The bytes of the frame.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut frame = Vec::with_capacity(HEAD + 2 * ShareId::SIZE + 1);
        frame.extend_from_slice(&MAGIC);
        frame.extend_from_slice(&[VERSION, self.kind()]);
        match self {
            Self::Status { active } => frame.extend_from_slice(&active.to_bytes()),
            Self::Holding { active, pending } => {
                frame.extend_from_slice(&active.to_bytes());
                put_optional(&mut frame, pending.map(|id| id.to_bytes()));
            }
            Self::Prepared { id, wallet } => {
                frame.extend_from_slice(&id.to_bytes());
                put_optional(&mut frame, wallet.map(|wallet| *wallet.as_bytes()));
            }
            Self::Commit { id, wallet } => {
                frame.extend_from_slice(&id.to_bytes());
                frame.extend_from_slice(wallet.as_bytes());
            }
            Self::Committed { id } => frame.extend_from_slice(&id.to_bytes()),
        }
        frame
    }

    /// Reads a frame that starts with the magic.
    ///
    /// # Errors
    /// [`FrameError`] for another version, an unknown kind, a wrong length or a field out of range.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FrameError> {
        let mut reader = Reader(bytes);
        if reader.take()? != MAGIC {
            return Err(FrameError::Kind);
        }
        let [version, kind] = reader.take()?;
        if version != VERSION {
            return Err(FrameError::Version);
        }
        let frame = match kind {
            1 => Self::Status { active: reader.share()? },
            2 => Self::Holding { active: reader.share()?, pending: reader.optional(Reader::share)? },
            3 => Self::Prepared { id: reader.share()?, wallet: reader.optional(Reader::wallet)? },
            4 => Self::Commit { id: reader.share()?, wallet: reader.wallet()? },
            5 => Self::Committed { id: reader.share()? },
            _ => return Err(FrameError::Kind),
        };
        if reader.0.is_empty() { Ok(frame) } else { Err(FrameError::Length) }
    }

    const fn kind(&self) -> u8 {
        match self {
            Self::Status { .. } => 1,
            Self::Holding { .. } => 2,
            Self::Prepared { .. } => 3,
            Self::Commit { .. } => 4,
            Self::Committed { .. } => 5,
        }
    }

    /// The frame's name, for an error or a log.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::Holding { .. } => "holding",
            Self::Prepared { .. } => "prepared",
            Self::Commit { .. } => "commit",
            Self::Committed { .. } => "committed",
        }
    }
}

/// An optional field: a byte 0 or 1, and after 1 the value.
fn put_optional<const N: usize>(frame: &mut Vec<u8>, value: Option<[u8; N]>) {
    frame.push(u8::from(value.is_some()));
    frame.extend(value.into_iter().flatten());
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], FrameError> {
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or(FrameError::Length)?;
        self.0 = rest;
        Ok(*head)
    }

    fn share(&mut self) -> Result<ShareId, FrameError> {
        ShareId::from_bytes(self.take()?).map_err(|_| FrameError::Field)
    }

    fn wallet(&mut self) -> Result<WalletId, FrameError> {
        Ok(WalletId::from_bytes(self.take()?))
    }

    fn optional<T>(&mut self, read: fn(&mut Self) -> Result<T, FrameError>) -> Result<Option<T>, FrameError> {
        match self.take()? {
            [0] => Ok(None),
            [1] => read(self).map(Some),
            _ => Err(FrameError::Field),
        }
    }
}
