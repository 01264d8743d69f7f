//! The server's side: it takes one `backup-share` for this session's key, acks it, and erases the retired share where
//! that is permitted.

use super::{finish, finish_for};
use crate::backup_share::{AckError, AckStatus, BackupShare, BackupShareAck, BackupShareError};
use crate::ids::{KeyId, SessionId, ShareId, WalletId};
use crate::session::event::Event;
use crate::session::shell::Flow;
use crate::session::{Backup, BackupOutcome, Effect, Outbox, Receipt, SessionError, Waiting, Write};

pub(in crate::session) enum ServerBackup {
    Window(Window),
    Storing(Storing),
    Erasing(Erasing),
}

/// One `backup-share` may come.
pub(in crate::session) struct Window(Epilogue);
/// It is being written.
pub(in crate::session) struct Storing(Epilogue);
/// The retired share is being erased.
pub(in crate::session) struct Erasing {
    epilogue: Epilogue,
    then: Then,
}

enum Then {
    Window,
    Finish,
}

/// By which names a device may call this session's key.
pub(in crate::session) struct Names {
    pub(in crate::session) session_id: SessionId,
    pub(in crate::session) key_id: Option<KeyId>,
    pub(in crate::session) wallet: WalletId,
}

impl Names {
    fn fits(&self, backup: &BackupShare) -> bool {
        let key = backup.key_id();
        backup.session_id() == &self.session_id
            && (self.key_id.as_ref() == Some(key) || key.as_str() == self.wallet.to_string())
    }

    /// The key's name in an ack: the device's own, or the wallet id.
    fn shown(&self) -> Option<KeyId> {
        self.key_id.clone().or_else(|| KeyId::new(&self.wallet.to_string()).ok())
    }
}

struct Epilogue {
    names: Names,
    retired: Option<ShareId>,
    backup: BackupOutcome,
}

/// How it ended.
pub(in crate::session) struct Closed {
    pub(in crate::session) retired: Option<ShareId>,
    pub(in crate::session) backup: BackupOutcome,
}

impl ServerBackup {
    /// `retired` is the share before the new one; it goes at once where the wallet does without backups.
    pub(in crate::session) fn begin(
        names: Names,
        retired: Option<ShareId>,
        rule: Backup,
        out: &mut Outbox,
    ) -> Self {
        let epilogue = Epilogue { names, retired, backup: BackupOutcome::None };
        match (rule, retired) {
            (Backup::NotRequired, Some(share)) => {
                out.push(Effect::Store(Write::EraseRetired(share)));
                Self::Erasing(Erasing { epilogue, then: Then::Window })
            }
            (Backup::NotRequired | Backup::Required { .. }, _) => Self::Window(Window(epilogue)),
        }
    }

    pub(in crate::session) fn step(
        self,
        event: Event,
        out: &mut Outbox,
    ) -> Result<Flow<Self, Closed>, SessionError> {
        match (self, event) {
            (Self::Window(Window(epilogue)), Event::Text(text)) => Ok(epilogue.take(&text, out)),
            (Self::Storing(Storing(epilogue)), Event::BackupStored(receipt)) => {
                Ok(epilogue.stored(receipt, out))
            }
            (Self::Storing(Storing(epilogue)), Event::StoreFailed(_)) => {
                epilogue.ack(AckStatus::Error(AckError::NotStored), out);
                finish(out);
                Ok(epilogue.end(BackupOutcome::Failed))
            }
            (Self::Erasing(Erasing { mut epilogue, then }), Event::Stored) => {
                epilogue.retired = None;
                Ok(epilogue.after_erasure(then, out))
            }
            (Self::Erasing(Erasing { epilogue, then }), Event::StoreFailed(_)) => {
                Ok(epilogue.after_erasure(then, out))
            }
            (state, event) => {
                let error = event.unexpected(state.name(), state.waiting());
                if let SessionError::Misuse { .. } = error {
                    return Err(error);
                }
                finish_for(&error, out);
                Ok(match state {
                    Self::Window(Window(epilogue)) | Self::Erasing(Erasing { epilogue, .. }) => {
                        let backup = epilogue.backup;
                        epilogue.end(backup)
                    }
                    Self::Storing(Storing(epilogue)) => epilogue.end(BackupOutcome::Failed),
                })
            }
        }
    }

    pub(in crate::session) const fn waiting(&self) -> Waiting {
        match self {
            Self::Window(_) => Waiting::Peer,
            Self::Storing(_) | Self::Erasing(_) => Waiting::Store,
        }
    }

    pub(in crate::session) const fn name(&self) -> &'static str {
        match self {
            Self::Window(_) => "a backup share",
            Self::Storing(_) => "the backup share to be stored",
            Self::Erasing(_) => "the retired share to be erased",
        }
    }
}

impl Epilogue {
    fn take(self, text: &[u8], out: &mut Outbox) -> Flow<ServerBackup, Closed> {
        let refused = match BackupShare::parse(text) {
            Ok(backup) if self.names.fits(&backup) => {
                out.push(Effect::Store(Write::Backup(Box::new(backup))));
                return Flow::Stay(ServerBackup::Storing(Storing(self)));
            }
            Ok(_) => AckError::WrongWallet,
            Err(
                BackupShareError::NotUtf8
                | BackupShareError::NotJson
                | BackupShareError::NotAnObject
                | BackupShareError::OtherType,
            ) => {
                let error = Event::Text(text.to_vec()).unexpected("a backup share", Waiting::Peer);
                finish_for(&error, out);
                return self.end(BackupOutcome::None);
            }
            Err(_) => AckError::Malformed,
        };
        self.ack(AckStatus::Error(refused), out);
        finish(out);
        self.end(BackupOutcome::Failed)
    }

    fn stored(mut self, receipt: Receipt, out: &mut Outbox) -> Flow<ServerBackup, Closed> {
        self.backup = BackupOutcome::Stored;
        self.ack(AckStatus::Ok, out);
        match (receipt, self.retired) {
            (Receipt::Complete, Some(share)) => {
                out.push(Effect::Store(Write::EraseRetired(share)));
                Flow::Stay(ServerBackup::Erasing(Erasing { epilogue: self, then: Then::Finish }))
            }
            (Receipt::Complete | Receipt::Partial, _) => {
                finish(out);
                self.end(BackupOutcome::Stored)
            }
        }
    }

    fn after_erasure(self, then: Then, out: &mut Outbox) -> Flow<ServerBackup, Closed> {
        match then {
            Then::Window => Flow::Stay(ServerBackup::Window(Window(self))),
            Then::Finish => {
                finish(out);
                let backup = self.backup;
                self.end(backup)
            }
        }
    }

    fn ack(&self, status: AckStatus, out: &mut Outbox) {
        if let Some(key_id) = self.names.shown() {
            out.push(Effect::SendText(BackupShareAck { key_id, status }.to_json()));
        }
    }

    fn end<S>(self, backup: BackupOutcome) -> Flow<S, Closed> {
        Flow::Done(Closed { retired: self.retired, backup })
    }
}
