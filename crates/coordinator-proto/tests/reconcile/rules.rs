//! Each rule by itself, and what holds over every pair of states of the small world.

use maany_coordinator_proto::ShareId;
use maany_coordinator_proto::session::Backup;
use maany_coordinator_proto::session::reconcile::{
    Agreement, Change, Confirmed, DeviceChoice, DeviceClaim, FreezeCause, Identity, ServerHolds, Verdict,
    proves_provisional, reconcile, reconcile_device,
};

use crate::world::{claims, is_sound, optional, servers, share, shares};

fn server() -> ServerHolds {
    ServerHolds {
        active: share(1, 1),
        pending: None,
        retired: None,
        confirmed: Confirmed::Yes,
        backup: Backup::Required { receipt: None },
    }
}

fn device() -> DeviceClaim {
    DeviceClaim { active: Some(share(1, 1)), pending: None, identity: Identity::RanAttempt }
}

fn change(server: ServerHolds, device: DeviceClaim) -> (Option<Change>, Agreement) {
    match reconcile(server, device) {
        Verdict::Settled { change, agreement, .. } => (change, agreement),
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_held_and_nothing_claimed_changes_nothing() {
    assert_eq!(change(server(), device()), (None, Agreement::Equal));
}

#[test]
fn r1_a_device_that_is_ahead_proves_the_decision() {
    let server = ServerHolds { pending: Some(share(2, 3)), ..server() };
    let device = DeviceClaim { active: Some(share(2, 3)), ..device() };
    let promote = Change::Promote { id: share(2, 3), retire: share(1, 1) };
    assert_eq!(change(server, device), (Some(promote), Agreement::Equal));
}

#[test]
fn r2_both_prepared_is_decided() {
    let server = ServerHolds { pending: Some(share(2, 3)), ..server() };
    let device = DeviceClaim { pending: Some(share(2, 3)), ..device() };
    let promote = Change::Promote { id: share(2, 3), retire: share(1, 1) };
    assert_eq!(change(server, device), (Some(promote), Agreement::DeviceFollows));
}

#[test]
fn r3_any_other_pending_share_is_dropped() {
    let server = ServerHolds { pending: Some(share(2, 3)), ..server() };
    let dropped = (Some(Change::DropPending(share(2, 3))), Agreement::Equal);
    assert_eq!(change(server, device()), dropped);
    assert_eq!(change(server, DeviceClaim { pending: Some(share(2, 4)), ..device() }), dropped);
}

#[test]
fn r2_holds_for_a_device_whose_first_share_is_still_pending() {
    let server = ServerHolds { pending: Some(share(2, 3)), ..server() };
    let device = DeviceClaim { active: None, pending: Some(share(2, 3)), ..device() };
    let promote = Change::Promote { id: share(2, 3), retire: share(1, 1) };
    assert_eq!(change(server, device), (Some(promote), Agreement::DeviceFollows));
}

#[test]
fn a_device_whose_commit_never_arrived_follows() {
    let device = DeviceClaim { active: None, pending: Some(share(1, 1)), ..device() };
    assert_eq!(change(server(), device), (None, Agreement::DeviceFollows));
    assert_eq!(
        change(server(), DeviceClaim { pending: Some(share(1, 2)), ..device }),
        (None, Agreement::Diverged)
    );
    assert_eq!(change(server(), DeviceClaim { pending: None, ..device }), (None, Agreement::Diverged));
}

#[test]
fn r4_returns_before_the_confirmation_for_the_device_that_ran_the_attempt() {
    let server =
        |confirmed| ServerHolds { active: share(2, 3), retired: Some(share(1, 1)), confirmed, ..server() };
    let returned = Change::ReturnToRetired { id: share(1, 1), erase: share(2, 3) };
    let claim = |identity| DeviceClaim { identity, ..device() };
    let (no, yes) = (Confirmed::No, Confirmed::Yes);
    assert_eq!(change(server(no), claim(Identity::RanAttempt)), (Some(returned), Agreement::Equal));
    assert_eq!(change(server(yes), claim(Identity::RanAttempt)), (None, Agreement::Diverged));
    let with_pending = DeviceClaim { pending: Some(share(2, 3)), ..device() };
    assert_eq!(change(server(no), with_pending), (None, Agreement::DeviceFollows));
}

#[test]
fn a_restore_starts_from_the_retired_share_and_erases_nothing_on_its_claim() {
    let server =
        |confirmed| ServerHolds { active: share(2, 3), retired: Some(share(1, 1)), confirmed, ..server() };
    let claim = DeviceClaim { identity: Identity::Restoring, ..device() };
    for confirmed in [Confirmed::No, Confirmed::Yes] {
        assert_eq!(change(server(confirmed), claim), (None, Agreement::FromRetired(share(1, 1))));
        let with_pending = DeviceClaim { pending: Some(share(2, 3)), ..claim };
        assert_eq!(
            change(server(confirmed), with_pending),
            (None, Agreement::FromRetired(share(1, 1))),
            "the rebuilt share is the one of which there is a backup"
        );
    }
}

#[test]
fn r5_erases_where_the_backup_of_the_active_share_is_complete_or_not_needed() {
    let server = |backup| ServerHolds { active: share(2, 3), retired: Some(share(1, 1)), backup, ..server() };
    let required = |receipt| server(Backup::Required { receipt });
    let device = DeviceClaim { active: Some(share(2, 3)), ..device() };
    let erased = Some(Change::EraseRetired(share(1, 1)));
    assert_eq!(change(required(Some(share(2, 3))), device), (erased, Agreement::Equal));
    assert_eq!(change(server(Backup::NotRequired), device), (erased, Agreement::Equal));
    assert_eq!(change(required(Some(share(1, 1))), device), (None, Agreement::Equal));
    assert_eq!(change(required(None), device), (None, Agreement::Equal));
    let with_pending = DeviceClaim { pending: Some(share(3, 5)), ..device };
    assert_eq!(change(required(Some(share(2, 3))), with_pending), (None, Agreement::Equal));
    let restoring = DeviceClaim { identity: Identity::Restoring, ..device };
    assert_eq!(change(required(Some(share(2, 3))), restoring), (None, Agreement::Equal));
}

#[test]
fn a_provisional_share_is_proven_by_the_device_that_ran_the_dkg_and_by_a_backup_of_it() {
    let first = share(1, 1);
    for claim in claims() {
        let proves = match claim.identity {
            Identity::RanAttempt => {
                claim.active == Some(first) || (claim.active.is_none() && claim.pending == Some(first))
            }
            Identity::Restoring => claim.active == Some(first),
            Identity::Revoked => false,
        };
        assert_eq!(proves_provisional(first, claim), proves, "{claim:?}");
    }
}

#[test]
fn a_store_that_was_rolled_back_freezes() {
    let device = DeviceClaim { active: Some(share(3, 5)), ..device() };
    assert_eq!(reconcile(server(), device), Verdict::Freeze(FreezeCause::RolledBack));
    let with_pending = ServerHolds { pending: Some(share(2, 3)), ..server() };
    assert_eq!(
        reconcile(with_pending, device),
        Verdict::Freeze(FreezeCause::RolledBack),
        "and drops nothing"
    );
}

#[test]
fn a_record_that_contradicts_itself_freezes() {
    let broken = [
        ServerHolds { pending: Some(share(2, 3)), retired: Some(share(1, 2)), ..server() },
        ServerHolds { pending: Some(share(1, 1)), ..server() },
        ServerHolds { retired: Some(share(1, 1)), ..server() },
        ServerHolds { pending: Some(share(1, 2)), ..server() },
        ServerHolds { retired: Some(share(1, 2)), ..server() },
        ServerHolds { retired: Some(share(2, 3)), ..server() },
    ];
    for server in broken {
        assert_eq!(reconcile(server, device()), Verdict::Freeze(FreezeCause::BrokenRecord));
    }
}

#[test]
fn a_revoked_device_moves_nothing() {
    for server in servers() {
        for claim in claims().into_iter().filter(|claim| claim.identity == Identity::Revoked) {
            assert_eq!(reconcile(server, claim), Verdict::Revoked);
        }
    }
}

/// Over every state: what is written follows from one rule, and from no other.
#[test]
fn each_change_has_exactly_its_reason() {
    let mut seen = [0_usize; 5];
    for server in servers().into_iter().filter(is_sound) {
        for claim in claims().into_iter().filter(|claim| claim.identity != Identity::Revoked) {
            let enrolled = claim.identity == Identity::RanAttempt;
            let agreed = claim.active == Some(server.active) && claim.pending.is_none();
            let r1 = server.pending.is_some() && server.pending == claim.active;
            let r2 = server.pending.is_some()
                && server.pending == claim.pending
                && claim.identity != Identity::Restoring
                && (claim.active.is_none() || claim.active == Some(server.active));
            let rolled_back = !r1
                && claim.active.is_some_and(|active| match claim.identity {
                    Identity::RanAttempt => {
                        active.epoch() >= server.active.epoch() && active != server.active
                    }
                    Identity::Restoring => {
                        active.epoch() > server.active.epoch() && server.backup != Backup::NotRequired
                    }
                    Identity::Revoked => false,
                });
            let r4 = enrolled
                && server.retired.is_some()
                && server.retired == claim.active
                && claim.pending.is_none()
                && server.confirmed == Confirmed::No;
            let r5 = enrolled && server.retired.is_some() && agreed && server.is_backed_up();
            match reconcile(server, claim) {
                Verdict::Settled { change: Some(Change::Promote { id, retire }), holds, .. } => {
                    assert!(r1 || r2);
                    assert_eq!((Some(id), retire), (server.pending, server.active));
                    assert_eq!((holds.active, holds.pending, holds.retired), (id, None, Some(retire)));
                    seen[0] += 1;
                }
                Verdict::Settled { change: Some(Change::DropPending(id)), holds, .. } => {
                    assert!(enrolled && server.pending == Some(id) && !r1 && !r2 && !rolled_back);
                    assert_eq!(holds, ServerHolds { pending: None, ..server });
                    seen[1] += 1;
                }
                Verdict::Settled { change: Some(Change::ReturnToRetired { id, erase }), holds, .. } => {
                    assert!(r4 && !rolled_back);
                    assert_eq!((Some(id), erase), (server.retired, server.active));
                    assert_eq!((holds.active, holds.pending, holds.retired), (id, None, None));
                    seen[2] += 1;
                }
                Verdict::Settled { change: Some(Change::EraseRetired(id)), holds, .. } => {
                    assert!(r5 && server.retired == Some(id));
                    assert_eq!(holds, ServerHolds { retired: None, confirmed: Confirmed::Yes, ..server });
                    seen[3] += 1;
                }
                Verdict::Settled { change: None, holds, .. } => {
                    let idle = !r4 && !r5 && server.pending.is_none();
                    assert!(!r1 && !r2 && !rolled_back && (idle || !enrolled));
                    assert_eq!(holds, server);
                }
                Verdict::Freeze(cause) => {
                    assert_eq!(cause, FreezeCause::RolledBack);
                    assert!(rolled_back);
                    seen[4] += 1;
                }
                Verdict::Revoked => panic!("not revoked"),
            }
        }
    }
    assert!(seen.iter().all(|count| *count > 0), "every rule is met: {seen:?}");
}

/// Over every state: if the two sides had a share in common that the device can use, they still have one.
#[test]
fn no_change_takes_the_last_common_share_away() {
    for server in servers().into_iter().filter(is_sound) {
        for claim in claims() {
            let Verdict::Settled { holds, agreement, .. } = reconcile(server, claim) else { continue };
            let at_server = |holds: ServerHolds| [Some(holds.active), holds.pending, holds.retired];
            let at_device = [claim.active, claim.pending];
            let common = |holds| at_device.iter().flatten().any(|id| at_server(holds).contains(&Some(*id)));
            let had_its_active = claim.active.is_some() && at_server(server).contains(&claim.active);
            if had_its_active {
                assert!(common(holds), "{server:?} {claim:?}");
            }
            let expected = match agreement {
                Agreement::Equal => claim.active == Some(holds.active),
                Agreement::DeviceFollows => {
                    claim.pending == Some(holds.active) && claim.identity != Identity::Restoring
                }
                Agreement::FromRetired(id) => {
                    claim.identity == Identity::Restoring
                        && claim.active == Some(id)
                        && holds.retired == Some(id)
                }
                Agreement::Diverged => {
                    let follows = claim.pending == Some(holds.active);
                    claim.active != Some(holds.active) && (!follows || claim.identity == Identity::Restoring)
                }
            };
            assert!(expected, "the agreement is what it says");
        }
    }
}

#[test]
fn a_second_run_only_ever_erases_a_retired_share() {
    for server in servers().into_iter().filter(is_sound) {
        for claim in claims() {
            let Verdict::Settled { change: Some(_), holds, .. } = reconcile(server, claim) else { continue };
            let again = reconcile(holds, claim);
            let settles =
                matches!(again, Verdict::Settled { change: None | Some(Change::EraseRetired(_)), .. });
            assert!(settles, "{server:?} {claim:?}: {again:?}");
        }
    }
}

#[test]
fn a_new_refresh_starts_only_where_nothing_is_left_over() {
    for server in servers() {
        assert_eq!(server.may_renew(), server.pending.is_none() && server.retired.is_none());
    }
}

#[test]
fn a_device_uses_the_servers_share_or_changes_nothing() {
    for server in shares() {
        for active in optional() {
            for pending in optional().filter(|pending| pending.is_none() || *pending != active) {
                let expected = match (active, pending) {
                    (Some(id), pending) if id == server => Some(DeviceChoice::KeepActive { drop: pending }),
                    (active, Some(id)) if id == server => Some(DeviceChoice::TakePending { erase: active }),
                    (_, _) => None::<DeviceChoice>,
                };
                assert_eq!(
                    reconcile_device(active, pending, server),
                    expected,
                    "{active:?} {pending:?} {server:?}"
                );
            }
        }
    }
}

#[test]
fn share_ids_of_one_epoch_are_told_apart_by_their_tags() {
    let [a, b] = [share(2, 3), share(2, 4)];
    assert_ne!(a, b);
    assert_eq!(a.epoch(), b.epoch());
    assert_eq!(ShareId::from_bytes(a.to_bytes()), Ok(a));
}
