//! How fields are written: big-endian integers, lengths before bytes, presence before an optional field.

use std::ops::RangeInclusive;

use zeroize::Zeroizing;

use crate::error::Corruption;

/// A record with a fixed encoding.
pub trait Record: Sized {
    /// The format number that the record is written with, its first byte. Older ones may be read as well.
    const FORMAT: u8;

    /// The record's bytes. Every field is in them, also secret ones.
    #[must_use]
    fn dangerous_encode(&self) -> Zeroizing<Vec<u8>>;

    /// Reads a record back.
    ///
    /// # Errors
    /// [`Corruption`] where the bytes are not exactly one record of a known format.
    fn decode(bytes: &[u8]) -> Result<Self, Corruption>;
}

/// Writes fields. The buffer is wiped when dropped, and never grows, so that no unwiped copy is left behind.
pub(crate) struct Writer {
    buf: Zeroizing<Vec<u8>>,
}

impl Writer {
    /// Starts a record; `capacity` is at least the number of bytes of all fields after the format number.
    pub(crate) fn new(format: u8, capacity: usize) -> Self {
        let mut buf = Zeroizing::new(Vec::with_capacity(capacity.saturating_add(1)));
        buf.push(format);
        Self { buf }
    }

    pub(crate) fn u8(mut self, value: u8) -> Self {
        self.raw(&[value]);
        self
    }

    pub(crate) fn u64(mut self, value: u64) -> Self {
        self.raw(&value.to_be_bytes());
        self
    }

    /// A field whose length the format fixes.
    pub(crate) fn array<const N: usize>(mut self, value: &[u8; N]) -> Self {
        self.raw(value);
        self
    }

    /// A field of any length: four bytes of length, then the bytes.
    pub(crate) fn bytes(mut self, value: &[u8]) -> Self {
        // A record over the bound of a value is refused by the store, far below 4 GiB.
        let len = u32::try_from(value.len()).unwrap_or(u32::MAX);
        self.raw(&len.to_be_bytes());
        self.raw(value);
        self
    }

    pub(crate) fn text(self, value: &str) -> Self {
        self.bytes(value.as_bytes())
    }

    /// One byte, 0 or 1, then the field if it is there.
    pub(crate) fn option<T>(self, value: Option<T>, write: impl FnOnce(Self, T) -> Self) -> Self {
        match value {
            None => self.u8(0),
            Some(value) => write(self.u8(1), value),
        }
    }

    pub(crate) fn finish(self) -> Zeroizing<Vec<u8>> {
        self.buf
    }

    fn raw(&mut self, bytes: &[u8]) {
        let needed = self.buf.len() + bytes.len();
        if needed > self.buf.capacity() {
            let mut grown = Zeroizing::new(Vec::with_capacity(needed.saturating_mul(2)));
            grown.extend_from_slice(&self.buf);
            self.buf = grown;
        }
        self.buf.extend_from_slice(bytes);
    }
}

/// Reads fields in the order they were written.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts a record of this format.
    pub(crate) fn new(bytes: &'a [u8], format: u8) -> Result<Self, Corruption> {
        Self::one_of(bytes, format..=format).map(|(reader, _)| reader)
    }

    /// Starts a record of any of these formats, and says which one it is.
    pub(crate) fn one_of(bytes: &'a [u8], formats: RangeInclusive<u8>) -> Result<(Self, u8), Corruption> {
        match bytes.split_first() {
            None => Err(Corruption::Truncated),
            Some((&found, rest)) if formats.contains(&found) => Ok((Self { rest }, found)),
            Some((&found, _)) => Err(Corruption::Format(found)),
        }
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Corruption> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Corruption> {
        self.array().map(u64::from_be_bytes)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Corruption> {
        let (array, rest) = self.rest.split_first_chunk::<N>().ok_or(Corruption::Truncated)?;
        self.rest = rest;
        Ok(*array)
    }

    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8], Corruption> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(Corruption::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Corruption> {
        let len = u32::from_be_bytes(self.array()?);
        self.take(usize::try_from(len).map_err(|_| Corruption::Truncated)?)
    }

    pub(crate) fn text(&mut self, field: &'static str) -> Result<String, Corruption> {
        let bytes = self.bytes()?;
        std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| Corruption::Field(field))
    }

    pub(crate) fn option<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&mut Self) -> Result<T, Corruption>,
    ) -> Result<Option<T>, Corruption> {
        match self.u8()? {
            0 => Ok(None),
            1 => read(self).map(Some),
            _ => Err(Corruption::Field(field)),
        }
    }

    /// What has not been read yet.
    pub(crate) fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Ends the record: nothing may follow.
    pub(crate) fn finish(self) -> Result<(), Corruption> {
        if self.rest.is_empty() { Ok(()) } else { Err(Corruption::Trailing) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_read_back_in_order() {
        let bytes = Writer::new(9, 4)
            .u8(7)
            .u64(u64::MAX)
            .array(&[1, 2, 3])
            .text("äö")
            .option(Some(5_u8), Writer::u8)
            .option(None, Writer::u8)
            .finish();
        let mut reader = Reader::new(&bytes, 9).unwrap();
        assert_eq!(reader.u8().unwrap(), 7);
        assert_eq!(reader.u64().unwrap(), u64::MAX);
        assert_eq!(reader.array::<3>().unwrap(), [1, 2, 3]);
        assert_eq!(reader.text("t").unwrap(), "äö");
        assert_eq!(reader.option("o", Reader::u8).unwrap(), Some(5));
        assert_eq!(reader.option("o", Reader::u8).unwrap(), None);
        reader.finish().unwrap();
    }

    #[test]
    fn what_is_not_exactly_one_record_is_refused() {
        assert!(matches!(Reader::new(&[], 1), Err(Corruption::Truncated)));
        assert!(matches!(Reader::new(&[2], 1), Err(Corruption::Format(2))));
        let mut reader = Reader::new(&[1, 0, 0, 0, 9, 1], 1).unwrap();
        assert_eq!(reader.bytes(), Err(Corruption::Truncated));
        let mut reader = Reader::new(&[1, 2], 1).unwrap();
        assert_eq!(reader.option("o", Reader::u8), Err(Corruption::Field("o")));
        let mut reader = Reader::new(&[1, 0, 0, 0, 1, 0xff], 1).unwrap();
        assert_eq!(reader.text("t"), Err(Corruption::Field("t")));
        assert_eq!(Reader::new(&[1, 1], 1).unwrap().finish(), Err(Corruption::Trailing));
    }
}
