//! What both parties agree on before a ceremony begins.
//!
//! Everything here is bound into the ceremony's session id: two parties that were given different
//! values cannot finish.

use core::fmt;

use crate::path::DerivationPath;
use crate::role::Role;

/// Context of a distributed key generation.
#[derive(Clone, Debug)]
pub struct DkgContext {
    /// Which party this side is.
    pub role: Role,
    /// The session id that both sides know.
    pub session: Vec<u8>,
    /// The key id that both sides know.
    pub key_id: Vec<u8>,
}

/// Context of a complete refresh.
#[derive(Clone, Debug)]
pub struct RefreshContext {
    /// Which party this side is.
    pub role: Role,
    /// The session id that both sides know.
    pub session: Vec<u8>,
    /// The wallet that both sides know.
    pub wallet: Vec<u8>,
}

/// Who sends the first frame of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flight {
    /// m1 -> m1+m2 -> m2 -> m3 -> signature: for older devices, which wait for the server.
    ServerFirst,
    /// m1 -> m1+m2 -> m2+m3 -> signature.
    DeviceFirst,
}

/// Context of one signature.
#[derive(Clone)]
pub struct SignContext {
    /// Which party this side is.
    pub role: Role,
    /// Who sends the first frame.
    pub flight: Flight,
    /// The session id that both sides know; it is the device's nonce.
    pub session: Vec<u8>,
    /// The wallet that both sides know.
    pub wallet: Vec<u8>,
    /// The sign request that both sides know.
    pub request_id: Vec<u8>,
    /// The chain that the signature is for.
    pub chain_id: Vec<u8>,
    /// From the shared key to the key that signs.
    pub path: DerivationPath,
    /// The 32 bytes to sign. Each side computes them itself from `sign_bytes`.
    pub digest: [u8; 32],
    /// The original sign-doc bytes.
    pub sign_bytes: Vec<u8>,
    /// The server's 256-bit nonce. With [`Flight::DeviceFirst`] both sides must have it. With
    /// [`Flight::ServerFirst`] the device leaves it `None` and learns it from the header of the server's
    /// first frame, or gives the one that it insists on; the server may leave it `None` to have it drawn.
    pub server_nonce: Option<[u8; 32]>,
}

impl fmt::Debug for SignContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignContext")
            .field("role", &self.role)
            .field("flight", &self.flight)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
