//! One seed with its trace, or many with their figures.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::run::{self, Figures};
use crate::sabotage::Sabotage;
use crate::{Failure, judge, seeds};

/// Of this many seeds one is run twice, and both runs must be the same.
const TWICE: u64 = 100;

/// Shows a seed; false where it fails, or does not replay.
pub(crate) fn one(seed: u64, sabotage: Sabotage) -> Result<bool, Failure> {
    let run = run::run(seed, sabotage)?;
    for line in run.trace.lines() {
        println!("{line}");
    }
    let again = run::run(seed, sabotage)?;
    let replays = run.trace.fingerprint() == again.trace.fingerprint();
    println!("\nseed {seed}: {}", verdict(run.broken.as_ref()));
    println!("a second run was {}", if replays { "the same" } else { "ANOTHER ONE" });
    if !replays {
        let lines = run.trace.lines();
        let differs = lines.iter().zip(again.trace.lines()).find(|(one, other)| *one != other);
        if let Some((one, other)) = differs {
            println!("first:  {one}\nsecond: {other}");
        }
    }
    Ok(run.broken.is_none() && replays)
}

fn verdict(broken: Option<&judge::Broken>) -> String {
    broken.map_or_else(|| "every promise is kept".to_owned(), |broken| format!("FAILED: {broken}"))
}

#[derive(Default)]
struct Sum {
    figures: Figures,
    seeds: u64,
    failed: Vec<(u64, String)>,
}

/// Judges many seeds, those first that once failed; false where one fails.
pub(crate) fn many(
    first: u64,
    count: u64,
    threads: Option<usize>,
    sabotage: Sabotage,
) -> Result<bool, Failure> {
    let started = Instant::now();
    let known = seeds::FOUND.len() as u64;
    let next = AtomicU64::new(0);
    let sum = Mutex::new(Sum::default());
    let threads = match threads {
        Some(threads) => threads,
        None => std::thread::available_parallelism()?.get(),
    };
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let found = usize::try_from(number).ok().and_then(|number| seeds::FOUND.get(number));
                    let seed = match found {
                        Some((seed, _)) => *seed,
                        None if number < known + count => first + (number - known),
                        None => return,
                    };
                    judged(seed, sabotage, &sum);
                }
            });
        }
    });
    let mut sum = sum.into_inner().unwrap_or_else(PoisonError::into_inner);
    sum.failed.sort();
    report(&sum, started.elapsed());
    Ok(sum.failed.is_empty())
}

fn judged(seed: u64, sabotage: Sabotage, sum: &Mutex<Sum>) {
    let run = run::run(seed, sabotage);
    let mut failed = match &run {
        Ok(run) => run.broken.as_ref().map(ToString::to_string),
        Err(error) => Some(format!("it cannot be run: {error}")),
    };
    if let (None, Ok(once)) = (&failed, &run)
        && seed.is_multiple_of(TWICE)
    {
        let replays =
            run::run(seed, sabotage).is_ok_and(|again| again.trace.fingerprint() == once.trace.fingerprint());
        failed = (!replays).then(|| "it does not replay".to_owned());
    }
    // The next run of this thread has nothing to do with it.
    drop(judge::take_panic());
    let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
    sum.seeds += 1;
    if let Ok(run) = &run {
        sum.figures.add(&run.figures);
    }
    if let Some(text) = failed {
        println!("seed {seed} failed: {text}\n  cargo xtask sim --seed {seed}");
        sum.failed.push((seed, text));
    }
}

fn report(sum: &Sum, took: Duration) {
    let Sum { figures, seeds, failed } = sum;
    println!("\nseeds         {seeds:>9}");
    println!("wallets       {:>9}", figures.wallets);
    println!("sessions      {:>9}", figures.sessions);
    println!("signatures    {:>9}", figures.signatures);
    println!("drops         {:>9}   (cut, repeated, swallowed, harmed)", figures.drops);
    println!("partitions    {:>9}", figures.partitions);
    println!("restarts      {:>9}", figures.restarts);
    println!("lost writes   {:>9}", figures.lost_writes);
    println!("new phones    {:>9}", figures.restored);
    println!(
        "asked for more{:>9}   (after a lost write: a signature, a refresh or a restore)",
        figures.after_more
    );
    println!("longest session   {:>5.1} s", figures.longest.as_secs_f64());
    println!("simulated     {:>9} s", figures.simulated.as_secs());
    println!("time          {:>9.1} s", took.as_secs_f64());
    match failed.as_slice() {
        [] => println!("\nevery promise is kept"),
        failed => {
            println!("\n{} of {seeds} seeds FAILED:", failed.len());
            for (seed, text) in failed.iter().take(20) {
                println!("  {seed}: {text}");
            }
        }
    }
}
