//! The device's side of refresh and restore.

use core::time::Duration;

use super::next_share;
use crate::control::Control;
use crate::ids::{Intent, ShareId, WalletId};
use crate::limits::Limits;
use crate::session::commit::{self, DeviceCommit, Origin};
use crate::session::ending::{DeviceEnding, DeviceProfile};
use crate::session::event::Event;
use crate::session::rounds::Rounds;
use crate::session::shell::{Debt, Flow, Intake, Verb};
use crate::session::{
    AbortLedger, BackupOutcome, Ceremony, DeviceHolds, Effect, LeaveBackup, Outbox, Outcome, SessionError,
    Waiting, refresh, restore,
};

/// Which verb it is.
#[derive(Clone, Copy)]
pub(in crate::session) enum DeviceVerb {
    Refresh,
    /// With the share that was rebuilt from a backup.
    Restore(ShareId),
}

impl DeviceVerb {
    pub(in crate::session) const fn intent(self) -> Intent {
        match self {
            Self::Refresh => Intent::Refresh,
            Self::Restore(_) => Intent::Restore,
        }
    }

    fn base(self, holds: &DeviceHolds, server: ShareId) -> Result<Ceremony, SessionError> {
        match self {
            Self::Refresh => refresh::device_base(holds, server).map(Ceremony::Refresh),
            Self::Restore(rebuilt) => Ok(restore::device_base(holds, rebuilt, server)),
        }
    }
}

pub(in crate::session) enum RenewalDevice {
    AwaitStatus(AwaitStatus),
    Running(Running),
    Committing(Committing),
    Ending(Ending),
}

/// The server is to say which share it holds.
pub(in crate::session) struct AwaitStatus {
    verb: DeviceVerb,
    holds: DeviceHolds,
    leave: LeaveBackup,
    rounds: u8,
}

/// The engine's rounds.
pub(in crate::session) struct Running {
    verb: DeviceVerb,
    leave: LeaveBackup,
    wallet: WalletId,
    base: ShareId,
    server: ShareId,
    origin: Origin,
    ledger: Option<AbortLedger>,
    rounds: Rounds,
    profile: DeviceProfile,
}

/// The commit.
pub(in crate::session) struct Committing {
    verb: DeviceVerb,
    leave: LeaveBackup,
    commit: DeviceCommit,
    profile: DeviceProfile,
}

/// The backup is being left.
pub(in crate::session) struct Ending {
    verb: DeviceVerb,
    share: ShareId,
    ending: DeviceEnding,
}

impl RenewalDevice {
    pub(in crate::session) const fn begin(
        verb: DeviceVerb,
        holds: DeviceHolds,
        leave: LeaveBackup,
        rounds: u8,
    ) -> Self {
        Self::AwaitStatus(AwaitStatus { verb, holds, leave, rounds })
    }

    /// Protocol 2: begins after the two sides have agreed on the share that they start from, the server's `server`.
    pub(in crate::session) fn begin_proven(
        verb: DeviceVerb,
        holds: DeviceHolds,
        leave: LeaveBackup,
        server: ShareId,
        ceremony: Ceremony,
        rounds: u8,
        out: &mut Outbox,
    ) -> Self {
        let base = Base::of(ceremony, &holds, server);
        let task = AwaitStatus { verb, holds, leave, rounds };
        Self::Running(task.start(ceremony, base, server, DeviceProfile::Proven, out))
    }

    /// Protocol 2: goes on where an earlier attempt was cut off: this side has made the new share its active one.
    pub(in crate::session) fn resume(
        verb: DeviceVerb,
        share: ShareId,
        leave: LeaveBackup,
        out: &mut Outbox,
    ) -> Flow<Self, Outcome> {
        out.push(Effect::SendBinary(Control::Committed { id: share }.to_bytes()));
        end(verb, share, DeviceEnding::begin(DeviceProfile::Proven, share, leave, out))
    }
}

impl AwaitStatus {
    fn answer(self, server: ShareId, out: &mut Outbox) -> Result<RenewalDevice, SessionError> {
        let ceremony = self.verb.base(&self.holds, server)?;
        let base = Base::of(ceremony, &self.holds, server);
        let pending = self.holds.pending.filter(|share| *share != base.share);
        out.push(Effect::SendBinary(Control::Holding { active: base.share, pending }.to_bytes()));
        Ok(RenewalDevice::Running(self.start(ceremony, base, server, DeviceProfile::Plain, out)))
    }

    fn start(
        self,
        ceremony: Ceremony,
        base: Base,
        server: ShareId,
        profile: DeviceProfile,
        out: &mut Outbox,
    ) -> Running {
        let Self { verb, holds, leave, rounds } = self;
        let Base { share, kept, erase } = base;
        Running {
            verb,
            leave,
            wallet: holds.wallet,
            base: share,
            server,
            origin: Origin::Renewal { base: kept, erase },
            // A rebuilt share has no record yet in which an abort could be counted.
            ledger: kept.map(|_| holds.aborts),
            rounds: Rounds::start(ceremony, rounds, out),
            profile,
        }
    }
}

/// The share that the ceremony starts from, and what becomes of what the device holds.
struct Base {
    share: ShareId,
    /// The same, where it is in the store.
    kept: Option<ShareId>,
    /// What else is in the store.
    erase: Vec<ShareId>,
}

impl Base {
    fn of(ceremony: Ceremony, holds: &DeviceHolds, server: ShareId) -> Self {
        let (share, kept) = match ceremony {
            Ceremony::Refresh(share) => (share, Some(share)),
            Ceremony::Restore(share) | Ceremony::Sign(share) => (share, None),
            // No verb of this room runs one.
            Ceremony::Dkg => (server, None),
        };
        let held = [holds.active, holds.pending];
        let erase = held.into_iter().flatten().filter(|share| Some(*share) != kept).collect();
        Self { share, kept, erase }
    }
}

impl Running {
    fn step(self, event: Event, out: &mut Outbox) -> Result<RenewalDevice, SessionError> {
        let (verb, server) = (self.verb, self.server);
        let flow = self.rounds.step(event, out).map_err(|error| match verb {
            DeviceVerb::Refresh => error,
            DeviceVerb::Restore(rebuilt) => restore::refused(error, rebuilt, server),
        })?;
        Ok(match flow {
            Flow::Stay(rounds) => RenewalDevice::Running(Self { rounds, ..self }),
            Flow::Done(made) => {
                let id = next_share(made, self.base)?;
                let commit = DeviceCommit::begin(id, Some(self.wallet), self.origin);
                let (leave, profile) = (self.leave, self.profile);
                RenewalDevice::Committing(Committing { verb, leave, commit, profile })
            }
        })
    }
}

impl Verb for RenewalDevice {
    fn step(self, event: Event, out: &mut Outbox) -> Result<Flow<Self, Outcome>, SessionError> {
        Ok(match (self, event) {
            (Self::AwaitStatus(state), Event::Control(Control::Status { active })) => {
                Flow::Stay(state.answer(active, out)?)
            }
            (state @ Self::AwaitStatus(_), event) => {
                return Err(event.unexpected(state.name(), state.waiting()));
            }
            (Self::Running(state), event) => Flow::Stay(state.step(event, out)?),
            (Self::Committing(Committing { verb, leave, commit, profile }), event) => {
                match commit::step(commit, event, out)? {
                    Flow::Stay(commit) => {
                        Flow::Stay(Self::Committing(Committing { verb, leave, commit, profile }))
                    }
                    Flow::Done(followed) => {
                        end(verb, followed.id, DeviceEnding::begin(profile, followed.id, leave, out))
                    }
                }
            }
            (Self::Ending(Ending { verb, share, ending }), event) => {
                end(verb, share, ending.step(event, out)?)
            }
        })
    }

    fn waiting(&self) -> Waiting {
        match self {
            Self::AwaitStatus(_) => Waiting::Peer,
            Self::Running(state) => state.rounds.waiting(),
            Self::Committing(state) => state.commit.waiting(),
            Self::Ending(state) => state.ending.waiting(),
        }
    }

    fn intake(&self, limits: &Limits) -> Intake {
        Intake::Open(limits.message_bytes(Intent::Refresh))
    }

    fn patience(&self, limits: &Limits) -> Duration {
        match self {
            Self::AwaitStatus(_) | Self::Running(_) | Self::Committing(_) => limits.step_deadline,
            Self::Ending(_) => limits.backup_window,
        }
    }

    fn debt(&self) -> Debt {
        match self {
            Self::Running(state) => {
                let ledger = state.ledger.map(|ledger| (ledger, state.base.epoch()));
                Debt { provisional: None, ledger }
            }
            Self::AwaitStatus(_) | Self::Committing(_) | Self::Ending(_) => Debt::default(),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::AwaitStatus(_) => "status",
            Self::Running(state) => state.rounds.name(),
            Self::Committing(state) => state.commit.name(),
            Self::Ending(state) => state.ending.name(),
        }
    }
}

fn end(
    verb: DeviceVerb,
    share: ShareId,
    flow: Flow<DeviceEnding, BackupOutcome>,
) -> Flow<RenewalDevice, Outcome> {
    match flow {
        Flow::Stay(ending) => Flow::Stay(RenewalDevice::Ending(Ending { verb, share, ending })),
        Flow::Done(backup) => {
            Flow::Done(Outcome::Renewed { intent: verb.intent(), share, retired: None, backup })
        }
    }
}
