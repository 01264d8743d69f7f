//! The verb that a device's plan is for.

use core::time::Duration;

use super::DevicePlan;
use crate::ids::Digest;
use crate::limits::Limits;
use crate::proof::Challenge;
use crate::session::dkg::DkgDevice;
use crate::session::ending::DeviceProfile;
use crate::session::event::Event;
use crate::session::proven::{DeviceBegun, DeviceOpening};
use crate::session::renewal::{DeviceVerb, RenewalDevice};
use crate::session::shell::{Debt, Flow, Intake, Verb};
use crate::session::sign::SignDevice;
use crate::session::{Outbox, Outcome, SessionError, Waiting};

pub(super) enum DeviceVerbs {
    Opening(Box<DeviceOpening>),
    Dkg(DkgDevice),
    Sign(Box<SignDevice>),
    Renewal(Box<RenewalDevice>),
}

impl DeviceVerbs {
    pub(super) fn begin(plan: DevicePlan, rounds: u8, out: &mut Outbox) -> Self {
        match plan {
            DevicePlan::Dkg { backup, .. } => {
                Self::Dkg(DkgDevice::begin(backup, DeviceProfile::Plain, rounds, out))
            }
            DevicePlan::Sign { holds, .. } => Self::Sign(Box::new(SignDevice::begin(holds, rounds))),
            DevicePlan::Refresh { holds, backup, .. } => {
                Self::Renewal(Box::new(RenewalDevice::begin(DeviceVerb::Refresh, holds, backup, rounds)))
            }
            DevicePlan::Restore { holds, rebuilt, backup, .. } => Self::Renewal(Box::new(
                RenewalDevice::begin(DeviceVerb::Restore(rebuilt), holds, backup, rounds),
            )),
        }
    }

    pub(super) fn proven(
        plan: DevicePlan,
        challenge: Challenge,
        digest: Option<Digest>,
        rounds: u8,
        out: &mut Outbox,
    ) -> Self {
        Self::Opening(Box::new(DeviceOpening::begin(plan, challenge, digest, rounds, out)))
    }
}

impl Verb for DeviceVerbs {
    fn step(self, event: Event, out: &mut Outbox) -> Result<Flow<Self, Outcome>, SessionError> {
        Ok(match self {
            Self::Opening(opening) => match opening.step(event, out)? {
                Flow::Stay(opening) => Flow::Stay(Self::Opening(Box::new(opening))),
                Flow::Done(DeviceBegun::Dkg(verb)) => Flow::Stay(Self::Dkg(verb)),
                Flow::Done(DeviceBegun::Sign(verb)) => Flow::Stay(Self::Sign(verb)),
                Flow::Done(DeviceBegun::Renewal(verb)) => Flow::Stay(Self::Renewal(verb)),
                Flow::Done(DeviceBegun::Over(outcome)) => Flow::Done(outcome),
            },
            Self::Dkg(verb) => verb.step(event, out)?.map(Self::Dkg),
            Self::Sign(verb) => verb.step(event, out)?.map(|verb| Self::Sign(Box::new(verb))),
            Self::Renewal(verb) => verb.step(event, out)?.map(|verb| Self::Renewal(Box::new(verb))),
        })
    }

    fn waiting(&self) -> Waiting {
        match self {
            Self::Opening(opening) => opening.waiting(),
            Self::Dkg(verb) => verb.waiting(),
            Self::Sign(verb) => verb.waiting(),
            Self::Renewal(verb) => verb.waiting(),
        }
    }

    fn intake(&self, limits: &Limits) -> Intake {
        match self {
            Self::Opening(opening) => opening.intake(limits),
            Self::Dkg(verb) => verb.intake(limits),
            Self::Sign(verb) => verb.intake(limits),
            Self::Renewal(verb) => verb.intake(limits),
        }
    }

    fn patience(&self, limits: &Limits) -> Duration {
        match self {
            Self::Opening(opening) => opening.patience(limits),
            Self::Dkg(verb) => verb.patience(limits),
            Self::Sign(verb) => verb.patience(limits),
            Self::Renewal(verb) => verb.patience(limits),
        }
    }

    fn debt(&self) -> Debt {
        match self {
            Self::Opening(opening) => opening.debt(),
            Self::Dkg(verb) => verb.debt(),
            Self::Sign(verb) => verb.debt(),
            Self::Renewal(verb) => verb.debt(),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Opening(opening) => opening.name(),
            Self::Dkg(verb) => verb.name(),
            Self::Sign(verb) => verb.name(),
            Self::Renewal(verb) => verb.name(),
        }
    }
}
