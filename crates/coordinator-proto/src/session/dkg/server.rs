//! The server's side of DKG.

use core::time::Duration;

use super::first_share;
use crate::ids::{Intent, ShareId, WalletId};
use crate::limits::Limits;
use crate::session::commit::{self, CommitAction, Origin, ServerCommit};
use crate::session::ending::{Renewed, ServerEnding, ServerProfile};
use crate::session::event::Event;
use crate::session::rounds::Rounds;
use crate::session::shell::{Debt, Flow, Intake, Verb};
use crate::session::{Backup, Ceremony, Effect, Outbox, Outcome, SessionError, Waiting};

pub(in crate::session) enum DkgServer {
    Running(Running),
    Committing(Committing),
    Ending(Ending),
}

/// The engine's rounds.
pub(in crate::session) struct Running {
    wallet: WalletId,
    profile: ServerProfile,
    rounds: Rounds,
}

/// The commit.
pub(in crate::session) struct Committing {
    wallet: WalletId,
    profile: ServerProfile,
    commit: ServerCommit,
}

/// The key is in use; a backup may come.
pub(in crate::session) struct Ending {
    wallet: WalletId,
    share: ShareId,
    ending: ServerEnding,
}

impl DkgServer {
    pub(in crate::session) fn begin(
        wallet: WalletId,
        profile: ServerProfile,
        rounds: u8,
        out: &mut Outbox,
    ) -> Self {
        out.push(Effect::Ready);
        Self::Running(Running { wallet, profile, rounds: Rounds::start(Ceremony::Dkg, rounds, out) })
    }
}

impl Verb for DkgServer {
    fn step(self, event: Event, out: &mut Outbox) -> Result<Flow<Self, Outcome>, SessionError> {
        Ok(Flow::Stay(match self {
            Self::Running(Running { wallet, profile, rounds }) => match rounds.step(event, out)? {
                Flow::Stay(rounds) => Self::Running(Running { wallet, profile, rounds }),
                Flow::Done(made) => {
                    let share = first_share(made)?;
                    let (commit, write) = ServerCommit::begin(share, wallet, Origin::Dkg);
                    commit::carry_out(CommitAction::Write(write), out);
                    Self::Committing(Committing { wallet, profile, commit })
                }
            },
            Self::Committing(Committing { wallet, profile, commit }) => {
                match commit::step(commit, event, out)? {
                    Flow::Stay(commit) => Self::Committing(Committing { wallet, profile, commit }),
                    Flow::Done(share) => {
                        let rule = Backup::NotRequired;
                        let ending = ServerEnding::begin(profile, share, None, rule, Renewed::No, out);
                        Self::Ending(Ending { wallet, share, ending })
                    }
                }
            }
            Self::Ending(Ending { wallet, share, ending }) => match ending.step(event, out)? {
                Flow::Stay(ending) => Self::Ending(Ending { wallet, share, ending }),
                Flow::Done(closed) => {
                    return Ok(Flow::Done(Outcome::Created { wallet, share, backup: closed.backup }));
                }
            },
        }))
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

    fn debt(&self) -> Debt {
        match self {
            Self::Committing(state) => Debt { provisional: state.commit.provisional(), ledger: None },
            Self::Running(_) | Self::Ending(_) => Debt::default(),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Running(state) => state.rounds.name(),
            Self::Committing(state) => state.commit.name(),
            Self::Ending(state) => state.ending.name(),
        }
    }
}
