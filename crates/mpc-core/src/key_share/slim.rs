//! A share without its engine state: what a backup keeps.
//!
//! ```text
//! 0    version 1                      1
//! 1    engine                         1
//! 2    role                           1
//! 3    share id                      24
//! 27   share                         32
//! 59   public key                    33
//! 92   the other verifying share     33
//! 125  chain code                    32
//! 157  the engine's part         0..=64
//! ```

use std::fmt;

use k256::ProjectivePoint;
use zeroize::{Zeroize, Zeroizing};

use super::core::{ShareCore, ShareError, ShareParts, parse_scalar, take, take_point};
use crate::engine::EngineId;
use crate::public_key::{PUBLIC_KEY_LEN, PublicKey};
use crate::role::Role;
use crate::share_id::{SHARE_ID_LEN, ShareId};

/// Length of the engine-neutral part in bytes.
pub const SLIM_CORE_LEN: usize = 3 + SHARE_ID_LEN + 32 + 2 * PUBLIC_KEY_LEN + 32;

const VERSION: u8 = 1;
const MAX_STATE_LEN: usize = 64;

/// A share without its engine state, small enough for a QR code. Secret; zeroized on drop.
///
/// ```compile_fail,E0599
/// # fn f(slim: maany_mpc_core::SlimShare) { let copy = slim.clone(); }
/// ```
/// ```compile_fail,E0277
/// # fn f(slim: maany_mpc_core::SlimShare) { let text = format!("{slim}"); }
/// ```
/// ```compile_fail,E0277
/// # fn f(slim: maany_mpc_core::SlimShare) { let bytes = postcard::to_allocvec(&slim); }
/// ```
pub struct SlimShare {
    core: ShareCore,
    bytes: Zeroizing<Vec<u8>>,
}

impl SlimShare {
    pub(super) fn new(core: &ShareCore, state: &[u8]) -> Self {
        let mut bytes = Zeroizing::new(Vec::with_capacity(SLIM_CORE_LEN + state.len()));
        bytes.extend_from_slice(&[VERSION, core.engine().0, core.role().party_index()]);
        bytes.extend_from_slice(&core.share_id().to_bytes());
        bytes.extend_from_slice(core.dangerous_expose_secret());
        bytes.extend_from_slice(core.public_key().as_bytes());
        bytes.extend_from_slice(core.peer_verifying_share().as_bytes());
        bytes.extend_from_slice(&core.chain_code());
        bytes.extend_from_slice(state);
        Self { core: core.duplicate(), bytes }
    }

    /// Reads what [`SlimShare::dangerous_expose_bytes`] showed, with every check that can be made without
    /// the engine.
    ///
    /// # Errors
    /// [`ShareError`] when a length, version or value is wrong, or the parts do not belong together.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ShareError> {
        let mut rest = bytes;
        let [version, engine, role] = *take::<3>(&mut rest)?;
        if version != VERSION {
            return Err(ShareError::Version);
        }
        let role = Role::from_party_index(role).ok_or(ShareError::Role)?;
        let share_id = ShareId::from_bytes(take(&mut rest)?).ok_or(ShareError::Epoch)?;
        let secret = Zeroizing::new(*take::<32>(&mut rest)?);
        let public_key = take_point(&mut rest)?;
        let peer = take_point(&mut rest)?;
        let chain_code = *take::<32>(&mut rest)?;
        if rest.len() > MAX_STATE_LEN {
            return Err(ShareError::Length);
        }
        let mut scalar = parse_scalar(&secret)?;
        let own = PublicKey::from_point(&(ProjectivePoint::GENERATOR * scalar).to_affine());
        scalar.zeroize();
        let own = own.map_err(|_| ShareError::Scalar)?;
        let verifying_shares = match role {
            Role::Device => [own, peer],
            Role::Server => [peer, own],
        };
        let core = ShareCore::new(ShareParts {
            engine: EngineId(engine),
            role,
            share_id,
            secret,
            public_key,
            verifying_shares,
            chain_code,
        })?;
        Ok(Self { core, bytes: Zeroizing::new(bytes.to_vec()) })
    }

    /// The encoded share: 205 bytes with the DKLs23 engine.
    ///
    /// # Security
    /// For encryption in a backup only. Whoever reads this holds the share.
    #[must_use]
    pub fn dangerous_expose_bytes(&self) -> &[u8] {
        &self.bytes
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

    /// The core and the engine's part, for the engine that restores it.
    #[must_use]
    pub fn into_parts(self) -> (ShareCore, Zeroizing<Vec<u8>>) {
        let state = Zeroizing::new(self.bytes[SLIM_CORE_LEN..].to_vec());
        (self.core, state)
    }
}

impl fmt::Debug for SlimShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SlimShare").finish_non_exhaustive()
    }
}
