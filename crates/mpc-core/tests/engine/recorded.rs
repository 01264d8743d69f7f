//! A key, made for this test alone, and one signature as release 0.1.0 made them. The engine draws its own
//! randomness, so its runs cannot be made again; but what it wrote then must be read now, byte for byte.
//!
//! `sign.frames` holds the five frames of one signature (server first, context as in `support`), each behind
//! its length (32-bit big-endian).

use std::sync::Arc;

use dkls23_secp256k1::protocols::signing::{Broadcast3to4, TransmitPhase1to2, TransmitPhase2to3};
use k256::Secp256k1;
use maany_mpc_core::{Dkls23, Engine, Flight, KeyShare, Role, Signature, SlimShare, peek};

use crate::peer::{Keys, Line, SIGN, hash};
use crate::peer_sign::{CommitAndMultiply, Finished};
use crate::support::{Pair, WALLET, pass, run_sign, sign_context};

const DEVICE: &[u8] = include_bytes!("recorded/device.share");
const SERVER: &[u8] = include_bytes!("recorded/server.share");
const SLIM: &[u8] = include_bytes!("recorded/device.slim");
const FRAMES: &[u8] = include_bytes!("recorded/sign.frames");

fn import(bytes: &[u8]) -> Arc<KeyShare> {
    Arc::new(Dkls23.import_share(bytes).unwrap())
}

#[test]
fn shares_of_release_0_1_0_are_read_and_sign() {
    let pair = Pair { device: import(DEVICE), server: import(SERVER) };
    assert_eq!(*pair.device.dangerous_export(), DEVICE);
    assert_eq!(*pair.server.dangerous_export(), SERVER);
    run_sign(&pair, Flight::ServerFirst, pass).0.both();
    let slim = SlimShare::from_bytes(SLIM).unwrap();
    assert_eq!(slim.dangerous_expose_bytes(), pair.device.slim().dangerous_expose_bytes());
    assert_eq!(Dkls23.restore_slim(slim).unwrap().share_id(), pair.server.share_id());
}

#[test]
fn frames_of_release_0_1_0_are_what_the_documents_say() {
    let device = import(DEVICE);
    let mut rest = FRAMES;
    let mut next = || {
        let (length, tail) = rest.split_first_chunk::<4>().unwrap();
        let (frame, tail) = tail.split_at(u32::from_be_bytes(*length) as usize);
        rest = tail;
        frame.to_vec()
    };
    let frames = [next(), next(), next(), next(), next()];
    assert!(rest.is_empty());

    let context = sign_context(Role::Device, Flight::ServerFirst);
    let nonce = peek(&frames[0]).unwrap().session;
    let (path, request) = (context.path.to_bytes(), &context.request_id);
    let parts: [&[u8]; 6] =
        [&nonce, &context.session, &context.sign_bytes, &context.chain_id, &path, request];
    let session = hash("maany-mpc/sign-id/1", &parts);
    let share_id = device.share_id().to_bytes();
    let keys = Keys { seed: SLIM[173..].try_into().unwrap(), wallet: WALLET.to_vec(), share_id };
    for frame in &frames {
        let header = peek(frame).unwrap();
        let (tagged, tag) = frame.split_last_chunk::<32>().unwrap();
        assert_eq!(keys.tag(&session, header.sender, tagged), *tag);
        assert!(header.session == session || header.session == nonce && header.round == 1);
        assert_eq!(header.share_id, Some(device.share_id()));
    }

    let mut line = Line::new(SIGN, Role::Device, share_id, Some(keys));
    let _: TransmitPhase1to2 = line.read(&frames[0]);
    let _: CommitAndMultiply = line.read(&frames[1]);
    let _: TransmitPhase2to3<Secp256k1> = line.read(&frames[2]);
    let _: Broadcast3to4<Secp256k1> = line.read(&frames[3]);
    let finished: Finished = line.read(&frames[4]);
    let r_s: Vec<u8> = [finished.r, finished.s].concat();
    let signature = Signature::from_parts(&r_s.try_into().unwrap(), finished.recovery_id).unwrap();
    assert!(signature.verify(&device.public_key(), &context.digest));
}
