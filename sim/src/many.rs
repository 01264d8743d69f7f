//! One seed with its trace, or many with their figures.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::run::{self, Figures, Run};
use crate::sabotage::Sabotage;
use crate::{Failure, judge, seeds};

/// Of this many seeds one is run twice, like every one that fails, and both runs must be the same.
const TWICE: u64 = 100;

/// Shows a seed; false where it fails, or does not replay.
pub(crate) fn one(seed: u64, sabotage: Sabotage) -> Result<bool, Failure> {
    let run = run::run(seed, sabotage)?;
    for line in run.trace.lines() {
        println!("{line}");
    }
    let again = run::run(seed, sabotage)?;
    println!("\nseed {seed}: {}", verdict(run.broken.as_ref()));
    let difference = difference(&run, &again);
    match &difference {
        None => println!("a second run was the same"),
        Some(difference) => println!("a second run was ANOTHER ONE: {difference}"),
    }
    Ok(run.broken.is_none() && difference.is_none())
}

/// Where two runs of a seed part; none where they do not.
fn difference(run: &Run, again: &Run) -> Option<String> {
    let (one, other) = (run.trace.lines(), again.trace.lines());
    let at = one.iter().zip(&other).position(|(one, other)| one != other);
    let line = |lines: &[String], at: usize| lines.get(at).map_or("(its end)", String::as_str).to_owned();
    let parted = |at| format!("at line {}, first {:?}, then {:?}", at + 1, line(&one, at), line(&other, at));
    match at {
        Some(at) => Some(parted(at)),
        None if one.len() != other.len() => Some(parted(one.len().min(other.len()))),
        None => None,
    }
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
                        Some(found) => found.seed,
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
    if let Ok(once) = &run
        && (failed.is_some() || seed.is_multiple_of(TWICE))
    {
        let parted = match run::run(seed, sabotage) {
            Ok(again) => {
                difference(once, &again).map(|difference| format!("it does not replay: {difference}"))
            }
            Err(error) => Some(format!("it cannot be run again: {error}")),
        };
        failed = match (failed, parted) {
            (Some(failed), Some(parted)) => Some(format!("{failed}; {parted}")),
            (failed, parted) => failed.or(parted),
        };
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
        if let Some(before) = seeds::found(seed) {
            println!("  it has failed before: {before}");
        }
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
        "restored twice{:>8}   (the server lost the decision of a restore, and met the phone before first)",
        figures.parted
    );
    println!("replacements  {:>9}   (documents that named the one in their way)", figures.replacements);
    println!("asked again   {:>9}   (signatures that were given once more)", figures.again);
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
