//! Bounded reading and writing of length-prefixed fields.

use super::error::BackupError;

/// Appends a field of at most 255 bytes after its length. Callers have checked the bound.
pub(super) fn put_short(out: &mut Vec<u8>, field: &[u8]) {
    let length = u8::try_from(field.len()).expect("bounds are checked before a field is written");
    out.push(length);
    out.extend_from_slice(field);
}

/// Reads fields off the front of a slice; a short slice is an error, never a panic.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], BackupError> {
        let (field, rest) =
            self.0.split_at_checked(length).ok_or(BackupError::Malformed("it ends too early"))?;
        self.0 = rest;
        Ok(field)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], BackupError> {
        let (field, rest) =
            self.0.split_first_chunk::<N>().ok_or(BackupError::Malformed("it ends too early"))?;
        self.0 = rest;
        Ok(*field)
    }

    pub(super) fn byte(&mut self) -> Result<u8, BackupError> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn short(&mut self) -> Result<&'a [u8], BackupError> {
        let length = self.byte()?;
        self.take(usize::from(length))
    }

    pub(super) const fn finish(self) -> Result<(), BackupError> {
        if self.0.is_empty() { Ok(()) } else { Err(BackupError::Malformed("bytes follow its end")) }
    }
}
