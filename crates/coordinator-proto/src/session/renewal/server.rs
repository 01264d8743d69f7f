//! The server's side of refresh and restore.

use core::time::Duration;

use super::next_share;
use crate::control::Control;
use crate::ids::{Intent, ShareId};
use crate::limits::Limits;
use crate::session::backup::{Names, ServerBackup};
use crate::session::commit::{self, CommitAction, Origin, ServerCommit};
use crate::session::event::Event;
use crate::session::rounds::Rounds;
use crate::session::shell::{Debt, Flow, Intake, Verb};
use crate::session::{
    AbortLedger, Backup, Ceremony, Effect, Outbox, Outcome, SessionError, Waiting, WalletFacts, refresh,
    restore,
};

/// Which verb it is.
#[derive(Clone, Copy)]
pub(in crate::session) enum ServerVerb {
    Refresh,
    Restore,
}

impl ServerVerb {
    const fn intent(self) -> Intent {
        match self {
            Self::Refresh => Intent::Refresh,
            Self::Restore => Intent::Restore,
        }
    }

    fn base(self, facts: &WalletFacts, claimed: ShareId) -> Result<Base, SessionError> {
        match self {
            Self::Refresh => refresh::server_base(facts, claimed),
            Self::Restore => restore::server_base(facts, claimed),
        }
    }
}

/// The share that both sides start from, and what else the wallet holds.
pub(in crate::session) struct Base {
    pub(in crate::session) share: ShareId,
    /// Erased in the write of the new share, when the engine has proven that the device holds `share`.
    pub(in crate::session) erase: Vec<ShareId>,
}

pub(in crate::session) enum RenewalServer {
    AwaitHolding(AwaitHolding),
    Running(Running),
    Committing(Committing),
    Ending(Ending),
}

/// The device is to say with which share it will run.
pub(in crate::session) struct AwaitHolding {
    verb: ServerVerb,
    names: Names,
    facts: WalletFacts,
    rounds: u8,
}

/// The engine's rounds.
pub(in crate::session) struct Running {
    frame: Frame,
    base: Base,
    ledger: AbortLedger,
    rounds: Rounds,
}

/// The commit.
pub(in crate::session) struct Committing {
    frame: Frame,
    base: ShareId,
    commit: ServerCommit,
}

/// A backup may come, and the retired share goes where it may.
pub(in crate::session) struct Ending {
    verb: ServerVerb,
    share: ShareId,
    backup: ServerBackup,
}

/// What stays the same from the first round to the end.
struct Frame {
    verb: ServerVerb,
    names: Names,
    rule: Backup,
}

impl RenewalServer {
    pub(in crate::session) fn begin(
        verb: ServerVerb,
        names: Names,
        facts: WalletFacts,
        rounds: u8,
        out: &mut Outbox,
    ) -> Self {
        out.push(Effect::SendBinary(Control::Status { active: facts.active }.to_bytes()));
        Self::AwaitHolding(AwaitHolding { verb, names, facts, rounds })
    }
}

impl AwaitHolding {
    fn answer(self, claimed: ShareId, out: &mut Outbox) -> Result<RenewalServer, SessionError> {
        let base = self.verb.base(&self.facts, claimed)?;
        out.push(Effect::Ready);
        let rounds = Rounds::start(Ceremony::Refresh(base.share), self.rounds, out);
        let frame = Frame { verb: self.verb, names: self.names, rule: self.facts.backup };
        Ok(RenewalServer::Running(Running { frame, base, ledger: self.facts.aborts, rounds }))
    }
}

impl Verb for RenewalServer {
    fn step(self, event: Event, out: &mut Outbox) -> Result<Flow<Self, Outcome>, SessionError> {
        Ok(Flow::Stay(match (self, event) {
            (Self::AwaitHolding(state), Event::Control(Control::Holding { active, .. })) => {
                state.answer(active, out)?
            }
            (state @ Self::AwaitHolding(_), event) => {
                return Err(event.unexpected(state.name(), state.waiting()));
            }
            (Self::Running(Running { frame, base, ledger, rounds }), event) => {
                match rounds.step(event, out)? {
                    Flow::Stay(rounds) => Self::Running(Running { frame, base, ledger, rounds }),
                    Flow::Done(made) => {
                        let id = next_share(made, base.share)?;
                        let origin = Origin::Renewal { base: Some(base.share), erase: base.erase };
                        let (commit, write) = ServerCommit::begin(id, frame.names.wallet, origin);
                        commit::carry_out(CommitAction::Write(write), out);
                        Self::Committing(Committing { frame, base: base.share, commit })
                    }
                }
            }
            (Self::Committing(Committing { frame, base, commit }), event) => {
                match commit::step(commit, event, out)? {
                    Flow::Stay(commit) => Self::Committing(Committing { frame, base, commit }),
                    Flow::Done(share) => {
                        let backup = ServerBackup::begin(frame.names, Some(base), frame.rule, out);
                        Self::Ending(Ending { verb: frame.verb, share, backup })
                    }
                }
            }
            (Self::Ending(Ending { verb, share, backup }), event) => match backup.step(event, out)? {
                Flow::Stay(backup) => Self::Ending(Ending { verb, share, backup }),
                Flow::Done(closed) => {
                    return Ok(Flow::Done(Outcome::Renewed {
                        intent: verb.intent(),
                        share,
                        retired: closed.retired,
                        backup: closed.backup,
                    }));
                }
            },
        }))
    }

    fn waiting(&self) -> Waiting {
        match self {
            Self::AwaitHolding(_) => Waiting::Peer,
            Self::Running(state) => state.rounds.waiting(),
            Self::Committing(state) => state.commit.waiting(),
            Self::Ending(state) => state.backup.waiting(),
        }
    }

    fn intake(&self, limits: &Limits) -> Intake {
        Intake::Open(limits.message_bytes(Intent::Refresh))
    }

    fn patience(&self, limits: &Limits) -> Duration {
        match self {
            Self::AwaitHolding(_) | Self::Running(_) | Self::Committing(_) => limits.step_deadline,
            Self::Ending(_) => limits.backup_window,
        }
    }

    fn debt(&self) -> Debt {
        match self {
            Self::Running(state) => {
                Debt { provisional: None, ledger: Some((state.ledger, state.base.share.epoch())) }
            }
            Self::AwaitHolding(_) | Self::Committing(_) | Self::Ending(_) => Debt::default(),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::AwaitHolding(_) => "holding",
            Self::Running(state) => state.rounds.name(),
            Self::Committing(state) => state.commit.name(),
            Self::Ending(state) => state.backup.name(),
        }
    }
}
