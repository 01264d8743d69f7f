//! What to do about a device's failure: the session's own reasons, and the codes that a server closes with.

use maany_coordinator::device::DeviceError;
use maany_coordinator::engine::backup::BackupError;
use maany_coordinator::http::client::ClientError;
use maany_coordinator::proto::CloseCode;
use maany_coordinator::proto::session::SessionError;

use super::{UNREACHABLE, client, store, words};

const RESTORE: &str = "a locked wallet comes back with `maany wallet restore`, from its backup";

/// A stable word for a device's failure.
pub(in crate::error) fn device_code(error: &DeviceError) -> &'static str {
    match error {
        DeviceError::Connect(_) | DeviceError::Http(ClientError::Unreachable(_)) => "unreachable",
        DeviceError::Http(ClientError::Refused { error, .. }) if error.code == "sequence_taken" => {
            "sequence-taken"
        }
        DeviceError::Http(_) => "server",
        DeviceError::Session(error) => session_code(error),
        DeviceError::Store(_) => "store",
        DeviceError::Holder(ClientError::Unreachable(_)) => "unreachable",
        DeviceError::Holder(_) => "fragment-host",
        DeviceError::Backup(BackupError::StaleEpoch { .. }) => "stale-backup",
        DeviceError::Backup(_) | DeviceError::Plan(_) | DeviceError::Ledger(_) | DeviceError::NoBackup => {
            "backup"
        }
        DeviceError::UnknownWallet => "unknown-wallet",
        DeviceError::KeyIdTaken => "key-id-taken",
        DeviceError::NotInUse(_) => "wallet-locked",
        DeviceError::PolicyRefused { .. } => "policy-refused",
        DeviceError::BadSignature | DeviceError::Mismatch(_) => "server-wrong",
        DeviceError::StepUp => "step-up",
        DeviceError::Unprotected => "not-encrypted",
        _ => "device",
    }
}

fn session_code(error: &SessionError) -> &'static str {
    match error {
        SessionError::Closed { code: Some(code) } => closed_code(*code),
        SessionError::Told { .. } if is_divergence(error) => "wallet-locked",
        SessionError::Told { code, .. } => CloseCode::from_u16(*code).map_or("session", closed_code),
        SessionError::Deadline { .. } => "deadline",
        SessionError::Locked | SessionError::Diverged => "wallet-locked",
        SessionError::StaleBackup { .. } => "stale-backup",
        _ => "session",
    }
}

const fn closed_code(code: CloseCode) -> &'static str {
    match code {
        CloseCode::NotAuthenticated => "not-authenticated",
        CloseCode::NotAllowed => "not-allowed",
        CloseCode::Busy => "busy",
        CloseCode::Quarantined => "wallet-locked",
        CloseCode::TooMany => "too-many",
        CloseCode::Deadline => "deadline",
        _ => "session",
    }
}

/// The server said that this wallet's state, not another session, is in the way.
fn is_divergence(error: &SessionError) -> bool {
    matches!(error, SessionError::Told { code, retryable: false, .. } if *code == CloseCode::Busy.as_u16())
}

pub(super) fn help(error: &DeviceError) -> Option<String> {
    match error {
        DeviceError::Connect(_) => words(UNREACHABLE),
        DeviceError::Http(error) => client(error),
        DeviceError::Holder(ClientError::Refused { status: 404, .. }) => words(
            "the release code is wrong, used or older than ten minutes, or the fragment host holds nothing for this wallet and API key",
        ),
        DeviceError::Holder(ClientError::Refused { status: 401, .. }) => {
            words("the fragment host does not accept the API key: give its own, not the server's")
        }
        DeviceError::Holder(_) => {
            words("is `maany fragment-host serve` running there, and the tunnel to it open?")
        }
        DeviceError::NoBackup => words("`maany wallet backup WALLET --out DIR` makes one"),
        DeviceError::Backup(BackupError::StaleEpoch { .. }) => {
            words("use the fragments that the latest `maany wallet backup` or `maany wallet refresh` made")
        }
        DeviceError::Session(error) => session(error),
        DeviceError::Store(error) => store(error),
        DeviceError::UnknownWallet => {
            words("`maany wallet list` shows the wallets of this device; --data names another device folder")
        }
        DeviceError::Unprotected => {
            words("run this command on the server's machine, or through a tunnel such as ssh -L")
        }
        DeviceError::KeyIdTaken => {
            words("choose another --key-id, or none; an existing wallet is never overwritten")
        }
        DeviceError::NotInUse(_) => words(RESTORE),
        DeviceError::PolicyRefused { .. } => {
            words("the server's operator decides in the section [policy] of maany.toml what may be signed")
        }
        DeviceError::BadSignature | DeviceError::Mismatch(_) => words(
            "do not use this server before its operator has explained it: it did not do what it was asked for",
        ),
        _ => None,
    }
}

fn session(error: &SessionError) -> Option<String> {
    match error {
        SessionError::Closed { code: Some(code) } => closed(*code),
        SessionError::Told { .. } if is_divergence(error) => words(
            "`maany wallet status` shows what both sides hold; `maany wallet backup` where a backup is missing, else \
             `maany wallet restore` with the operator's step-up code",
        ),
        SessionError::Told { code, .. } => CloseCode::from_u16(*code).and_then(closed),
        SessionError::Closed { code: None } => words(UNREACHABLE),
        SessionError::Deadline { .. } => {
            words("try again; if it happens again, the server or the network is overloaded")
        }
        SessionError::Locked | SessionError::Diverged => words(RESTORE),
        SessionError::StaleBackup { .. } => {
            words("use the fragments that the latest `maany wallet backup` made")
        }
        SessionError::BackupFirst => words("`maany wallet backup` first, and then again"),
        SessionError::Undecided { .. } => {
            words("run the same command again: it settles which share is in use")
        }
        _ => None,
    }
}

/// What a server that closes with this code wants to be done.
pub(super) fn closed(code: CloseCode) -> Option<String> {
    match code {
        CloseCode::NotAuthenticated => {
            words("the API key is wrong or revoked: give the right one in MAANY_TOKEN or --token-file")
        }
        CloseCode::NotAllowed => words(
            "the API key may not do this, or there is no such wallet for it, or the step-up code is used or old; \
             over an unencrypted connection from another machine only signing is allowed",
        ),
        CloseCode::Busy => {
            words("another session of this wallet is under way: wait for it to end, and try again")
        }
        CloseCode::Quarantined => words(
            "the server has locked the wallet; `maany wallet refresh --stepped-up` with the operator's step-up code leads out \
             of a quarantine, `maany wallet restore` out of a freeze",
        ),
        CloseCode::TooMany | CloseCode::GoingAway | CloseCode::Deadline | CloseCode::Internal => {
            words("try again in a moment")
        }
        _ => None,
    }
}
