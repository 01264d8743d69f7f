//! What follows the commit, in either profile: the older one takes a text frame or nothing, protocol 2 tells the result.
//! The key is in use on both sides by now, so that nothing here can make the session fail.

mod device;
mod server;

use super::backup::{Closed, DeviceBackup, Names, ServerBackup};
use super::event::Event;
use super::shell::Flow;
use super::{Backup, BackupOutcome, LeaveBackup, Outbox, SessionError, Waiting};
use crate::ids::ShareId;
use device::DeviceResult;
use server::ServerResult;

pub(super) use server::Renewed;

/// How the server ends, and what it needs for it.
pub(super) enum ServerProfile {
    /// The older profile: the device may leave a backup under these names.
    Plain(Names),
    /// Protocol 2.
    Proven,
}

/// How the device ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum DeviceProfile {
    /// The older profile.
    Plain,
    /// Protocol 2.
    Proven,
}

/// The server's side.
pub(super) enum ServerEnding {
    Plain(ServerBackup),
    Proven(ServerResult),
}

impl ServerEnding {
    /// `retired` is the share before `share`, if there is one.
    pub(super) fn begin(
        profile: ServerProfile,
        share: ShareId,
        retired: Option<ShareId>,
        rule: Backup,
        renewed: Renewed,
        out: &mut Outbox,
    ) -> Self {
        match profile {
            ServerProfile::Plain(names) => Self::Plain(ServerBackup::begin(names, retired, rule, out)),
            ServerProfile::Proven => Self::Proven(ServerResult::begin(share, retired, rule, renewed)),
        }
    }

    pub(super) fn step(self, event: Event, out: &mut Outbox) -> Result<Flow<Self, Closed>, SessionError> {
        Ok(match self {
            Self::Plain(backup) => backup.step(event, out)?.map(Self::Plain),
            Self::Proven(result) => result.step(event, out)?.map(Self::Proven),
        })
    }

    pub(super) const fn waiting(&self) -> Waiting {
        match self {
            Self::Plain(backup) => backup.waiting(),
            Self::Proven(result) => result.waiting(),
        }
    }

    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Plain(backup) => backup.name(),
            Self::Proven(result) => result.name(),
        }
    }
}

/// The device's side.
pub(super) enum DeviceEnding {
    Plain(DeviceBackup),
    Proven(DeviceResult),
}

impl DeviceEnding {
    pub(super) fn begin(
        profile: DeviceProfile,
        share: ShareId,
        leave: LeaveBackup,
        out: &mut Outbox,
    ) -> Flow<Self, BackupOutcome> {
        match profile {
            DeviceProfile::Plain => DeviceBackup::begin(share, leave, out).map(Self::Plain),
            DeviceProfile::Proven => Flow::Stay(Self::Proven(DeviceResult::begin(share, leave, out))),
        }
    }

    pub(super) fn step(
        self,
        event: Event,
        out: &mut Outbox,
    ) -> Result<Flow<Self, BackupOutcome>, SessionError> {
        Ok(match self {
            Self::Plain(backup) => backup.step(event, out)?.map(Self::Plain),
            Self::Proven(result) => result.step(event, out)?.map(Self::Proven),
        })
    }

    pub(super) const fn waiting(&self) -> Waiting {
        match self {
            Self::Plain(backup) => backup.waiting(),
            Self::Proven(result) => result.waiting(),
        }
    }

    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Plain(backup) => backup.name(),
            Self::Proven(result) => result.name(),
        }
    }
}
