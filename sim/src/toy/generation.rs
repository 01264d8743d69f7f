//! DKG and refresh: each side adds a line, and both shares are what the lines come to at 1 and 2. Three frames each: nonce and
//! images, the line's value for the peer, the confirmation.

use std::sync::Arc;

use k256::elliptic_curve::PrimeField;
use k256::{ProjectivePoint, Scalar};
use maany_mpc_core::key_share::{KeyShare, ShareCore, ShareParts};
use maany_mpc_core::{
    Ceremony, DkgContext, EngineError, Operation, PublicKey, RefreshContext, Role, ShareId, Step,
};
use zeroize::Zeroizing;

use super::ID;
use super::frame::Wire;
use super::numbers::{bytes, hash, image, key, point, scalar, scalar_of};
use super::share::Beside;

/// One side of a ceremony that makes shares.
pub(super) struct Generation {
    wire: Wire,
    /// What both sides were given, and nothing else.
    binding: [u8; 32],
    nonce: [u8; 32],
    line: Line,
    /// The share that is moved; none in DKG.
    base: Option<Arc<KeyShare>>,
    turn: Turn,
}

/// `constant + slope * x`; a refresh moves no constant.
struct Line {
    constant: Scalar,
    slope: Scalar,
}

enum Turn {
    Start,
    AwaitImages,
    AwaitValue { session: [u8; 32], theirs: Box<[ProjectivePoint; 2]> },
    AwaitConfirmation { session: [u8; 32], confirmation: [u8; 32], share: Box<KeyShare> },
}

impl Generation {
    pub(super) fn dkg(context: &DkgContext, draw: [u8; 32]) -> Self {
        let binding = hash(&[b"dkg", &context.session, &context.key_id]);
        let line = Line { constant: scalar_of(&draw, "constant"), slope: scalar_of(&draw, "slope") };
        Self::new(Wire::new(Operation::Dkg, context.role, None), binding, draw, line, None)
    }

    pub(super) fn refresh(share: Arc<KeyShare>, context: &RefreshContext, draw: [u8; 32]) -> Self {
        let id = share.share_id();
        let binding = hash(&[b"refresh", &context.session, &context.wallet, &id.to_bytes()]);
        let line = Line { constant: Scalar::ZERO, slope: scalar_of(&draw, "slope") };
        Self::new(Wire::new(Operation::Refresh, context.role, Some(id)), binding, draw, line, Some(share))
    }

    fn new(wire: Wire, binding: [u8; 32], draw: [u8; 32], line: Line, base: Option<Arc<KeyShare>>) -> Self {
        let nonce = hash(&[&draw, b"nonce"]);
        Self { wire, binding, nonce, line, base, turn: Turn::Start }
    }

    fn images(&self) -> [ProjectivePoint; 2] {
        [image(&self.line.constant), image(&self.line.slope)]
    }

    fn at(&self, role: Role) -> Scalar {
        self.line.constant + self.line.slope * place(role)
    }

    /// Our images are sent; here are theirs.
    fn value(mut self, inbound: &[u8]) -> Result<Step<KeyShare>, EngineError> {
        let nonce = Wire::named(inbound)?;
        let payload = self.wire.open(&nonce, &self.binding, inbound)?;
        let theirs = self.read_images(payload)?;
        let nonces = match self.wire.role() {
            Role::Device => [self.nonce, nonce],
            Role::Server => [nonce, self.nonce],
        };
        let session = hash(&[&self.binding, &nonces[0], &nonces[1]]);
        let value = bytes(&self.at(self.wire.role().peer()));
        let outbound = self.wire.seal(&session, &session, &value);
        self.turn = Turn::AwaitValue { session, theirs: Box::new(theirs) };
        Ok(Step::Continue { ceremony: Box::new(self), outbound: Some(outbound) })
    }

    fn write_images(&self) -> Result<Vec<u8>, EngineError> {
        let [constant, slope] = self.images();
        let mut payload = Vec::new();
        if self.base.is_none() {
            payload.extend(key(&constant)?.to_bytes());
        }
        payload.extend(key(&slope)?.to_bytes());
        Ok(payload)
    }

    fn read_images(&self, payload: &[u8]) -> Result<[ProjectivePoint; 2], EngineError> {
        let read = |bytes: &[u8]| {
            let key = PublicKey::from_sec1(bytes).map_err(|_| EngineError::Payload)?;
            point(&key)
        };
        match (&self.base, payload.split_at_checked(33)) {
            (None, Some((constant, slope))) => Ok([read(constant)?, read(slope)?]),
            (Some(_), Some((slope, []))) => Ok([ProjectivePoint::IDENTITY, read(slope)?]),
            _ => Err(EngineError::Payload),
        }
    }

    fn confirm(
        mut self,
        session: [u8; 32],
        theirs: [ProjectivePoint; 2],
        inbound: &[u8],
    ) -> Result<Step<KeyShare>, EngineError> {
        let role = self.wire.role();
        let payload = self.wire.open(&session, &session, inbound)?;
        let value: &[u8; 32] = payload.try_into().map_err(|_| EngineError::Payload)?;
        let value = scalar(value).ok_or(EngineError::Payload)?;
        if image(&value) != theirs[0] + theirs[1] * place(role) {
            return Err(EngineError::VerifyingShares);
        }
        let moved = self.at(role) + value;
        let images = self.images();
        let sum = [images[0] + theirs[0], images[1] + theirs[1]];
        let share = match &self.base {
            None => made(role, &session, &moved, sum)?,
            Some(base) => moved_by(base, &session, &moved, sum[1])?,
        };
        let [device, server] = share.verifying_shares();
        let confirmation =
            hash(&[&session, share.public_key().as_bytes(), device.as_bytes(), server.as_bytes()]);
        let outbound = self.wire.seal(&session, &session, &confirmation);
        self.turn = Turn::AwaitConfirmation { session, confirmation, share: Box::new(share) };
        Ok(Step::Continue { ceremony: Box::new(self), outbound: Some(outbound) })
    }
}

impl Ceremony<KeyShare> for Generation {
    fn start(mut self: Box<Self>) -> Result<Step<KeyShare>, EngineError> {
        let Turn::Start = self.turn else { return Err(EngineError::OutOfTurn) };
        let payload = self.write_images()?;
        let outbound = self.wire.seal(&self.nonce, &self.binding, &payload);
        self.turn = Turn::AwaitImages;
        Ok(Step::Continue { ceremony: self, outbound: Some(outbound) })
    }

    fn step(mut self: Box<Self>, inbound: &[u8]) -> Result<Step<KeyShare>, EngineError> {
        match std::mem::replace(&mut self.turn, Turn::Start) {
            Turn::Start => Err(EngineError::OutOfTurn),
            Turn::AwaitImages => self.value(inbound),
            Turn::AwaitValue { session, theirs } => self.confirm(session, *theirs, inbound),
            Turn::AwaitConfirmation { session, confirmation, share } => {
                let payload = self.wire.open(&session, &session, inbound)?;
                if payload != confirmation {
                    return Err(EngineError::Confirmation);
                }
                Ok(Step::Done { output: *share, outbound: None })
            }
        }
    }
}

/// Where a role's share lies on the line.
fn place(role: Role) -> Scalar {
    Scalar::from(u64::from(role.party_index()))
}

fn made(
    role: Role,
    session: &[u8; 32],
    secret: &Scalar,
    [constant, slope]: [ProjectivePoint; 2],
) -> Result<KeyShare, EngineError> {
    let parts = ShareParts {
        engine: ID,
        role,
        share_id: ShareId { epoch: 1, tag: tag(session) },
        secret: Zeroizing::new(secret.to_repr().into()),
        public_key: key(&constant)?,
        verifying_shares: [key(&(constant + slope))?, key(&(constant + slope.double()))?],
        chain_code: hash(&[session, b"chain code"]),
    };
    Ok(KeyShare::new(ShareCore::new(parts)?, Box::new(Beside::Whole)))
}

fn moved_by(
    base: &KeyShare,
    session: &[u8; 32],
    by: &Scalar,
    slope: ProjectivePoint,
) -> Result<KeyShare, EngineError> {
    let [device, server] = base.verifying_shares();
    let old = scalar(base.core().dangerous_expose_secret()).ok_or(EngineError::VerifyingShares)?;
    let epoch = base.share_id().epoch.checked_add(1).ok_or(EngineError::VerifyingShares)?;
    let parts = ShareParts {
        engine: ID,
        role: base.role(),
        share_id: ShareId { epoch, tag: tag(session) },
        secret: Zeroizing::new((old + by).to_repr().into()),
        public_key: base.public_key(),
        verifying_shares: [key(&(point(&device)? + slope))?, key(&(point(&server)? + slope.double()))?],
        chain_code: base.chain_code(),
    };
    Ok(KeyShare::new(ShareCore::new(parts)?, Box::new(Beside::Whole)))
}

fn tag(session: &[u8; 32]) -> [u8; 16] {
    let mut tag = [0; 16];
    tag.copy_from_slice(&session[..16]);
    tag
}
