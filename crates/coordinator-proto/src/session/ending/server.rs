//! Protocol 2, server: it hears what backup of the new share the device leaves, writes the end of the ceremony once, and
//! tells the result.

use crate::control::{Control, Document, What};
use crate::ids::ShareId;
use crate::session::backup::{Closed, finish, finish_for};
use crate::session::commit::{self, Confirmation, LeftBackup};
use crate::session::event::Event;
use crate::session::shell::Flow;
use crate::session::{Backup, BackupOutcome, Effect, Outbox, Receipt, SessionError, Waiting, Write};

/// What the ceremony was.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::session) enum Renewed {
    /// A DKG.
    No,
    /// A refresh or a restore.
    Yes,
}

pub(in crate::session) enum ServerResult {
    AwaitBackup(AwaitBackup),
    Confirming(Confirming),
}

/// The device is to say what backup it leaves.
pub(in crate::session) struct AwaitBackup(Facts);

/// The end is being written.
pub(in crate::session) struct Confirming {
    facts: Facts,
    /// What becomes of the retired share with this write.
    left: Option<ShareId>,
    document: BackupOutcome,
    /// Why the device will not hear of it, where something went wrong before.
    trouble: Option<SessionError>,
}

#[derive(Clone, Copy)]
struct Facts {
    share: ShareId,
    retired: Option<ShareId>,
    rule: Backup,
    renewed: Renewed,
}

impl ServerResult {
    pub(super) const fn begin(
        share: ShareId,
        retired: Option<ShareId>,
        rule: Backup,
        renewed: Renewed,
    ) -> Self {
        Self::AwaitBackup(AwaitBackup(Facts { share, retired, rule, renewed }))
    }

    pub(super) fn step(self, event: Event, out: &mut Outbox) -> Result<Flow<Self, Closed>, SessionError> {
        match (self, event) {
            (
                Self::AwaitBackup(AwaitBackup(facts)),
                Event::Control(Control::Backup { id, complete, document }),
            ) if id == facts.share => Ok(facts.backup(complete, document, out)),
            (Self::AwaitBackup(AwaitBackup(facts)), event) => {
                let error = event.unexpected("the backup", Waiting::Peer);
                if let SessionError::Misuse { .. } = error {
                    return Err(error);
                }
                Ok(facts.confirm(None, Some(error), out))
            }
            (Self::Confirming(state), Event::Confirmed(public_key)) => Ok(state.confirmed(public_key, out)),
            (Self::Confirming(state), Event::StoreFailed(fault)) => {
                finish_for(&SessionError::Store(fault), out);
                Ok(Flow::Done(state.unwritten()))
            }
            (Self::Confirming(state), event) => {
                let error = event.unexpected("the end to be stored", Waiting::Store);
                if let SessionError::Misuse { .. } = error {
                    return Err(error);
                }
                finish_for(&error, out);
                Ok(Flow::Done(state.unwritten()))
            }
        }
    }

    pub(super) const fn waiting(&self) -> Waiting {
        match self {
            Self::AwaitBackup(_) => Waiting::Peer,
            Self::Confirming(_) => Waiting::Store,
        }
    }

    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::AwaitBackup(_) => "the backup",
            Self::Confirming(_) => "the end to be stored",
        }
    }
}

impl Facts {
    fn backup(self, complete: bool, document: Document, out: &mut Outbox) -> Flow<ServerResult, Closed> {
        if document.is_empty() {
            return self.confirm(None, None, out);
        }
        let receipt = if complete { Receipt::Complete } else { Receipt::Partial };
        self.confirm(Some((document, receipt)), None, out)
    }

    /// Asks for the one write. Where a backup is owed and did not come, it says no more than that the device follows.
    fn confirm(
        self,
        left: Option<(Document, Receipt)>,
        trouble: Option<SessionError>,
        out: &mut Outbox,
    ) -> Flow<ServerResult, Closed> {
        let named = left.as_ref().map(|(_, receipt)| LeftBackup { id: self.share, receipt: *receipt });
        let document = if left.is_some() { BackupOutcome::Stored } else { BackupOutcome::None };
        // The only fault is a backup of another share, which was refused before.
        let confirmation = commit::confirmation(self.share, self.retired, self.rule, named)
            .ok()
            .flatten()
            .unwrap_or(Confirmation { id: self.share, erase_retired: None, receipt: None });
        let kept = self.retired.filter(|_| confirmation.erase_retired.is_none());
        let fragment = left.map(|(document, _)| document);
        out.push(Effect::Store(Write::Confirm { confirmation, fragment }));
        Flow::Stay(ServerResult::Confirming(Confirming { facts: self, left: kept, document, trouble }))
    }
}

impl Confirming {
    fn confirmed(self, public_key: [u8; 33], out: &mut Outbox) -> Flow<ServerResult, Closed> {
        let closed = Closed { retired: self.left, backup: self.document };
        if let Some(trouble) = &self.trouble {
            finish_for(trouble, out);
            return Flow::Done(closed);
        }
        let id = self.facts.share;
        if self.document == BackupOutcome::Stored {
            out.push(Effect::SendBinary(Control::BackupStored { id }.to_bytes()));
        }
        let what = match self.facts.renewed {
            Renewed::No => What::Created { public_key },
            Renewed::Yes => What::Renewed { id },
        };
        out.push(Effect::SendBinary(Control::Done(what).to_bytes()));
        finish(out);
        Flow::Done(closed)
    }

    fn unwritten(self) -> Closed {
        let backup = match self.document {
            BackupOutcome::None => BackupOutcome::None,
            BackupOutcome::Stored | BackupOutcome::Failed => BackupOutcome::Failed,
        };
        Closed { retired: self.facts.retired, backup }
    }
}
