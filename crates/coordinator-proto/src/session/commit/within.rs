//! A commit within a session machine: the machine's events go in, its effects come out, and whatever ends the session
//! in the middle is marked where the commit is left undecided.

use super::{
    CommitAction, CommitError, CommitEvent, CommitFault, CommitFrame, CommitWrite, DeviceCommit, Followed,
    Progress, ServerCommit,
};
use crate::control::Control;
use crate::ids::ShareId;
use crate::session::event::Event;
use crate::session::shell::Flow;
use crate::session::{Effect, Outbox, SessionError, Waiting, Write};

/// One side of the commit.
pub(in crate::session) trait Side: Sized {
    /// What it ends with.
    type End;

    fn take(self, event: CommitEvent) -> Result<Progress<Self, Self::End>, CommitError>;
    fn open_question(&self) -> Option<ShareId>;
    fn place(&self) -> (&'static str, Waiting);
}

impl Side for ServerCommit {
    type End = ShareId;

    fn take(self, event: CommitEvent) -> Result<Progress<Self, ShareId>, CommitError> {
        self.step(event)
    }

    fn open_question(&self) -> Option<ShareId> {
        self.undecided()
    }

    fn place(&self) -> (&'static str, Waiting) {
        (self.name(), self.waiting())
    }
}

impl Side for DeviceCommit {
    type End = Followed;

    fn take(self, event: CommitEvent) -> Result<Progress<Self, Followed>, CommitError> {
        self.step(event)
    }

    fn open_question(&self) -> Option<ShareId> {
        self.undecided()
    }

    fn place(&self) -> (&'static str, Waiting) {
        (self.name(), self.waiting())
    }
}

/// Gives a session's event to its commit.
pub(in crate::session) fn step<S: Side>(
    side: S,
    event: Event,
    out: &mut Outbox,
) -> Result<Flow<S, S::End>, SessionError> {
    let ((name, waiting), open) = (side.place(), side.open_question());
    let Some(told) = commit_event(&event) else {
        return Err(undecided(open, event.unexpected(name, waiting)));
    };
    match side.take(told) {
        Ok(Progress::Next(side, action)) => {
            carry_out(action, out);
            Ok(Flow::Stay(side))
        }
        Ok(Progress::Done(end, action)) => {
            action.into_iter().for_each(|action| carry_out(action, out));
            Ok(Flow::Done(end))
        }
        Err(CommitError { fault, undecided: share }) => Err(undecided(
            share,
            match fault {
                CommitFault::Disagreement => SessionError::Disagreement,
                CommitFault::Store(fault) => SessionError::Store(fault),
                CommitFault::OutOfTurn => event.unexpected(name, waiting),
            },
        )),
    }
}

/// Asks the driver for what the commit wants done.
pub(in crate::session) fn carry_out(action: CommitAction, out: &mut Outbox) {
    out.push(match action {
        CommitAction::Send(frame) => Effect::SendBinary(Control::from(frame).to_bytes()),
        CommitAction::Write(write) => Effect::Store(match write {
            CommitWrite::Provisional(provisional) => Write::Provisional(provisional),
            CommitWrite::Pending(pending) => Write::Pending(pending),
            CommitWrite::Promote(promotion) => Write::Promote(promotion),
        }),
    });
}

fn commit_event(event: &Event) -> Option<CommitEvent> {
    match event {
        Event::Control(control) => CommitFrame::of(control).map(CommitEvent::Frame),
        Event::Stored => Some(CommitEvent::Stored),
        Event::StoreFailed(fault) => Some(CommitEvent::StoreFailed(*fault)),
        _ => None,
    }
}

fn undecided(share: Option<ShareId>, error: SessionError) -> SessionError {
    match share {
        Some(share) => SessionError::Undecided { share, source: Box::new(error) },
        None => error,
    }
}
