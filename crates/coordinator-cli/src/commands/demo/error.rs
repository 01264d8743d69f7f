//! Why a demo did not go as expected. No text holds a token, a code, a share or a fragment.

use std::io;

use maany_coordinator::{
    DeviceError,
    auth::ApiKeyError,
    cosmos::CosmosError,
    device::DeviceBuildError,
    engine::{PathError, backup::BackupError},
    engine_pool::PoolError,
    http::client::ClientError,
    policy::PolicyConfigError,
    proto::IdError,
    server::BindError,
    storage::{KeyError, StoreError},
};

/// Why a demo did not go as expected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum DemoError {
    /// A step failed, or did something that it must not.
    #[error("step {number} of the demo ({name}) did not go as expected")]
    Step {
        /// Its number, from 1.
        number: usize,
        /// Its word.
        name: &'static str,
        /// What happened.
        #[source]
        source: StepError,
    },
    /// A signal ended it.
    #[error("the demo was interrupted")]
    Interrupted,
    /// The timeline cannot be written.
    #[error("the timeline cannot be written")]
    Output(#[source] io::Error),
    /// The system gives no temporary folder, or no signals, or the folder cannot be removed.
    #[error("{doing} failed")]
    System {
        /// What was being done.
        doing: &'static str,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
}

/// Why a step did not go as expected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum StepError {
    /// The device's call failed.
    #[error("the device failed")]
    Device(#[from] DeviceError),
    /// The device could not be set up.
    #[error("the device cannot be set up")]
    DeviceBuild(#[from] DeviceBuildError),
    /// The operator's call failed.
    #[error("the operator's call failed")]
    Operator(#[from] ClientError),
    /// A store cannot be opened.
    #[error("a store cannot be opened")]
    Store(#[from] StoreError),
    /// A key file cannot be made.
    #[error("a key file cannot be made")]
    Key(#[from] KeyError),
    /// An api key cannot be made.
    #[error("an api key cannot be made")]
    ApiKeys(#[from] ApiKeyError),
    /// The policy cannot be set up.
    #[error("the policy cannot be set up")]
    Policy(#[from] PolicyConfigError),
    /// The engine pool did not start.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// The server does not listen.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// A transaction, key or address cannot be made or read.
    #[error("the transaction cannot be made or read")]
    Cosmos(#[from] CosmosError),
    /// A derivation path cannot be used.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A fragment cannot be read back.
    #[error("a fragment cannot be read back")]
    Backup(#[from] BackupError),
    /// An id that the server gave is none.
    #[error("the server gave an id that is none")]
    Id(#[from] IdError),
    /// The independent verification failed.
    #[error("the signature does not verify with k256")]
    Verification(#[from] k256::ecdsa::Error),
    /// A file of the demo cannot be used.
    #[error("a file in the temporary folder cannot be used")]
    File(#[from] io::Error),
    /// Something came out otherwise than it must.
    #[error("it should be that {expected}, and it is not")]
    Unexpected {
        /// What must hold.
        expected: &'static str,
        /// What came instead, where it was an error.
        #[source]
        source: Option<Box<DeviceError>>,
    },
}

/// Fails unless it holds.
pub(super) const fn expect(holds: bool, expected: &'static str) -> Result<(), StepError> {
    if holds { Ok(()) } else { Err(StepError::Unexpected { expected, source: None }) }
}
