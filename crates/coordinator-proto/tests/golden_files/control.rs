//! Control frames, byte by byte.

use maany_coordinator_proto::control::{Document, ErrorText, SignatureBytes, What};
use maany_coordinator_proto::{Control, Epoch, Frame, FrameError, ShareId, TERMINAL, WalletId, classify};

use crate::{all, golden};

fn share(epoch: u64, tag: u8) -> ShareId {
    ShareId::new(Epoch::new(epoch).expect("an epoch"), [tag; 16])
}

fn wallet() -> WalletId {
    WalletId::from_bytes(core::array::from_fn(|at| u8::try_from(at).expect("small")))
}

fn frames() -> [(&'static str, Control); 20] {
    let (active, new) = (share(3, 0xaa), share(4, 0xbb));
    [
        ("status", Control::Status { active }),
        ("holding", Control::Holding { active, pending: None }),
        ("holding_with_pending", Control::Holding { active, pending: Some(new) }),
        ("prepared_by_server", Control::Prepared { id: new, wallet: Some(wallet()) }),
        ("prepared_by_device", Control::Prepared { id: new, wallet: None }),
        ("commit", Control::Commit { id: new, wallet: wallet() }),
        ("committed", Control::Committed { id: new }),
        (
            "proof_of_nothing",
            Control::Proof {
                identity: [2; 33],
                signature: [0xcc; 64],
                active: None,
                pending: None,
                digest: None,
            },
        ),
        (
            "proof",
            Control::Proof {
                identity: [3; 33],
                signature: [0xcc; 64],
                active: Some(active),
                pending: Some(new),
                digest: Some([0xdd; 32]),
            },
        ),
        ("ready_for_dkg", Control::Ready { active: None, retired: false, stepped_up: false }),
        ("ready", Control::Ready { active: Some(active), retired: true, stepped_up: false }),
        ("ready_stepped_up", Control::Ready { active: Some(active), retired: false, stepped_up: true }),
        ("backup", Control::Backup { id: new, complete: true, document: document(&[1, 2, 3]) }),
        ("backup_none", Control::Backup { id: new, complete: false, document: Document::default() }),
        ("backup_stored", Control::BackupStored { id: new }),
        (
            "done_signature",
            Control::Done(What::Signature(SignatureBytes { r_s: [0xee; 64], recovery_id: 1 })),
        ),
        ("done_created", Control::Done(What::Created { public_key: [2; 33] })),
        ("done_renewed", Control::Done(What::Renewed { id: new })),
        (
            "error",
            Control::Error { code: 4409, retryable: true, message: ErrorText::new("the wallet is busy") },
        ),
        (
            "error_without_text",
            Control::Error { code: 4500, retryable: false, message: ErrorText::default() },
        ),
    ]
}

fn document(bytes: &[u8]) -> Document {
    Document::new(bytes.to_vec().into()).expect("a document")
}

#[test]
fn fields_of_varying_size_are_bounded_before_they_are_read() {
    let error = |length: u32| {
        let bytes = [b"MYC\x01\x0b\x11\x39\x00", &length.to_be_bytes()[..]].concat();
        classify(&bytes).expect_err("refused")
    };
    let backup = |length: u32| {
        let id = share(4, 0xbb).to_bytes();
        let bytes = [b"MYC\x01\x08", &id[..], &[1], &length.to_be_bytes()].concat();
        classify(&bytes).expect_err("refused")
    };
    assert_eq!((backup(8 * 1024 + 1), backup(u32::MAX)), (FrameError::Field, FrameError::Field));
    assert_eq!(backup(8 * 1024), FrameError::Length);
    assert_eq!((error(201), error(200)), (FrameError::Field, FrameError::Length));
    for text in [&b"busy\n"[..], &[0xff], "\u{e9}".as_bytes()] {
        let length = u32::try_from(text.len()).expect("short").to_be_bytes();
        let bytes = [b"MYC\x01\x0b\x11\x39\x00", &length[..], text].concat();
        assert_eq!(classify(&bytes), Err(FrameError::Field), "{text:?}");
    }
    let mut done = Control::Done(What::Signature(SignatureBytes { r_s: [1; 64], recovery_id: 3 })).to_bytes();
    *done.last_mut().expect("a byte") = 4;
    assert_eq!(classify(&done), Err(FrameError::Field), "a recovery id of four");
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
    assert_eq!(classify(&with(4, 12)), Err(FrameError::Kind));
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
