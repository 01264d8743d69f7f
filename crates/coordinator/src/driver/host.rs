//! What a session machine's own side answers: the server has one host, the device another.

use std::time::Duration;

use async_trait::async_trait;
use maany_coordinator_proto::{
    BackupShare, Hello, ProvenClaim, ShareId,
    control::SignatureBytes,
    proof::{Challenge, Claim, Proof},
    session::{
        self, AbortClass, Admission, MadeBackup, ProvenAdmission, Receipt, Refusal, StoreFault, Write,
    },
};
use maany_coordinator_transport::Message;
use maany_mpc_core::EngineError;

use super::{Ceremony, Product};

/// Opens the share and builds the ceremony; runs on the engine pool.
pub(crate) type Prepare = Box<dyn FnOnce() -> Result<Ceremony, EngineError> + Send>;

/// A write that is durable.
#[derive(Debug)]
pub(crate) enum Stored {
    /// What was asked for.
    Done,
    /// A backup, and whether it is complete with that.
    Backup(Receipt),
    /// A signature.
    Signature(SignatureBytes),
    /// The end of a ceremony, and the wallet's public key.
    Confirmed([u8; 33]),
}

/// Identity, shares and durable writes of one side of one session.
#[async_trait]
pub(crate) trait Host: Send {
    /// Decides whether the hello's sender may do what it asks. Writes nothing, but for a step-up code that it uses up.
    async fn admit(&mut self, hello: Hello) -> Result<Admission, Refusal>;

    /// The same in protocol 2, where the device has proven who it is.
    async fn admit_proven(&mut self, hello: Hello, claim: ProvenClaim) -> Result<ProvenAdmission, Refusal>;

    /// Signs a claim with the device's identity key; none where this side has none.
    fn prove(&mut self, challenge: &Challenge, claim: &Claim) -> Option<Proof>;

    /// Fetches what the ceremony needs.
    async fn prepare(&mut self, ceremony: session::Ceremony) -> Result<Prepare, AbortClass>;

    /// Makes a write durable; it counts when this returns.
    async fn store(&mut self, write: Write, product: &mut Option<Product>) -> Result<Stored, StoreFault>;

    /// Makes the backup frame of the share, which is in use by now; none where that fails.
    async fn make_backup(&mut self, share: ShareId) -> Option<BackupShare>;

    /// The same in protocol 2: what the server is to keep of the backup.
    async fn make_document(&mut self, share: ShareId) -> Option<MadeBackup>;

    /// Hears that the machine is over: nothing more is written, and only what is left to send or close follows.
    fn over(&mut self);

    /// Hears how long the engine took for a step, waiting for its thread included.
    fn stepped(&mut self, took: Duration);

    /// Sees a message go out.
    fn sent(&mut self, message: &Message);

    /// Sees a message come in.
    fn received(&mut self, message: &Message);
}
