//! What to do about an error, in words that a person can follow.

mod archive;
mod chain;
mod device;

use maany_coordinator::device::DeviceBuildError;
use maany_coordinator::fragment_host::ReleaseError;
use maany_coordinator::http::client::ClientError;
use maany_coordinator::proto::CloseCode;
use maany_coordinator::server::BindError;
use maany_coordinator::storage::{KeyError, StoreError};
use std::io::ErrorKind;

use super::CliError;
use crate::channel_key::ChannelKeyError;
use crate::data_folder::FolderError;
use crate::key_file::KeyFileError;
use crate::passphrase::SecretError;
use crate::private_file::PrivateFileError;
use crate::settings::SettingsError;

pub(super) use device::device_code;

impl CliError {
    /// What to do, where there is something to say beyond the error itself.
    pub(crate) fn help(&self) -> Option<String> {
        match self {
            Self::Folder(error) => folder(error),
            Self::File(error) | Self::Settings(SettingsError::File(error)) => file(error),
            Self::Settings(_) => words("`maany init` writes a configuration in which every key is explained"),
            Self::Policy(_) => words("correct the section [policy] of maany.toml"),
            Self::Port(_) => words("set PORT to a number from 0 to 65535, or unset it"),
            Self::Store(error) => store(error),
            Self::Key(error) => key(error),
            Self::NoApiKey => words("`maany init` makes a first one, in a new folder"),
            Self::Bind(error) => bind(error),
            Self::NotListening { path } => Some(format!(
                "another process has {} open; if it is a server, it is starting or stopping: try again",
                path.display()
            )),
            Self::Server(error) => client(error),
            Self::NoWalletId(_) | Self::UnknownWallet => {
                words("`maany wallet list` shows the ids of a device's wallets")
            }
            Self::UnknownApiKey => {
                words("`maany admin api-key list` shows them; the id is what is before the dot of a key")
            }
            Self::NameUsed { .. } => {
                words("`maany wallet list` shows it; choose another --key-id for another wallet, or none")
            }
            Self::ArchiveFile(error) => archive::help(error),
            Self::NoStore { .. } => {
                words("`maany init` makes a server with a store, `maany admin import` brings one back")
            }
            Self::StoreExists { .. } => words(
                "an archive is imported only where there is no store: stop the server and move the store away first; \
                 nothing is overwritten",
            ),
            Self::StoreInUse { .. } => words(
                "a server is running: stop it, export, and start it again; `maany serve` drains within seconds",
            ),
            Self::NotLocked => words(
                "`maany admin quarantine list` names the locked ones; `maany admin step-up` makes a code for any wallet",
            ),
            Self::OldStore { .. } => words(
                "stop whatever uses it, and name its file (or folder) itself; if nothing of it can be read any more, leave --over out: \
                 every wallet then comes up locked",
            ),
            Self::Forgotten => words(
                "ask its owner whether everything that was signed since then is in a block or has timed out; then run this again with \
                 --accept-forgotten, which is written to the audit log: from then on a second transaction of such a sequence may be signed",
            ),
            Self::OperatorKeyInUse => words(
                "stop it, make the key, and start it again; `maany admin api-key list` shows which keys it accepts",
            ),
            Self::ImportRuns => words("wait for it to end"),
            Self::OtherArchive { .. } => words("give an archive that `maany admin export` made"),
            Self::Secret(error) => secret(error),
            Self::KeyFile(error) => key_file(error),
            Self::ChannelKey(error) => channel_key(error),
            Self::Device { source, .. } => device::help(source),
            Self::Node(error) => chain::help(error),
            Self::Prepare(_) => {
                words("send something to that address first; `maany wallet address` shows it")
            }
            Self::NotATransaction => {
                words("give what `maany wallet sign` printed as the transaction, or --file")
            }
            Self::NotAFragment { .. } => words("give the files that `maany wallet backup` wrote"),
            Self::Release(ReleaseError::Unknown) => {
                words("`maany wallet list` on the device shows the wallet's id; --owner names another owner")
            }
            Self::Release(ReleaseError::Ambiguous) => words("name the owner with --owner"),
            Self::NoPlan => words(
                "name a folder with --out or show them with --qr, and a third party's fragment host with --third-party",
            ),
            Self::Incomplete { .. } => words(
                "run `maany wallet backup WALLET` again when they can be reached: it goes on with the same backup",
            ),
            Self::TooLongForPaper(_) => words("write it to a file with --out"),
            Self::WhichWallet => words("name it with --from-server, or give a fragment file as well"),
            Self::BadSecret(_) => words("copy it again: it has no spaces and no line breaks"),
            Self::DeviceSetUp(DeviceBuildError::Server(error)) => client(error),
            Self::DeviceSetUp(DeviceBuildError::Plaintext) => {
                words("go through a tunnel such as ssh -L, or sign all the same with --insecure-plaintext")
            }
            Self::ApiKey(_)
            | Self::Pool(_)
            | Self::StepUp(_)
            | Self::Release(_)
            | Self::Plan(_)
            | Self::DeviceSetUp(_)
            | Self::Transaction(_)
            | Self::Backup(_)
            | Self::Demo(_)
            | Self::System { .. }
            | Self::Output(_) => None,
        }
    }
}

const UNREACHABLE: &str =
    "start the server with `maany serve`, or name another one with --server ws://HOST:PORT";

const OTHER_KEY: &str =
    "this is another store's key: put back the key file (or variable) that this store was made with";

fn client(error: &ClientError) -> Option<String> {
    match error {
        ClientError::Unreachable(_) => words(UNREACHABLE),
        ClientError::Url => words("give --server as ws://HOST:PORT"),
        ClientError::Refused { status: 401, .. } => device::closed(CloseCode::NotAuthenticated),
        ClientError::Refused { status: 403, .. } => device::closed(CloseCode::NotAllowed),
        ClientError::Refused { status: 409, error } if error.code == "sequence_taken" => {
            let request = error.request.as_deref().unwrap_or("REQUEST");
            Some(format!(
                "the sequence is taken: wait until the other request has run or expired, or put this one in its place \
                 with --replaces {request}; if that one is signed, it may still be broadcast, and the chain runs one of the two"
            ))
        }
        ClientError::Refused { status: 422, error } if error.code == "other_sequence" => {
            words("--replaces names a request of the same chain, account number and sequence")
        }
        ClientError::Malformed => words("is it a Maany server, and of the same release?"),
        _ => None,
    }
}

fn folder(error: &FolderError) -> Option<String> {
    match error {
        FolderError::NoHome => words("name the folder with --data"),
        FolderError::NotOne { file: "key.age", .. } => {
            words("`maany wallet create` makes a device folder; --data names another one")
        }
        FolderError::NotOne { file: "fragments.redb", .. } => {
            words("`maany fragment-host init` makes a fragment host's folder; --data names another one")
        }
        FolderError::NotOne { .. } => words("`maany init` makes a server folder; --data names another one"),
        FolderError::NoKey { .. } => words(
            "put key.age back: no other key opens what is there; or take a new folder and restore from the backup",
        ),
        FolderError::NotEmpty { .. } => {
            words("choose a new folder with --data; what is there is never overwritten")
        }
        FolderError::File(PrivateFileError::Missing { .. }) => words(
            "`maany init` makes a server folder and `maany wallet create` a device folder; --data names another one",
        ),
        FolderError::File(error) => file(error),
    }
}

fn file(error: &PrivateFileError) -> Option<String> {
    match error {
        PrivateFileError::Loose { path, .. } => Some(format!("chmod go-rwx {}", path.display())),
        PrivateFileError::Io { source, .. } => match source.kind() {
            ErrorKind::PermissionDenied => words("run the command as the user whom the folder belongs to"),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                words("make room on the disk")
            }
            _ => None,
        },
        PrivateFileError::Exists { .. } => {
            words("it is never overwritten: move it away, or choose another folder")
        }
        PrivateFileError::Missing { .. } | PrivateFileError::TooLong { .. } => None,
    }
}

fn store(error: &StoreError) -> Option<String> {
    match error {
        StoreError::Locked { .. } => {
            words("stop the other process first; `maany admin` speaks to a running server by itself")
        }
        StoreError::WrongKey { .. } => words(OTHER_KEY),
        StoreError::WrongRole { .. } => words("a server's folder is no device's folder: check --data"),
        StoreError::LoosePermissions { path, .. } => Some(format!("chmod go-rwx {}", path.display())),
        StoreError::Full { .. } => words("make room on the disk; nothing was changed"),
        StoreError::UnsupportedVersion { .. } => words("use the release that wrote it, or a later one"),
        StoreError::Corrupt { .. } => {
            words("other records are not affected; the named one comes back only from a copy of the store")
        }
        StoreError::Damaged { .. } => words("put the store back from a copy"),
        StoreError::Key(error) => key(error),
        _ => None,
    }
}

fn key(error: &KeyError) -> Option<String> {
    match error {
        KeyError::LoosePermissions { path, .. } => Some(format!("chmod 600 {}", path.display())),
        KeyError::UnknownKey { .. } | KeyError::NotAuthentic => words(OTHER_KEY),
        KeyError::Io { source, .. } if source.kind() == ErrorKind::NotFound => words(
            "put the key file back where the section [keys] of maany.toml says; without it the data cannot be opened",
        ),
        KeyError::NoVariable { variable } => {
            Some(format!("set {variable} to the key, 32 bytes in base64 or hexadecimal"))
        }
        _ => None,
    }
}

fn key_file(error: &KeyFileError) -> Option<String> {
    match error {
        KeyFileError::File(error) => file(error),
        KeyFileError::WrongPassphrase { .. } => words(
            "try again; without the passphrase nobody opens these wallets, but a backup restores them elsewhere",
        ),
        KeyFileError::Damaged { .. } => {
            words("put the file back from a copy, or restore the wallets from their backups in a new folder")
        }
        KeyFileError::Format { .. } => words("use the release that wrote it, or a later one"),
        KeyFileError::TooMuchWork { .. } | KeyFileError::NoRandomness | KeyFileError::Wrap(_) => None,
    }
}

fn channel_key(error: &ChannelKeyError) -> Option<String> {
    match error {
        ChannelKeyError::File(PrivateFileError::Missing { .. }) | ChannelKeyError::Damaged { .. } => words(
            "put channel.key back from a copy: with another key the devices that know this server refuse it",
        ),
        ChannelKeyError::File(error) => file(error),
        ChannelKeyError::Format { .. } => words("use the release that wrote it, or a later one"),
        ChannelKeyError::NoRandomness => None,
    }
}

fn secret(error: &SecretError) -> Option<String> {
    match error {
        SecretError::NotGiven(wanted) => {
            Some(format!("set {} or run the command at a terminal", wanted.variable))
        }
        SecretError::File(error) => file(error),
        _ => None,
    }
}

fn bind(error: &BindError) -> Option<String> {
    match error {
        BindError::NotLoopback { .. } => words(
            "listen on 127.0.0.1 and reach it through a tunnel such as ssh -L, \
             or give --insecure-plaintext: then only signing works from elsewhere",
        ),
        BindError::Listen { source, address } => match source.kind() {
            ErrorKind::AddrInUse => Some(format!(
                "another process listens on {address}: stop it, or choose another port with --listen {}",
                std::net::SocketAddr::new(address.ip(), 0)
            )),
            ErrorKind::PermissionDenied => words("ports below 1024 need a privilege: choose a higher one"),
            ErrorKind::AddrNotAvailable => words("this machine has no such address"),
            _ => None,
        },
        _ => None,
    }
}

fn words(text: &str) -> Option<String> {
    Some(text.to_owned())
}
