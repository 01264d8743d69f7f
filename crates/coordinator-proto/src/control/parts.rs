//! What some control frames carry beside ids: a backup document, a signature, the result of a session, a short text.

use core::fmt;

use zeroize::Zeroizing;

use crate::ids::ShareId;

/// The largest backup document in a frame, in bytes.
pub const DOCUMENT_BYTES: usize = 8 * 1024;
/// The longest text of an error, in bytes.
pub const MESSAGE_BYTES: usize = 200;

/// A backup document of one holder, opaque here: at most 8 KiB. It is a secret: it has no `Debug` content and is wiped on drop.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Document(Zeroizing<Vec<u8>>);

/// A backup document is longer than a frame may carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a backup document has at most {DOCUMENT_BYTES} bytes")]
pub struct DocumentTooLong;

impl Document {
    /// The document of these bytes.
    ///
    /// # Errors
    /// [`DocumentTooLong`] for more than 8 KiB.
    pub fn new(bytes: Zeroizing<Vec<u8>>) -> Result<Self, DocumentTooLong> {
        if bytes.len() > DOCUMENT_BYTES { Err(DocumentTooLong) } else { Ok(Self(bytes)) }
    }

    /// Whether there is none: a device that leaves no backup says so with an empty document.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes, for the one who stores them sealed or restores with them.
    #[must_use]
    pub fn dangerous_expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").finish_non_exhaustive()
    }
}

/// A finished signature: `r || s`, 64 bytes, low-S, and the recovery id.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SignatureBytes {
    /// `r || s`, each 32 bytes big-endian.
    pub r_s: [u8; 64],
    /// 0 to 3.
    pub recovery_id: u8,
}

impl fmt::Debug for SignatureBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignatureBytes").finish_non_exhaustive()
    }
}

/// What a session has come to, as the server tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// This signature is stored.
    Signature(SignatureBytes),
    /// A new key is in use.
    Created {
        /// Its public key, 33-byte compressed SEC1.
        public_key: [u8; 33],
    },
    /// New shares are in use.
    Renewed {
        /// The new share.
        id: ShareId,
    },
}

/// What an error says in words: at most 200 bytes of visible ASCII and spaces, so that it can be shown as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ErrorText(Box<str>);

impl ErrorText {
    /// The text, cut to its limit, other characters replaced.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let shown = |character: char| if is_shown(character) { character } else { '?' };
        Self(text.chars().map(shown).take(MESSAGE_BYTES).collect())
    }

    /// The text as it was sent; none where it has a character that is not shown.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let text = core::str::from_utf8(bytes).ok()?;
        text.chars().all(is_shown).then(|| Self(text.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_shown(character: char) -> bool {
    character == ' ' || character.is_ascii_graphic()
}

impl fmt::Display for ErrorText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_says_nothing_and_has_a_bound() {
        let document = Document::new(Zeroizing::new(b"canary".to_vec())).expect("a document");
        assert_eq!(format!("{document:?}"), "Document { .. }");
        assert!(Document::new(Zeroizing::new(vec![0; DOCUMENT_BYTES])).is_ok());
        assert_eq!(Document::new(Zeroizing::new(vec![0; DOCUMENT_BYTES + 1])), Err(DocumentTooLong));
    }

    #[test]
    fn the_text_of_an_error_can_be_shown_as_it_is() {
        assert_eq!(ErrorText::new("busy\n\u{1b}[31m\u{e9}").as_str(), "busy??[31m?");
        assert_eq!(ErrorText::new(&"x".repeat(300)).as_str().len(), MESSAGE_BYTES);
        assert_eq!(ErrorText::parse(b"busy"), Some(ErrorText::new("busy")));
        assert_eq!(ErrorText::parse(b"busy\n"), None);
        assert_eq!(ErrorText::parse(&[0xff]), None);
    }
}
