//! The ids that rows are found by. They come in as bytes and are never derived from a secret.

use std::fmt;

use sha2::{Digest, Sha256};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $len]);

        impl $name {
            /// The id of these bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }

            /// The id's bytes.
            #[must_use]
            pub const fn to_bytes(self) -> [u8; $len] {
                self.0
            }

            /// The id's bytes, borrowed.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }
        }

        impl From<[u8; $len]> for $name {
            fn from(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
    };
}

id!(
    /// A wallet's id, 16 bytes, issued by the server.
    WalletId,
    16
);
id!(
    /// A sign request's id, 16 bytes, issued by the server.
    RequestId,
    16
);
id!(
    /// A share's id, 24 bytes: the epoch (8 bytes, big-endian) and the first 16 bytes of the engine's session id.
    ShareId,
    24
);

impl ShareId {
    /// The epoch: 1 after DKG, one more after each complete refresh.
    #[must_use]
    pub fn epoch(self) -> u64 {
        let mut epoch = [0; 8];
        epoch.copy_from_slice(&self.0[..8]);
        u64::from_be_bytes(epoch)
    }
}

/// Whom a wallet belongs to. Rows of one owner are not found with another owner's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner {
    /// The tenant, in the authenticator's spelling.
    pub tenant: String,
    /// The owner within the tenant, in the authenticator's spelling.
    pub owner: String,
}

impl Owner {
    /// An owner within a tenant.
    pub fn new(tenant: impl Into<String>, owner: impl Into<String>) -> Self {
        Self { tenant: tenant.into(), owner: owner.into() }
    }

    /// The first part of this owner's row keys: 16 bytes of SHA-256 over both names, length-prefixed.
    pub(crate) fn prefix(&self) -> [u8; 16] {
        let mut hash = Sha256::new();
        hash.update(b"maany owner 1");
        for part in [&self.tenant, &self.owner] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let mut prefix = [0; 16];
        prefix.copy_from_slice(&hash.finalize()[..16]);
        prefix
    }
}
