//! Control frames, byte by byte.

use maany_coordinator_proto::{Control, Epoch, Frame, FrameError, ShareId, TERMINAL, WalletId, classify};

use crate::{all, golden};

fn share(epoch: u64, tag: u8) -> ShareId {
    ShareId::new(Epoch::new(epoch).expect("an epoch"), [tag; 16])
}

fn wallet() -> WalletId {
    WalletId::from_bytes(core::array::from_fn(|at| u8::try_from(at).expect("small")))
}

fn frames() -> [(&'static str, Control); 7] {
    let (active, new) = (share(3, 0xaa), share(4, 0xbb));
    [
        ("status", Control::Status { active }),
        ("holding", Control::Holding { active, pending: None }),
        ("holding_with_pending", Control::Holding { active, pending: Some(new) }),
        ("prepared_by_server", Control::Prepared { id: new, wallet: Some(wallet()) }),
        ("prepared_by_device", Control::Prepared { id: new, wallet: None }),
        ("commit", Control::Commit { id: new, wallet: wallet() }),
        ("committed", Control::Committed { id: new }),
    ]
}

#[test]
fn control_frames_are_pinned() {
    for (name, control) in frames() {
        let bytes = hex::decode(golden(&format!("control/{name}.hex"))).expect("hex");
        assert_eq!(control.to_bytes(), bytes, "{name}");
        assert_eq!(classify(&bytes), Ok(Frame::Control(control)), "{name}");
    }
    assert_eq!(all("control").len(), frames().len() + 1);
}

#[test]
fn the_terminal_frame_of_first_generation_devices_is_pinned() {
    assert_eq!(hex::encode(TERMINAL), golden("control/terminal_of_first_generation.hex"));
    assert_eq!(classify(&TERMINAL), Ok(Frame::Engine(&TERMINAL)));
}

#[test]
fn a_control_frame_has_exactly_its_length() {
    for (name, control) in frames() {
        let bytes = control.to_bytes();
        for cut in 3..bytes.len() {
            assert_eq!(classify(&bytes[..cut]), Err(FrameError::Length), "{name} cut to {cut}");
        }
        let longer = [&bytes[..], &[0]].concat();
        assert_eq!(classify(&longer), Err(FrameError::Length), "{name} with a tail");
    }
}

#[test]
fn what_is_out_of_range_is_refused() {
    let status = Control::Status { active: share(3, 0xaa) }.to_bytes();
    let with = |at: usize, byte: u8| {
        let mut bytes = status.clone();
        bytes[at] = byte;
        bytes
    };
    assert_eq!(classify(&with(3, 2)), Err(FrameError::Version));
    assert_eq!(classify(&with(4, 0)), Err(FrameError::Kind));
    assert_eq!(classify(&with(4, 6)), Err(FrameError::Kind));
    assert_eq!(classify(&with(12, 0)), Err(FrameError::Field), "epoch zero");
    let mut holding = Control::Holding { active: share(3, 0xaa), pending: None }.to_bytes();
    *holding.last_mut().expect("a byte") = 2;
    assert_eq!(classify(&holding), Err(FrameError::Field), "a flag of two");
}

#[test]
fn anything_without_the_magic_is_the_engines() {
    for bytes in [&b"M"[..], b"MY", b"MYE\x01\x01", b"\0", b"myc\x01"] {
        assert_eq!(classify(bytes), Ok(Frame::Engine(bytes)));
    }
    assert_eq!(classify(b""), Err(FrameError::Empty));
    assert_eq!(classify(b"MYC"), Err(FrameError::Length));
}
