//! Frames that do not belong here: refused by their header, as class A, in every operation.

use maany_mpc_core::error::FrameError;
use maany_mpc_core::{
    AbortClass, BoxedCeremony, Dkls23, Engine, EngineError, Flight, KeyShare, Operation, Role, Signature,
};

use crate::support::{
    Frames, dkg_context, dkg_frames, go_on, pair, pass, refresh_context, refreshed, refusal, run_sign,
    sign_context,
};

/// A device that waits for the server's first frame of a signature, and that frame.
fn waiting_device() -> (BoxedCeremony<Signature>, Vec<u8>) {
    let side = |role| Dkls23.sign(pair().of(role), sign_context(role, Flight::ServerFirst)).unwrap();
    let (device, _) = go_on(side(Role::Device).start());
    let (_, frame) = go_on(side(Role::Server).start());
    (device, frame.unwrap())
}

/// A server that waits for the device's second frame of a signature; and all frames of the run so far.
fn server_in_the_middle() -> (BoxedCeremony<Signature>, Frames) {
    let side = |role| Dkls23.sign(pair().of(role), sign_context(role, Flight::ServerFirst)).unwrap();
    let (device, _) = go_on(side(Role::Device).start());
    let (server, first) = go_on(side(Role::Server).start());
    let first = first.unwrap();
    let (device, second) = go_on(device.step(&first));
    let second = second.unwrap();
    let (server, third) = go_on(server.step(&second));
    let third = third.unwrap();
    let (_, fourth) = go_on(device.step(&third));
    let frames = vec![
        (Role::Server, first),
        (Role::Device, second),
        (Role::Server, third),
        (Role::Device, fourth.unwrap()),
    ];
    (server, frames)
}

/// A device that waits for the server's first frame of a DKG.
fn waiting_dkg() -> BoxedCeremony<KeyShare> {
    go_on(Dkls23.dkg(dkg_context(Role::Device)).unwrap().start()).0
}

#[track_caller]
fn assert_frame<T>(ceremony: BoxedCeremony<T>, frame: &[u8], expected: FrameError) {
    let error = refusal(ceremony.step(frame));
    assert_eq!(error.class(), AbortClass::A);
    assert!(matches!(error, EngineError::Frame(found) if found == expected), "{error:?}");
}

#[test]
fn each_field_of_the_header_is_checked() {
    for (at, value, expected) in [
        (0, b'X', FrameError::Malformed),
        (3, 2, FrameError::Malformed),
        (4, 2, FrameError::Engine),
        (5, 3, FrameError::Operation),
        (6, 2, FrameError::Round),
        (7, 1, FrameError::Sender),
    ] {
        let (device, mut frame) = waiting_device();
        frame[at] = value;
        assert_frame(device, &frame, expected);
    }
    let (device, mut frame) = waiting_device();
    frame[8..32].fill(0);
    assert_frame(device, &frame, FrameError::Malformed);
    let (device, mut frame) = waiting_device();
    frame[20] ^= 1;
    assert!(matches!(refusal(device.step(&frame)), EngineError::ShareMismatch { .. }));
    // A nonce that was changed on the way makes another session, whose tag this is not.
    let (device, mut frame) = waiting_device();
    frame[40] ^= 1;
    assert!(matches!(refusal(device.step(&frame)), EngineError::BadTag));
}

#[test]
fn frame_above_the_cap_is_refused_before_anything_else() {
    let (device, mut frame) = waiting_device();
    frame.resize(Operation::Sign.max_message() + 1, 0);
    assert_frame(device, &frame, FrameError::TooLarge);
    let mut frame = dkg_frames()[1].1.clone();
    frame.resize(Operation::Dkg.max_message() + 1, 0);
    assert_frame(waiting_dkg(), &frame, FrameError::TooLarge);
}

#[test]
fn garbage_and_short_frames_are_refused() {
    for frame in [&[][..], b"MYE", b"MYC\x01", &[0xff; 64], &[0; 5000], b"{\"type\":\"hello\"}"] {
        assert_frame(waiting_device().0, frame, FrameError::Malformed);
        assert_frame(waiting_dkg(), frame, FrameError::Malformed);
    }
    // A header alone has no room for a tag.
    let (device, frame) = waiting_device();
    assert!(matches!(refusal(device.step(&frame[..64])), EngineError::BadTag));
    let (device, frame) = waiting_device();
    assert!(matches!(refusal(device.step(&frame[..95])), EngineError::BadTag));
}

#[test]
fn repeated_reordered_and_reflected_frames_are_refused() {
    let (server, frames) = server_in_the_middle();
    assert_frame(server, &frames[1].1, FrameError::Round);
    let (server, frames) = server_in_the_middle();
    assert_frame(server, &frames[0].1, FrameError::Sender);
    let (device, _) = waiting_device();
    let (_, frames) = server_in_the_middle();
    assert_frame(device, &frames[2].1, FrameError::Round);
}

#[test]
fn frame_of_another_session_is_refused() {
    let (server, _) = server_in_the_middle();
    let (_, other) = server_in_the_middle();
    assert_frame(server, &other[3].1, FrameError::Session);
    // In a DKG there is no tag yet: the session id alone tells the second frame of another run.
    let (_, first) = go_on(Dkls23.dkg(dkg_context(Role::Server)).unwrap().start());
    let (device, _) = go_on(waiting_dkg().step(&first.unwrap()));
    let replayed = dkg_frames().iter().filter(|(sender, _)| *sender == Role::Server).nth(1).unwrap();
    assert_frame(device, &replayed.1, FrameError::Session);
}

#[test]
fn frame_of_another_epoch_or_operation_is_refused() {
    let (_, frames) = run_sign(refreshed(), Flight::ServerFirst, pass);
    let error = refusal(waiting_device().0.step(&frames[0].1));
    assert!(
        matches!(error, EngineError::ShareMismatch { ours, theirs } if ours.epoch == 1 && theirs.epoch == 2)
    );

    let side = |role| Dkls23.refresh(pair().of(role), refresh_context(role)).unwrap();
    let (_, refresh) = go_on(side(Role::Server).start());
    assert_frame(waiting_device().0, &refresh.unwrap(), FrameError::Operation);
    let (device, _) = go_on(side(Role::Device).start());
    assert_frame(device, &waiting_device().1, FrameError::Operation);
    let (device, _) = go_on(side(Role::Device).start());
    assert_frame(device, &dkg_frames()[1].1, FrameError::Operation);
}
