//! Looks for secrets where they must not be: as raw bytes, and in text as hexadecimal, base64 or a list of numbers.
//!
//! A secret is found by any piece of it that is 16 bytes long.

use std::collections::HashSet;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Bytes in the pieces that are looked for.
const PIECE: usize = 16;
/// A piece of fewer different bytes than this could be anybody's: a run of zeros, a length, a counter.
const VARIETY: usize = 8;

/// What must not be found.
#[derive(Default)]
pub struct Secrets {
    pieces: HashSet<[u8; PIECE]>,
}

impl Secrets {
    /// Looks for every piece of these bytes from now on.
    pub fn add(&mut self, secret: &[u8]) {
        self.pieces
            .extend(pieces(secret).filter(|piece| piece.iter().collect::<HashSet<_>>().len() >= VARIETY));
    }

    /// Looks no more for the pieces of these bytes: a public part of a secret value.
    pub fn except(&mut self, public: &[u8]) {
        for piece in pieces(public) {
            self.pieces.remove(&piece);
        }
    }

    /// How many pieces are looked for.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pieces.len()
    }

    /// Whether nothing is looked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Where in these bytes a piece of a secret begins.
    #[must_use]
    pub fn in_bytes(&self, bytes: &[u8]) -> Option<usize> {
        pieces(bytes).position(|piece| self.pieces.contains(&piece))
    }

    /// The part of a text that holds a piece of a secret, as it is or encoded.
    #[must_use]
    pub fn in_text<'t>(&self, text: &'t str) -> Option<&'t str> {
        if let Some(at) = self.in_bytes(text.as_bytes()) {
            return Some(text.get(at..at + PIECE).unwrap_or(text));
        }
        let hex = runs(text, |byte| byte.is_ascii_hexdigit());
        let base64 = runs(text, |byte| byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte));
        let numbers = runs(text, |byte| byte.is_ascii_digit() || b", \n".contains(&byte));
        hex.filter(|run| self.is_in_hex(run))
            .chain(base64.filter(|run| self.is_in_base64(run)))
            .chain(numbers.filter(|run| self.is_in_numbers(run)))
            .next()
    }

    fn is_in_hex(&self, run: &str) -> bool {
        // A run may begin in the middle of a byte.
        [0, 1].iter().any(|start| {
            let digits = run.get(*start..).unwrap_or_default();
            let even = digits.get(..digits.len() & !1).unwrap_or_default();
            hex::decode(even).is_ok_and(|bytes| self.in_bytes(&bytes).is_some())
        })
    }

    fn is_in_base64(&self, run: &str) -> bool {
        let config = GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true);
        [alphabet::STANDARD, alphabet::URL_SAFE].iter().any(|alphabet| {
            let decoder = GeneralPurpose::new(alphabet, config);
            (0..4).any(|start| {
                let symbols = run.get(start..).unwrap_or_default();
                // One symbol alone in the last group holds no byte.
                let whole = if symbols.len() % 4 == 1 { symbols.len() - 1 } else { symbols.len() };
                let symbols = symbols.get(..whole).unwrap_or_default();
                decoder.decode(symbols).is_ok_and(|bytes| self.in_bytes(&bytes).is_some())
            })
        })
    }

    fn is_in_numbers(&self, run: &str) -> bool {
        let numbers = run.split([',', ' ', '\n']).filter(|word| !word.is_empty());
        let bytes: Vec<u8> = numbers.filter_map(|word| word.parse().ok()).collect();
        self.in_bytes(&bytes).is_some()
    }
}

fn pieces(bytes: &[u8]) -> impl Iterator<Item = [u8; PIECE]> + '_ {
    bytes.windows(PIECE).filter_map(|window| window.try_into().ok())
}

/// The longest parts of a text that consist of such bytes and could hold a piece.
fn runs(text: &str, belongs: impl Fn(u8) -> bool) -> impl Iterator<Item = &str> {
    text.split(move |c: char| !u8::try_from(c).is_ok_and(&belongs)).filter(|run| run.len() >= PIECE)
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    use super::*;

    #[test]
    fn a_piece_of_a_secret_is_found_in_every_form_and_what_is_public_is_not() {
        let secret: Vec<u8> = (0..100_u8).map(|n| n.wrapping_mul(37) ^ 0x5a).collect();
        let mut secrets = Secrets::default();
        secrets.add(&secret);
        secrets.except(&secret[60..]);
        let piece = &secret[20..44];
        for text in [
            format!("share={}", hex::encode(piece)),
            format!("share=a{}", hex::encode_upper(piece)),
            format!("x{}y", STANDARD.encode(piece)),
            URL_SAFE_NO_PAD.encode(piece),
            format!("SecretBytes({piece:?})"),
            format!("{piece:#?}"),
        ] {
            assert!(secrets.in_text(&text).is_some(), "{text}");
        }
        assert_eq!(secrets.in_bytes(&[&[1, 2, 3], piece].concat()), Some(3));
        assert!(secrets.in_text(&hex::encode(&secret[61..99])).is_none());
        assert!(secrets.in_text("nothing of the kind 0123456789abcdef0123456789abcdef").is_none());
        secrets.add(b"a-token-in-plain-text");
        assert!(secrets.in_text("token: a-token-in-plain-text.").is_some());
    }

    #[test]
    fn what_could_be_anybodys_is_not_looked_for() {
        let mut secrets = Secrets::default();
        secrets.add(&[0; 64]);
        assert!(secrets.is_empty());
    }
}
