//! Ids and digests of a fixed number of bytes, written as lower-case hexadecimal.

use core::fmt;
use core::str::FromStr;

use super::IdError;

macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident, $size:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; $size]);

        impl $name {
            /// The id of these bytes; every value is possible.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; $size]) -> Self {
                Self(bytes)
            }

            /// The bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $size] {
                &self.0
            }

            /// Reads the lower-case hexadecimal form.
            ///
            /// # Errors
            /// [`IdError::NotHex`] for any other length or character, upper case included: one value has one text.
            pub fn from_hex(text: &str) -> Result<Self, IdError> {
                let error = IdError::NotHex { digits: $size * 2 };
                if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
                    return Err(error);
                }
                let mut bytes = [0; $size];
                hex::decode_to_slice(text, &mut bytes).map_err(|_| error)?;
                Ok(Self(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::from_hex(text)
            }
        }
    };
}

hex_id! {
    /// The server's name for a wallet: 16 random bytes, shown as 32 hexadecimal digits.
    WalletId, 16
}

hex_id! {
    /// The server's name for a sign request: 16 random bytes, shown as 32 hexadecimal digits.
    RequestId, 16
}

hex_id! {
    /// The 32-byte SHA-256 digest of the sign bytes, which is what the two parties sign.
    Digest, 32
}
