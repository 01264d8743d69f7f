//! What must hold in every state: a wallet whose address was shown signs again, by itself where no phone was lost, and
//! by a restore where one was; an old archive freezes what has moved on, and nobody signs from it who would not have signed from
//! the store that it replaces.

use std::fmt;

use maany_coordinator_proto::session::Backup;

use crate::disk::Disk;
use crate::errand::{self, End};
use crate::import;
use crate::parts::{Phone, Wallet};
use crate::world::{Archive, ArchiveRule, Rules, World};

/// What is wrong with a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Finding {
    /// It signs no more, although nobody lost a phone.
    Bricked,
    /// Two shares that cannot sign together, and nothing settles it.
    Mixed,
    /// It comes back only by a restore, although nobody lost a phone or began one.
    NeedsRestore,
    /// It signs, but can never be refreshed again.
    Stalled,
    /// The phone is lost, and a backup that was acknowledged does not bring the wallet back.
    Unrecoverable,
    /// The phone is lost, the backup is there, and the restore does not come through.
    RestoreFails,
    /// More than one device can sign, or a lost one still can after a restore.
    TwoSigners,
    /// An old archive was put back, the wallet has moved on, and it is not frozen.
    NotFrozen,
    /// An old archive was put back, the wallet has not moved on, and it does not sign.
    WronglyFrozen,
    /// A frozen wallet of which the backup fits the store does not thaw.
    NoThaw,
    /// Not even the newest archive brings the wallet back.
    ArchiveLost,
    /// An old archive was put back alone, and a wallet signs before its operator has given a code.
    NotLocked,
    /// An old archive lets a device sign that was replaced since.
    RevokedSigns,
    /// An old archive lifts a quarantine.
    QuarantineLifted,
    /// An old archive lets a sequence be signed a second time.
    SignsTwice,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bricked => "bricked: it signs no more, although no phone was lost",
            Self::Mixed => "mixed: each side has an active share, and they do not fit together",
            Self::NeedsRestore => "it comes back only by a restore, although no phone was lost",
            Self::Stalled => "stalled: it can never be refreshed again",
            Self::Unrecoverable => "unrecoverable: the acknowledged backup does not bring it back",
            Self::RestoreFails => "unrecoverable: the backup is there, and the restore does not come through",
            Self::TwoSigners => "two devices can sign",
            Self::NotFrozen => "it has moved on since the archive, and is not frozen",
            Self::WronglyFrozen => "it has not moved on since the archive, and does not sign",
            Self::NoThaw => "its backup fits the store, and it does not thaw",
            Self::ArchiveLost => "not even the newest archive brings it back",
            Self::NotLocked => "it came from an archive alone, and signs without its operator's code",
            Self::RevokedSigns => "a device that was replaced since the archive signs",
            Self::QuarantineLifted => {
                "it was quarantined since the archive, and signs with the shares of that time"
            }
            Self::SignsTwice => {
                "it signs a second transaction of a sequence that was signed since the archive"
            }
        })
    }
}

/// How many states ended in which way.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) never_shown: usize,
    pub(crate) works: usize,
    pub(crate) lost_phone_restored: usize,
    /// There was no backup to restore from, and none had been acknowledged.
    pub(crate) lost_phone_without_backup: usize,
    pub(crate) second_device: usize,
    pub(crate) archive_same: usize,
    pub(crate) archive_unlocked: usize,
    /// It was frozen before, and no backup fits either store.
    pub(crate) archive_frozen: usize,
    pub(crate) unlocked: usize,
    pub(crate) archive_thawed: usize,
    /// No backup fits the store: named to the operator, and back with the newest archive.
    pub(crate) archive_needs_newer: usize,
}

pub(crate) struct Judge {
    rules: Rules,
    pub(crate) tally: Tally,
}

impl Judge {
    pub(crate) fn new(rules: Rules) -> Self {
        Self { rules, tally: Tally::default() }
    }

    /// What is wrong with this state, if anything.
    pub(crate) fn look_at(&mut self, world: &World) -> Option<Finding> {
        if signers(world) > 1 {
            return Some(Finding::TwoSigners);
        }
        if let Some(finding) = forgets(world) {
            return Some(finding);
        }
        match world.archive {
            Archive::None | Archive::Taken(_) | Archive::Copied { .. } => self.look_at_wallet(world),
            Archive::PutBack { .. } if world.session.is_some() => None,
            Archive::PutBack { old, truth } if world.wallet() == old => {
                self.look_at_archive(world, old, truth)
            }
            Archive::PutBack { .. } => self.look_after_archive(world),
        }
    }

    fn look_at_wallet(&mut self, world: &World) -> Option<Finding> {
        let end = errand::end(world, &[0, 1], &self.rules).0;
        let tally = &mut self.tally;
        if !world.told.address && end == End::Nothing {
            tally.never_shown += 1;
            return None;
        }
        if world.stolen.is_some() {
            return match end {
                End::Works | End::Restored(_) | End::Unlocked => {
                    tally.lost_phone_restored += 1;
                    None
                }
                End::Stalled => Some(Finding::Stalled),
                _ if world.told.backup => Some(Finding::Unrecoverable),
                _ if has_fitting_backup(world, &self.rules) => Some(Finding::RestoreFails),
                _ => {
                    tally.lost_phone_without_backup += 1;
                    None
                }
            };
        }
        let began_restore = world.spent.restores > 0;
        match end {
            End::Works | End::Nothing => {
                tally.works += 1;
                None
            }
            End::Unlocked => {
                tally.unlocked += 1;
                None
            }
            End::Restored(_) if began_restore => {
                tally.second_device += 1;
                None
            }
            End::Restored(_) => Some(Finding::NeedsRestore),
            End::Stalled => Some(Finding::Stalled),
            End::Mixed => Some(Finding::Mixed),
            End::Frozen | End::Lost => Some(Finding::Bricked),
        }
    }

    /// The device that was enrolled when the archive was put back connects to what the archive says.
    fn look_at_archive(
        &mut self,
        world: &World,
        old: Option<Wallet>,
        truth: Option<Wallet>,
    ) -> Option<Finding> {
        let enrolled = truth?.devices.enrolled;
        let is_theirs = |phone: &Phone| phone.active.is_some_and(|kept| kept.key == enrolled);
        let at = world.phones.iter().position(|disk| is_theirs(&disk.now))?;
        let phone = world.phones.get(at)?.now;
        let (end, after) = errand::end(world, &[at], &self.rules);
        let was_frozen =
            self.rules.archive == ArchiveRule::OverOld && truth.is_some_and(|truth| truth.frozen);
        if was_frozen {
            return self.look_at_frozen(world, end);
        }
        let must_unlock = old.is_some_and(|old| old.is_locked());
        if old.is_some() && self.rules.archive != ArchiveRule::OverOld && end == End::Works {
            return Some(Finding::NotLocked);
        }
        let knows_key =
            |old: &Wallet| old.devices.enrolled == enrolled || old.devices.pending == Some(enrolled);
        if old.is_some_and(|old| knows_key(&old) && knows(&old, &phone)) {
            return match (end, must_unlock) {
                (End::Works, false) => {
                    self.tally.archive_same += 1;
                    None
                }
                (End::Unlocked, true) => {
                    self.tally.archive_unlocked += 1;
                    None
                }
                _ => Some(Finding::WronglyFrozen),
            };
        }
        match end {
            End::Restored(_) => {
                self.tally.archive_thawed += 1;
                return None;
            }
            End::Works | End::Unlocked | End::Stalled | End::Nothing => return Some(Finding::NotFrozen),
            End::Frozen | End::Mixed | End::Lost => {}
        }
        if has_fitting_backup(world, &self.rules) {
            return Some(Finding::NoThaw);
        }
        // A record that does not know the device, or no record at all, has nothing that could be frozen for it.
        let known = old.is_some_and(|old| old.devices.enrolled == enrolled && !old.provisional);
        if known && end != End::Frozen {
            return Some(Finding::NotFrozen);
        }
        let newest = import::put_back(truth, truth, &self.rules);
        let newest = World { server: Disk::new(newest), ..after };
        match errand::end(&newest, &[0, 1], &self.rules).0 {
            End::Works | End::Restored(_) | End::Unlocked => {
                self.tally.archive_needs_newer += 1;
                None
            }
            _ => Some(Finding::ArchiveLost),
        }
    }

    /// What was frozen in the store that was replaced is frozen, whatever the archive says.
    fn look_at_frozen(&mut self, world: &World, end: End) -> Option<Finding> {
        match end {
            End::Works | End::Unlocked | End::Stalled | End::Nothing => Some(Finding::NotFrozen),
            End::Restored(_) => {
                self.tally.archive_thawed += 1;
                None
            }
            End::Frozen | End::Mixed | End::Lost if has_fitting_backup(world, &self.rules) => {
                Some(Finding::NoThaw)
            }
            End::Frozen | End::Mixed | End::Lost => {
                self.tally.archive_frozen += 1;
                None
            }
        }
    }

    /// What came after it was put back, breaks included, takes no way out away.
    fn look_after_archive(&mut self, world: &World) -> Option<Finding> {
        let end = errand::end(world, &[0, 1], &self.rules).0;
        let stands = matches!(end, End::Works | End::Restored(_) | End::Unlocked | End::Nothing);
        (!stands && has_fitting_backup(world, &self.rules)).then_some(Finding::NoThaw)
    }
}

/// What an archive that was put back lets somebody do that the store before it would not have.
fn forgets(world: &World) -> Option<Finding> {
    let Archive::PutBack { old: Some(old), truth: Some(truth) } = world.archive else { return None };
    let wallet = world.wallet()?;
    let phones = world.phones.iter().map(|disk| disk.now).chain(world.stolen);
    let signing: Vec<Phone> = phones.filter(|phone| world.signs(phone)).collect();
    let keys = signing.iter().filter_map(|phone| phone.active).map(|kept| kept.key);
    if keys.into_iter().any(|key| truth.devices.revoked & (1 << key) != 0) {
        return Some(Finding::RevokedSigns);
    }
    if signing.is_empty() {
        return None;
    }
    let of_that_time = [Some(old.holds.active), old.holds.pending, old.holds.retired];
    if truth.quarantined && of_that_time.contains(&Some(wallet.holds.active)) {
        return Some(Finding::QuarantineLifted);
    }
    (truth.signed && !wallet.signed && !wallet.forgotten).then_some(Finding::SignsTwice)
}

/// Whether the record explains the device's share.
fn knows(old: &Wallet, phone: &Phone) -> bool {
    let holds = old.holds;
    let returns = holds.retired.filter(|_| phone.pending.is_none());
    let theirs = [Some(holds.active), holds.pending, returns];
    phone.active_id().is_some_and(|id| theirs.contains(&Some(id))) || phone.pending_id() == Some(holds.active)
}

/// Whether the server holds a share of which a backup can be put together: then the wallet can be restored.
fn has_fitting_backup(world: &World, rules: &Rules) -> bool {
    let Some(wallet) = world.wallet().filter(|wallet| !wallet.provisional) else { return false };
    if rules.backup == Backup::NotRequired {
        return false;
    }
    [Some(wallet.holds.active), wallet.holds.retired].into_iter().flatten().any(|id| world.is_restorable(id))
}

/// How many devices can sign with the server as it stands, the lost one included.
fn signers(world: &World) -> usize {
    let phones = world.phones.iter().map(|disk| disk.now).chain(world.stolen);
    phones.filter(|phone| world.signs(phone)).count()
}
