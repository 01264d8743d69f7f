//! Non-hardened BIP-32 derivation paths.
//!
//! A hardened step hashes the private key, which exists nowhere; so `m/44/118/0/0/5` can be derived
//! from a shared key and `m/44'/118'/0'/0/5` cannot.

use core::fmt;
use core::str::FromStr;

/// Steps that a path may have at most.
pub const MAX_DEPTH: usize = 16;

const HARDENED: u32 = 0x8000_0000;

/// A path from the shared key to a child key; empty (`m`) is the shared key itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct DerivationPath(Vec<u32>);

/// The path cannot be derived.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// A step is hardened (`44'`, `44h` or an index of at least 2^31).
    #[error(
        "step {position} is hardened: a shared key has only non-hardened children, such as m/44/118/0/0/0"
    )]
    Hardened {
        /// Position of the step, counted from 1.
        position: usize,
    },
    /// Not `m` followed by `/` and decimal numbers.
    #[error("a derivation path is written m/44/118/0/0/0")]
    Malformed,
    /// More than [`MAX_DEPTH`] steps.
    #[error("a derivation path has at most {MAX_DEPTH} steps")]
    TooDeep,
}

impl DerivationPath {
    /// The shared key itself, `m`.
    #[must_use]
    pub const fn root() -> Self {
        Self(Vec::new())
    }

    /// A path of these child indices.
    ///
    /// # Errors
    /// [`PathError::Hardened`] for an index of at least 2^31, [`PathError::TooDeep`].
    pub fn new(steps: &[u32]) -> Result<Self, PathError> {
        if steps.len() > MAX_DEPTH {
            return Err(PathError::TooDeep);
        }
        if let Some(at) = steps.iter().position(|step| step & HARDENED != 0) {
            return Err(PathError::Hardened { position: at + 1 });
        }
        Ok(Self(steps.to_vec()))
    }

    /// The child indices, each below 2^31.
    #[must_use]
    pub fn steps(&self) -> &[u32] {
        &self.0
    }

    /// The steps as big-endian 32-bit integers, one after the other.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|step| step.to_be_bytes()).collect()
    }
}

impl FromStr for DerivationPath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let mut parts = text.split('/');
        if parts.next() != Some("m") {
            return Err(PathError::Malformed);
        }
        let mut steps = Vec::new();
        for (at, part) in parts.enumerate() {
            if at == MAX_DEPTH {
                return Err(PathError::TooDeep);
            }
            steps.push(parse_step(part, at + 1)?);
        }
        Ok(Self(steps))
    }
}

fn parse_step(part: &str, position: usize) -> Result<u32, PathError> {
    let digits = part.trim_end_matches(['\'', 'h', 'H']);
    if digits.is_empty() || digits.len() > 10 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(PathError::Malformed);
    }
    let step: u32 = digits.parse().map_err(|_| PathError::Malformed)?;
    if step & HARDENED != 0 || digits.len() != part.len() {
        return Err(PathError::Hardened { position });
    }
    Ok(step)
}

impl fmt::Display for DerivationPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m")?;
        self.0.iter().try_for_each(|step| write!(f, "/{step}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_back_as_it_was_written() {
        for text in ["m", "m/0", "m/44/118/0/0/5", "m/2147483647"] {
            assert_eq!(text.parse::<DerivationPath>().unwrap().to_string(), text);
        }
        assert_eq!("m/1/258".parse::<DerivationPath>().unwrap().to_bytes(), [0, 0, 0, 1, 0, 0, 1, 2]);
    }

    #[test]
    fn a_hardened_step_has_its_own_error_which_says_what_works() {
        for (text, position) in [("m/44'/118", 1), ("m/44/118h", 2), ("m/0/0/2147483648", 3)] {
            let error = text.parse::<DerivationPath>().unwrap_err();
            assert_eq!(error, PathError::Hardened { position });
            assert!(error.to_string().contains("m/44/118/0/0/0"));
        }
        assert_eq!(DerivationPath::new(&[1, 0x8000_0000]), Err(PathError::Hardened { position: 2 }));
    }

    #[test]
    fn nonsense_is_malformed() {
        for text in
            ["", "44/118", "m/", "m//1", "m/x", "m/-1", "m/+1", "m/99999999999", "m/4294967296", "M/1", "m/'"]
        {
            assert_eq!(text.parse::<DerivationPath>(), Err(PathError::Malformed), "{text}");
        }
        assert_eq!(format!("m{}", "/1".repeat(17)).parse::<DerivationPath>(), Err(PathError::TooDeep));
    }
}
