//! The two text encodings of bytes that devices use: hexadecimal and padded standard base64 (RFC 4648, section 4).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// How bytes are written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Hex,
    Base64,
}

impl Encoding {
    /// The encoding that the wire's word names.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        match word {
            "hex" => Some(Self::Hex),
            "base64" => Some(Self::Base64),
            _ => None,
        }
    }

    /// What a text without a named encoding is in: hexadecimal where it could be, else base64.
    pub(crate) fn guess(text: &str) -> Self {
        let hex = text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if hex { Self::Hex } else { Self::Base64 }
    }

    /// The bytes, where the text is well-formed.
    pub(crate) fn decode(self, text: &str) -> Option<Zeroizing<Vec<u8>>> {
        match self {
            Self::Hex => hex::decode(text).ok().map(Zeroizing::new),
            Self::Base64 => STANDARD.decode(text).ok().map(Zeroizing::new),
        }
    }
}

/// Padded standard base64.
pub(crate) fn base64(bytes: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(STANDARD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_a_named_encoding_is_hex_where_it_could_be() {
        assert_eq!(Encoding::guess("00ffAB"), Encoding::Hex);
        assert_eq!(Encoding::guess(""), Encoding::Hex);
        assert_eq!(Encoding::guess("abc"), Encoding::Base64);
        assert_eq!(Encoding::guess("AP8="), Encoding::Base64);
    }

    #[test]
    fn base64_is_the_padded_standard_alphabet_only() {
        assert_eq!(Encoding::Base64.decode("+/8=").map(|bytes| bytes.to_vec()), Some(vec![0xfb, 0xff]));
        for text in ["+/8", "-_8=", "+/9=", "+/8=\n", " +/8="] {
            assert!(Encoding::Base64.decode(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn hex_is_read_in_either_case() {
        assert_eq!(Encoding::Hex.decode("00fFAb").map(|bytes| bytes.to_vec()), Some(vec![0, 255, 171]));
        assert!(Encoding::Hex.decode("0").is_none());
    }
}
