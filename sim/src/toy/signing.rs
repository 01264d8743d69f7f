//! A signature in the flights of the real engine. The device's last frame tells its share; the server signs.

use std::sync::Arc;

use k256::elliptic_curve::ops::Reduce;
use k256::elliptic_curve::point::AffineCoordinates;
use k256::elliptic_curve::scalar::IsHigh;
use k256::{Scalar, U256};
use maany_mpc_core::key_share::KeyShare;
use maany_mpc_core::{
    Ceremony, EngineError, Flight, Operation, PublicKey, Role, SignContext, Signature, Step,
};

use super::frame::Wire;
use super::numbers::{bytes, hash, image, key, scalar, scalar_of, tweak};

/// One side of a signature.
pub(super) struct Signing {
    wire: Wire,
    share: Arc<KeyShare>,
    binding: [u8; 32],
    flight: Flight,
    digest: [u8; 32],
    tweak: Scalar,
    child: PublicKey,
    /// The server's nonce, where this side has it.
    nonce: Option<[u8; 32]>,
    turn: Turn,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Start,
    /// Device, server first: the frame that brings the nonce.
    AwaitNonce,
    /// Either: the peer's commitment.
    AwaitCommitment,
    /// Server: the device's share.
    AwaitShare,
    /// Device: the signature.
    AwaitSignature,
}

impl Signing {
    pub(super) fn new(
        share: Arc<KeyShare>,
        context: SignContext,
        draw: [u8; 32],
    ) -> Result<Self, EngineError> {
        let flight: &[u8] = match context.flight {
            Flight::ServerFirst => b"server first",
            Flight::DeviceFirst => b"device first",
        };
        let binding = hash(&[
            b"sign",
            flight,
            &context.session,
            &context.wallet,
            &context.request_id,
            &context.chain_id,
            &context.path.to_bytes(),
            &context.digest,
            &context.sign_bytes,
        ]);
        let nonce = match (context.role, context.server_nonce) {
            (Role::Server, None) => Some(draw),
            (_, nonce) => nonce,
        };
        let tweak = tweak(&share.public_key(), &share.chain_code(), &context.path)?;
        let child = share.child_public_key(&context.path)?;
        let wire = Wire::new(Operation::Sign, context.role, Some(share.share_id()));
        let (flight, digest) = (context.flight, context.digest);
        Ok(Self { wire, share, binding, flight, digest, tweak, child, nonce, turn: Turn::Start })
    }

    fn session(&self) -> Result<[u8; 32], EngineError> {
        let nonce = self.nonce.ok_or(EngineError::MissingServerNonce)?;
        Ok(hash(&[&self.binding, &nonce]))
    }

    fn send(mut self: Box<Self>, payload: &[u8], next: Turn) -> Result<Step<Signature>, EngineError> {
        let session = self.session()?;
        let outbound = self.wire.seal(&session, &session, payload);
        Ok(self.wait(Some(outbound), next))
    }

    fn wait(mut self: Box<Self>, outbound: Option<Vec<u8>>, next: Turn) -> Step<Signature> {
        self.turn = next;
        Step::Continue { ceremony: self, outbound }
    }

    fn open<'a>(&mut self, inbound: &'a [u8]) -> Result<&'a [u8], EngineError> {
        let session = self.session()?;
        self.wire.open(&session, &session, inbound)
    }

    /// ECDSA with both shares' key, and a nonce of this session's own.
    fn assemble(&self, theirs: &Scalar) -> Result<Signature, EngineError> {
        let ours =
            scalar(self.share.core().dangerous_expose_secret()).ok_or(EngineError::InvalidSignature)?;
        let secret = *theirs + theirs - ours + self.tweak;
        if key(&image(&secret))? != self.child {
            return Err(EngineError::InvalidSignature);
        }
        let k = scalar_of(&hash(&[&self.session()?, &bytes(&secret)]), "nonce");
        let at = image(&k).to_affine();
        let r = <Scalar as Reduce<U256>>::reduce(&U256::from_be_slice(&at.x()));
        let z = <Scalar as Reduce<U256>>::reduce(&U256::from_be_slice(&self.digest));
        let inverse: Option<Scalar> = k.invert().into();
        let s = inverse.ok_or(EngineError::InvalidSignature)? * (z + r * secret);
        let is_high = bool::from(s.is_high());
        let s = if is_high { -s } else { s };
        let recovery_id = u8::from(bool::from(at.y_is_odd()) ^ is_high);
        let mut r_s = [0; 64];
        r_s[..32].copy_from_slice(&bytes(&r));
        r_s[32..].copy_from_slice(&bytes(&s));
        let signature =
            Signature::from_parts(&r_s, recovery_id).map_err(|_| EngineError::InvalidSignature)?;
        self.checked(signature)
    }

    fn checked(&self, signature: Signature) -> Result<Signature, EngineError> {
        if signature.verify(&self.child, &self.digest) {
            Ok(signature)
        } else {
            Err(EngineError::InvalidSignature)
        }
    }
}

impl Ceremony<Signature> for Signing {
    fn start(mut self: Box<Self>) -> Result<Step<Signature>, EngineError> {
        if self.turn != Turn::Start {
            return Err(EngineError::OutOfTurn);
        }
        match (self.wire.role(), self.flight) {
            (Role::Device, Flight::ServerFirst) => Ok(self.wait(None, Turn::AwaitNonce)),
            (Role::Server, Flight::DeviceFirst) => Ok(self.wait(None, Turn::AwaitCommitment)),
            (Role::Device, Flight::DeviceFirst) => self.send(b"m1", Turn::AwaitCommitment),
            (Role::Server, Flight::ServerFirst) => {
                let nonce = self.nonce.ok_or(EngineError::MissingServerNonce)?;
                let session = self.session()?;
                let outbound = self.wire.seal(&nonce, &session, b"m1");
                Ok(self.wait(Some(outbound), Turn::AwaitCommitment))
            }
        }
    }

    fn step(mut self: Box<Self>, inbound: &[u8]) -> Result<Step<Signature>, EngineError> {
        match (self.turn, self.wire.role()) {
            (Turn::AwaitNonce, Role::Device) => {
                let nonce = Wire::named(inbound)?;
                if self.nonce.is_some_and(|known| known != nonce) {
                    return Err(maany_mpc_core::error::FrameError::Session.into());
                }
                self.nonce = Some(nonce);
                let session = self.session()?;
                self.wire.open(&nonce, &session, inbound)?;
                self.send(b"m1+m2", Turn::AwaitCommitment)
            }
            (Turn::AwaitCommitment, Role::Server) => {
                self.open(inbound)?;
                self.send(b"m2", Turn::AwaitShare)
            }
            (Turn::AwaitCommitment, Role::Device) => {
                self.open(inbound)?;
                let share = *self.share.core().dangerous_expose_secret();
                self.send(&share, Turn::AwaitSignature)
            }
            (Turn::AwaitShare, Role::Server) => {
                let payload = self.open(inbound)?;
                let theirs: &[u8; 32] = payload.try_into().map_err(|_| EngineError::Payload)?;
                let signature = self.assemble(&scalar(theirs).ok_or(EngineError::Payload)?)?;
                let mut payload = signature.to_bytes().to_vec();
                payload.push(signature.recovery_id());
                let session = self.session()?;
                let outbound = self.wire.seal(&session, &session, &payload);
                Ok(Step::Done { output: signature, outbound: Some(outbound) })
            }
            (Turn::AwaitSignature, Role::Device) => {
                let payload = self.open(inbound)?;
                let (r_s, recovery) = payload.split_first_chunk::<64>().ok_or(EngineError::Payload)?;
                let [recovery_id] = recovery else { return Err(EngineError::Payload) };
                let signature =
                    Signature::from_parts(r_s, *recovery_id).map_err(|_| EngineError::InvalidSignature)?;
                Ok(Step::Done { output: self.checked(signature)?, outbound: None })
            }
            _ => Err(EngineError::OutOfTurn),
        }
    }
}
