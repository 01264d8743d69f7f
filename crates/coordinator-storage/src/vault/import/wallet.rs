//! What a wallet's record becomes when it comes from an archive. Pure.
//!
//! Of two records of one wallet the stricter says who may sign and how the wallet stands, whichever is older. The shares,
//! and what belongs to them, are always the archive's.

use crate::record::{Devices, MAX_REVOKED, Standing, WalletRecord, WalletState};

/// The archive's record with what the wallet's latest one knows beyond it.
#[must_use]
pub fn remembered(archived: &WalletRecord, latest: &WalletRecord) -> WalletRecord {
    let mut record = carried(archived, latest);
    if has_moved_on(archived, latest) {
        record.standing.state = strictest(record.standing.state, WalletState::Frozen);
    }
    record
}

/// The archive's record with what another one of the same wallet, of whatever time, knows beyond it.
#[must_use]
pub fn carried(archived: &WalletRecord, other: &WalletRecord) -> WalletRecord {
    let state = strictest(archived.standing.state, other.standing.state);
    // The ledger's form is version, epoch, count: of two the later is the greater.
    let aborts = archived.standing.aborts.clone().max(other.standing.aborts.clone());
    WalletRecord {
        standing: Standing { state, aborts },
        device: devices(&archived.device, &other.device),
        ..archived.clone()
    }
}

/// The archive's record where nothing later is known.
#[must_use]
pub fn forgotten(archived: &WalletRecord) -> WalletRecord {
    let state = strictest(archived.standing.state, WalletState::Imported);
    let aborts = archived.standing.aborts.clone();
    WalletRecord { standing: Standing { state, aborts }, ..archived.clone() }
}

fn strictest(one: WalletState, other: WalletState) -> WalletState {
    let rank = |state: WalletState| match state {
        WalletState::Provisional => 0,
        WalletState::Active => 1,
        WalletState::Quarantined => 2,
        WalletState::Imported => 3,
        WalletState::Frozen => 4,
        WalletState::Retired => 5,
    };
    if rank(other) > rank(one) { other } else { one }
}

/// Whether the device has a share that the archive's record does not explain. Where it may not have, its next session tells:
/// reconciliation freezes the wallet then.
fn has_moved_on(archived: &WalletRecord, later: &WalletRecord) -> bool {
    let (Some(_), Some(new)) = (archived.active, later.active) else { return false };
    // R1 and R4 lead to the archive's pending and retired shares. A device that did not hear of the last decision holds the share
    // before it.
    let explained = [archived.active, archived.pending, archived.retired];
    let same_device = later.device.enrolled == archived.device.enrolled;
    let restored = later.retired == archived.pending && later.device.enrolled == archived.device.pending;
    let undecided = later.retired.is_some()
        && explained.contains(&later.retired)
        && !later.confirmed
        && (same_device || restored);
    !explained.contains(&Some(new)) && !undecided
}

fn devices(archived: &Devices, later: &Devices) -> Devices {
    let enrolled = match (archived.enrolled, later.enrolled) {
        (Some(old), Some(new)) if archived.revoked.contains(&new) => Some(old),
        (old, new) => new.or(old),
    };
    let mut revoked = archived.revoked.clone();
    let replaced = archived.enrolled.filter(|old| Some(*old) != enrolled);
    for key in later.revoked.iter().copied().chain(replaced) {
        if !revoked.contains(&key) {
            revoked.push(key);
        }
    }
    let surplus = revoked.len().saturating_sub(MAX_REVOKED);
    revoked.drain(..surplus);
    // One that the later record does not know was dropped, or is enrolled by now.
    let pending = archived.pending.filter(|key| later.pending == Some(*key) && !revoked.contains(key));
    Devices { enrolled, pending, revoked }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Owner, ShareId, WalletId};
    use crate::record::BackupRule;
    use crate::vault::Role;

    fn share(epoch: u64, tag: u8) -> ShareId {
        let mut bytes = [tag; 24];
        bytes[..8].copy_from_slice(&epoch.to_be_bytes());
        ShareId::from_bytes(bytes)
    }

    fn wallet(active: ShareId, enrolled: u8) -> WalletRecord {
        WalletRecord {
            wallet: WalletId::from_bytes([1; 16]),
            owner: Owner::new("acme", "alice"),
            key_id: None,
            role: Role::Server,
            engine: 1,
            public_key: [2; 33],
            chain_code: [3; 32],
            standing: Standing { state: WalletState::Active, aborts: Vec::new() },
            active: Some(active),
            pending: None,
            retired: None,
            backup_rule: BackupRule::Required,
            receipt: None,
            policy: Vec::new(),
            created_ms: 1,
            device: Devices { enrolled: Some([enrolled; 33]), ..Devices::default() },
            confirmed: true,
        }
    }

    #[test]
    fn a_wallet_that_stayed_is_as_it_was() {
        let stayed = wallet(share(1, 1), 1);
        assert_eq!(remembered(&stayed, &stayed), stayed);
    }

    #[test]
    fn a_device_that_was_replaced_stays_revoked_and_the_wallet_is_frozen() {
        let archived = wallet(share(1, 1), 1);
        let mut later = wallet(share(2, 2), 2);
        later.device.revoked = vec![[1; 33]];
        let now = remembered(&archived, &later);
        assert_eq!((now.standing.state, now.active), (WalletState::Frozen, archived.active));
        assert_eq!(now.device, later.device);
        // Also where it was replaced so often that nobody remembers it.
        later.device.revoked = (3..19).map(|n| [n; 33]).collect();
        let now = remembered(&archived, &later);
        assert_eq!(now.device.enrolled, Some([2; 33]));
        assert!(now.device.revoked.contains(&[1; 33]) && now.device.is_sound());
        // A record that is the older one takes nobody back in, and freezes nothing.
        let kept =
            carried(&WalletRecord { device: later.device.clone(), ..wallet(share(9, 9), 2) }, &archived);
        assert_eq!((kept.device.enrolled, kept.standing.state), (Some([1; 33]), WalletState::Active));
    }

    #[test]
    fn a_restore_that_was_decided_since_is_finished_by_its_device_and_one_that_was_dropped_is_not() {
        let mut archived = wallet(share(1, 1), 1);
        (archived.pending, archived.device.pending) = (Some(share(2, 2)), Some([2; 33]));
        let mut decided = wallet(share(2, 2), 2);
        decided.device.revoked = vec![[1; 33]];
        let now = remembered(&archived, &decided);
        assert_eq!((now.standing.state, now.pending), (WalletState::Active, Some(share(2, 2))));
        assert_eq!(now.device, decided.device);
        let dropped = remembered(&archived, &wallet(share(1, 1), 1));
        assert_eq!(dropped.device, wallet(share(1, 1), 1).device);
    }

    #[test]
    fn a_decision_that_the_device_may_not_have_heard_is_left_to_its_next_session() {
        let archived = wallet(share(1, 1), 1);
        let unheard = WalletRecord { retired: archived.active, confirmed: false, ..wallet(share(2, 2), 1) };
        assert_eq!(remembered(&archived, &unheard).standing.state, WalletState::Active);
        let prepared = WalletRecord { pending: Some(share(2, 2)), ..archived.clone() };
        let next = WalletRecord { retired: prepared.pending, confirmed: false, ..wallet(share(3, 3), 1) };
        assert_eq!(remembered(&prepared, &next).standing.state, WalletState::Active);
        // Also by the device of a restore that was prepared when the archive was made.
        let mut restoring = prepared;
        restoring.device.pending = Some([2; 33]);
        let mut restored = next;
        restored.device = Devices { enrolled: Some([2; 33]), pending: None, revoked: vec![[1; 33]] };
        assert_eq!(remembered(&restoring, &restored).standing.state, WalletState::Active);
        let heard = WalletRecord { confirmed: true, ..unheard };
        assert_eq!(remembered(&archived, &heard).standing.state, WalletState::Frozen);
        // A latest record of an earlier epoch is explained by the archive's retired share, and by nothing else.
        let returned = WalletRecord { retired: archived.active, ..wallet(share(2, 2), 1) };
        assert_eq!(remembered(&returned, &archived).standing.state, WalletState::Active);
        let unexplained = wallet(share(2, 2), 1);
        assert_eq!(remembered(&unexplained, &archived).standing.state, WalletState::Frozen);
        assert_eq!(carried(&unexplained, &archived).standing.state, WalletState::Active, "of whatever time");
        let twin = wallet(share(1, 7), 1);
        assert_eq!(remembered(&archived, &twin).standing.state, WalletState::Frozen);
    }

    #[test]
    fn the_stricter_standing_and_the_longer_ledger_count() {
        use WalletState::{Active, Frozen, Imported, Provisional, Quarantined, Retired};
        let with = |state, aborts: &[u8]| WalletRecord {
            standing: Standing { state, aborts: aborts.to_vec() },
            ..wallet(share(1, 1), 1)
        };
        let order = [Provisional, Active, Quarantined, Imported, Frozen, Retired];
        for (at, one) in order.into_iter().enumerate() {
            for other in &order[at..] {
                for (a, b) in [(one, *other), (*other, one)] {
                    assert_eq!(remembered(&with(a, &[]), &with(b, &[])).standing.state, *other);
                }
            }
        }
        let counted = with(Active, &[1, 0, 2]);
        for (a, b) in [(&counted, with(Active, &[])), (&with(Active, &[1, 0, 1]), counted.clone())] {
            assert_eq!(remembered(a, &b).standing.aborts, [1, 0, 2]);
        }
        assert_eq!(forgotten(&with(Provisional, &[])).standing.state, Imported);
        assert_eq!(forgotten(&with(Frozen, &[])).standing.state, Frozen);
    }
}
