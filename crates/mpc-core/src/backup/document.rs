//! A fragment document: everything that one keeper of a backup holds, in bytes that outlive releases.
//!
//! ```text
//! 1     version (1)
//! 3     "MYF"
//! 1+w   wallet id, length first
//! 1+k   key id, length first
//! 24    share id: epoch (big-endian), tag
//! 33    public key, compressed SEC1
//! 2     t, n
//! 2+c   ciphertext, length first (big-endian), its last 16 bytes the tag
//! 33    fragment: index, Shamir part
//! 8     checksum: the first bytes of SHA-256 over all of the above
//! ```
//! The checksum tells an archive that rotted from one that was never meant for the others; against
//! forgery stand the tag and the public key.

use core::fmt;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::cipher::TAG_LEN;
use super::context::{BackupContext, MAX_KEY_ID, MAX_WALLET, Threshold};
use super::error::BackupError;
use super::shamir::{FRAGMENT_LEN, Fragment};
use super::wire::Reader;

/// The version that this release writes.
pub const DOCUMENT_VERSION: u8 = 1;
/// Longest ciphertext in bytes; that of a DKLs23 slim share has 221.
pub const MAX_CIPHERTEXT: usize = 16 * 1024;
/// Longest document in bytes.
pub const MAX_DOCUMENT: usize =
    4 + 1 + MAX_WALLET + 1 + MAX_KEY_ID + 24 + 33 + 2 + 2 + MAX_CIPHERTEXT + FRAGMENT_LEN + CHECKSUM_LEN;

const MAGIC: [u8; 3] = *b"MYF";
const CHECKSUM_LEN: usize = 8;

/// One fragment with all that is needed to use it together with others. Secret; zeroized on drop.
pub struct FragmentDocument {
    context: BackupContext,
    threshold: Threshold,
    ciphertext: Vec<u8>,
    fragment: Fragment,
}

impl FragmentDocument {
    /// Puts a document together from parts that were kept apart.
    ///
    /// # Errors
    /// [`BackupError::TooLong`] and [`BackupError::Malformed`] for parts that no backup has.
    pub fn new(
        context: BackupContext,
        threshold: Threshold,
        ciphertext: Vec<u8>,
        fragment: Fragment,
    ) -> Result<Self, BackupError> {
        context.check()?;
        if ciphertext.len() > MAX_CIPHERTEXT {
            return Err(BackupError::TooLong { field: "ciphertext", max: MAX_CIPHERTEXT });
        }
        if ciphertext.len() <= TAG_LEN {
            return Err(BackupError::Malformed("the ciphertext is empty"));
        }
        if fragment.index() > threshold.n() {
            return Err(BackupError::Malformed("the index is above the fragment count"));
        }
        Ok(Self { context, threshold, ciphertext, fragment })
    }

    /// Reads a document.
    ///
    /// # Errors
    /// [`BackupError::TooLong`] above [`MAX_DOCUMENT`], [`BackupError::Malformed`] or
    /// [`BackupError::UnknownVersion`] for bytes that are no document of this format,
    /// [`BackupError::Damaged`] when the checksum does not match.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BackupError> {
        if bytes.len() > MAX_DOCUMENT {
            return Err(BackupError::TooLong { field: "fragment document", max: MAX_DOCUMENT });
        }
        let mut head = Reader::new(bytes);
        let version = head.byte()?;
        if head.array()? != MAGIC {
            return Err(BackupError::Malformed("it does not begin like one"));
        }
        if version != DOCUMENT_VERSION {
            return Err(BackupError::UnknownVersion(version));
        }
        let (body, checksum) = bytes.split_last_chunk().ok_or(BackupError::Malformed("it ends too early"))?;
        if self::checksum(body) != *checksum {
            return Err(BackupError::Damaged);
        }
        let mut reader = Reader::new(body);
        reader.take(1 + MAGIC.len())?;
        let (context, threshold) = BackupContext::read(&mut reader)?;
        let length = u16::from_be_bytes(reader.array()?);
        let ciphertext = reader.take(usize::from(length))?.to_vec();
        let fragment = Fragment::from_bytes(reader.take(FRAGMENT_LEN)?)?;
        reader.finish()?;
        Self::new(context, threshold, ciphertext, fragment)
    }

    /// The document's bytes, version 1.
    ///
    /// # Security
    /// `t` of these are the key share: each belongs with another keeper.
    #[must_use]
    pub fn dangerous_to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_DOCUMENT));
        bytes.push(DOCUMENT_VERSION);
        bytes.extend_from_slice(&MAGIC);
        self.context.write(self.threshold, &mut bytes);
        let length = u16::try_from(self.ciphertext.len()).expect("checked in every constructor");
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(&self.ciphertext);
        bytes.extend_from_slice(self.fragment.dangerous_expose_bytes());
        let checksum = checksum(&bytes);
        bytes.extend_from_slice(&checksum);
        bytes
    }

    /// What the backup is of.
    #[must_use]
    pub const fn context(&self) -> &BackupContext {
        &self.context
    }

    /// How many fragments open the backup, of how many.
    #[must_use]
    pub const fn threshold(&self) -> Threshold {
        self.threshold
    }

    /// The encrypted slim share with its 16-byte tag.
    #[must_use]
    pub fn ciphertext(&self) -> &[u8] {
        &self.ciphertext
    }

    /// The Shamir part.
    #[must_use]
    pub const fn fragment(&self) -> &Fragment {
        &self.fragment
    }

    /// Which fragment this is, from 1.
    #[must_use]
    pub fn index(&self) -> u8 {
        self.fragment.index()
    }

    pub(super) fn is_of_same_backup(&self, other: &Self) -> bool {
        self.context == other.context
            && self.threshold == other.threshold
            && self.ciphertext == other.ciphertext
    }
}

impl fmt::Debug for FragmentDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FragmentDocument")
            .field("share_id", &self.context.share_id)
            .field("threshold", &self.threshold)
            .field("fragment", &self.fragment)
            .finish_non_exhaustive()
    }
}

fn checksum(body: &[u8]) -> [u8; CHECKSUM_LEN] {
    let digest: [u8; 32] = Sha256::digest(body).into();
    let mut checksum = [0; CHECKSUM_LEN];
    checksum.copy_from_slice(&digest[..CHECKSUM_LEN]);
    checksum
}
