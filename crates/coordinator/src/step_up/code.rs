//! The text of a step-up code: 32 lower-case hexadecimal digits in four groups, `0123abcd-...`.
//!
//! People type it, so case and hyphens are ignored when it is read.

use std::fmt::Write;

use maany_coordinator_proto::StepUp;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

const BYTES: usize = 16;
const GROUP_BYTES: usize = 4;

/// The 128 bits of a code.
pub(crate) struct Code(Zeroizing<[u8; BYTES]>);

impl Code {
    pub(crate) fn fresh() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; BYTES]);
        getrandom::fill(bytes.as_mut_slice())?;
        Ok(Self(bytes))
    }

    /// Reads a code; `None` for anything that is not one.
    pub(crate) fn parse(text: &StepUp) -> Option<Self> {
        // Room for every digit from the start: growing would leave copies behind.
        let mut digits = Zeroizing::new(String::with_capacity(2 * BYTES));
        for digit in text.dangerous_expose().chars().filter(|c| *c != '-') {
            if digits.len() == 2 * BYTES {
                return None;
            }
            digits.push(digit);
        }
        let mut bytes = Zeroizing::new([0; BYTES]);
        hex::decode_to_slice(digits.as_bytes(), bytes.as_mut_slice()).ok()?;
        Some(Self(bytes))
    }

    pub(crate) fn to_step_up(&self) -> StepUp {
        let mut text = Zeroizing::new(String::with_capacity(BYTES * 2 + BYTES / GROUP_BYTES));
        for (index, byte) in self.0.iter().enumerate() {
            if index > 0 && index % GROUP_BYTES == 0 {
                text.push('-');
            }
            // Writing into a String does not fail.
            let _ = write!(text, "{byte:02x}");
        }
        StepUp::new(&text).expect("hexadecimal digits and hyphens are visible ascii and short")
    }

    pub(crate) fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_slice()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<[u8; 32]> {
        Code::parse(&StepUp::new(text).unwrap()).map(|code| code.hash())
    }

    #[test]
    fn a_code_has_128_bits_and_is_read_as_it_was_shown() {
        let (one, two) = (Code::fresh().unwrap(), Code::fresh().unwrap());
        assert_ne!(one.hash(), two.hash());
        let shown = one.to_step_up();
        assert_eq!(shown.dangerous_expose().len(), 35);
        assert_eq!(parse(shown.dangerous_expose()), Some(one.hash()));
        let typed = shown.dangerous_expose().to_uppercase().replace('-', "");
        assert_eq!(parse(&typed), Some(one.hash()));
    }

    #[test]
    fn anything_else_is_no_code() {
        for bad in ["-", "0", &"0".repeat(31), &"0".repeat(33), &"g".repeat(32), &"-".repeat(128)] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
