//! The text of an API key: `id.secret`.
//!
//! The id is public: 9 random bytes, 12 characters of base64url. The secret is 32 random bytes, 43 characters of
//! base64url without padding. Only SHA-256 of the secret is kept. A slow hash (Argon2, scrypt) is for secrets that
//! people choose and that can be guessed one after the other; 256 random bits cannot, whatever a guess costs, and a
//! slow hash would let anyone who sends bad tokens keep a core busy.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use maany_coordinator_proto::Token;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

const ID_BYTES: usize = 9;
const SECRET_BYTES: usize = 32;
/// The characters of an id: 9 bytes in base64url.
const ID_CHARS: usize = 12;
/// The characters of a secret: 32 bytes in base64url without padding.
const SECRET_CHARS: usize = 43;

/// What a token says when it has the form of an API key.
pub(super) struct Presented<'a> {
    pub(super) id: &'a str,
    /// SHA-256 of the secret's bytes.
    pub(super) hash: [u8; 32],
}

/// A new key, before anything is stored.
pub(super) struct Fresh {
    pub(super) id: String,
    pub(super) hash: [u8; 32],
    pub(super) token: Token,
}

/// Draws a new key.
pub(super) fn fresh() -> Result<Fresh, getrandom::Error> {
    let mut id = [0; ID_BYTES];
    getrandom::fill(&mut id)?;
    let mut secret = Zeroizing::new([0; SECRET_BYTES]);
    getrandom::fill(secret.as_mut_slice())?;
    let id = URL_SAFE_NO_PAD.encode(id);
    let mut text = Zeroizing::new(String::with_capacity(ID_CHARS + 1 + SECRET_CHARS));
    text.push_str(&id);
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(secret.as_slice(), &mut text);
    let token = Token::new(&text).expect("base64url and a dot are visible ascii and short");
    Ok(Fresh { hash: hash(secret.as_slice()), id, token })
}

/// Reads a token. `None` when it is no API key, whatever else it may be; a JWT has two dots.
pub(super) fn present(token: &str) -> Option<Presented<'_>> {
    let (id, secret) = token.split_once('.')?;
    if id.len() != ID_CHARS || secret.len() != SECRET_CHARS {
        return None;
    }
    // One text for one secret: the decoder refuses padding, foreign characters and trailing bits.
    let mut bytes = Zeroizing::new([0; SECRET_BYTES + 1]);
    let len = URL_SAFE_NO_PAD.decode_slice(secret, bytes.as_mut_slice()).ok()?;
    (len == SECRET_BYTES).then(|| Presented { id, hash: hash(&bytes[..SECRET_BYTES]) })
}

fn hash(secret: &[u8]) -> [u8; 32] {
    Sha256::digest(secret).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_key_is_read_back_and_no_two_are_alike() {
        let (one, two) = (fresh().unwrap(), fresh().unwrap());
        let read = present(one.token.dangerous_expose()).unwrap();
        assert_eq!((read.id, read.hash), (one.id.as_str(), one.hash));
        assert_ne!(one.id, two.id);
        assert_ne!(one.hash, two.hash);
        assert!(!one.token.dangerous_expose().contains(char::is_whitespace));
    }

    #[test]
    fn only_the_one_form_is_an_api_key() {
        let id = "A".repeat(ID_CHARS);
        let secret = "A".repeat(SECRET_CHARS);
        assert!(present(&format!("{id}.{secret}")).is_some());
        for bad in [
            String::new(),
            ".".to_owned(),
            format!("{id}{secret}"),
            format!("{id}.{secret}="),
            format!("{id}.{secret}.{secret}"),
            format!("{id}.{}", "A".repeat(SECRET_CHARS - 1)),
            // The same 32 bytes, with bits set in the part of the last character that holds none.
            format!("{id}.{}B", "A".repeat(SECRET_CHARS - 1)),
            format!("{id}.{}+", "A".repeat(SECRET_CHARS - 1)),
            format!(" {id}.{secret}"),
            format!("{}.{secret}", "A".repeat(ID_CHARS + 1)),
        ] {
            assert!(present(&bad).is_none(), "{bad:?}");
        }
    }
}
