//! Runs cases on two workers.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use maany_tests::Failure;
use maany_tests::report::say;

use crate::case::{Case, Told};
use crate::promises::Broken;
use crate::template::Template;
use crate::world::House;

/// How many cases run at one time.
const WORKERS: usize = 2;

/// What came of a case.
pub(crate) type Outcome = (Case, Result<Told, Broken>);

/// Runs every case; one that breaks a promise is named at once.
pub(crate) fn run(cases: &[Case], templates: &[Template]) -> Result<Vec<Outcome>, Failure> {
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(Vec::with_capacity(cases.len()));
    let workers: Vec<Result<(), Failure>> = std::thread::scope(|scope| {
        let work = || -> Result<(), Failure> {
            let house = House::build()?;
            while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                let template = templates
                    .iter()
                    .find(|template| template.stores == case.stores)
                    .ok_or("there are no disks for these stores")?;
                let outcome = case.run(&house, template);
                if let Err(broken) = &outcome {
                    say(format_args!("BROKEN {case}\n       {broken}"));
                }
                outcomes.lock().unwrap_or_else(PoisonError::into_inner).push((*case, outcome));
            }
            Ok(())
        };
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|_| Err("a worker panicked".into())))
            .collect()
    });
    workers.into_iter().collect::<Result<Vec<()>, _>>()?;
    Ok(outcomes.into_inner().unwrap_or_else(PoisonError::into_inner))
}
