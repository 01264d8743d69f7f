//! Signatures a second: 32 wallets at once over WebSocket, beside the engine alone on all cores.

use std::time::{Duration, Instant};

use futures::future::try_join_all;
use maany_coordinator::device::WalletInfo;
use maany_coordinator::proto::RequestId;
use maany_coordinator::{Device, SignOrder};
use maany_tests::engine_alone::{self, Shares};
use maany_tests::stats::{median, ratios};
use maany_tests::{Failure, Holder, RunningServer, holder, order, planted};
use tokio::runtime::Runtime;

use crate::figures::{Bound, Figures};
use crate::plan::Plan;

const CONCURRENCY: usize = 32;
/// Requests that each wallet has at hand in a window: four times its part of what this machine's engine reaches.
const AT_HAND: usize = 60;

pub(crate) fn measure(
    plan: &Plan,
    runtime: &Runtime,
    shares: &Shares,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let (server, older, proven) = runtime.block_on(async {
        let server = RunningServer::start().await?;
        let holder = Holder::on_disk(&server.url(), &server.token("bench").await?).await?;
        planted::acquainted(&server, &holder).await?;
        let older = (0..CONCURRENCY).map(|_| planted::wallet(&server, "bench", &holder));
        let older = Signers { device: holder.device()?, wallets: try_join_all(older).await? };
        let proven = (0..CONCURRENCY).map(|_| planted::proven_wallet(&server, "bench", &holder));
        let proven = Signers { device: holder.device()?, wallets: try_join_all(proven).await? };
        Ok::<_, Failure>((server, older, proven))
    })?;
    let mut windows = Windows::default();
    for _ in 0..plan.windows {
        let ready = runtime.block_on(older.ready())?;
        let alone = engine_alone::throughput(shares, plan.cores, plan.window)?;
        windows.older.push((runtime.block_on(older.signed(ready, plan.window))?, alone));
        let ready = runtime.block_on(proven.ready())?;
        let alone = engine_alone::throughput(shares, plan.cores, plan.window)?;
        windows.proven.push((runtime.block_on(proven.signed(ready, plan.window))?, alone));
        windows.whole.push(runtime.block_on(proven.asked_and_signed(plan.window))?);
    }
    runtime.block_on(server.stop())?;
    windows.tell(figures);
    Ok(())
}

/// Signatures a second, with those of the engine alone just before.
#[derive(Default)]
struct Windows {
    older: Vec<(f64, f64)>,
    proven: Vec<(f64, f64)>,
    whole: Vec<f64>,
}

impl Windows {
    fn tell(&self, figures: &mut Figures) {
        let over = |pairs: &[(f64, f64)]| pairs.iter().map(|(over, _)| *over).collect::<Vec<_>>();
        let alone: Vec<f64> = self.older.iter().chain(&self.proven).map(|(_, alone)| *alone).collect();
        figures.median(("engine alone: throughput", "/s", "a thread for each core, both parties"), &alone);
        let note = "32 wallets at once, server and devices on the same cores; requests made beforehand";
        figures.median(("throughput over websocket, older profile", "/s", note), &over(&self.older));
        let note = "median of the ratios of windows that follow each other";
        figures.bounded_value(
            ("  / engine alone", "x", note),
            median(&ratios(&self.older)),
            self.older.len(),
            Bound::AtLeast(0.8),
        );
        figures.median(
            (
                "throughput over websocket, protocol 2",
                "/s",
                "the same, in the channel, with proof and reconciliation",
            ),
            &over(&self.proven),
        );
        figures.value(("  / engine alone", "x", note), median(&ratios(&self.proven)), self.proven.len());
        figures.median(
            ("  with the sign request in it", "/s", "request over http and signature, 32 wallets at once"),
            &self.whole,
        );
    }
}

type Ready = Vec<(RequestId, SignOrder)>;

/// Wallets that sign at once.
struct Signers {
    device: Device,
    wallets: Vec<WalletInfo>,
}

impl Signers {
    async fn ready(&self) -> Result<Vec<Ready>, Failure> {
        try_join_all(self.wallets.iter().map(|wallet| requests(&self.device, wallet))).await
    }

    async fn signed(&self, ready: Vec<Ready>, window: Duration) -> Result<f64, Failure> {
        signed(&self.device, &self.wallets, ready, window).await
    }

    async fn asked_and_signed(&self, window: Duration) -> Result<f64, Failure> {
        asked_and_signed(&self.device, &self.wallets, window).await
    }
}

async fn requests(device: &Device, wallet: &WalletInfo) -> Result<Ready, Failure> {
    let mut ready = Vec::new();
    for _ in 0..AT_HAND {
        let order = order::send_one(&wallet.public_key, holder::fresh())?;
        let request = device.request(&wallet.wallet, &order).await?;
        ready.push((RequestId::from_hex(&request.id)?, order));
    }
    Ok(ready)
}

/// Signatures a second over requests that are there.
async fn signed(
    device: &Device,
    wallets: &[WalletInfo],
    ready: Vec<Ready>,
    window: Duration,
) -> Result<f64, Failure> {
    let begin = Instant::now();
    let worker = |wallet: WalletInfo, ready: Ready| {
        let device = device.clone();
        async move {
            let mut count = 0_u32;
            let mut rest = ready.into_iter();
            while begin.elapsed() < window {
                let (request, order) = rest.next().ok_or("too few requests for this window")?;
                device.sign_request(&wallet.wallet, request, &order).await?;
                count += 1;
            }
            // What is left would count among the open ones of the next window.
            Ok::<_, Failure>((count, begin.elapsed(), wallet, rest.collect::<Vec<_>>()))
        }
    };
    let workers =
        wallets.iter().cloned().zip(ready).map(|(wallet, ready)| tokio::spawn(worker(wallet, ready)));
    let mut done = Vec::new();
    for worker in workers.collect::<Vec<_>>() {
        done.push(worker.await??);
    }
    let elapsed = done.iter().map(|(_, elapsed, ..)| *elapsed).max().unwrap_or(window);
    let count: u32 = done.iter().map(|(count, ..)| count).sum();
    try_join_all(done.into_iter().map(|(.., wallet, rest)| async move {
        for (request, order) in rest {
            device.sign_request(&wallet.wallet, request, &order).await?;
        }
        Ok::<_, Failure>(())
    }))
    .await?;
    Ok(f64::from(count) / elapsed.as_secs_f64())
}

/// Signatures a second, each with its request.
async fn asked_and_signed(device: &Device, wallets: &[WalletInfo], window: Duration) -> Result<f64, Failure> {
    let begin = Instant::now();
    let worker = |wallet: WalletInfo| {
        let device = device.clone();
        async move {
            let mut count = 0_u32;
            while begin.elapsed() < window {
                let order = order::send_one(&wallet.public_key, holder::fresh())?;
                device.sign(&wallet.wallet, &order).await?;
                count += 1;
            }
            Ok::<_, Failure>(count)
        }
    };
    let workers: Vec<_> = wallets.iter().cloned().map(|wallet| tokio::spawn(worker(wallet))).collect();
    let mut count = 0;
    for worker in workers {
        count += worker.await??;
    }
    Ok(f64::from(count) / begin.elapsed().as_secs_f64())
}
