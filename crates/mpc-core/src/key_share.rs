//! A key share: the engine-neutral core, and beside it whatever the engine needs.
//!
//! This is the one type that a share lives in. It leaves the type through methods whose names say so.

mod core;
mod slim;

use std::any::Any;

use zeroize::Zeroizing;

pub use self::core::{CORE_LEN, ShareCore, ShareError, ShareParts};
pub use self::slim::{SLIM_CORE_LEN, SlimShare};
use crate::derivation;
use crate::engine::EngineId;
use crate::error::EngineError;
use crate::path::DerivationPath;
use crate::public_key::PublicKey;
use crate::role::Role;
use crate::share_id::ShareId;

/// What an engine keeps beside the core. Secret: an implementation is zeroized on drop.
pub trait EngineState: Any + Send + Sync {
    /// The versioned bytes that the engine can read back.
    fn dangerous_export(&self) -> Zeroizing<Vec<u8>>;

    /// The little that a complete refresh needs beside the core; at most 64 bytes.
    fn dangerous_slim(&self) -> Zeroizing<Vec<u8>>;

    /// Whether the state is enough to sign.
    fn can_sign(&self) -> bool;
}

/// One party's share of a key, with the engine's state. Secret; zeroized on drop.
///
/// It cannot be copied, shown or serialized by accident:
///
/// ```compile_fail,E0599
/// # fn f(share: maany_mpc_core::KeyShare) { let copy = share.clone(); }
/// ```
/// ```compile_fail,E0277
/// # fn f(share: maany_mpc_core::KeyShare) { let text = format!("{share}"); }
/// ```
/// ```compile_fail,E0277
/// # fn f(share: maany_mpc_core::KeyShare) { let bytes = postcard::to_allocvec(&share); }
/// ```
pub struct KeyShare {
    core: ShareCore,
    state: Box<dyn EngineState>,
}

impl KeyShare {
    /// Puts a checked core and an engine's state together.
    #[must_use]
    pub fn new(core: ShareCore, state: Box<dyn EngineState>) -> Self {
        Self { core, state }
    }

    /// Which generation of shares this is.
    #[must_use]
    pub fn share_id(&self) -> ShareId {
        self.core.share_id()
    }

    /// The shared public key.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        self.core.public_key()
    }

    /// The BIP-32 chain code of the shared key, 32 bytes.
    #[must_use]
    pub fn chain_code(&self) -> [u8; 32] {
        self.core.chain_code()
    }

    /// Whose share it is.
    #[must_use]
    pub fn role(&self) -> Role {
        self.core.role()
    }

    /// Which engine it belongs to.
    #[must_use]
    pub fn engine(&self) -> EngineId {
        self.core.engine()
    }

    /// The public images of both shares: the device's, then the server's.
    #[must_use]
    pub fn verifying_shares(&self) -> [PublicKey; 2] {
        self.core.verifying_shares()
    }

    /// Whether the share can sign; a restored slim share can only run a complete refresh.
    #[must_use]
    pub fn can_sign(&self) -> bool {
        self.state.can_sign()
    }

    /// The public key of a non-hardened child.
    ///
    /// # Errors
    /// [`EngineError::Underivable`] when the path leads to no key (probability below 2^-127 a step).
    pub fn child_public_key(&self, path: &DerivationPath) -> Result<PublicKey, EngineError> {
        derivation::child_public_key(&self.public_key(), &self.chain_code(), path)
    }

    /// The engine-neutral core.
    #[must_use]
    pub fn core(&self) -> &ShareCore {
        &self.core
    }

    /// The engine's state as its own type; `None` when it is another engine's.
    #[must_use]
    pub fn state<S: EngineState>(&self) -> Option<&S> {
        let state: &dyn Any = &*self.state;
        state.downcast_ref()
    }

    /// The whole share as versioned bytes: the core ([`CORE_LEN`] bytes), then the engine's state
    /// behind its length (32-bit big-endian).
    ///
    /// # Security
    /// For sealed storage only. Whoever reads this holds the share.
    #[must_use]
    pub fn dangerous_export(&self) -> Zeroizing<Vec<u8>> {
        let state = self.state.dangerous_export();
        let mut bytes = Zeroizing::new(Vec::with_capacity(CORE_LEN + 4 + state.len()));
        self.core.write(&mut bytes);
        bytes.extend_from_slice(&(state.len() as u32).to_be_bytes());
        bytes.extend_from_slice(&state);
        bytes
    }

    /// Splits what [`KeyShare::dangerous_export`] wrote into the checked core and the engine's bytes.
    ///
    /// # Errors
    /// [`ShareError`] when a length, version or value is wrong, or the parts do not belong together.
    pub fn split_export(bytes: &[u8]) -> Result<(ShareCore, &[u8]), ShareError> {
        let (core, rest) = ShareCore::read(bytes)?;
        let (length, state) = rest.split_first_chunk::<4>().ok_or(ShareError::Length)?;
        if state.len() as u64 != u64::from(u32::from_be_bytes(*length)) {
            return Err(ShareError::Length);
        }
        Ok((core, state))
    }

    /// The share without its engine state: enough for a complete refresh.
    #[must_use]
    pub fn slim(&self) -> SlimShare {
        SlimShare::new(&self.core, &self.state.dangerous_slim())
    }
}

impl std::fmt::Debug for KeyShare {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyShare").finish_non_exhaustive()
    }
}
