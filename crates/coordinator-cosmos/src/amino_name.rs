//! The four bytes that stand for a name in Amino's binary form.
//!
//! SHA-256 of the name; leading zero bytes, the three disambiguation bytes and zero bytes after them are skipped, and the next four are the
//! prefix (go-amino, `NameToDisfix`).

use sha2::{Digest as _, Sha256};

/// The prefix of a registered name.
pub(crate) fn prefix(name: &str) -> [u8; 4] {
    let hash = Sha256::digest(name.as_bytes());
    let hash = skip_zeros(hash.as_slice());
    let hash = skip_zeros(hash.get(3..).unwrap_or_default());
    let mut prefix = [0; 4];
    // A hash of which 25 bytes are zero is one that nobody has found.
    for (to, from) in prefix.iter_mut().zip(hash) {
        *to = *from;
    }
    prefix
}

fn skip_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    &bytes[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_those_of_the_specification() {
        // CometBFT's encoding specification lists them.
        for (name, bytes) in [
            ("tendermint/PubKeySecp256k1", [0xeb, 0x5a, 0xe9, 0x87]),
            ("tendermint/PubKeyEd25519", [0x16, 0x24, 0xde, 0x64]),
            ("tendermint/PubKeyMultisigThreshold", [0x22, 0xc1, 0xf7, 0xe2]),
        ] {
            assert_eq!(prefix(name), bytes, "{name}");
        }
    }
}
