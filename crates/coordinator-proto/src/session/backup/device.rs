//! The device's side: it makes its backup frame, sends it, and waits for the ack.

use super::{finish, finish_for};
use crate::backup_share::{AckStatus, BackupShareAck};
use crate::ids::ShareId;
use crate::session::event::Event;
use crate::session::shell::Flow;
use crate::session::{BackupOutcome, Effect, LeaveBackup, Outbox, SessionError, Waiting};

pub(in crate::session) enum DeviceBackup {
    Making(Making),
    AwaitAck(AwaitAck),
}

/// The frame is being made.
pub(in crate::session) struct Making;
/// The server is to ack it.
pub(in crate::session) struct AwaitAck;

impl DeviceBackup {
    /// Begins where a backup is to be left; otherwise closes, as there is nothing more to say.
    pub(in crate::session) fn begin(
        share: ShareId,
        leave: LeaveBackup,
        out: &mut Outbox,
    ) -> Flow<Self, BackupOutcome> {
        match leave {
            LeaveBackup::Yes => {
                out.push(Effect::MakeBackup(share));
                Flow::Stay(Self::Making(Making))
            }
            LeaveBackup::No => {
                finish(out);
                Flow::Done(BackupOutcome::None)
            }
        }
    }

    pub(in crate::session) fn step(
        self,
        event: Event,
        out: &mut Outbox,
    ) -> Result<Flow<Self, BackupOutcome>, SessionError> {
        match (self, event) {
            (Self::Making(Making), Event::BackupMade(Some(backup))) => {
                out.push(Effect::SendText(core::mem::take(&mut *backup.to_json())));
                Ok(Flow::Stay(Self::AwaitAck(AwaitAck)))
            }
            (Self::Making(Making), Event::BackupMade(None)) => {
                finish(out);
                Ok(Flow::Done(BackupOutcome::None))
            }
            (Self::AwaitAck(AwaitAck), Event::Text(text)) => match BackupShareAck::parse(&text) {
                Ok(ack) => {
                    finish(out);
                    Ok(Flow::Done(match ack.status {
                        AckStatus::Ok => BackupOutcome::Stored,
                        AckStatus::Error(_) => BackupOutcome::Failed,
                    }))
                }
                Err(_) => {
                    let error = Event::Text(text).unexpected("the ack of the backup share", Waiting::Peer);
                    finish_for(&error, out);
                    Ok(Flow::Done(BackupOutcome::Failed))
                }
            },
            (state, event) => {
                let error = event.unexpected(state.name(), state.waiting());
                if let SessionError::Misuse { .. } = error {
                    return Err(error);
                }
                finish_for(&error, out);
                Ok(Flow::Done(BackupOutcome::Failed))
            }
        }
    }

    pub(in crate::session) const fn waiting(&self) -> Waiting {
        match self {
            Self::Making(_) => Waiting::Host,
            Self::AwaitAck(_) => Waiting::Peer,
        }
    }

    pub(in crate::session) const fn name(&self) -> &'static str {
        match self {
            Self::Making(_) => "the backup share to be made",
            Self::AwaitAck(_) => "the ack of the backup share",
        }
    }
}
