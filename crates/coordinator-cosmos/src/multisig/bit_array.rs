//! `CompactBitArray`: which members of a multisig account have signed, the first member in the highest bit of the first byte.

use crate::proto::CompactBitArray;

/// The array of `count` bits in which these are set.
pub(super) fn of(count: usize, set: &[usize]) -> CompactBitArray {
    let mut elems = vec![0u8; count.div_ceil(8)];
    for place in set {
        if let Some(byte) = elems.get_mut(place / 8) {
            *byte |= 0x80 >> (place % 8);
        }
    }
    // The count of bits in the last byte; 0 where it is full.
    let extra = u32::try_from(count % 8).unwrap_or_default();
    CompactBitArray { extra_bits_stored: extra, elems }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_member_is_the_highest_bit() {
        assert_eq!(of(3, &[0, 2]), CompactBitArray { extra_bits_stored: 3, elems: vec![0b1010_0000] });
        assert_eq!(of(8, &[7]), CompactBitArray { extra_bits_stored: 0, elems: vec![1] });
        assert_eq!(of(9, &[8]), CompactBitArray { extra_bits_stored: 1, elems: vec![0, 0x80] });
    }
}
