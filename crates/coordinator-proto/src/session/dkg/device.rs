//! The device's side of DKG. In the older profile it sends its first message at once, without waiting to be let in.

use core::time::Duration;

use super::first_share;
use crate::ids::{Intent, ShareId, WalletId};
use crate::limits::Limits;
use crate::session::commit::{self, DeviceCommit, Origin};
use crate::session::ending::{DeviceEnding, DeviceProfile};
use crate::session::event::Event;
use crate::session::rounds::Rounds;
use crate::session::shell::{Debt, Flow, Intake, Verb};
use crate::session::{BackupOutcome, Ceremony, LeaveBackup, Outbox, Outcome, SessionError, Waiting};

pub(in crate::session) enum DkgDevice {
    Running(Running),
    Committing(Committing),
    Ending(Ending),
}

/// The engine's rounds.
pub(in crate::session) struct Running {
    leave: LeaveBackup,
    profile: DeviceProfile,
    rounds: Rounds,
}

/// The commit.
pub(in crate::session) struct Committing {
    leave: LeaveBackup,
    profile: DeviceProfile,
    commit: DeviceCommit,
}

/// The backup is being left.
pub(in crate::session) struct Ending {
    key: Key,
    ending: DeviceEnding,
}

#[derive(Clone, Copy)]
struct Key {
    wallet: WalletId,
    share: ShareId,
}

impl Key {
    fn outcome(self, backup: BackupOutcome) -> Outcome {
        Outcome::Created { wallet: self.wallet, share: self.share, backup }
    }
}

impl DkgDevice {
    pub(in crate::session) fn begin(
        leave: LeaveBackup,
        profile: DeviceProfile,
        rounds: u8,
        out: &mut Outbox,
    ) -> Self {
        Self::Running(Running { leave, profile, rounds: Rounds::start(Ceremony::Dkg, rounds, out) })
    }
}

impl Verb for DkgDevice {
    fn step(self, event: Event, out: &mut Outbox) -> Result<Flow<Self, Outcome>, SessionError> {
        Ok(match self {
            Self::Running(Running { leave, profile, rounds }) => {
                Flow::Stay(match rounds.step(event, out)? {
                    Flow::Stay(rounds) => Self::Running(Running { leave, profile, rounds }),
                    Flow::Done(made) => {
                        let commit = DeviceCommit::begin(first_share(made)?, None, Origin::Dkg);
                        Self::Committing(Committing { leave, profile, commit })
                    }
                })
            }
            Self::Committing(Committing { leave, profile, commit }) => {
                match commit::step(commit, event, out)? {
                    Flow::Stay(commit) => Flow::Stay(Self::Committing(Committing { leave, profile, commit })),
                    Flow::Done(followed) => {
                        let key = Key { wallet: followed.wallet, share: followed.id };
                        key.end(DeviceEnding::begin(profile, key.share, leave, out))
                    }
                }
            }
            Self::Ending(Ending { key, ending }) => key.end(ending.step(event, out)?),
        })
    }

    fn waiting(&self) -> Waiting {
        match self {
            Self::Running(state) => state.rounds.waiting(),
            Self::Committing(state) => state.commit.waiting(),
            Self::Ending(state) => state.ending.waiting(),
        }
    }

    fn intake(&self, limits: &Limits) -> Intake {
        Intake::Open(limits.message_bytes(Intent::Dkg))
    }

    fn patience(&self, limits: &Limits) -> Duration {
        match self {
            Self::Running(_) | Self::Committing(_) => limits.step_deadline,
            Self::Ending(_) => limits.backup_window,
        }
    }

    /// Nothing: a provisional share that was announced stays until a later session has settled it.
    fn debt(&self) -> Debt {
        Debt::default()
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Running(state) => state.rounds.name(),
            Self::Committing(state) => state.commit.name(),
            Self::Ending(state) => state.ending.name(),
        }
    }
}

impl Key {
    fn end(self, flow: Flow<DeviceEnding, BackupOutcome>) -> Flow<DkgDevice, Outcome> {
        match flow {
            Flow::Stay(ending) => Flow::Stay(DkgDevice::Ending(Ending { key: self, ending })),
            Flow::Done(backup) => Flow::Done(self.outcome(backup)),
        }
    }
}
