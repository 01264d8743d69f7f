//! A signature on a line with a round trip of 50 ms, beside one on a direct line.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use maany_coordinator::Device;
use maany_coordinator::device::{Progress, ProgressEvent, WalletInfo};
use maany_coordinator::proto::RequestId;
use maany_tests::{Failure, Holder, Line, RunningServer, holder, order};
use tokio::runtime::Runtime;

use crate::figures::{Bound, Figures};
use crate::plan::Plan;

const ROUND_TRIP: Duration = Duration::from_millis(50);

pub(crate) fn measure(plan: &Plan, runtime: &Runtime, figures: &mut Figures) -> Result<(), Failure> {
    let samples = runtime.block_on(samples(plan))?;
    let trips: Vec<f64> = samples
        .iter()
        .map(|(direct, delayed)| (delayed.as_secs_f64() - direct.as_secs_f64()) / ROUND_TRIP.as_secs_f64())
        .collect();
    figures.bounded_median(
        (
            "signature with a 50 ms round trip",
            "round trips",
            "from the upgrade done to the signature verified on the device, less the same on a direct line",
        ),
        &trips,
        Bound::AtMost(3.5),
    );
    Ok(())
}

async fn samples(plan: &Plan) -> Result<Vec<(Duration, Duration)>, Failure> {
    let server = RunningServer::start().await?;
    let line = Line::delaying(server.address(), ROUND_TRIP / 2).await?;
    let stopwatch = Arc::new(Stopwatch::default());
    let holder = Holder::on_disk(&server.url(), &server.token("bench").await?).await?;
    let holder = holder.watched(Arc::clone(&stopwatch) as Arc<dyn Progress>);
    let (direct, delayed) = (holder.device()?, holder.through(&line.url()).device()?);
    let wallet = holder.create().await?;
    let mut samples = Vec::new();
    for _ in 0..plan.round_trips {
        let near = after_upgrade(&direct, &direct, &wallet, &stopwatch).await?;
        let far = after_upgrade(&direct, &delayed, &wallet, &stopwatch).await?;
        samples.push((near, far));
    }
    server.stop().await?;
    Ok(samples)
}

/// Asks on one line, signs on the other; how long it took from the upgrade.
async fn after_upgrade(
    asks: &Device,
    signs: &Device,
    wallet: &WalletInfo,
    stopwatch: &Stopwatch,
) -> Result<Duration, Failure> {
    let order = order::send_one(&wallet.public_key, holder::fresh())?;
    let request = asks.request(&wallet.wallet, &order).await?;
    signs.sign_request(&wallet.wallet, RequestId::from_hex(&request.id)?, &order).await?;
    Ok(stopwatch.read().ok_or("no session was opened")?.elapsed())
}

/// When the last session's upgrade was done.
#[derive(Default)]
struct Stopwatch(Mutex<Option<Instant>>);

impl Stopwatch {
    fn read(&self) -> Option<Instant> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress for Stopwatch {
    fn event(&self, event: ProgressEvent) {
        if event == ProgressEvent::Connected {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
    }
}
