//! Why a device's call failed: whose fault, whether another try may help, and what to do.

use maany_coordinator_proto::{CloseCode, IdError, session::SessionError};
use maany_coordinator_storage::StoreError;
use maany_coordinator_transport::TransportError;
use maany_mpc_core::{EngineError, backup::BackupError};

use super::backup::{LedgerError, PlanError};
use crate::{
    channel::ConnectError, driver::SessionFailure, engine_pool::PoolError, http::client::ClientError,
};

/// Why a device's call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// The server cannot be reached.
    #[error("the server cannot be reached")]
    Connect(#[source] TransportError),
    /// This would go over a connection that others can listen on.
    #[error("only signing runs over an unencrypted connection to another machine")]
    Unprotected,
    /// The server's end-to-end channel: no server of protocol 2, or not the one whose key this device knows.
    #[error("there is no trusted channel to the server")]
    Channel(#[source] ConnectError),
    /// This device does not know its server's key, and does not take the word of whoever answers for it.
    #[error("the key of the server's channel is not known here: it has to be given")]
    NoServerKey,
    /// A session ended without a result.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The session ended without saying how.
    #[error("the session ended without a result")]
    NoResult,
    /// An HTTP call failed.
    #[error(transparent)]
    Http(#[from] ClientError),
    /// The device's own store.
    #[error("the device's store failed")]
    Store(#[from] StoreError),
    /// The device's own share or key.
    #[error("the engine refused")]
    Engine(#[from] EngineError),
    /// A stored public key is not one.
    #[error("a stored public key is not a point of the curve")]
    PublicKey(#[from] maany_mpc_core::public_key::InvalidPublicKey),
    /// The engine pool.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// A backup cannot be made, read or combined.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The holders make no backup plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// What this device remembers of a backup cannot be used.
    #[error("what this device remembers of the wallet's backup cannot be used")]
    Ledger(#[from] LedgerError),
    /// No backup of this wallet is remembered here, or not such a fragment of it.
    #[error("this device remembers no such backup of the wallet")]
    NoBackup,
    /// A fragment host cannot be reached, or refused.
    #[error("the fragment host did not release the fragment")]
    Holder(#[source] ClientError),
    /// This device holds no wallet of that name.
    #[error("this device holds no such wallet")]
    UnknownWallet,
    /// The key id is taken, on this device or on the server.
    #[error("there is a wallet with this key id already")]
    KeyIdTaken,
    /// The wallet is not committed yet, or is locked.
    #[error("the wallet is not in use: its state is {0}")]
    NotInUse(&'static str),
    /// What is to be signed does not decode, or not to itself again.
    #[error("the sign doc is refused")]
    SignDoc(#[from] maany_coordinator_cosmos::CosmosError),
    /// What is to be signed is for another chain than the order says.
    #[error("the sign doc is for another chain")]
    OtherChain,
    /// The server's view of the sign request is not what was asked.
    #[error("the server answered with another {0} than the device computed")]
    Mismatch(&'static str),
    /// Policy refused the sign request.
    #[error("the server's policy refuses this transaction: {reason}")]
    PolicyRefused {
        /// The policy's short reason.
        reason: String,
    },
    /// The signature does not verify under the wallet's key.
    #[error("the signature does not verify")]
    BadSignature,
    /// An id that cannot be used.
    #[error(transparent)]
    Id(#[from] IdError),
    /// A secret that cannot be sent.
    #[error("a step-up code is 1 to 128 visible ascii characters")]
    StepUp,
    /// The operating system gave no random bytes.
    #[error("the system gave no random bytes")]
    NoRandomness,
}

impl DeviceError {
    /// The close code that the server ended the session with, where it did and the code is one of the wire format's.
    #[must_use]
    pub fn close_code(&self) -> Option<CloseCode> {
        match self {
            Self::Session(error) => closed_with(error),
            _ => None,
        }
    }
}

fn closed_with(error: &SessionError) -> Option<CloseCode> {
    match error {
        SessionError::Closed { code } => *code,
        SessionError::Told { code, .. } => CloseCode::from_u16(*code),
        SessionError::Undecided { source, .. } => closed_with(source),
        _ => None,
    }
}

impl From<SessionFailure> for DeviceError {
    fn from(failure: SessionFailure) -> Self {
        match failure {
            SessionFailure::Session(error) => Self::Session(error),
            SessionFailure::NoResult => Self::NoResult,
        }
    }
}
