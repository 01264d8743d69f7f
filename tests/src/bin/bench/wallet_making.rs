//! A new wallet over WebSocket, where the parties compute at the same time, beside a DKG of the engine on one thread.

use std::time::Instant;

use maany_tests::engine_alone::{self, timed};
use maany_tests::stats::{median, millis, ratios};
use maany_tests::{Failure, Holder, RunningServer};
use tokio::runtime::Runtime;

use crate::figures::{Bound, Figures};
use crate::plan::Plan;

pub(crate) fn measure(plan: &Plan, runtime: &Runtime, figures: &mut Figures) -> Result<(), Failure> {
    let (server, device) = runtime.block_on(async {
        let server = RunningServer::start().await?;
        let holder = Holder::on_disk(&server.url(), &server.token("bench").await?).await?;
        Ok::<_, Failure>((server, holder.device()?))
    })?;
    let (mut alone, mut over) = (Vec::new(), Vec::new());
    for _ in 0..plan.wallets {
        alone.push(timed(engine_alone::dkg)?.1);
        let begin = Instant::now();
        runtime.block_on(device.create_wallet(None))?;
        over.push(begin.elapsed());
    }
    runtime.block_on(server.stop())?;
    let (alone, over) = (millis(&alone), millis(&over));
    let note = "from connect to the wallet committed on both sides; redb with fsync on both sides";
    figures.median(("dkg over websocket", "ms", note), &over);
    figures.bounded_value(
        ("dkg over websocket / engine alone", "x", "the engine alone on one thread, measured alternately"),
        median(&over) / median(&alone),
        over.len(),
        Bound::AtMost(0.65),
    );
    let pairs: Vec<(f64, f64)> = over.iter().copied().zip(alone).collect();
    figures.median(("  the same, pair by pair", "x", "median of the ratios"), &ratios(&pairs));
    Ok(())
}
