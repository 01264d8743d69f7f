//! Memory: what a session holds that waits for its device, and what two thousand signatures leave behind.

use futures::future::try_join_all;
use maany_coordinator::proto::{Hello, KeyId, RequestId, WalletId};
use maany_tests::raw_device::{session_id, token};
use maany_tests::{Failure, Holder, RawDevice, holder, order};
use tokio::runtime::Runtime;

use crate::child::ChildServer;
use crate::figures::{Bound, Figures};
use crate::plan::Plan;

const KIB: f64 = 1024.0;
const MIB: f64 = 1024.0 * KIB;
/// Sessions that are opened before the first reading, for what a process allocates once.
const WARM_UP: usize = 16;
/// Wallets that sign at once while memory is watched.
const SIGNERS: usize = 4;

/// A session that said its hello, and nothing after it.
#[derive(Clone, Copy)]
enum Waiting {
    Refresh,
    Sign,
    Dkg,
}

/// What an admitted session costs whose device says nothing more.
///
/// The figure to reach is that of a refresh: there the server has authenticated the device, found its wallet, taken the
/// lease and answered, and holds nothing but the session until the device says what it holds. In signing and in DKG the
/// server moves at once, so those wait in the middle of a ceremony, with round state; they are shown as well.
pub(crate) fn sessions(plan: &Plan, runtime: &Runtime, figures: &mut Figures) -> Result<(), Failure> {
    let refresh = runtime.block_on(cost(plan.idle, Waiting::Refresh))?;
    figures.bounded_value(
        (
            "idle authenticated session",
            "KiB",
            "resident, each: a refresh whose device says hello and nothing more",
        ),
        refresh,
        plan.idle,
        Bound::AtMost(64.0),
    );
    let sign = runtime.block_on(cost(plan.idle, Waiting::Sign))?;
    let note = "not idle: the server has made its first message and keeps round state";
    figures.value(("  a signature waiting for its device", "KiB", note), sign, plan.idle);
    let dkg = runtime.block_on(cost(plan.idle, Waiting::Dkg))?;
    figures.value(("  a dkg waiting for its device", "KiB", note), dkg, plan.idle);
    Ok(())
}

async fn cost(count: usize, waiting: Waiting) -> Result<f64, Failure> {
    let server = ChildServer::start(count + WARM_UP)?;
    let wallets = server.wallets()?;
    let (warm_up, measured) = wallets.split_at(WARM_UP);
    let hellos = |wallets: &[WalletId]| {
        try_join_all(wallets.iter().map(|wallet| hello(&server, *wallet, waiting)).collect::<Vec<_>>())
    };
    let (warm_up, measured) = (hellos(warm_up).await?, hellos(measured).await?);
    let mut open = admit(&server, warm_up).await?;
    let before = server.resident()?;
    open.extend(admit(&server, measured).await?);
    let after = server.resident()?;
    if open.len() != count + WARM_UP {
        return Err("not every session is open".into());
    }
    Ok((after - before) / count as f64 / KIB)
}

async fn hello(server: &ChildServer, wallet: WalletId, waiting: Waiting) -> Result<Hello, Failure> {
    let key_id = KeyId::new(&wallet.to_string())?;
    let hello = match waiting {
        Waiting::Refresh => Hello::refresh(session_id(), key_id),
        Waiting::Dkg => Hello::dkg(session_id(), None),
        Waiting::Sign => {
            let device = Holder::in_memory(server.url(), server.token()).await?.device()?;
            let request =
                device.request(&wallet, &order::send_one(&server.public_key()?, holder::fresh())?).await?;
            Hello::sign(session_id(), key_id).with_request(RequestId::from_hex(&request.id)?)
        }
    };
    Ok(hello.with_token(token(server.token())?))
}

/// Opens sessions one after the other, each until the server's first frame.
async fn admit(server: &ChildServer, hellos: Vec<Hello>) -> Result<Vec<RawDevice>, Failure> {
    let mut open = Vec::new();
    for hello in hellos {
        let mut device = RawDevice::hello(server.url(), hello).await?;
        device.next_binary().await?;
        open.push(device);
    }
    Ok(open)
}

/// What signatures leave behind in the server's memory.
///
/// The tolerance is 8 MiB over 1,800 signatures, 4.7 KB for each. A signature adds about that much to the database, whose
/// page cache (64 MiB at most) grows with it until it is full; whereas a share that is not let go is 52 KB, and the
/// messages of one ceremony are 160 KB: either would show as 90 MB and more.
pub(crate) fn many_signatures(plan: &Plan, runtime: &Runtime, figures: &mut Figures) -> Result<(), Failure> {
    let (settled, end) = runtime.block_on(async {
        let server = ChildServer::start(0)?;
        let holder = Holder::in_memory(server.url(), server.token()).await?;
        let mut signers = Vec::new();
        for _ in 0..SIGNERS {
            signers.push(holder.create().await?);
        }
        let sign = async |count: usize| {
            try_join_all(signers.iter().map(|wallet| async {
                for _ in 0..count / SIGNERS {
                    holder.sign(wallet).await?;
                }
                Ok::<_, Failure>(())
            }))
            .await
        };
        sign(plan.settled).await?;
        let settled = server.resident()?;
        sign(plan.many - plan.settled).await?;
        Ok::<_, Failure>((settled, server.resident()?))
    })?;
    figures.value(("server after its first signatures", "MiB", "resident"), settled / MIB, plan.settled);
    figures.bounded_value(
        (
            "growth over the signatures after them",
            "MiB",
            "the database's page cache may grow by what was stored; a share left behind each time would be 90 MB",
        ),
        (end - settled) / MIB,
        plan.many - plan.settled,
        Bound::AtMost(8.0),
    );
    Ok(())
}
