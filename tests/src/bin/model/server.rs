//! The server's next step in a session. What it decides comes from the coordinator's own code.

use maany_coordinator_proto::ShareId;
use maany_coordinator_proto::session::commit::{
    CommitAction, CommitEvent, CommitWrite, LeftBackup, Origin, Progress, ServerCommit, confirmation,
};
use maany_coordinator_proto::session::reconcile::{
    Agreement, Change, DeviceClaim, Identity, ServerHolds, Verdict, proves_provisional, reconcile,
};
use maany_coordinator_proto::session::{Promotion, Receipt};

use crate::parts::Wallet;
use crate::words::{Said, Verb, frame_name};
use crate::world::{Doing, Message, Refusal, Rules, ServerSide, Session, WALLET, Without, World};

/// One step; none where it waits.
pub(crate) fn step(world: &World, rules: &Rules) -> Option<(World, Said)> {
    let mut next = world.clone();
    let mut session = next.session.take()?;
    let said = match session.server.clone() {
        ServerSide::AwaitProof => match session.up.pop_front()? {
            Message::Proof { active, pending } => {
                let steps_up = matches!(session.verb, Verb::Restore(_));
                let identity = next.wallet().and_then(|wallet| wallet.identity(session.key, steps_up));
                match identity {
                    Some(identity) => {
                        session.server = ServerSide::Judging(DeviceClaim { active, pending, identity });
                        Said::ServerHears("the proof")
                    }
                    None => refuse(&mut session, Refusal::Unknown),
                }
            }
            _ => return None,
        },
        ServerSide::Judging(claim) => judge(&mut next, &mut session, claim, rules),
        ServerSide::Committing(machine, doing) => commit(&mut next, &mut session, machine, doing, rules)?,
        ServerSide::AwaitBackup(id) => match session.up.pop_front()? {
            Message::Backup(left) => {
                let holds = next.wallet()?.holds;
                let left = Some(LeftBackup { id: left, receipt: Receipt::Complete });
                let write = confirmation(id, holds.retired, holds.backup, left).ok()??;
                session.server = ServerSide::Confirming(write, Some(id));
                Said::ServerHears("the backup")
            }
            _ => return None,
        },
        ServerSide::Confirming(write, fragment) => {
            let mut wallet = next.wallet()?;
            wallet.confirm(write, fragment);
            next.server.write(Some(wallet));
            session.server = ServerSide::Confirmed;
            Said::ServerConfirms(write.id)
        }
        ServerSide::Confirmed => {
            session.down.push_back(Message::Done);
            session.server = ServerSide::Over;
            Said::ServerSends("done")
        }
        ServerSide::Running(_) | ServerSide::Over => return None,
    };
    next.session = Some(session);
    Some((next, said))
}

/// The ceremony has made a share: the commit begins.
pub(crate) fn begin_commit(base: Option<ShareId>, wallet: Option<Wallet>, id: ShareId) -> ServerSide {
    let origin = match base {
        None => Origin::Dkg,
        Some(base) => {
            let held = wallet.map(|wallet| wallet.holds);
            let beside = held.map_or([None; 3], |held| [Some(held.active), held.pending, held.retired]);
            let erase = beside.into_iter().flatten().filter(|id| *id != base).collect();
            Origin::Renewal { base: Some(base), erase }
        }
    };
    let (machine, write) = ServerCommit::begin(id, WALLET, origin);
    ServerSide::Committing(machine, Doing::Write(write))
}

fn refuse(session: &mut Session, why: Refusal) -> Said {
    session.down.push_back(Message::Refused(why));
    session.server = ServerSide::Over;
    Said::ServerRefuses(match why {
        Refusal::Unknown => "unknown wallet",
        Refusal::Revoked => "the device is revoked",
        Refusal::Frozen => "the wallet is frozen",
        Refusal::Locked => "the wallet is locked",
        Refusal::Diverged => "the two sides hold different shares",
    })
}

fn judge(next: &mut World, session: &mut Session, claim: DeviceClaim, rules: &Rules) -> Said {
    let Some(mut wallet) = next.wallet() else { return refuse(session, Refusal::Unknown) };
    let keeps = rules.without != Without::Retired;
    if wallet.provisional {
        let first = wallet.holds.active;
        if rules.without == Without::FirstShare || !proves_provisional(first, claim) {
            return refuse(session, Refusal::Unknown);
        }
        wallet.promote(Promotion { id: first, retire: None, erase: None }, keeps);
        next.server.write(Some(wallet));
        return Said::ServerActivates(first);
    }
    let restoring = claim.identity == Identity::Restoring;
    if wallet.frozen && !restoring {
        return refuse(session, Refusal::Frozen);
    }
    match reconcile(wallet.holds, claim) {
        Verdict::Revoked => refuse(session, Refusal::Revoked),
        Verdict::Freeze(_) if wallet.frozen => refuse(session, Refusal::Frozen),
        Verdict::Freeze(_) if rules.without == Without::Freeze => refuse(session, Refusal::Diverged),
        Verdict::Freeze(_) => {
            wallet.frozen = true;
            next.server.write(Some(wallet));
            Said::ServerFreezes
        }
        Verdict::Settled { change: Some(change), agreement, .. } => {
            if is_taken_away(change, claim, rules.without) {
                return answer(session, &wallet, as_they_stand(wallet.holds, claim, agreement));
            }
            wallet.change(change, keeps, rules.without == Without::OwnCeremony);
            next.server.write(Some(wallet));
            Said::ServerReconciles(change)
        }
        Verdict::Settled { change: None, agreement, .. } => answer(session, &wallet, agreement),
    }
}

/// What the server says where a rule that would have written is taken away.
fn as_they_stand(holds: ServerHolds, claim: DeviceClaim, meant: Agreement) -> Agreement {
    if claim.active == Some(holds.active) {
        Agreement::Equal
    } else if claim.pending == Some(holds.active) {
        Agreement::DeviceFollows
    } else if matches!(meant, Agreement::FromRetired(_)) {
        meant
    } else {
        Agreement::Diverged
    }
}

fn is_taken_away(change: Change, claim: DeviceClaim, without: Without) -> bool {
    match (without, change) {
        (Without::R1, Change::Promote { id, .. }) => claim.active == Some(id),
        (Without::R2, Change::Promote { id, .. }) => claim.active != Some(id),
        (Without::R3, Change::DropPending(_))
        | (Without::R4, Change::ReturnToRetired { .. })
        | (Without::R5, Change::EraseRetired(_)) => true,
        _ => false,
    }
}

fn answer(session: &mut Session, wallet: &Wallet, agreement: Agreement) -> Said {
    let holds = wallet.holds;
    if wallet.is_locked() && matches!(session.verb, Verb::Sign | Verb::Refresh) {
        return refuse(session, Refusal::Locked);
    }
    let share = match (session.verb, agreement) {
        (Verb::Restore(_), Agreement::FromRetired(retired)) => retired,
        (_, Agreement::Equal | Agreement::DeviceFollows) => holds.active,
        (_, Agreement::FromRetired(_) | Agreement::Diverged) => return refuse(session, Refusal::Diverged),
    };
    let owed = !holds.is_backed_up() && !matches!(session.verb, Verb::Restore(_));
    let more = match session.verb {
        Verb::Restore(_) => true,
        Verb::Refresh | Verb::Unlock => holds.may_renew() && !owed,
        Verb::Sign | Verb::Dkg => false,
    };
    session.down.push_back(Message::Ready { share, owed, more });
    session.server = if more {
        ServerSide::Running(Some(share))
    } else if owed {
        ServerSide::AwaitBackup(share)
    } else {
        session.down.push_back(Message::Done);
        ServerSide::Over
    };
    Said::ServerSends("ready")
}

fn commit(
    next: &mut World,
    session: &mut Session,
    machine: ServerCommit,
    doing: Doing,
    rules: &Rules,
) -> Option<Said> {
    let (event, heard) = match doing {
        Doing::Write(write) => {
            let said = Said::ServerWrites(write.clone());
            carry_out(next, session, &write, rules);
            session.server = ServerSide::Committing(machine, Doing::Written);
            return Some(said);
        }
        Doing::Written => (CommitEvent::Stored, None),
        Doing::Listening => match session.up.pop_front()? {
            Message::Frame(frame) => (CommitEvent::Frame(frame), Some(frame_name(&frame))),
            _ => return None,
        },
    };
    let said = heard.map(Said::ServerHears);
    match machine.step(event).ok()? {
        Progress::Next(machine, CommitAction::Write(write)) => {
            session.server = ServerSide::Committing(machine, Doing::Write(write));
            said
        }
        Progress::Next(machine, CommitAction::Send(frame)) => {
            session.down.push_back(Message::Frame(frame));
            session.server = ServerSide::Committing(machine, Doing::Listening);
            Some(Said::ServerSends(frame_name(&frame)))
        }
        Progress::Done(id, _) => {
            let holds = next.wallet()?.holds;
            session.server = match confirmation(id, holds.retired, holds.backup, None).ok()? {
                Some(write) => ServerSide::Confirming(write, None),
                None => ServerSide::AwaitBackup(id),
            };
            said
        }
    }
}

fn carry_out(next: &mut World, session: &Session, write: &CommitWrite, rules: &Rules) {
    let wallet = match (write, next.wallet()) {
        (CommitWrite::Provisional(first), _) => Some(Wallet::created(*first, session.key, rules.backup)),
        (CommitWrite::Pending(pending), Some(mut wallet)) => {
            let restoring = matches!(session.verb, Verb::Restore(_)).then_some(session.key);
            wallet.pend(pending, restoring);
            Some(wallet)
        }
        (CommitWrite::Promote(promotion), Some(mut wallet)) => {
            wallet.promote(*promotion, rules.without != Without::Retired);
            Some(wallet)
        }
        (CommitWrite::Pending(_) | CommitWrite::Promote(_), None) => None,
    };
    next.server.write(wallet);
}
