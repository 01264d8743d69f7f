//! Protocol 2, device: it says what backup of the new share it leaves, and hears what the session has come to.

use crate::control::{Control, Document};
use crate::ids::ShareId;
use crate::session::backup::{finish, finish_for};
use crate::session::event::Event;
use crate::session::shell::Flow;
use crate::session::{
    BackupOutcome, Effect, LeaveBackup, MadeBackup, Outbox, Receipt, SessionError, Waiting,
};

pub(in crate::session) enum DeviceResult {
    Making(Making),
    AwaitStored(AwaitStored),
    AwaitDone(AwaitDone),
}

/// The backup is being made.
pub(in crate::session) struct Making {
    share: ShareId,
}

/// The server is to say that it has stored its document.
pub(in crate::session) struct AwaitStored {
    share: ShareId,
}

/// The server is to say that the session is done.
pub(in crate::session) struct AwaitDone {
    backup: BackupOutcome,
}

impl DeviceResult {
    pub(super) fn begin(share: ShareId, leave: LeaveBackup, out: &mut Outbox) -> Self {
        match leave {
            LeaveBackup::Yes => {
                out.push(Effect::MakeDocument(share));
                Self::Making(Making { share })
            }
            LeaveBackup::No => none(share, out),
        }
    }

    pub(super) fn step(
        self,
        event: Event,
        out: &mut Outbox,
    ) -> Result<Flow<Self, BackupOutcome>, SessionError> {
        match (self, event) {
            (Self::Making(Making { share }), Event::DocumentMade(Some(MadeBackup { document, receipt }))) => {
                let complete = receipt == Receipt::Complete;
                out.push(Effect::SendBinary(Control::Backup { id: share, complete, document }.to_bytes()));
                Ok(Flow::Stay(Self::AwaitStored(AwaitStored { share })))
            }
            (Self::Making(Making { share }), Event::DocumentMade(None)) => Ok(Flow::Stay(none(share, out))),
            (Self::AwaitStored(AwaitStored { share }), Event::Control(Control::BackupStored { id }))
                if id == share =>
            {
                Ok(Flow::Stay(Self::AwaitDone(AwaitDone { backup: BackupOutcome::Stored })))
            }
            // Done without a word about the document: it is not stored.
            (Self::AwaitStored(_), Event::Control(Control::Done(_))) => {
                finish(out);
                Ok(Flow::Done(BackupOutcome::Failed))
            }
            (Self::AwaitDone(AwaitDone { backup }), Event::Control(Control::Done(_))) => {
                finish(out);
                Ok(Flow::Done(backup))
            }
            (state, event) => {
                let error = event.unexpected(state.name(), state.waiting());
                if let SessionError::Misuse { .. } = error {
                    return Err(error);
                }
                finish_for(&error, out);
                Ok(Flow::Done(match state {
                    Self::Making(_) | Self::AwaitStored(_) => BackupOutcome::Failed,
                    Self::AwaitDone(AwaitDone { backup }) => backup,
                }))
            }
        }
    }

    pub(super) const fn waiting(&self) -> Waiting {
        match self {
            Self::Making(_) => Waiting::Host,
            Self::AwaitStored(_) | Self::AwaitDone(_) => Waiting::Peer,
        }
    }

    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Making(_) => "the backup to be made",
            Self::AwaitStored(_) => "backup stored",
            Self::AwaitDone(_) => "done",
        }
    }
}

/// Says that no backup is left, so that the server need not wait for one.
fn none(share: ShareId, out: &mut Outbox) -> DeviceResult {
    let frame = Control::Backup { id: share, complete: false, document: Document::default() };
    out.push(Effect::SendBinary(frame.to_bytes()));
    DeviceResult::AwaitDone(AwaitDone { backup: BackupOutcome::None })
}
