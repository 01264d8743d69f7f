//! The seam between the coordinator and a signing engine: a step API.
//!
//! A ceremony is a value: `start` and `step` consume it, so carrying on after a failure cannot be
//! written. It does no I/O and never waits; the caller carries its messages.

use std::sync::Arc;

use crate::context::{DkgContext, RefreshContext, SignContext};
use crate::error::EngineError;
use crate::key_share::{KeyShare, SlimShare};
use crate::signature::Signature;

/// Which engine made a share or a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EngineId(pub u8);

impl EngineId {
    /// DKLs23 over OT, the crate's own engine.
    pub const DKLS23: Self = Self(1);
}

/// A ceremony on the heap, ready to be started or stepped.
pub type BoxedCeremony<T> = Box<dyn Ceremony<T>>;

/// A two-party ECDSA engine.
pub trait Engine: Send + Sync + 'static {
    /// The engine's id, as it stands in its frames and shares.
    fn id(&self) -> EngineId;

    /// Prepares a distributed key generation. Both sides have something to send at once.
    ///
    /// # Errors
    /// When the context cannot be used.
    fn dkg(&self, context: DkgContext) -> Result<BoxedCeremony<KeyShare>, EngineError>;

    /// Prepares a complete refresh of `share`: same public key, new shares, new engine state. Both
    /// sides have something to send at once.
    ///
    /// # Errors
    /// When the share is another role's or another engine's, or the context cannot be used.
    fn refresh(
        &self,
        share: Arc<KeyShare>,
        context: RefreshContext,
    ) -> Result<BoxedCeremony<KeyShare>, EngineError>;

    /// Prepares one signature. On the server the finishing step yields the signature together with
    /// the frame that carries it: store the first, then send the second. On the device the finishing
    /// step is the one that reads this frame. Neither side yields a signature that it has not verified
    /// over the context's digest, under the key at the context's path: low-S, with the recovery id
    /// that gives this key back.
    ///
    /// # Errors
    /// When the share is another role's or another engine's, can only run a refresh, or the context
    /// cannot be used.
    fn sign(
        &self,
        share: Arc<KeyShare>,
        context: SignContext,
    ) -> Result<BoxedCeremony<Signature>, EngineError>;

    /// Reads what [`KeyShare::dangerous_export`] wrote, with every check that can be made on it.
    ///
    /// # Errors
    /// When the bytes are not a consistent share of this engine.
    fn import_share(&self, bytes: &[u8]) -> Result<KeyShare, EngineError>;

    /// Makes a share that can run a complete refresh, and nothing else, out of a slim share.
    ///
    /// # Errors
    /// When the slim share is inconsistent or another engine's.
    fn restore_slim(&self, slim: SlimShare) -> Result<KeyShare, EngineError>;
}

/// One side of a ceremony.
pub trait Ceremony<T>: Send {
    /// Begins. A side that moves second continues with nothing to send.
    ///
    /// # Errors
    /// When the engine fails or the ceremony has begun before.
    fn start(self: Box<Self>) -> Result<Step<T>, EngineError>;

    /// Takes one frame of the peer.
    ///
    /// # Errors
    /// When the frame is refused; [`EngineError::class`] says what that means for the wallet.
    fn step(self: Box<Self>, inbound: &[u8]) -> Result<Step<T>, EngineError>;
}

/// What one step led to.
#[must_use]
pub enum Step<T> {
    /// The ceremony waits for the peer's next frame.
    Continue {
        /// The ceremony, to be stepped with the next inbound frame.
        ceremony: BoxedCeremony<T>,
        /// A frame to send, if there is one.
        outbound: Option<Vec<u8>>,
    },
    /// The ceremony is over.
    Done {
        /// The result.
        output: T,
        /// A last frame to send after the result is stored, if there is one.
        outbound: Option<Vec<u8>>,
    },
}
