//! How the fields of a control frame lie in its bytes: fixed sizes, a flag before what may be missing, a length before what varies.

use crate::frame::FrameError;
use crate::ids::{ShareId, WalletId};

/// An optional field: a byte 0 or 1, and after 1 the value.
pub(super) fn put_optional<const N: usize>(frame: &mut Vec<u8>, value: Option<[u8; N]>) {
    frame.push(u8::from(value.is_some()));
    frame.extend(value.into_iter().flatten());
}

/// A field of varying size: its length in four bytes, big-endian, and the bytes. What is over the limit is cut, as the
/// types that hold such a field refuse it.
pub(super) fn put_long(frame: &mut Vec<u8>, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(bytes);
}

/// Reads fields one after the other.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn take<const N: usize>(&mut self) -> Result<[u8; N], FrameError> {
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or(FrameError::Length)?;
        self.0 = rest;
        Ok(*head)
    }

    pub(super) fn share(&mut self) -> Result<ShareId, FrameError> {
        ShareId::from_bytes(self.take()?).map_err(|_| FrameError::Field)
    }

    pub(super) fn wallet(&mut self) -> Result<WalletId, FrameError> {
        Ok(WalletId::from_bytes(self.take()?))
    }

    pub(super) fn flag(&mut self) -> Result<bool, FrameError> {
        match self.take()? {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => Err(FrameError::Field),
        }
    }

    pub(super) fn optional<T>(
        &mut self,
        read: fn(&mut Self) -> Result<T, FrameError>,
    ) -> Result<Option<T>, FrameError> {
        if self.flag()? { read(self).map(Some) } else { Ok(None) }
    }

    /// A field of varying size, of at most `limit` bytes.
    pub(super) fn long(&mut self, limit: usize) -> Result<&'a [u8], FrameError> {
        let length = usize::try_from(u32::from_be_bytes(self.take()?)).map_err(|_| FrameError::Field)?;
        if length > limit {
            return Err(FrameError::Field);
        }
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(FrameError::Length)?;
        self.0 = rest;
        Ok(bytes)
    }
}
