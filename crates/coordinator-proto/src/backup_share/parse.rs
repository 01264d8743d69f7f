//! Reading the three JSON documents about a backup.

use core::str::FromStr;

use zeroize::Zeroizing;

use super::{
    AckError, AckStatus, BackupCiphertext, BackupShare, BackupShareAck, BackupShareError, Fragment, Label,
    Recovery, Split,
};
use crate::encoding::Encoding;
use crate::ids::IdError;
use crate::json::{self, Object, Value};

/// The `type` of a backup share.
pub(super) const BACKUP_SHARE: &str = "backup-share";
/// The `type` of its ack.
pub(super) const ACK: &str = "backup-share:ack";

const NAMES: &[&str] = &[
    "type",
    "sessionId",
    "keyId",
    "ciphertext",
    "kind",
    "curve",
    "scheme",
    "threshold",
    "shareCount",
    "label",
    "labelEncoding",
    "blob",
    "blobEncoding",
    "share",
    "fragment",
    "fragmentEncoding",
    "shareIndex",
    "status",
    "error",
];

pub(super) fn backup_share(bytes: &[u8]) -> Result<BackupShare, BackupShareError> {
    let mut fields = Fields::open(bytes, Some(BACKUP_SHARE))?;
    let session_id = fields.id("sessionId")?;
    let key_id = fields.id("keyId")?;
    let ciphertext = fields.ciphertext(Encoding::guess)?;
    let (name, text) = match (fields.text("share")?, fields.text("fragment")?) {
        (Some(_), Some(_)) => return Err(BackupShareError::Duplicate("fragment")),
        (Some(text), None) => ("share", text),
        (None, Some(text)) => ("fragment", text),
        (None, None) => return Err(BackupShareError::Missing("fragment")),
    };
    let fragment = fields.decode(name, &text, "fragmentEncoding", Encoding::guess)?;
    let share_index = fields.small("shareIndex")?;
    if ciphertext.key_id != key_id {
        return Err(BackupShareError::KeyMismatch);
    }
    BackupShare::new(session_id, ciphertext, Fragment::new(fragment)?, share_index)
}

pub(super) fn recovery(bytes: &[u8]) -> Result<Recovery, BackupShareError> {
    let mut fields = Fields::open(bytes, None)?;
    let ciphertext = fields.ciphertext(|_| Encoding::Hex)?;
    let text = fields.needed("fragment")?;
    let fragment = fields.decode("fragment", &text, "fragmentEncoding", |_| Encoding::Base64)?;
    Ok(Recovery { ciphertext, fragment: Fragment::new(fragment)? })
}

pub(super) fn ack(bytes: &[u8]) -> Result<BackupShareAck, BackupShareError> {
    let mut fields = Fields::open(bytes, Some(ACK))?;
    let key_id = fields.id("keyId")?;
    let status = match fields.needed("status")?.as_str() {
        "ok" => AckStatus::Ok,
        "error" => {
            let word = fields.text("error")?;
            AckStatus::Error(word.map_or(AckError::Other, |word| AckError::from_word(&word)))
        }
        _ => return Err(BackupShareError::WrongType("status")),
    };
    Ok(BackupShareAck { key_id, status })
}

struct Fields(Object);

impl Fields {
    fn open(bytes: &[u8], kind: Option<&str>) -> Result<Self, BackupShareError> {
        let mut fields = Self::checked(json::parse(bytes, NAMES)?)?;
        if let Some(kind) = kind {
            let found = fields.text("type").ok().flatten().ok_or(BackupShareError::OtherType)?;
            if found.as_str() != kind {
                return Err(BackupShareError::OtherType);
            }
        }
        Ok(fields)
    }

    fn checked(object: Object) -> Result<Self, BackupShareError> {
        match object.duplicate() {
            Some(name) => Err(BackupShareError::Duplicate(name)),
            None => Ok(Self(object)),
        }
    }

    fn text(&mut self, name: &'static str) -> Result<Option<Zeroizing<String>>, BackupShareError> {
        match self.0.take(name) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(_) => Err(BackupShareError::WrongType(name)),
        }
    }

    fn needed(&mut self, name: &'static str) -> Result<Zeroizing<String>, BackupShareError> {
        self.text(name)?.ok_or(BackupShareError::Missing(name))
    }

    fn id<T: FromStr<Err = IdError>>(&mut self, field: &'static str) -> Result<T, BackupShareError> {
        self.needed(field)?.parse().map_err(|source| BackupShareError::Id { field, source })
    }

    fn small(&mut self, name: &'static str) -> Result<u16, BackupShareError> {
        match self.0.take(name).ok_or(BackupShareError::Missing(name))? {
            Value::Number(number) => u16::try_from(number).map_err(|_| BackupShareError::WrongType(name)),
            _ => Err(BackupShareError::WrongType(name)),
        }
    }

    fn label(&mut self, name: &'static str) -> Result<Label, BackupShareError> {
        match self.0.take(name).ok_or(BackupShareError::Missing(name))? {
            Value::Text(text) => Label::text(&text),
            Value::Number(number) => {
                u32::try_from(number).map(Label::number).map_err(|_| BackupShareError::WrongType(name))
            }
            _ => Err(BackupShareError::WrongType(name)),
        }
    }

    fn decode(
        &mut self,
        name: &'static str,
        text: &str,
        encoding: &'static str,
        unnamed: fn(&str) -> Encoding,
    ) -> Result<Zeroizing<Vec<u8>>, BackupShareError> {
        let encoding = match self.text(encoding)? {
            None => unnamed(text),
            Some(word) => Encoding::from_word(&word).ok_or(BackupShareError::UnknownEncoding(name))?,
        };
        encoding.decode(text).ok_or(BackupShareError::Encoding(name))
    }

    fn bytes(
        &mut self,
        name: &'static str,
        encoding: &'static str,
        unnamed: fn(&str) -> Encoding,
    ) -> Result<Vec<u8>, BackupShareError> {
        let text = self.needed(name)?;
        self.decode(name, &text, encoding, unnamed).map(|bytes| bytes.to_vec())
    }

    fn ciphertext(&mut self, unnamed: fn(&str) -> Encoding) -> Result<BackupCiphertext, BackupShareError> {
        let object = match self.0.take("ciphertext").ok_or(BackupShareError::Missing("ciphertext"))? {
            Value::Object(object) => object,
            _ => return Err(BackupShareError::WrongType("ciphertext")),
        };
        let mut fields = Self::checked(object)?;
        let ciphertext = BackupCiphertext {
            kind: fields.label("kind")?,
            curve: fields.label("curve")?,
            scheme: fields.label("scheme")?,
            key_id: fields.id("keyId")?,
            split: Split::new(fields.small("threshold")?, fields.small("shareCount")?)?,
            label: fields.bytes("label", "labelEncoding", unnamed)?,
            blob: fields.bytes("blob", "blobEncoding", unnamed)?,
        };
        if ciphertext.blob.is_empty() { Err(BackupShareError::Empty("blob")) } else { Ok(ciphertext) }
    }
}
