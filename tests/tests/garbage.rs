//! A peer that turns from honest to nonsense behind any of its frames: it is closed, the server serves on, the wallet
//! signs.
#![cfg(test)]

use maany_coordinator::engine::backup::Threshold;
use maany_coordinator::proto::{CloseCode, Control, Epoch, ShareId, WalletId};
use maany_coordinator_proto::KeyId;
use maany_tests::line::{Cut, Sender, client_frame};
use maany_tests::{Failure, Holder, Line, RunningServer, planted};

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;

/// Bytes that look like noise and are the same in every run (xorshift, Marsaglia 2003).
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let byte = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    std::iter::repeat_with(byte).take(length).collect()
}

/// Nonsense of many kinds, as bytes on the wire, each with a name.
fn nonsense() -> Vec<(&'static str, Vec<u8>)> {
    let share = ShareId::new(Epoch::new(9).unwrap(), [9; 16]);
    let forged = [
        Control::Commit { id: share, wallet: WalletId::from_bytes([9; 16]) },
        Control::Committed { id: share },
        Control::Prepared { id: share, wallet: None },
        Control::Holding { active: share, pending: Some(share) },
    ];
    let engine = |tail: &[u8]| client_frame(BINARY, &[b"MYE\x01\x01", tail].concat());
    let mut all = vec![
        ("an empty message", client_frame(BINARY, &[])),
        ("one byte", client_frame(BINARY, &[0])),
        ("noise", client_frame(BINARY, &noise(4096))),
        ("an engine header and nothing", engine(&[])),
        ("an engine header and noise", engine(&noise(60_000))),
        ("half a control frame", client_frame(BINARY, b"MYC\x01\x04")),
        ("a control frame of another version", client_frame(BINARY, b"MYC\x09\x01")),
        ("text", client_frame(TEXT, b"{}")),
        ("a second hello", client_frame(TEXT, br#"{"type":"hello","sessionId":"x","role":"device"}"#)),
        ("a backup of nothing", client_frame(TEXT, br#"{"type":"backup-share"}"#)),
        ("text that is none", client_frame(TEXT, &[0xff, 0xfe])),
        ("more than any message", client_frame(BINARY, &noise(400 * 1024))),
        ("an opcode that there is not", client_frame(0x83, &[1, 2, 3])),
        ("a length beyond all memory", [[BINARY, 0xff].as_slice(), &[0xff; 8]].concat()),
        ("three messages at once", client_frame(BINARY, &noise(64)).repeat(3)),
    ];
    all.extend(forged.map(|control| (control.name(), client_frame(BINARY, &control.to_bytes()))));
    all
}

async fn server_and_holder() -> (RunningServer, Holder) {
    let server = RunningServer::start().await.unwrap();
    let holder = Holder::in_memory(&server.url(), &server.token("alice").await.unwrap()).await.unwrap();
    (server, holder)
}

/// Puts nonsense behind each frame in turn, until a session ends before its turn; `at_each` kinds of it at each place.
async fn sweep(
    server: &RunningServer,
    at_each: usize,
    mut attempt: impl AsyncFnMut(&Line) -> Result<(), Failure>,
) -> usize {
    let kinds = nonsense();
    let mut next = kinds.iter().cycle();
    for after in 1..40 {
        for (kind, bytes) in next.by_ref().take(at_each) {
            let cut = Cut { sender: Sender::Device, after };
            let line = Line::meddling(server.address(), cut, bytes.clone()).await.unwrap();
            attempt(&line).await.unwrap_or_else(|error| panic!("{kind} behind frame {after}: {error}"));
            if line.cuts() == 0 {
                return after - 1;
            }
        }
    }
    panic!("no session came through");
}

/// What a session may come to whose device speaks nonsense: an error, or, behind its last frame, nothing.
fn closed<T>(outcome: Result<T, maany_coordinator::DeviceError>) -> Result<(), Failure> {
    match outcome.err().and_then(|error| error.close_code()) {
        Some(CloseCode::Internal) => Err("the server calls it its own fault".into()),
        _ => Ok(()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_behind_any_frame_of_a_signature_costs_nothing_but_the_session() {
    let (server, holder) = server_and_holder().await;
    let wallet = planted::wallet(&server, "alice", &holder).await.unwrap();
    let kinds = nonsense().len();
    let frames = sweep(&server, kinds, async |line| {
        let order = maany_tests::order::send_one(&wallet.public_key, maany_tests::holder::fresh())?;
        closed(holder.through(&line.url()).device()?.sign(&wallet.wallet, &order).await)?;
        holder.patient().sign(&wallet).await?;
        Ok(())
    })
    .await;
    assert!(frames >= 3, "hello and two rounds");
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_behind_any_frame_of_a_dkg_leaves_no_wallet_that_does_not_sign() {
    let (server, holder) = server_and_holder().await;
    let frames = sweep(&server, 2, async |line| {
        let name = Some(KeyId::new(&format!("key-{}", maany_tests::holder::fresh())).unwrap());
        closed(holder.through(&line.url()).device()?.create_wallet(name.clone()).await)?;
        // Under the same name there is a wallet already, or one can be made.
        let device = holder.patient().device()?;
        let wallet = match device.create_wallet(name.clone()).await {
            Ok(made) => made.value,
            Err(_) => device.wallet(name.ok_or("no name")?.as_str()).await?,
        };
        holder.patient().sign(&wallet).await?;
        Ok(())
    })
    .await;
    assert!(frames >= 9, "hello, six rounds, prepared, committed");
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_behind_any_frame_of_a_refresh_leaves_a_wallet_that_signs() {
    let (server, holder) = server_and_holder().await;
    let wallet = planted::wallet(&server, "alice", &holder).await.unwrap();
    let frames = sweep(&server, 2, async |line| {
        closed(holder.through(&line.url()).device()?.refresh(&wallet.wallet).await)?;
        holder.patient().sign(&wallet).await?;
        Ok(())
    })
    .await;
    assert!(frames >= 10, "hello, holding, six rounds, prepared, committed");
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_behind_any_frame_of_a_restore_leaves_a_backup_that_restores() {
    let (server, holder) = server_and_holder().await;
    let wallet = planted::wallet(&server, "alice", &holder).await.unwrap();
    let mut holder = holder;
    let frames = sweep(&server, 1, async |line| {
        let device = holder.device()?;
        let (first, second) = (
            device.backup(&wallet.wallet, Threshold::default()).await?,
            device.backup(&wallet.wallet, Threshold::default()).await?,
        );
        let successor = Holder::in_memory(&server.url(), holder.token()).await?;
        let code = server.step_up(&wallet.wallet).await?;
        let outcome = successor.through(&line.url()).device()?.restore(first, &code).await;
        let failed = outcome.is_err();
        closed(outcome)?;
        if failed {
            let code = server.step_up(&wallet.wallet).await?;
            successor.patient().device()?.restore(second, &code).await?;
        }
        successor.patient().sign(&wallet).await?;
        holder = successor;
        Ok(())
    })
    .await;
    assert!(frames >= 10, "hello, holding, six rounds, prepared, committed");
}
