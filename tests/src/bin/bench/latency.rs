//! One signature at a time over WebSocket, in both profiles, beside one of the engine alone.

use std::fs::File;
use std::io::{Seek, Write};
use std::time::{Duration, Instant};

use maany_coordinator::Device;
use maany_coordinator::device::WalletInfo;
use maany_coordinator::proto::RequestId;
use maany_tests::engine_alone::{self, Shares, timed};
use maany_tests::stats::{median, millis, ratios};
use maany_tests::{Failure, Holder, RunningServer, holder, order};
use tokio::runtime::Runtime;

use crate::figures::{Bound, Figures};
use crate::plan::Plan;

/// Signatures that are made before anything is measured.
const WARM_UP: usize = 5;
/// What an fsync is measured with, in bytes: one page of the database.
const PAGE: [u8; 4096] = [0x5a; 4096];

pub(crate) fn measure(
    plan: &Plan,
    runtime: &Runtime,
    shares: &Shares,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let (server, older, proven) = runtime.block_on(async {
        let server = RunningServer::start().await?;
        let holder = Holder::on_disk(&server.url(), &server.token("bench").await?).await?;
        let older = Signer::new(&holder.plain()).await?;
        let proven = Signer::new(&holder).await?;
        Ok::<_, Failure>((server, older, proven))
    })?;
    let mut disk = tempfile::tempfile()?;
    let mut times = Times::default();
    for number in 0..WARM_UP + plan.signatures {
        let (_, alone) = timed(|| engine_alone::sign(shares, [0x5a; 32]))?;
        let older = runtime.block_on(older.sign())?;
        let proven = runtime.block_on(proven.sign())?;
        let fsync = fsync(&mut disk)?;
        if number >= WARM_UP {
            times.alone.push(alone);
            times.older.push(older);
            times.proven.push(proven);
            times.fsync.push(fsync);
        }
    }
    runtime.block_on(server.stop())?;
    times.tell(figures);
    Ok(())
}

/// A wallet, and the device that signs with it.
struct Signer {
    device: Device,
    wallet: WalletInfo,
}

impl Signer {
    async fn new(holder: &Holder) -> Result<Self, Failure> {
        Ok(Self { device: holder.device()?, wallet: holder.create().await? })
    }

    /// One signature; its request is made before the clock starts.
    async fn sign(&self) -> Result<Duration, Failure> {
        let order = order::send_one(&self.wallet.public_key, holder::fresh())?;
        let request = self.device.request(&self.wallet.wallet, &order).await?;
        let request = RequestId::from_hex(&request.id)?;
        let begin = Instant::now();
        self.device.sign_request(&self.wallet.wallet, request, &order).await?;
        Ok(begin.elapsed())
    }
}

/// How long this disk takes to make one page durable, in a file of its own beside the databases.
fn fsync(disk: &mut File) -> Result<Duration, Failure> {
    disk.rewind()?;
    disk.write_all(&PAGE)?;
    let begin = Instant::now();
    disk.sync_data()?;
    Ok(begin.elapsed())
}

#[derive(Default)]
struct Times {
    alone: Vec<Duration>,
    older: Vec<Duration>,
    proven: Vec<Duration>,
    fsync: Vec<Duration>,
}

impl Times {
    fn tell(&self, figures: &mut Figures) {
        let (alone, older) = (millis(&self.alone), millis(&self.older));
        let (proven, fsync) = (millis(&self.proven), millis(&self.fsync));
        figures.median(
            (
                "signature over websocket, older profile",
                "ms",
                "from connect to the signature verified on the device; sign request made beforehand; redb with fsync on both sides",
            ),
            &older,
        );
        figures.bounded_value(
            ("  / engine alone", "x", "median by median, measured alternately"),
            median(&older) / median(&alone),
            older.len(),
            Bound::AtMost(1.5),
        );
        figures.median(
            ("    the same, pair by pair", "x", "median of the ratios"),
            &ratios(&pairs(&older, &alone)),
        );
        figures.median(
            (
                "signature over websocket, protocol 2",
                "ms",
                "the same, in the channel, with proof and reconciliation",
            ),
            &proven,
        );
        figures.median(("  one fsync", "ms", "4 KiB, in the folder of the databases"), &fsync);
        figures.bounded_value(
            ("  less one fsync / engine alone", "x", "median by median, measured alternately"),
            (median(&proven) - median(&fsync)) / median(&alone),
            proven.len(),
            Bound::AtMost(1.6),
        );
        figures.median(
            ("    with it, pair by pair", "x", "median of the ratios"),
            &ratios(&pairs(&proven, &alone)),
        );
    }
}

fn pairs(over: &[f64], alone: &[f64]) -> Vec<(f64, f64)> {
    over.iter().copied().zip(alone.iter().copied()).collect()
}
