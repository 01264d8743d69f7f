//! The device's side: it proves what it holds, and settles what an earlier session left when it hears which share the
//! server has active. What it hears comes through a channel whose other end it knows.

use core::time::Duration;

use crate::close::CloseCode;
use crate::control::{Control, What};
use crate::ids::{Digest, Intent, ShareId};
use crate::limits::Limits;
use crate::proof::{Challenge, Claim, Proof};
use crate::session::dkg::DkgDevice;
use crate::session::ending::DeviceProfile;
use crate::session::event::Event;
use crate::session::reconcile::{DeviceChoice, FreezeCause, reconcile_device};
use crate::session::renewal::{DeviceVerb, RenewalDevice};
use crate::session::rounds::Rounds;
use crate::session::shell::{Debt, Flow, Intake};
use crate::session::sign::SignDevice;
use crate::session::{
    Ceremony, DeviceHolds, DevicePlan, Effect, LeaveBackup, Outbox, Outcome, Promotion, SessionError,
    Waiting, Write, restore,
};

pub(in crate::session) enum DeviceOpening {
    Proving(Proving),
    AwaitReady(AwaitReady),
    Early(Early),
    Settling(Settling),
    Freezing(Freezing),
}

/// The identity key is to sign the claim.
pub(in crate::session) struct Proving {
    rounds: u8,
    task: Task,
    claim: Claim,
}

/// The server is to say that the verb may begin.
pub(in crate::session) struct AwaitReady {
    rounds: u8,
    task: Task,
}

/// The same, for a signature whose first message is on its way.
pub(in crate::session) struct Early {
    holds: DeviceHolds,
    share: ShareId,
    rounds: Rounds,
}

/// What an earlier session left is being written.
pub(in crate::session) struct Settling {
    rounds: u8,
    task: Task,
    server: ShareId,
    follows: bool,
}

/// That the wallet is frozen is being written.
pub(in crate::session) struct Freezing {
    cause: FreezeCause,
}

/// What the session is for.
enum Task {
    Dkg { leave: LeaveBackup },
    Sign { holds: DeviceHolds },
    Renew { verb: DeviceVerb, holds: DeviceHolds, leave: LeaveBackup },
}

/// What follows the opening.
pub(in crate::session) enum DeviceBegun {
    Dkg(DkgDevice),
    Sign(Box<SignDevice>),
    Renewal(Box<RenewalDevice>),
    /// The server had the result already.
    Over(Outcome),
}

impl Task {
    fn of(plan: DevicePlan) -> Self {
        match plan {
            DevicePlan::Dkg { backup, .. } => Self::Dkg { leave: backup },
            DevicePlan::Sign { holds, .. } => Self::Sign { holds },
            DevicePlan::Refresh { holds, backup, .. } => {
                Self::Renew { verb: DeviceVerb::Refresh, holds, leave: backup }
            }
            DevicePlan::Restore { holds, rebuilt, backup, .. } => {
                Self::Renew { verb: DeviceVerb::Restore(rebuilt), holds, leave: backup }
            }
        }
    }

    /// The shares that are claimed: active and pending.
    fn claimed(&self) -> (Option<ShareId>, Option<ShareId>) {
        match self {
            Self::Dkg { .. } => (None, None),
            Self::Sign { holds } | Self::Renew { verb: DeviceVerb::Refresh, holds, .. } => {
                (holds.active, holds.pending)
            }
            Self::Renew { verb: DeviceVerb::Restore(rebuilt), holds, .. } => (Some(*rebuilt), holds.pending),
        }
    }

    const fn intent(&self) -> Intent {
        match self {
            Self::Dkg { .. } => Intent::Dkg,
            Self::Sign { .. } => Intent::Sign,
            Self::Renew { verb, .. } => verb.intent(),
        }
    }
}

impl DeviceOpening {
    pub(in crate::session) fn begin(
        plan: DevicePlan,
        challenge: Challenge,
        digest: Option<Digest>,
        rounds: u8,
        out: &mut Outbox,
    ) -> Self {
        let task = Task::of(plan);
        let (active, pending) = task.claimed();
        let digest = digest.map(|digest| *digest.as_bytes());
        let claim = Claim { intent: task.intent(), active, pending, digest };
        out.push(Effect::Prove(Box::new((challenge, claim))));
        Self::Proving(Proving { rounds, task, claim })
    }

    pub(in crate::session) fn step(
        self,
        event: Event,
        out: &mut Outbox,
    ) -> Result<Flow<Self, DeviceBegun>, SessionError> {
        match (self, event) {
            (Self::Proving(state), Event::Proved(proof)) => Ok(Flow::Stay(state.send(&proof, out))),
            (Self::AwaitReady(state), Event::Control(Control::Ready { active, .. })) => {
                state.ready(active, out)
            }
            (Self::Early(state), Event::Control(Control::Ready { active, .. })) => state.ready(active, out),
            (
                Self::AwaitReady(AwaitReady { task: Task::Sign { .. }, .. }) | Self::Early(_),
                Event::Control(Control::Done(What::Signature(signature))),
            ) => {
                out.push(Effect::Close(CloseCode::Finished));
                Ok(Flow::Done(DeviceBegun::Over(Outcome::StoredSignature(signature))))
            }
            (
                Self::Early(Early { rounds, holds, share }),
                event @ (Event::Stepped { .. } | Event::EngineFailed(_)),
            ) => match rounds.step(event, out)? {
                Flow::Stay(rounds) => Ok(Flow::Stay(Self::Early(Early { rounds, holds, share }))),
                Flow::Done(_) => Err(SessionError::WrongOutput),
            },
            (Self::Settling(state), Event::Stored) => Ok(Flow::Done(state.begin(out))),
            (Self::Freezing(Freezing { cause }), Event::Stored) => Err(SessionError::Frozen(cause)),
            (Self::Settling(_) | Self::Freezing(_), Event::StoreFailed(fault)) => {
                Err(SessionError::Store(fault))
            }
            (state, event) => Err(event.unexpected(state.name(), state.waiting())),
        }
    }

    pub(in crate::session) const fn waiting(&self) -> Waiting {
        match self {
            Self::Proving(_) => Waiting::Host,
            Self::AwaitReady(_) => Waiting::Peer,
            Self::Early(state) => state.rounds.waiting(),
            Self::Settling(_) | Self::Freezing(_) => Waiting::Store,
        }
    }

    pub(in crate::session) fn intake(&self, limits: &Limits) -> Intake {
        Intake::Open(limits.message_bytes(match self {
            Self::Proving(Proving { task, .. })
            | Self::AwaitReady(AwaitReady { task, .. })
            | Self::Settling(Settling { task, .. }) => task.intent(),
            Self::Early(_) => Intent::Sign,
            Self::Freezing(_) => Intent::Refresh,
        }))
    }

    pub(in crate::session) const fn patience(&self, limits: &Limits) -> Duration {
        limits.step_deadline
    }

    pub(in crate::session) fn debt(&self) -> Debt {
        match self {
            Self::Early(Early { holds, share, .. }) => {
                Debt { provisional: None, ledger: Some((holds.aborts, share.epoch())) }
            }
            Self::Proving(_) | Self::AwaitReady(_) | Self::Settling(_) | Self::Freezing(_) => Debt::default(),
        }
    }

    pub(in crate::session) const fn name(&self) -> &'static str {
        match self {
            Self::Proving(_) => "the proof to be signed",
            Self::AwaitReady(_) => "ready",
            Self::Early(state) => match state.rounds.waiting() {
                Waiting::Peer => "ready",
                _ => state.rounds.name(),
            },
            Self::Settling(_) => "the reconciliation to be stored",
            Self::Freezing(_) => "the freeze to be stored",
        }
    }
}

impl Proving {
    fn send(self, proof: &Proof, out: &mut Outbox) -> DeviceOpening {
        let Self { rounds, task, claim } = self;
        let Claim { active, pending, digest, .. } = claim;
        let frame =
            Control::Proof { identity: proof.identity, signature: proof.signature, active, pending, digest };
        out.push(Effect::SendBinary(frame.to_bytes()));
        match task {
            Task::Sign { holds: holds @ DeviceHolds { active: Some(share), pending: None, .. } } => {
                let rounds = Rounds::start(Ceremony::Sign(share), rounds, out);
                DeviceOpening::Early(Early { holds, share, rounds })
            }
            task => DeviceOpening::AwaitReady(AwaitReady { rounds, task }),
        }
    }
}

impl Early {
    fn ready(
        self,
        server: Option<ShareId>,
        out: &mut Outbox,
    ) -> Result<Flow<DeviceOpening, DeviceBegun>, SessionError> {
        if server != Some(self.share) {
            return freeze(server, &self.holds, out);
        }
        let sign = SignDevice::under_way(self.rounds, self.share, self.holds.aborts);
        Ok(Flow::Done(DeviceBegun::Sign(Box::new(sign))))
    }
}

impl AwaitReady {
    fn ready(
        self,
        server: Option<ShareId>,
        out: &mut Outbox,
    ) -> Result<Flow<DeviceOpening, DeviceBegun>, SessionError> {
        let Self { rounds, task } = self;
        let (active, pending) = task.claimed();
        let (holds, server) = match (&task, server) {
            (Task::Dkg { leave }, None) => {
                let dkg = DkgDevice::begin(*leave, DeviceProfile::Proven, rounds, out);
                return Ok(Flow::Done(DeviceBegun::Dkg(dkg)));
            }
            (Task::Sign { holds } | Task::Renew { holds, .. }, Some(server)) => (holds, server),
            (Task::Dkg { .. } | Task::Sign { .. } | Task::Renew { .. }, _) => {
                return Err(SessionError::Disagreement);
            }
        };
        let write = match reconcile_device(active, pending, server) {
            // A share that came with an earlier restore goes with the write of the new one.
            Some(DeviceChoice::KeepActive { .. }) if task.intent() == Intent::Restore => None,
            Some(DeviceChoice::KeepActive { drop }) => drop.map(Write::DropPending),
            Some(DeviceChoice::TakePending { .. }) => {
                Some(Write::Promote(Promotion { id: server, retire: None, erase: holds.active }))
            }
            None => match &task {
                Task::Renew { verb: DeviceVerb::Restore(rebuilt), .. } => {
                    return Err(restore::stale(*rebuilt, server));
                }
                _ => return freeze(Some(server), holds, out),
            },
        };
        let follows = matches!(write, Some(Write::Promote(_)));
        let settling = Settling { rounds, task, server, follows };
        match write {
            Some(write) => {
                out.push(Effect::Store(write));
                Ok(Flow::Stay(DeviceOpening::Settling(settling)))
            }
            None => Ok(Flow::Done(settling.begin(out))),
        }
    }
}

impl Settling {
    fn begin(self, out: &mut Outbox) -> DeviceBegun {
        let Self { rounds, task, server, follows } = self;
        let settled = |holds: DeviceHolds| DeviceHolds { active: Some(server), pending: None, ..holds };
        match task {
            // `ready` has begun it already: nothing is settled in a DKG.
            Task::Dkg { leave } => {
                DeviceBegun::Dkg(DkgDevice::begin(leave, DeviceProfile::Proven, rounds, out))
            }
            Task::Sign { holds } => {
                let aborts = holds.aborts;
                let rounds = Rounds::start(Ceremony::Sign(server), rounds, out);
                DeviceBegun::Sign(Box::new(SignDevice::under_way(rounds, server, aborts)))
            }
            Task::Renew { verb, leave, .. } if follows => {
                match RenewalDevice::resume(verb, server, leave, out) {
                    Flow::Stay(renewal) => DeviceBegun::Renewal(Box::new(renewal)),
                    Flow::Done(outcome) => DeviceBegun::Over(outcome),
                }
            }
            Task::Renew { verb, holds, leave } => DeviceBegun::Renewal(Box::new(match verb {
                DeviceVerb::Refresh => {
                    let ceremony = Ceremony::Refresh(server);
                    RenewalDevice::begin_proven(verb, settled(holds), leave, server, ceremony, rounds, out)
                }
                DeviceVerb::Restore(rebuilt) => {
                    let ceremony = Ceremony::Restore(rebuilt);
                    RenewalDevice::begin_proven(verb, holds, leave, server, ceremony, rounds, out)
                }
            })),
        }
    }
}

/// The server has a share active that this side does not hold, although it has reconciled with this side's claim.
fn freeze(
    server: Option<ShareId>,
    holds: &DeviceHolds,
    out: &mut Outbox,
) -> Result<Flow<DeviceOpening, DeviceBegun>, SessionError> {
    let server = server.ok_or(SessionError::Disagreement)?;
    let newest = holds.active.max(holds.pending);
    let is_older = newest.is_some_and(|newest| server.epoch() < newest.epoch());
    let cause = if is_older { FreezeCause::RolledBack } else { FreezeCause::BrokenRecord };
    out.push(Effect::Store(Write::Freeze(cause)));
    Ok(Flow::Stay(DeviceOpening::Freezing(Freezing { cause })))
}
