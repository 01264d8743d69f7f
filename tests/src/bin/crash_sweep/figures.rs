//! What a sweep says in the end.

use std::collections::BTreeMap;
use std::time::Duration;

use maany_tests::report::{say, table};

use crate::promises::{Broken, Way};
use crate::sweep::Outcome;
use crate::trouble::Trouble;

/// Fewer cases than this are no sweep.
pub(crate) const FEWEST: usize = 2_000;

/// The figures.
#[derive(Default)]
pub(crate) struct Figures {
    cases: usize,
    making_shares: usize,
    missed: usize,
    lost: usize,
    twice: usize,
    left: usize,
    unrun: usize,
    boots: usize,
    refreshed: usize,
    restored: usize,
    resumed: BTreeMap<&'static str, [usize; 2]>,
    counts: BTreeMap<(&'static str, &'static str), usize>,
}

impl Figures {
    /// Adds everything up. A case whose trouble did not come counts for nothing but the promises.
    pub(crate) fn of(outcomes: &[Outcome]) -> Self {
        let mut figures = Self::default();
        for (case, outcome) in outcomes {
            match outcome {
                Ok(told) if !told.came => {
                    figures.missed += 1;
                    say(format_args!("the trouble did not come: {case}"));
                    continue;
                }
                Ok(told) => {
                    figures.boots += told.boots;
                    figures.refreshed += usize::from(told.way == Way::Refreshed);
                    figures.restored += usize::from(told.way == Way::Restored);
                    if let Trouble::CutAndResumed(_) = case.trouble {
                        let [all, resumed] = figures.resumed.entry(case.verb.name()).or_default();
                        (*all, *resumed) = (*all + 1, *resumed + usize::from(told.resumed));
                    }
                }
                Err(Broken::Lost(_)) => figures.lost += 1,
                Err(Broken::SignedTwice(_)) => figures.twice += 1,
                Err(Broken::Left(_)) => figures.left += 1,
                Err(Broken::Run(_)) => figures.unrun += 1,
            }
            figures.cases += 1;
            figures.making_shares += usize::from(case.verb.makes_shares());
            *figures.counts.entry((case.verb.name(), case.trouble.kind())).or_default() += 1;
        }
        figures
    }

    /// Whether every promise was kept, and sessions were resumed where they were to be: no verb began anew after every cut.
    pub(crate) fn is_clean(&self) -> bool {
        let resumes = self.resumed.values().all(|[_, resumed]| *resumed > 0);
        self.lost + self.twice + self.left + self.unrun == 0 && resumes
    }

    /// Whether it was a whole sweep.
    pub(crate) fn is_whole(&self) -> bool {
        self.cases >= FEWEST
    }

    /// Prints them.
    pub(crate) fn say(&self, elapsed: Duration) {
        say(format_args!("\n{}", table(&self.rows())));
        say(format_args!(
            "{} cases, {} of them make shares; {} boots after a death; {} more in which the trouble did not come",
            self.cases, self.making_shares, self.boots, self.missed
        ));
        say(format_args!(
            "after a lost write, {} wallets took a refresh and {} a restore to sign again",
            self.refreshed, self.restored
        ));
        for (verb, [all, resumed]) in &self.resumed {
            say(format_args!(
                "{verb}: of {all} sessions that were cut {resumed} went on over another socket, the others in another session"
            ));
        }
        say(format_args!(
            "wallets lost {}, double signatures {}, sides that do not agree {}, cases that could not be run {}, time {:.0} s",
            self.lost,
            self.twice,
            self.left,
            self.unrun,
            elapsed.as_secs_f64()
        ));
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let mut troubles: Vec<&str> = self.counts.keys().map(|(_, trouble)| *trouble).collect();
        troubles.sort_unstable();
        troubles.dedup();
        let mut verbs: Vec<&str> = self.counts.keys().map(|(verb, _)| *verb).collect();
        verbs.dedup();
        let mut rows = vec![
            std::iter::once("verb").chain(troubles.iter().copied()).map(str::to_owned).collect::<Vec<_>>(),
        ];
        for verb in verbs {
            let count = |trouble: &&str| {
                let found = self.counts.iter().find(|((v, t), _)| *v == verb && t == trouble);
                found.map_or(0, |(_, count)| *count).to_string()
            };
            rows.push(std::iter::once(verb.to_owned()).chain(troubles.iter().map(count)).collect());
        }
        rows
    }
}
