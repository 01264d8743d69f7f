//! The verb that a device's plan is for.

use core::time::Duration;

use super::DevicePlan;
use crate::limits::Limits;
use crate::session::dkg::DkgDevice;
use crate::session::event::Event;
use crate::session::renewal::{DeviceVerb, RenewalDevice};
use crate::session::shell::{Debt, Flow, Intake, Verb};
use crate::session::sign::SignDevice;
use crate::session::{Outbox, Outcome, SessionError, Waiting};

pub(super) enum DeviceVerbs {
    Dkg(DkgDevice),
    Sign(Box<SignDevice>),
    Renewal(Box<RenewalDevice>),
}

impl DeviceVerbs {
    pub(super) fn begin(plan: DevicePlan, rounds: u8, out: &mut Outbox) -> Self {
        match plan {
            DevicePlan::Dkg { backup, .. } => Self::Dkg(DkgDevice::begin(backup, rounds, out)),
            DevicePlan::Sign { holds, .. } => Self::Sign(Box::new(SignDevice::begin(holds, rounds))),
            DevicePlan::Refresh { holds, backup, .. } => {
                Self::Renewal(Box::new(RenewalDevice::begin(DeviceVerb::Refresh, holds, backup, rounds)))
            }
            DevicePlan::Restore { holds, rebuilt, backup, .. } => Self::Renewal(Box::new(
                RenewalDevice::begin(DeviceVerb::Restore(rebuilt), holds, backup, rounds),
            )),
        }
    }
}

impl Verb for DeviceVerbs {
    fn step(self, event: Event, out: &mut Outbox) -> Result<Flow<Self, Outcome>, SessionError> {
        Ok(match self {
            Self::Dkg(verb) => verb.step(event, out)?.map(Self::Dkg),
            Self::Sign(verb) => verb.step(event, out)?.map(|verb| Self::Sign(Box::new(verb))),
            Self::Renewal(verb) => verb.step(event, out)?.map(|verb| Self::Renewal(Box::new(verb))),
        })
    }

    fn waiting(&self) -> Waiting {
        match self {
            Self::Dkg(verb) => verb.waiting(),
            Self::Sign(verb) => verb.waiting(),
            Self::Renewal(verb) => verb.waiting(),
        }
    }

    fn intake(&self, limits: &Limits) -> Intake {
        match self {
            Self::Dkg(verb) => verb.intake(limits),
            Self::Sign(verb) => verb.intake(limits),
            Self::Renewal(verb) => verb.intake(limits),
        }
    }

    fn patience(&self, limits: &Limits) -> Duration {
        match self {
            Self::Dkg(verb) => verb.patience(limits),
            Self::Sign(verb) => verb.patience(limits),
            Self::Renewal(verb) => verb.patience(limits),
        }
    }

    fn debt(&self) -> Debt {
        match self {
            Self::Dkg(verb) => verb.debt(),
            Self::Sign(verb) => verb.debt(),
            Self::Renewal(verb) => verb.debt(),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Dkg(verb) => verb.name(),
            Self::Sign(verb) => verb.name(),
            Self::Renewal(verb) => verb.name(),
        }
    }
}
