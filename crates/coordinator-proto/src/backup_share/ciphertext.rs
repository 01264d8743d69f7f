//! The encrypted backup that the fragments open, with the labels that its device gave it. Carried, never opened.

use super::BackupShareError;
use crate::encoding;
use crate::ids::KeyId;
use crate::json::ObjectWriter;

/// The longest text of a label, in characters.
const LABEL_LIMIT: usize = 64;
/// The most fragments: Shamir parts over GF(256) have one byte of index.
const MAX_FRAGMENTS: u16 = 255;

/// A short label that devices write as a text or as a number; it goes back as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label(Form);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    Text(Box<str>),
    Number(u32),
}

impl Label {
    /// A label of 1-64 visible ASCII characters.
    ///
    /// # Errors
    /// [`BackupShareError::Label`] for anything else.
    pub fn text(text: &str) -> Result<Self, BackupShareError> {
        let well_formed =
            !text.is_empty() && text.len() <= LABEL_LIMIT && text.bytes().all(|byte| byte.is_ascii_graphic());
        if well_formed { Ok(Self(Form::Text(text.into()))) } else { Err(BackupShareError::Label) }
    }

    /// A label that is a number.
    #[must_use]
    pub const fn number(number: u32) -> Self {
        Self(Form::Number(number))
    }

    fn write(&self, name: &'static str, json: ObjectWriter) -> ObjectWriter {
        match &self.0 {
            Form::Text(text) => json.text(name, text),
            Form::Number(number) => json.number(name, u64::from(*number)),
        }
    }
}

/// How many of how many fragments open the ciphertext: `2 <= threshold <= count <= 255`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    threshold: u16,
    count: u16,
}

impl Split {
    /// Checks the two numbers.
    ///
    /// # Errors
    /// [`BackupShareError::Threshold`] outside `2 <= threshold <= count <= 255`.
    pub const fn new(threshold: u16, count: u16) -> Result<Self, BackupShareError> {
        if threshold < 2 || threshold > count || count > MAX_FRAGMENTS {
            return Err(BackupShareError::Threshold);
        }
        Ok(Self { threshold, count })
    }

    /// How many fragments open the ciphertext.
    #[must_use]
    pub const fn threshold(self) -> u16 {
        self.threshold
    }

    /// How many fragments there are.
    #[must_use]
    pub const fn count(self) -> u16 {
        self.count
    }
}

/// The `ciphertext` object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupCiphertext {
    /// `kind`: what was encrypted.
    pub kind: Label,
    /// `curve`.
    pub curve: Label,
    /// `scheme`: how the key was split.
    pub scheme: Label,
    /// `keyId`: the key that it belongs to.
    pub key_id: KeyId,
    /// `threshold` and `shareCount`.
    pub split: Split,
    /// `label`: associated data, which may be empty.
    pub label: Vec<u8>,
    /// `blob`: the ciphertext.
    pub blob: Vec<u8>,
}

impl BackupCiphertext {
    fn write_head(&self) -> ObjectWriter {
        let json = self.kind.write("kind", ObjectWriter::new());
        let json = self.curve.write("curve", json);
        self.scheme
            .write("scheme", json)
            .text("keyId", self.key_id.as_str())
            .number("threshold", self.split.threshold.into())
            .number("shareCount", self.split.count.into())
    }

    /// The form of a `backup-share`: base64, said so.
    pub(super) fn write_base64(&self) -> ObjectWriter {
        self.write_head()
            .text("label", &encoding::base64(&self.label))
            .text("labelEncoding", "base64")
            .text("blob", &encoding::base64(&self.blob))
            .text("blobEncoding", "base64")
    }

    /// The form of a recovery document: hexadecimal, which is what no encoding means there.
    pub(super) fn write_hex(&self) -> ObjectWriter {
        self.write_head().text("label", &hex::encode(&self.label)).text("blob", &hex::encode(&self.blob))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_of_one_is_refused() {
        assert!(Split::new(2, 3).is_ok() && Split::new(2, 2).is_ok() && Split::new(255, 255).is_ok());
        for (threshold, count) in [(0, 0), (0, 3), (1, 3), (4, 3), (2, 256)] {
            assert_eq!(
                Split::new(threshold, count),
                Err(BackupShareError::Threshold),
                "{threshold} of {count}"
            );
        }
    }

    #[test]
    fn labels_are_short_and_visible() {
        assert!(Label::text(&"k".repeat(LABEL_LIMIT)).is_ok());
        for text in ["", "a b", "é", "a\n", &"k".repeat(LABEL_LIMIT + 1)] {
            assert_eq!(Label::text(text), Err(BackupShareError::Label));
        }
    }
}
