//! A key-encryption key in text: 32 bytes in hexadecimal or in base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// Reads a key; the text is not part of any error.
pub(crate) fn key(text: &str) -> Result<Zeroizing<[u8; 32]>, &'static str> {
    const FORM: &str = "a key is 64 hexadecimal digits or 44 characters of base64 (32 bytes)";
    let mut key = Zeroizing::new([0; 32]);
    match text.len() {
        64 => hex::decode_to_slice(text, key.as_mut_slice()).map_err(|_| FORM)?,
        44 => {
            // base64 asks for room for whole groups of three bytes.
            let mut room = Zeroizing::new([0; 33]);
            let len = STANDARD.decode_slice(text, room.as_mut_slice()).map_err(|_| FORM)?;
            if len != key.len() {
                return Err(FORM);
            }
            key.copy_from_slice(&room[..32]);
        }
        _ => return Err(FORM),
    }
    if key.iter().all(|byte| *byte == 0) {
        return Err("the key is all zeros");
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_and_base64_give_the_same_key() {
        let bytes: [u8; 32] = std::array::from_fn(|i| i as u8 * 7);
        assert_eq!(*key(&hex::encode(bytes)).unwrap(), bytes);
        assert_eq!(*key(&STANDARD.encode(bytes)).unwrap(), bytes);
    }

    #[test]
    fn anything_but_32_bytes_is_refused() {
        for text in [
            String::new(),
            "secret".into(),
            "0".repeat(64),
            "g".repeat(64),
            hex::encode([1; 31]),
            hex::encode([1; 33]),
            STANDARD.encode([1; 31]),
            STANDARD.encode([1; 33]),
            "=".repeat(44),
        ] {
            assert!(key(&text).is_err(), "{text}");
        }
    }
}
