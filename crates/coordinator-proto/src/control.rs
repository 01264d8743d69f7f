//! The coordinator's own binary frames, which travel beside the engine's messages: who is there and holds which share, the
//! two-party commit, and how it ended. A frame is 4 bytes of magic and version, one byte of kind, and a body of fixed
//! layout; integers are big-endian. A frame of another length is refused: there are no optional tails. Kinds 1 and 2 are
//! the older profile's, 6 to 11 those of protocol 2; the commit, 3 to 5, is one for both.

mod layout;
mod parts;

use crate::frame::FrameError;
use crate::ids::{ShareId, WalletId};
use layout::{Reader, put_long, put_optional};

pub use parts::{DOCUMENT_BYTES, Document, DocumentTooLong, ErrorText, MESSAGE_BYTES, SignatureBytes, What};

/// The first three bytes of every control frame.
pub const MAGIC: [u8; 3] = *b"MYC";
/// The version byte after the magic.
pub const VERSION: u8 = 1;
/// Magic, version and kind.
const HEAD: usize = 5;

/// One control frame.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// Device, first frame of protocol 2: who it is, and what it claims to hold, signed (see [`crate::proof`]).
    Proof {
        /// The device's identity key, 33-byte compressed SEC1 of P-256; not checked yet.
        identity: [u8; 33],
        /// `r || s`, 64 bytes; not checked yet.
        signature: [u8; 64],
        /// The share that the device holds as active; none in DKG, and where a DKG's commit never arrived.
        active: Option<ShareId>,
        /// A share of an earlier attempt whose commit never arrived.
        pending: Option<ShareId>,
        /// What the device means to sign, in a signing session.
        digest: Option<[u8; 32]>,
    },
    /// Server, answer to `Proof`: the two sides agree, and the verb may begin.
    Ready {
        /// The server's active share; none in DKG.
        active: Option<ShareId>,
        /// The server still keeps the share before it, as a backup of the active one is owed.
        retired: bool,
        /// The session's single-use code was right, and is used up.
        stepped_up: bool,
    },
    /// Device, after `Committed`: the server's document of a backup of the new share; an empty one where it leaves none.
    Backup {
        /// The new share.
        id: ShareId,
        /// At least the threshold of documents, this one included, are acknowledged by their holders.
        complete: bool,
        /// The document.
        document: Document,
    },
    /// Server: the document is stored.
    BackupStored {
        /// The new share.
        id: ShareId,
    },
    /// Server, last frame before it closes with 1000.
    Done(What),
    /// Server, last frame before it closes for a failure.
    Error {
        /// The code that it closes with.
        code: u16,
        /// Whether the same intent may be tried again in a new session, after a pause.
        retryable: bool,
        /// What the device may know of it.
        message: ErrorText,
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
            Self::Committed { id } | Self::BackupStored { id } => frame.extend_from_slice(&id.to_bytes()),
            Self::Proof { identity, signature, active, pending, digest } => {
                frame.extend_from_slice(identity);
                frame.extend_from_slice(signature);
                put_optional(&mut frame, active.map(|id| id.to_bytes()));
                put_optional(&mut frame, pending.map(|id| id.to_bytes()));
                put_optional(&mut frame, *digest);
            }
            Self::Ready { active, retired, stepped_up } => {
                put_optional(&mut frame, active.map(|id| id.to_bytes()));
                frame.extend_from_slice(&[u8::from(*retired), u8::from(*stepped_up)]);
            }
            Self::Backup { id, complete, document } => {
                // In one piece, so that no outgrown buffer keeps a copy of it.
                frame.reserve_exact(ShareId::SIZE + 1 + 4 + document.dangerous_expose().len());
                frame.extend_from_slice(&id.to_bytes());
                frame.push(u8::from(*complete));
                put_long(&mut frame, document.dangerous_expose());
            }
            Self::Done(what) => put_what(&mut frame, what),
            Self::Error { code, retryable, message } => {
                frame.extend_from_slice(&code.to_be_bytes());
                frame.push(u8::from(*retryable));
                put_long(&mut frame, message.as_str().as_bytes());
            }
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
            6 => Self::Proof {
                identity: reader.take()?,
                signature: reader.take()?,
                active: reader.optional(Reader::share)?,
                pending: reader.optional(Reader::share)?,
                digest: reader.optional(Reader::take)?,
            },
            7 => Self::Ready {
                active: reader.optional(Reader::share)?,
                retired: reader.flag()?,
                stepped_up: reader.flag()?,
            },
            8 => Self::Backup {
                id: reader.share()?,
                complete: reader.flag()?,
                document: Document::new(reader.long(DOCUMENT_BYTES)?.to_vec().into())
                    .map_err(|_| FrameError::Field)?,
            },
            9 => Self::BackupStored { id: reader.share()? },
            10 => Self::Done(take_what(&mut reader)?),
            11 => Self::Error {
                code: u16::from_be_bytes(reader.take()?),
                retryable: reader.flag()?,
                message: ErrorText::parse(reader.long(MESSAGE_BYTES)?).ok_or(FrameError::Field)?,
            },
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
            Self::Proof { .. } => 6,
            Self::Ready { .. } => 7,
            Self::Backup { .. } => 8,
            Self::BackupStored { .. } => 9,
            Self::Done(_) => 10,
            Self::Error { .. } => 11,
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
            Self::Proof { .. } => "proof",
            Self::Ready { .. } => "ready",
            Self::Backup { .. } => "backup",
            Self::BackupStored { .. } => "backup stored",
            Self::Done(_) => "done",
            Self::Error { .. } => "error",
        }
    }
}

/// The result of a session: a byte that names it, and the result.
fn put_what(frame: &mut Vec<u8>, what: &What) {
    match what {
        What::Signature(SignatureBytes { r_s, recovery_id }) => {
            frame.push(1);
            frame.extend_from_slice(r_s);
            frame.push(*recovery_id);
        }
        What::Created { public_key } => {
            frame.push(2);
            frame.extend_from_slice(public_key);
        }
        What::Renewed { id } => {
            frame.push(3);
            frame.extend_from_slice(&id.to_bytes());
        }
    }
}

fn take_what(reader: &mut Reader<'_>) -> Result<What, FrameError> {
    match reader.take()? {
        [1] => {
            let (r_s, [recovery_id]) = (reader.take()?, reader.take()?);
            if recovery_id > 3 {
                return Err(FrameError::Field);
            }
            Ok(What::Signature(SignatureBytes { r_s, recovery_id }))
        }
        [2] => Ok(What::Created { public_key: reader.take()? }),
        [3] => Ok(What::Renewed { id: reader.share()? }),
        _ => Err(FrameError::Field),
    }
}
