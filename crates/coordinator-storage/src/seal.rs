//! Envelope encryption of one version of one record.
//!
//! Every sealing draws a data key, encrypts with AES-256-GCM, and has the data key wrapped by the key provider.
//! Both the record and the wrapped data key are bound to the record's place. The envelope is
//! `format, suite, length and key id, length and wrapped data key, nonce (12), ciphertext, tag (16)`.

mod place;

use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes256Gcm, KeyInit};
use zeroize::Zeroizing;

pub(crate) use place::{Place, SharePlace};

use crate::error::{Corruption, StoreError};
use crate::key::keyring::is_key_id;
use crate::key::{DataKey, KeyError, KeyProvider, WrappedKey};
use crate::record::codec::Reader;

/// The envelope's format, its first byte and part of what is authenticated.
pub(crate) const FORMAT: u8 = 1;
/// AES-256-GCM, the only suite; the envelope's second byte and part of what is authenticated.
pub(crate) const SUITE: u8 = 1;

const NONCE_LEN: usize = 12;
const TAG_LEN: usize = 16;

/// Seals a record for its place.
///
/// # Errors
/// [`StoreError::Key`] from the key provider.
pub(crate) async fn seal(
    keys: &dyn KeyProvider,
    place: &Place<'_>,
    plain: Zeroizing<Vec<u8>>,
) -> Result<Vec<u8>, StoreError> {
    let context = place.context();
    let key = DataKey::random()?;
    let wrapped = keys.wrap(&key, &context).await?;
    let mut nonce = [0; NONCE_LEN];
    getrandom::fill(&mut nonce).map_err(|_| StoreError::NoRandomness)?;
    encrypt(&context, &key, &wrapped, nonce, plain)
}

/// Opens a record that was sealed for this place.
///
/// # Errors
/// [`StoreError::Corrupt`] where the bytes or the place are not those of the sealing, or the provider has no key of the
/// id in the envelope; [`StoreError::Key`] where the provider fails.
pub(crate) async fn open(
    keys: &dyn KeyProvider,
    place: &Place<'_>,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    let corrupt = |cause| StoreError::corrupt(place.table, place.key, cause);
    let envelope = Envelope::parse(sealed).map_err(corrupt)?;
    let context = place.context();
    let key = match keys.unwrap(&envelope.wrapped, &context).await {
        Ok(key) => key,
        Err(KeyError::UnknownKey { key_id }) => return Err(corrupt(Corruption::UnknownKey(key_id))),
        Err(KeyError::NotAuthentic) => return Err(corrupt(Corruption::KeyNotAuthentic)),
        Err(error) => return Err(error.into()),
    };
    let mut plain = Zeroizing::new(envelope.ciphertext.to_vec());
    cipher(&key)
        .decrypt_inout_detached(
            &envelope.nonce.into(),
            &context,
            plain.as_mut_slice().into(),
            &envelope.tag.into(),
        )
        .map_err(|_| corrupt(Corruption::NotAuthentic))?;
    Ok(plain)
}

/// The id of the key-encryption key that an envelope names, without trusting it.
pub(crate) fn key_id(sealed: &[u8]) -> Result<String, Corruption> {
    Envelope::parse(sealed).map(|envelope| envelope.wrapped.key_id)
}

struct Envelope<'a> {
    wrapped: WrappedKey,
    nonce: [u8; NONCE_LEN],
    ciphertext: &'a [u8],
    tag: [u8; TAG_LEN],
}

impl<'a> Envelope<'a> {
    fn parse(sealed: &'a [u8]) -> Result<Self, Corruption> {
        let mut r = Reader::new(sealed, FORMAT)?;
        if r.u8()? != SUITE {
            return Err(Corruption::Field("suite"));
        }
        let id_len = usize::from(r.u8()?);
        let key_id = std::str::from_utf8(r.take(id_len)?).map_err(|_| Corruption::Field("key id"))?;
        if !is_key_id(key_id) {
            return Err(Corruption::Field("key id"));
        }
        let wrapped_len = usize::from(u16::from_be_bytes(r.array()?));
        let bytes = r.take(wrapped_len)?.to_vec();
        let nonce = r.array()?;
        let ciphertext = r.take(r.remaining().checked_sub(TAG_LEN).ok_or(Corruption::Truncated)?)?;
        let tag = r.array()?;
        Ok(Self { wrapped: WrappedKey { key_id: key_id.to_owned(), bytes }, nonce, ciphertext, tag })
    }
}

fn encrypt(
    context: &[u8],
    key: &DataKey,
    wrapped: &WrappedKey,
    nonce: [u8; NONCE_LEN],
    mut plain: Zeroizing<Vec<u8>>,
) -> Result<Vec<u8>, StoreError> {
    if !is_key_id(&wrapped.key_id) {
        return Err(KeyError::BadKeyId.into());
    }
    let id_len = u8::try_from(wrapped.key_id.len()).map_err(|_| KeyError::BadKeyId)?;
    let wrapped_len = u16::try_from(wrapped.bytes.len())
        .map_err(|_| StoreError::Unfit { reason: "the wrapped data key is too long" })?;
    let tag = cipher(key)
        .encrypt_inout_detached(&nonce.into(), context, plain.as_mut_slice().into())
        .map_err(|_| StoreError::Unfit { reason: "a value is too long" })?;

    let mut sealed = Vec::with_capacity(
        3 + wrapped.key_id.len() + 2 + wrapped.bytes.len() + NONCE_LEN + plain.len() + TAG_LEN,
    );
    sealed.extend_from_slice(&[FORMAT, SUITE, id_len]);
    sealed.extend_from_slice(wrapped.key_id.as_bytes());
    sealed.extend_from_slice(&wrapped_len.to_be_bytes());
    sealed.extend_from_slice(&wrapped.bytes);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(&plain);
    sealed.extend_from_slice(&tag);
    Ok(sealed)
}

fn cipher(key: &DataKey) -> Aes256Gcm {
    Aes256Gcm::new(key.dangerous_expose().into())
}

#[cfg(test)]
mod tests;
