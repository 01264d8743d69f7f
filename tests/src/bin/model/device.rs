//! The device's next step in a session. What it decides comes from the coordinator's own code.

use maany_coordinator_proto::ShareId;
use maany_coordinator_proto::session::Backup;
use maany_coordinator_proto::session::commit::{CommitAction, CommitEvent, DeviceCommit, Origin, Progress};
use maany_coordinator_proto::session::reconcile::{DeviceChoice, reconcile_device};

use crate::parts::Phone;
use crate::words::{Said, Verb, frame_name};
use crate::world::{DeviceSide, Doing, Message, Refusal, Rules, Session, WALLET, Without, World};

/// One step; none where it waits.
pub(crate) fn step(world: &World, rules: &Rules) -> Option<(World, Said)> {
    let mut next = world.clone();
    let mut session = next.session.take()?;
    let (said, goes_on) = match session.device.clone() {
        DeviceSide::AwaitReady => hear_answer(&mut next, &mut session)?,
        DeviceSide::Settling { now, share, owed, more } => {
            next.phones.get_mut(session.phone)?.write(now);
            next.told.address |= now.active.is_some();
            session.device = after_settling(share, owed, more);
            (Said::PhoneSettles("brings its disk in line with the server"), true)
        }
        DeviceSide::Committing(machine, doing) => commit(&mut next, &mut session, machine, doing, rules)?,
        DeviceSide::Delivering(id, given) => match next.others.get_mut(given) {
            Some(holder) => {
                if given == 0 {
                    holder.give_to_owner(id)
                } else {
                    holder.give_to_host(id)
                }
                session.device = DeviceSide::Delivering(id, given + 1);
                (Said::FragmentTo(if given == 0 { "the owner" } else { "the third party" }, id), true)
            }
            None => {
                session.up.push_back(Message::Backup(id));
                session.device = DeviceSide::AwaitDone;
                (Said::PhoneSends("the backup"), true)
            }
        },
        DeviceSide::AwaitDone => match session.down.pop_front()? {
            Message::Done => {
                next.told.backup |= next.wallet().is_some_and(|wallet| {
                    wallet.holds.backup != Backup::NotRequired && !wallet.owes_backup()
                });
                (Said::PhoneHears("done"), false)
            }
            _ => return None,
        },
        DeviceSide::Running(_) => return None,
    };
    next.session = goes_on.then_some(session);
    Some((next, said))
}

/// The ceremony has made a share: the commit begins.
pub(crate) fn begin_commit(verb: Verb, origin: Origin, id: ShareId) -> DeviceSide {
    let wallet = (verb != Verb::Dkg).then_some(WALLET);
    DeviceSide::Committing(DeviceCommit::begin(id, wallet, origin), Doing::Listening)
}

fn hear_answer(next: &mut World, session: &mut Session) -> Option<(Said, bool)> {
    let phone = next.phones.get_mut(session.phone)?;
    match session.down.pop_front()? {
        Message::Refused(why) => {
            // A DKG that came to nothing on the server leaves a share that nobody was shown.
            let theirs = next.server.now.is_some_and(|wallet| wallet.devices.enrolled == session.key);
            let restoring = matches!(session.verb, Verb::Restore(_));
            if why == Refusal::Unknown && phone.now.active.is_none() && !theirs && !restoring {
                phone.write(Phone::default());
            }
            Some((Said::PhoneHears("the refusal"), false))
        }
        Message::Ready { share, owed, more } => {
            if let Verb::Restore(rebuilt) = session.verb {
                let Some(origin) = restore_origin(&phone.now, rebuilt, share) else {
                    return Some((Said::PhoneSettles("has no share that fits, and gives up"), false));
                };
                session.device = DeviceSide::Running(origin);
                return Some((Said::PhoneHears("ready"), true));
            }
            let now = match reconcile_device(phone.now.active_id(), phone.now.pending_id(), share) {
                None => return Some((Said::PhoneSettles("holds no such share, and freezes"), false)),
                Some(DeviceChoice::KeepActive { .. }) => Phone { pending: None, ..phone.now },
                Some(DeviceChoice::TakePending { .. }) => Phone { active: phone.now.pending, pending: None },
            };
            session.device = if now == phone.now {
                after_settling(share, owed, more)
            } else {
                DeviceSide::Settling { now, share, owed, more }
            };
            Some((Said::PhoneHears("ready"), true))
        }
        _ => None,
    }
}

fn after_settling(share: ShareId, owed: bool, more: bool) -> DeviceSide {
    if more {
        DeviceSide::Running(Origin::Renewal { base: Some(share), erase: Vec::new() })
    } else if owed {
        DeviceSide::Delivering(share, 0)
    } else {
        DeviceSide::AwaitDone
    }
}

/// A whole share that the phone still holds comes before the rebuilt one, which is not kept.
fn restore_origin(phone: &Phone, rebuilt: ShareId, share: ShareId) -> Option<Origin> {
    let held = [phone.active_id(), phone.pending_id()].into_iter().flatten();
    let erase = held.filter(|id| *id != share).collect();
    if phone.holds(share) {
        Some(Origin::Renewal { base: Some(share), erase })
    } else if rebuilt == share {
        Some(Origin::Renewal { base: None, erase })
    } else {
        None
    }
}

fn commit(
    next: &mut World,
    session: &mut Session,
    machine: DeviceCommit,
    doing: Doing,
    rules: &Rules,
) -> Option<(Said, bool)> {
    let (event, heard) = match doing {
        Doing::Write(write) => {
            let said = Said::PhoneWrites(write.clone());
            let disk = next.phones.get_mut(session.phone)?;
            let mut phone = disk.now;
            phone.write(&write, session.key, rules.without == Without::Order);
            disk.write(phone);
            // From here on its owner may see the address.
            next.told.address |= phone.active.is_some();
            session.device = DeviceSide::Committing(machine, Doing::Written);
            return Some((said, true));
        }
        Doing::Written => (CommitEvent::Stored, None),
        Doing::Listening => match session.down.pop_front()? {
            Message::Frame(frame) => (CommitEvent::Frame(frame), Some(frame_name(&frame))),
            _ => return None,
        },
    };
    let said = heard.map(Said::PhoneHears);
    match machine.step(event).ok()? {
        Progress::Next(machine, CommitAction::Write(write)) => {
            session.device = DeviceSide::Committing(machine, Doing::Write(write));
            Some((said?, true))
        }
        Progress::Next(machine, CommitAction::Send(frame)) => {
            session.up.push_back(Message::Frame(frame));
            session.device = DeviceSide::Committing(machine, Doing::Listening);
            Some((Said::PhoneSends(frame_name(&frame)), true))
        }
        Progress::Done(followed, action) => {
            if let Some(CommitAction::Send(frame)) = action {
                session.up.push_back(Message::Frame(frame));
            }
            session.device = match rules.backup {
                Backup::NotRequired => DeviceSide::AwaitDone,
                Backup::Required { .. } => DeviceSide::Delivering(followed.id, 0),
            };
            Some((Said::PhoneSends("committed"), true))
        }
    }
}
