//! The engine alone: one thread, both parties.

use maany_tests::Failure;
use maany_tests::engine_alone::{self, Shares, timed};
use maany_tests::stats::millis;

use crate::figures::Figures;
use crate::plan::Plan;

/// Makes, refreshes and uses keys; the last key is for the measurements that follow.
pub(crate) fn measure(plan: &Plan, figures: &mut Figures) -> Result<Shares, Failure> {
    let (mut made, mut refreshed, mut signed) = (Vec::new(), Vec::new(), Vec::new());
    let mut shares = engine_alone::dkg()?;
    for _ in 0..plan.keys {
        let (fresh, took) = timed(engine_alone::dkg)?;
        made.push(took);
        let (renewed, took) = timed(|| engine_alone::refresh(&fresh))?;
        refreshed.push(took);
        shares = renewed;
    }
    for number in 0..plan.signatures {
        let digest = [u8::try_from(number % 251)?; 32];
        signed.push(timed(|| engine_alone::sign(&shares, digest))?.1);
    }
    let note = "one thread, both parties, messages as bytes";
    figures.median(("engine alone: signature", "ms", note), &millis(&signed));
    figures.median(("engine alone: dkg", "ms", note), &millis(&made));
    figures.median(("engine alone: complete refresh", "ms", note), &millis(&refreshed));
    Ok(shares)
}
