//! Which generation of a key's shares is meant: the epoch, and the share id that both parties' shares have in common.

use core::fmt;

use super::IdError;

/// How many times the shares of a key have been made: 1 after DKG, one more after each complete refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Epoch(u64);

impl Epoch {
    /// The epoch of the shares that DKG makes.
    pub const FIRST: Self = Self(1);

    /// The epoch with this number.
    ///
    /// # Errors
    /// [`IdError::EpochZero`] for zero.
    pub const fn new(number: u64) -> Result<Self, IdError> {
        if number == 0 { Err(IdError::EpochZero) } else { Ok(Self(number)) }
    }

    /// The number, at least one.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The epoch after this one.
    ///
    /// # Errors
    /// [`IdError::EpochExhausted`] where the counter would wrap.
    pub fn next(self) -> Result<Self, IdError> {
        self.0.checked_add(1).map(Self).ok_or(IdError::EpochExhausted)
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One generation of a key's shares, the same for both parties: the epoch and 16 bytes that tell two attempts at the
/// same epoch apart. It names a share and says nothing about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShareId {
    epoch: Epoch,
    tag: [u8; 16],
}

impl ShareId {
    /// The size of the byte form: 8 bytes epoch, big-endian, then the 16-byte tag.
    pub const SIZE: usize = 24;

    /// The share id of this epoch and tag.
    #[must_use]
    pub const fn new(epoch: Epoch, tag: [u8; 16]) -> Self {
        Self { epoch, tag }
    }

    /// The epoch.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The tag.
    #[must_use]
    pub const fn tag(&self) -> &[u8; 16] {
        &self.tag
    }

    /// 24 bytes: epoch (big-endian) and tag.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        bytes[..8].copy_from_slice(&self.epoch.get().to_be_bytes());
        bytes[8..].copy_from_slice(&self.tag);
        bytes
    }

    /// Reads the 24-byte form.
    ///
    /// # Errors
    /// [`IdError::EpochZero`] where the first eight bytes are zero.
    pub fn from_bytes(bytes: [u8; Self::SIZE]) -> Result<Self, IdError> {
        let (mut number, mut tag) = ([0; 8], [0; 16]);
        number.copy_from_slice(&bytes[..8]);
        tag.copy_from_slice(&bytes[8..]);
        Ok(Self { epoch: Epoch::new(u64::from_be_bytes(number))?, tag })
    }
}

impl fmt::Display for ShareId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.", self.epoch)?;
        self.tag.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
