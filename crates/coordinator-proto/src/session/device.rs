//! The device's side of a session, from the open socket to its end.

mod verbs;

use core::fmt;

use super::shell::{Farewell, Shell};
use super::{AbortLedger, Effect, Input, Outbox, SessionError, Standing};
use crate::hello::Hello;
use crate::ids::{Digest, Intent, Millis, ShareId, WalletId};
use crate::limits::Limits;
use crate::proof::Challenge;
use verbs::DeviceVerbs;

/// What the device holds of a wallet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceHolds {
    /// The wallet.
    pub wallet: WalletId,
    /// Its state on this device.
    pub standing: Standing,
    /// The share in use; none after a DKG whose commit never arrived, and on a device that restores.
    pub active: Option<ShareId>,
    /// A share whose commit never arrived (of a DKG, a refresh or a restore).
    pub pending: Option<ShareId>,
    /// Its abort ledger.
    pub aborts: AbortLedger,
}

/// Whether the device leaves a backup fragment when the new share is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LeaveBackup {
    /// No.
    No,
    /// Yes: [`super::Effect::MakeBackup`] asks for it.
    Yes,
}

/// What the device wants of a session. The hello's intent must be the variant's.
#[derive(Debug)]
pub enum DevicePlan {
    /// A new key.
    Dkg {
        /// The hello to send.
        hello: Box<Hello>,
        /// Whether to leave a backup fragment.
        backup: LeaveBackup,
    },
    /// A signature.
    Sign {
        /// The hello to send.
        hello: Box<Hello>,
        /// What the device holds.
        holds: DeviceHolds,
    },
    /// New shares.
    Refresh {
        /// The hello to send.
        hello: Box<Hello>,
        /// What the device holds.
        holds: DeviceHolds,
        /// Whether to leave a backup fragment.
        backup: LeaveBackup,
    },
    /// Back with a share rebuilt from a backup.
    Restore {
        /// The hello to send.
        hello: Box<Hello>,
        /// What the device holds beside the rebuilt share (after an earlier attempt).
        holds: DeviceHolds,
        /// The rebuilt share.
        rebuilt: ShareId,
        /// Whether to leave a backup fragment.
        backup: LeaveBackup,
    },
}

impl DevicePlan {
    /// The intent of the plan.
    #[must_use]
    pub const fn intent(&self) -> Intent {
        match self {
            Self::Dkg { .. } => Intent::Dkg,
            Self::Sign { .. } => Intent::Sign,
            Self::Refresh { .. } => Intent::Refresh,
            Self::Restore { .. } => Intent::Restore,
        }
    }

    fn hello(&self) -> &Hello {
        match self {
            Self::Dkg { hello, .. }
            | Self::Sign { hello, .. }
            | Self::Refresh { hello, .. }
            | Self::Restore { hello, .. } => hello,
        }
    }

    /// Whether this side may run the plan.
    fn check(&self) -> Result<(), SessionError> {
        let (intent, hello) = (self.intent(), self.hello());
        if hello.intent() != intent {
            return Err(SessionError::WrongAdmission(intent));
        }
        match self {
            Self::Dkg { .. } => Ok(()),
            Self::Sign { holds, .. } => match holds.standing {
                Standing::Active | Standing::Provisional => Ok(()),
                Standing::Quarantined | Standing::Frozen | Standing::Retired => Err(SessionError::Locked),
            },
            Self::Refresh { holds, .. } => match holds.standing {
                Standing::Active | Standing::Provisional => Ok(()),
                Standing::Quarantined if hello.step_up().is_some() => Ok(()),
                Standing::Quarantined | Standing::Frozen | Standing::Retired => Err(SessionError::Locked),
            },
            Self::Restore { holds, .. } => match holds.standing {
                Standing::Active | Standing::Provisional | Standing::Quarantined | Standing::Frozen => Ok(()),
                Standing::Retired => Err(SessionError::Locked),
            },
        }
    }
}

/// The device's side of one session.
pub struct DeviceSession {
    shell: Shell<DeviceVerbs>,
    intent: Intent,
}

impl DeviceSession {
    /// A session whose socket opened at `now`. It sends the hello at once.
    ///
    /// # Errors
    /// [`SessionError::Locked`] where this side may not run the plan, [`SessionError::WrongAdmission`] where the hello
    /// is for another intent than the plan. Nothing is to be done then.
    pub fn new(
        plan: DevicePlan,
        limits: Limits,
        now: Millis,
        out: &mut Outbox,
    ) -> Result<Self, SessionError> {
        plan.check()?;
        let intent = plan.intent();
        out.push(Effect::SendText(core::mem::take(&mut *plan.hello().to_json())));
        let verb = DeviceVerbs::begin(plan, limits.rounds, out);
        Ok(Self { shell: Shell::new(verb, Farewell::Silent, limits, now), intent })
    }

    /// Protocol 2: a session whose channel is open, in whose handshake the plan's hello has been sent. It proves itself at
    /// once; `digest` is what it means to sign, in a signing session.
    ///
    /// # Errors
    /// As [`DeviceSession::new`].
    pub fn proven(
        plan: DevicePlan,
        challenge: Challenge,
        digest: Option<Digest>,
        limits: Limits,
        now: Millis,
        out: &mut Outbox,
    ) -> Result<Self, SessionError> {
        plan.check()?;
        let intent = plan.intent();
        let verb = DeviceVerbs::proven(plan, challenge, digest, limits.rounds, out);
        Ok(Self { shell: Shell::new(verb, Farewell::Hears, limits, now), intent })
    }

    /// Takes one input at `now` and says what follows from it.
    ///
    /// # Errors
    /// [`SessionError`] where the session fails; what is left to do is in `out`.
    pub fn step(self, now: Millis, input: Input, out: &mut Outbox) -> Result<Self, SessionError> {
        let intent = self.intent;
        self.shell.step(now, input, out).map(|shell| Self { shell, intent })
    }

    /// When the machine wants an [`Input::Tick`]; none where it is over.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        self.shell.deadline()
    }

    /// The largest message that may be read from the peer now, in bytes; none where nothing may be read now.
    #[must_use]
    pub fn read_limit(&self) -> Option<usize> {
        self.shell.read_limit()
    }

    /// Whether the session is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.shell.is_over()
    }

    /// What it waits for, in words, for a log.
    #[must_use]
    pub fn state(&self) -> &'static str {
        self.shell.name()
    }

    /// The intent.
    #[must_use]
    pub const fn intent(&self) -> Intent {
        self.intent
    }
}

impl fmt::Debug for DeviceSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceSession").field("state", &self.state()).finish_non_exhaustive()
    }
}
