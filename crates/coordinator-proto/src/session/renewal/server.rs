//! The server's side of refresh and restore.

use core::time::Duration;

use super::next_share;
use crate::control::Control;
use crate::ids::{Intent, ShareId, WalletId};
use crate::limits::Limits;
use crate::session::backup::Names;
use crate::session::commit::{self, CommitAction, Origin, ServerCommit};
use crate::session::ending::{Renewed, ServerEnding, ServerProfile};
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
    AwaitCommitted(AwaitCommitted),
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

/// Protocol 2: the device is to say that it follows to the new share of an attempt that was cut off.
pub(in crate::session) struct AwaitCommitted {
    frame: Frame,
    share: ShareId,
    retired: Option<ShareId>,
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
    ending: ServerEnding,
}

/// What stays the same from the first round to the end.
struct Frame {
    verb: ServerVerb,
    wallet: WalletId,
    profile: ServerProfile,
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

    /// Protocol 2: begins after the two sides have agreed on the share that they start from.
    pub(in crate::session) fn begin_proven(
        verb: ServerVerb,
        facts: WalletFacts,
        base: Base,
        rounds: u8,
        out: &mut Outbox,
    ) -> Self {
        let frame = Frame { verb, wallet: facts.wallet, profile: ServerProfile::Proven, rule: facts.backup };
        Self::start(frame, base, facts.aborts, rounds, out)
    }

    /// Protocol 2: goes on where an earlier attempt was cut off after the decision. The wallet's active share is the new
    /// one, which the device is about to make its own active one.
    pub(in crate::session) fn resume(verb: ServerVerb, facts: WalletFacts, out: &mut Outbox) -> Self {
        out.push(Effect::Ready);
        let frame = Frame { verb, wallet: facts.wallet, profile: ServerProfile::Proven, rule: facts.backup };
        let (share, retired) = (facts.active, facts.retired);
        Self::AwaitCommitted(AwaitCommitted { frame, share, retired })
    }

    fn start(frame: Frame, base: Base, ledger: AbortLedger, rounds: u8, out: &mut Outbox) -> Self {
        out.push(Effect::Ready);
        let rounds = Rounds::start(Ceremony::Refresh(base.share), rounds, out);
        Self::Running(Running { frame, base, ledger, rounds })
    }

    fn end(frame: Frame, share: ShareId, retired: Option<ShareId>, out: &mut Outbox) -> Self {
        let Frame { verb, profile, rule, .. } = frame;
        let ending = ServerEnding::begin(profile, share, retired, rule, Renewed::Yes, out);
        Self::Ending(Ending { verb, share, ending })
    }
}

impl AwaitHolding {
    fn answer(self, claimed: ShareId, out: &mut Outbox) -> Result<RenewalServer, SessionError> {
        let base = self.verb.base(&self.facts, claimed)?;
        let Self { verb, names, facts, rounds } = self;
        let profile = ServerProfile::Plain(names);
        let frame = Frame { verb, wallet: facts.wallet, profile, rule: facts.backup };
        Ok(RenewalServer::start(frame, base, facts.aborts, rounds, out))
    }
}

impl Verb for RenewalServer {
    fn step(self, event: Event, out: &mut Outbox) -> Result<Flow<Self, Outcome>, SessionError> {
        Ok(Flow::Stay(match (self, event) {
            (Self::AwaitHolding(state), Event::Control(Control::Holding { active, .. })) => {
                state.answer(active, out)?
            }
            (Self::AwaitCommitted(state), Event::Control(Control::Committed { id })) if id == state.share => {
                Self::end(state.frame, state.share, state.retired, out)
            }
            (state @ (Self::AwaitHolding(_) | Self::AwaitCommitted(_)), event) => {
                return Err(event.unexpected(state.name(), state.waiting()));
            }
            (Self::Running(Running { frame, base, ledger, rounds }), event) => {
                match rounds.step(event, out)? {
                    Flow::Stay(rounds) => Self::Running(Running { frame, base, ledger, rounds }),
                    Flow::Done(made) => {
                        let id = next_share(made, base.share)?;
                        let origin = Origin::Renewal { base: Some(base.share), erase: base.erase };
                        let (commit, write) = ServerCommit::begin(id, frame.wallet, origin);
                        commit::carry_out(CommitAction::Write(write), out);
                        Self::Committing(Committing { frame, base: base.share, commit })
                    }
                }
            }
            (Self::Committing(Committing { frame, base, commit }), event) => {
                match commit::step(commit, event, out)? {
                    Flow::Stay(commit) => Self::Committing(Committing { frame, base, commit }),
                    Flow::Done(share) => Self::end(frame, share, Some(base), out),
                }
            }
            (Self::Ending(Ending { verb, share, ending }), event) => match ending.step(event, out)? {
                Flow::Stay(ending) => Self::Ending(Ending { verb, share, ending }),
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
            Self::AwaitHolding(_) | Self::AwaitCommitted(_) => Waiting::Peer,
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
            Self::AwaitHolding(_) | Self::AwaitCommitted(_) | Self::Running(_) | Self::Committing(_) => {
                limits.step_deadline
            }
            Self::Ending(_) => limits.backup_window,
        }
    }

    fn debt(&self) -> Debt {
        match self {
            Self::Running(state) => {
                Debt { provisional: None, ledger: Some((state.ledger, state.base.share.epoch())) }
            }
            Self::AwaitHolding(_) | Self::AwaitCommitted(_) | Self::Committing(_) | Self::Ending(_) => {
                Debt::default()
            }
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::AwaitHolding(_) => "holding",
            Self::AwaitCommitted(_) => "committed",
            Self::Running(state) => state.rounds.name(),
            Self::Committing(state) => state.commit.name(),
            Self::Ending(state) => state.ending.name(),
        }
    }
}
