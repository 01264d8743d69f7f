//! One signature at a time over WebSocket, beside one of the engine alone.

use std::time::Instant;

use maany_coordinator::proto::RequestId;
use maany_tests::engine_alone::{self, Shares, timed};
use maany_tests::stats::{median, millis, ratios};
use maany_tests::{Failure, Holder, RunningServer, holder, order};
use tokio::runtime::Runtime;

use crate::figures::{Bound, Figures};
use crate::plan::Plan;

/// Signatures that are made before anything is measured.
const WARM_UP: usize = 5;

pub(crate) fn measure(
    plan: &Plan,
    runtime: &Runtime,
    shares: &Shares,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let (server, device, wallet) = runtime.block_on(async {
        let server = RunningServer::start().await?;
        let holder = Holder::on_disk(&server.url(), &server.token("bench").await?).await?;
        let wallet = holder.create().await?;
        Ok::<_, Failure>((server, holder.device()?, wallet))
    })?;
    let (mut alone, mut over) = (Vec::new(), Vec::new());
    for number in 0..WARM_UP + plan.signatures {
        let order = order::send_one(&wallet.public_key, holder::fresh())?;
        let request = runtime.block_on(device.request(&wallet.wallet, &order))?;
        let request = RequestId::from_hex(&request.id)?;
        let (_, took) = timed(|| engine_alone::sign(shares, [0x5a; 32]))?;
        let begin = Instant::now();
        runtime.block_on(device.sign_request(&wallet.wallet, request, &order))?;
        if number >= WARM_UP {
            over.push(begin.elapsed());
            alone.push(took);
        }
    }
    runtime.block_on(server.stop())?;
    let (alone, over) = (millis(&alone), millis(&over));
    figures.median(
        (
            "signature over websocket",
            "ms",
            "from connect to the signature verified on the device; sign request made beforehand; redb with fsync on both sides",
        ),
        &over,
    );
    figures.bounded_value(
        ("signature over websocket / engine alone", "x", "median by median, measured alternately"),
        median(&over) / median(&alone),
        over.len(),
        Bound::AtMost(1.5),
    );
    let pairs: Vec<(f64, f64)> = over.iter().copied().zip(alone).collect();
    figures.median(("  the same, pair by pair", "x", "median of the ratios"), &ratios(&pairs));
    Ok(())
}
