//! The engine-neutral core of a share: what any engine over Shamir shares needs to take a key over.
//!
//! The two shares are the values at 1 (device) and 2 (server) of a line whose value at 0 is the key.

use k256::elliptic_curve::PrimeField;
use k256::{ProjectivePoint, Scalar};
use zeroize::{Zeroize, Zeroizing};

use crate::engine::EngineId;
use crate::public_key::{PUBLIC_KEY_LEN, PublicKey};
use crate::role::Role;
use crate::share_id::{SHARE_ID_LEN, ShareId};

/// Length of an encoded [`ShareCore`] in bytes.
pub const CORE_LEN: usize = 3 + SHARE_ID_LEN + 32 + 3 * PUBLIC_KEY_LEN + 32;

const VERSION: u8 = 1;

/// Why a share does not hold together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShareError {
    /// Too short, too long, or a part of the wrong length.
    #[error("wrong length")]
    Length,
    /// A version that this release does not know.
    #[error("unknown version")]
    Version,
    /// A role that is neither device nor server.
    #[error("unknown role")]
    Role,
    /// Epoch 0 names no shares, and the last epoch has no successor.
    #[error("epoch out of range")]
    Epoch,
    /// The share is zero or not below the group order.
    #[error("the share is no scalar")]
    Scalar,
    /// A public key or verifying share is no point.
    #[error("not a point")]
    Point,
    /// The share and its verifying share differ.
    #[error("the share does not match its verifying share")]
    OwnShare,
    /// The verifying shares are equal or do not lie on a line through the public key.
    #[error("the verifying shares do not match the public key")]
    Line,
    /// The chain code is zero.
    #[error("zero chain code")]
    ChainCode,
    /// The engine's state is malformed or belongs to other shares.
    #[error("malformed engine state")]
    State,
}

/// The parts of a [`ShareCore`], to be checked by [`ShareCore::new`].
pub struct ShareParts {
    /// The engine that made the share.
    pub engine: EngineId,
    /// Whose share it is.
    pub role: Role,
    /// Which generation of shares it belongs to.
    pub share_id: ShareId,
    /// The share, a 32-byte big-endian scalar.
    pub secret: Zeroizing<[u8; 32]>,
    /// The shared public key.
    pub public_key: PublicKey,
    /// The public images of both shares: the device's, then the server's.
    pub verifying_shares: [PublicKey; 2],
    /// The BIP-32 chain code of the shared key.
    pub chain_code: [u8; 32],
}

/// Index, share, public key, verifying shares, chain code and epoch. Secret; zeroized on drop.
///
/// ```compile_fail,E0599
/// # fn f(core: maany_mpc_core::key_share::ShareCore) { let copy = core.clone(); }
/// ```
/// ```compile_fail,E0277
/// # fn f(core: &maany_mpc_core::key_share::ShareCore) { println!("{core:?}"); }
/// ```
pub struct ShareCore(Box<ShareParts>);

impl ShareCore {
    /// Checks that the parts belong together.
    ///
    /// # Errors
    /// [`ShareError`] names the first thing that does not.
    pub fn new(parts: ShareParts) -> Result<Self, ShareError> {
        let mut secret = parse_scalar(&parts.secret)?;
        let image = PublicKey::from_point(&(ProjectivePoint::GENERATOR * secret).to_affine());
        secret.zeroize();
        let [device, server] = parts.verifying_shares;
        let own = match parts.role {
            Role::Device => device,
            Role::Server => server,
        };
        if image != Ok(own) {
            return Err(ShareError::OwnShare);
        }
        if !on_one_line(&parts.public_key, &parts.verifying_shares) {
            return Err(ShareError::Line);
        }
        if parts.chain_code == [0; 32] {
            return Err(ShareError::ChainCode);
        }
        if parts.share_id.epoch == 0 {
            return Err(ShareError::Epoch);
        }
        Ok(Self(Box::new(parts)))
    }

    /// Which generation of shares this is.
    #[must_use]
    pub fn share_id(&self) -> ShareId {
        self.0.share_id
    }

    /// The shared public key.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        self.0.public_key
    }

    /// The BIP-32 chain code of the shared key, 32 bytes.
    #[must_use]
    pub fn chain_code(&self) -> [u8; 32] {
        self.0.chain_code
    }

    /// Whose share it is.
    #[must_use]
    pub fn role(&self) -> Role {
        self.0.role
    }

    /// Which engine it belongs to.
    #[must_use]
    pub fn engine(&self) -> EngineId {
        self.0.engine
    }

    /// The public images of both shares: the device's, then the server's.
    #[must_use]
    pub fn verifying_shares(&self) -> [PublicKey; 2] {
        self.0.verifying_shares
    }

    /// The public image of the other party's share.
    #[must_use]
    pub fn peer_verifying_share(&self) -> PublicKey {
        let [device, server] = self.0.verifying_shares;
        match self.0.role {
            Role::Device => server,
            Role::Server => device,
        }
    }

    /// The share itself, a 32-byte big-endian scalar.
    #[must_use]
    pub fn dangerous_expose_secret(&self) -> &[u8; 32] {
        &self.0.secret
    }

    /// A second copy, for the slim share beside the full one.
    pub(super) fn duplicate(&self) -> Self {
        let ShareParts { engine, role, share_id, ref secret, public_key, verifying_shares, chain_code } =
            *self.0;
        let secret = secret.clone();
        let parts = ShareParts { engine, role, share_id, secret, public_key, verifying_shares, chain_code };
        Self(Box::new(parts))
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let parts = &self.0;
        out.extend_from_slice(&[VERSION, parts.engine.0, parts.role.party_index()]);
        out.extend_from_slice(&parts.share_id.to_bytes());
        out.extend_from_slice(&*parts.secret);
        out.extend_from_slice(parts.public_key.as_bytes());
        out.extend_from_slice(parts.verifying_shares[0].as_bytes());
        out.extend_from_slice(parts.verifying_shares[1].as_bytes());
        out.extend_from_slice(&parts.chain_code);
    }

    pub(super) fn read(bytes: &[u8]) -> Result<(Self, &[u8]), ShareError> {
        let mut rest = bytes;
        let [version, engine, role] = *take::<3>(&mut rest)?;
        if version != VERSION {
            return Err(ShareError::Version);
        }
        let role = Role::from_party_index(role).ok_or(ShareError::Role)?;
        let share_id = ShareId::from_bytes(take(&mut rest)?).ok_or(ShareError::Epoch)?;
        let secret = Zeroizing::new(*take::<32>(&mut rest)?);
        let public_key = take_point(&mut rest)?;
        let verifying_shares = [take_point(&mut rest)?, take_point(&mut rest)?];
        let chain_code = *take::<32>(&mut rest)?;
        let parts = ShareParts {
            engine: EngineId(engine),
            role,
            share_id,
            secret,
            public_key,
            verifying_shares,
            chain_code,
        };
        Ok((Self::new(parts)?, rest))
    }
}

/// Whether the values at 1 and 2 are different points of a line through the public key: `2*V1 - V2 = pk`.
fn on_one_line(public_key: &PublicKey, verifying_shares: &[PublicKey; 2]) -> bool {
    let [device, server] = verifying_shares;
    if device == server {
        return false;
    }
    let at_zero = device.to_projective().double() - server.to_projective();
    at_zero == public_key.to_projective()
}

pub(super) fn parse_scalar(bytes: &[u8; 32]) -> Result<Scalar, ShareError> {
    let scalar: Option<Scalar> = Scalar::from_repr((*bytes).into()).into();
    scalar.filter(|scalar| *scalar != Scalar::ZERO).ok_or(ShareError::Scalar)
}

pub(super) fn take<'a, const N: usize>(bytes: &mut &'a [u8]) -> Result<&'a [u8; N], ShareError> {
    let (head, rest) = bytes.split_first_chunk().ok_or(ShareError::Length)?;
    *bytes = rest;
    Ok(head)
}

pub(super) fn take_point(bytes: &mut &[u8]) -> Result<PublicKey, ShareError> {
    PublicKey::from_sec1(take::<PUBLIC_KEY_LEN>(bytes)?).map_err(|_| ShareError::Point)
}
