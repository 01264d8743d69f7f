//! Everything that can end a command, and how it is told: what happened, why, and what to do.
//!
//! No text holds a token, a passphrase, a code or a fragment.

mod help;
mod render;

use maany_coordinator::auth::ApiKeyError;
use maany_coordinator::cosmos::CosmosError;
use maany_coordinator::cosmos::node::{NodeError, PrepareError};
use maany_coordinator::device::{DeviceBuildError, DeviceError, PlanError};
use maany_coordinator::engine::backup::BackupError;
use maany_coordinator::engine_pool::PoolError;
use maany_coordinator::fragment_host::ReleaseError;
use maany_coordinator::http::client::ClientError;
use maany_coordinator::policy::PolicyConfigError;
use maany_coordinator::server::BindError;
use maany_coordinator::step_up::StepUpError;
use maany_coordinator::storage::{KeyError, StoreError};
use qrcode::types::QrError;
use std::io;
use std::path::PathBuf;

use crate::archive_file::ArchiveFileError;
use crate::channel_key::ChannelKeyError;
use crate::commands::DemoError;
use crate::data_folder::FolderError;
use crate::key_file::KeyFileError;
use crate::passphrase::SecretError;
use crate::private_file::PrivateFileError;
use crate::settings::SettingsError;

pub(crate) use render::report;

/// Why a command did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    File(#[from] PrivateFileError),
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("the policy cannot be used")]
    Policy(#[from] PolicyConfigError),
    #[error("PORT is {0:?}, which is no port number")]
    Port(String),
    #[error("the store cannot be used")]
    Store(#[from] StoreError),
    #[error("the key-encryption key cannot be used")]
    Key(#[from] KeyError),
    #[error("the API key cannot be made")]
    ApiKey(#[from] ApiKeyError),
    #[error(transparent)]
    ChannelKey(#[from] ChannelKeyError),
    #[error("the store holds no API key, so nobody could use this server")]
    NoApiKey,
    #[error("the engine cannot be started")]
    Pool(#[from] PoolError),
    #[error("the server does not listen")]
    Bind(#[from] BindError),
    #[error("the server folder is in use, but no server listens")]
    NotListening { path: PathBuf },
    #[error("the running server did not do it")]
    Server(#[from] ClientError),
    #[error("{0:?} is no wallet id: 32 hexadecimal digits")]
    NoWalletId(String),
    #[error("there is no such wallet on this server")]
    UnknownWallet,
    #[error("there is no such API key on this server")]
    UnknownApiKey,
    #[error("this device holds a wallet with the name {name} already: {wallet}; nothing was made")]
    NameUsed { name: String, wallet: String },
    #[error(transparent)]
    ArchiveFile(#[from] ArchiveFileError),
    #[error("there is no store at {}", .path.display())]
    NoStore { path: PathBuf },
    #[error("there is a store at {} already", .path.display())]
    StoreExists { path: PathBuf },
    #[error("the store at {} is in use, and an archive is of one moment", .path.display())]
    StoreInUse { path: PathBuf },
    #[error("a server is running, and accepts the operator's key")]
    OperatorKeyInUse,
    #[error("another import is under way in this data folder")]
    ImportRuns,
    #[error("the archive is of another kind: {what:?}")]
    OtherArchive { what: String },
    #[error("the old store at {} cannot be opened", .path.display())]
    OldStore {
        path: PathBuf,
        #[source]
        source: Box<Self>,
    },
    #[error("the wallet is not locked")]
    NotLocked,
    #[error("nobody knows what the wallet signed since its archive was made")]
    Forgotten,
    #[error("the step-up code cannot be made")]
    StepUp(#[source] StepUpError),
    #[error("the release cannot be made")]
    Release(#[from] ReleaseError),
    #[error("nothing says who is to hold the fragments")]
    NoPlan,
    #[error("the holders make no backup")]
    Plan(#[from] PlanError),
    #[error("the backup is not complete: {acknowledged} of {of} fragments are with their holders, and {why}")]
    Incomplete { acknowledged: u8, of: u8, why: &'static str },
    #[error("the fragment is too long for a QR code")]
    TooLongForPaper(#[from] QrError),
    #[error("nothing says of which wallet the third party is to release the fragment")]
    WhichWallet,
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error("the {0} holds characters that no {0} has")]
    BadSecret(&'static str),
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    #[error("the device cannot be set up")]
    DeviceSetUp(#[from] DeviceBuildError),
    #[error("{doing} failed")]
    Device {
        doing: &'static str,
        #[source]
        source: Box<DeviceError>,
    },
    #[error("the transaction cannot be built")]
    Transaction(#[from] CosmosError),
    #[error("that is no transaction: base64, hexadecimal or bytes were expected")]
    NotATransaction,
    #[error("the chain did not do it")]
    Node(#[source] Box<NodeError>),
    #[error("the transaction cannot be prepared")]
    Prepare(#[source] Box<PrepareError>),
    #[error("the backup cannot be made")]
    Backup(#[from] BackupError),
    #[error("{} is no fragment file", .path.display())]
    NotAFragment {
        path: PathBuf,
        #[source]
        source: BackupError,
    },
    #[error(transparent)]
    Demo(#[from] DemoError),
    #[error("{doing} failed")]
    System {
        doing: &'static str,
        #[source]
        source: io::Error,
    },
    #[error("the output cannot be written")]
    Output(#[from] io::Error),
}

impl From<NodeError> for CliError {
    fn from(error: NodeError) -> Self {
        Self::Node(Box::new(error))
    }
}

impl From<PrepareError> for CliError {
    fn from(error: PrepareError) -> Self {
        match error {
            PrepareError::Node(error) => error.into(),
            PrepareError::Transaction(error) => error.into(),
            error => Self::Prepare(Box::new(error)),
        }
    }
}

impl CliError {
    /// A device's error, and what the device was doing.
    pub(crate) fn device(doing: &'static str) -> impl FnOnce(DeviceError) -> Self {
        move |source| Self::Device { doing, source: Box::new(source) }
    }

    /// Whether nobody reads the output any more, as behind `| head`.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) | Self::Demo(DemoError::Output(error))
            if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// A stable word for machines.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Folder(_) | Self::File(_) => "data-folder",
            Self::Settings(_) | Self::Policy(_) | Self::Port(_) => "configuration",
            Self::Store(_) => "store",
            Self::Key(_) | Self::KeyFile(_) | Self::ChannelKey(_) => "key",
            Self::ApiKey(_) | Self::NoApiKey | Self::UnknownApiKey => "api-key",
            Self::NameUsed { .. } => "key-id-taken",
            Self::Pool(_) | Self::System { .. } => "system",
            Self::Bind(_) => "listen",
            Self::NotListening { .. } | Self::Server(_) => "server",
            Self::NoWalletId(_) | Self::UnknownWallet => "unknown-wallet",
            Self::ArchiveFile(_) | Self::OtherArchive { .. } => "archive",
            Self::NoStore { .. } => "store",
            Self::StoreExists { .. } => "store-exists",
            Self::StoreInUse { .. } | Self::ImportRuns | Self::OperatorKeyInUse => "store-in-use",
            Self::OldStore { .. } => "store",
            Self::NotLocked => "not-locked",
            Self::Forgotten => "signatures-forgotten",
            Self::StepUp(_) | Self::Release(_) => "step-up",
            Self::Secret(_) | Self::BadSecret(_) => "secret",
            Self::DeviceSetUp(_) => "device",
            Self::Device { source, .. } => help::device_code(source),
            Self::Transaction(_) | Self::NotATransaction => "transaction",
            Self::Node(_) | Self::Prepare(_) => "chain",
            Self::Backup(_)
            | Self::NotAFragment { .. }
            | Self::NoPlan
            | Self::Plan(_)
            | Self::Incomplete { .. }
            | Self::TooLongForPaper(_)
            | Self::WhichWallet => "backup",
            Self::Demo(_) => "demo",
            Self::Output(_) => "output",
        }
    }
}
