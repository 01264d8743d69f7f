//! Honest runs: what the ceremonies give, and what goes over the line.

use std::collections::BTreeSet;

use maany_mpc_core::{Dkls23, Engine, Flight, Operation, Role, ShareId, peek};

use crate::peer_generation::Honest;
use crate::peer_sign::{against_device, against_server, play_sign};
use crate::support::{dkg_frames, go_on, pair, pass, refreshed, run_sign, sign_context};

#[test]
fn both_sides_of_a_dkg_hold_shares_of_one_key() {
    let pair = pair();
    assert_eq!(pair.device.public_key(), pair.server.public_key());
    assert_eq!(pair.device.chain_code(), pair.server.chain_code());
    assert_eq!(pair.device.verifying_shares(), pair.server.verifying_shares());
    assert_eq!(pair.device.share_id(), pair.server.share_id());
    assert_eq!(pair.device.share_id().epoch, 1);
    assert_eq!((pair.device.role(), pair.server.role()), (Role::Device, Role::Server));
}

#[test]
fn both_flights_give_both_sides_one_verified_low_s_signature() {
    let pair = pair();
    for flight in [Flight::ServerFirst, Flight::DeviceFirst] {
        let (device, server) = run_sign(pair, flight, pass).0.both();
        assert_eq!(device, server);
        let digest = sign_context(Role::Device, flight).digest;
        assert!(device.verify(&pair.device.public_key(), &digest));
        assert!(!device.verify(&pair.device.public_key(), &[0; 32]));
        assert_eq!(device.recover(&digest), Some(pair.device.public_key()));
        assert_eq!(
            k256::ecdsa::Signature::from_der(&device.to_der()).unwrap().to_bytes()[..],
            device.to_bytes()
        );
    }
}

#[test]
fn flights_are_as_documented() {
    let flights = |flight| {
        let frames = run_sign(pair(), flight, pass).1;
        frames.iter().map(|(sender, frame)| (*sender, peek(frame).unwrap().round)).collect::<Vec<_>>()
    };
    let (device, server) = (Role::Device, Role::Server);
    let server_first = [(server, 1), (device, 1), (server, 2), (device, 2), (server, 3)];
    assert_eq!(flights(Flight::ServerFirst), server_first);
    assert_eq!(flights(Flight::DeviceFirst), [(device, 1), (server, 1), (device, 2), (server, 2)]);
}

#[test]
fn frames_stay_below_half_of_their_cap_and_name_their_ceremony() {
    let (_, frames) = run_sign(pair(), Flight::DeviceFirst, pass);
    for (sender, frame) in &frames {
        assert!(frame.len() <= Operation::Sign.max_message() / 2, "{}", frame.len());
        let header = peek(frame).unwrap();
        assert_eq!((header.operation, header.sender), (Operation::Sign, *sender));
        assert_eq!(header.share_id, Some(pair().device.share_id()));
    }
    for (_, frame) in dkg_frames() {
        assert!(frame.len() <= Operation::Dkg.max_message() / 2, "{}", frame.len());
        assert_eq!(peek(frame).unwrap().share_id, None);
    }
}

#[test]
fn frames_take_no_more_memory_than_their_bytes() {
    let ceremony = Dkls23.sign(pair().of(Role::Server), sign_context(Role::Server, Flight::ServerFirst));
    let frame = go_on(ceremony.unwrap().start()).1.unwrap();
    assert_eq!(frame.capacity(), frame.len());
}

#[test]
fn both_sides_of_a_generation_send_at_once_in_every_round() {
    let rounds: Vec<_> = dkg_frames().iter().map(|(_, frame)| peek(frame).unwrap().round).collect();
    assert_eq!(rounds, [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]);
}

#[test]
fn a_refresh_keeps_the_key_and_changes_everything_else() {
    let (old, new) = (pair(), refreshed());
    assert_eq!(new.device.public_key(), old.device.public_key());
    assert_eq!(new.device.chain_code(), old.device.chain_code());
    assert_eq!(new.device.share_id(), new.server.share_id());
    let ShareId { epoch, tag } = new.device.share_id();
    assert_eq!(epoch, 2);
    assert_ne!(tag, old.device.share_id().tag);
    for (old, new) in old.device.verifying_shares().iter().zip(new.device.verifying_shares()) {
        assert_ne!(*old, new);
    }
    let (device, server) = run_sign(new, Flight::ServerFirst, pass).0.both();
    assert_eq!(device, server);
}

#[test]
fn session_ids_of_equal_contexts_differ() {
    let sessions: BTreeSet<_> =
        (0..3).map(|_| peek(&run_sign(pair(), Flight::ServerFirst, pass).1[1].1).unwrap().session).collect();
    assert_eq!(sessions.len(), 3);
}

#[test]
fn a_side_written_from_the_documents_signs_with_ours() {
    for flight in [Flight::ServerFirst, Flight::DeviceFirst] {
        for opponents in [against_server(), against_device()] {
            let signature = play_sign(opponents, flight, &mut Honest).unwrap();
            assert!(signature.verify(&opponents.victim.public_key(), &[0xd1; 32]));
        }
    }
}
