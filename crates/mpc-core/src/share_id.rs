//! The name of one generation of a key's shares.
//!
//! Derived from public protocol values only: an id never depends on a secret.

use core::fmt;

/// Length of an encoded [`ShareId`] in bytes.
pub const SHARE_ID_LEN: usize = 24;

/// Which pair of shares: both parties of one DKG or refresh hold the same id.
///
/// Encoded as 24 bytes: the epoch in big-endian order, then the tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShareId {
    /// 1 after DKG; each complete refresh adds 1.
    pub epoch: u64,
    /// The first 16 bytes of the engine's session id of the DKG or refresh that made the shares.
    pub tag: [u8; 16],
}

impl ShareId {
    /// The 24-byte encoding: big-endian epoch, then the tag.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; SHARE_ID_LEN] {
        let mut bytes = [0; SHARE_ID_LEN];
        bytes[..8].copy_from_slice(&self.epoch.to_be_bytes());
        bytes[8..].copy_from_slice(&self.tag);
        bytes
    }

    /// Reads the 24-byte encoding. Every value is a valid id except epoch 0, which names no shares.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; SHARE_ID_LEN]) -> Option<Self> {
        let (epoch, tag) = bytes.split_first_chunk::<8>()?;
        let epoch = u64::from_be_bytes(*epoch);
        if epoch == 0 {
            return None;
        }
        Some(Self { epoch, tag: tag.try_into().ok()? })
    }
}

impl fmt::Display for ShareId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-", self.epoch)?;
        self.tag.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn share_id_bytes_are_pinned() {
        let id = ShareId { epoch: 0x0102, tag: [0xab; 16] };
        let mut expected = vec![0, 0, 0, 0, 0, 0, 1, 2];
        expected.extend([0xab; 16]);
        assert_eq!(id.to_bytes().to_vec(), expected);
        assert_eq!(ShareId::from_bytes(&id.to_bytes()), Some(id));
        assert_eq!(ShareId::from_bytes(&[0; 24]), None);
        assert_eq!(id.to_string(), format!("258-{}", "ab".repeat(16)));
    }
}
