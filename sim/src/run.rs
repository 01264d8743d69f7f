//! The run of one seed: the hosts, what goes wrong, the calm after it, the judgement.

use std::panic::catch_unwind;
use std::sync::Arc;
use std::time::Duration;

use turmoil::Sim;

use crate::Failure;
use crate::judge::{self, Broken, Lies};
use crate::person::Person;
use crate::plan::{Plan, Trouble, What};
use crate::road::{self, SERVER};
use crate::sabotage::Sabotage;
use crate::site::{Seen, Site};
use crate::toy::Toy;
use crate::trace::Trace;

/// How far the simulation goes at a time. Messages arrive at these moments alone.
const TICK: Duration = Duration::from_millis(10);
/// When what goes wrong ends, whether or not everybody has what they want.
const TROUBLED: Duration = Duration::from_secs(25);
/// Longer than the calm lasts where everything comes to an end.
const CALM: Duration = Duration::from_secs(900);

/// What a run came to.
pub(crate) struct Run {
    pub(crate) trace: Trace,
    pub(crate) broken: Option<Broken>,
    pub(crate) figures: Figures,
}

/// What happened in one run, or in many.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) wallets: u64,
    pub(crate) sessions: u64,
    pub(crate) signatures: u64,
    pub(crate) drops: u64,
    pub(crate) partitions: u64,
    pub(crate) restarts: u64,
    pub(crate) lost_writes: u64,
    pub(crate) restored: u64,
    pub(crate) parted: u64,
    pub(crate) replacements: u64,
    pub(crate) again: u64,
    pub(crate) longest: Duration,
    pub(crate) simulated: Duration,
}

impl Figures {
    pub(crate) fn add(&mut self, other: &Self) {
        self.wallets += other.wallets;
        self.sessions += other.sessions;
        self.signatures += other.signatures;
        self.drops += other.drops;
        self.partitions += other.partitions;
        self.restarts += other.restarts;
        self.lost_writes += other.lost_writes;
        self.restored += other.restored;
        self.parted += other.parted;
        self.replacements += other.replacements;
        self.again += other.again;
        self.longest = self.longest.max(other.longest);
        self.simulated += other.simulated;
    }
}

/// Runs a seed.
pub(crate) fn run(seed: u64, sabotage: Sabotage) -> Result<Run, Failure> {
    // A panic that nothing contains is the run's end, and not that of the runs after it.
    catch_unwind(|| World::of(seed, sabotage)?.run()).unwrap_or_else(|_payload| {
        let text = judge::take_panic().unwrap_or_default();
        Ok(Run { trace: Trace::default(), broken: Some(Broken::Panic(text)), figures: Figures::default() })
    })
}

struct World {
    sim: Sim<'static>,
    plan: Plan,
    site: Site,
    people: Vec<Person>,
    trace: Trace,
    figures: Figures,
    /// What is to be undone, and when.
    later: Vec<(Duration, After)>,
    lost_at_server: bool,
}

/// What follows from something that went wrong.
#[derive(Clone, Copy, Debug)]
enum After {
    ServerStarts,
    PhoneStarts(usize),
    Repair(usize),
    Release(usize),
}

impl World {
    fn of(seed: u64, sabotage: Sabotage) -> Result<Self, Failure> {
        let plan = Plan::of(seed);
        let trace = Trace::default();
        let engine = Arc::new(Toy::new(seed));
        let owners: Vec<_> = (0..plan.errands.len()).map(Person::owner).collect();
        let (site, tokens) = Site::found(Arc::clone(&engine), trace.clone(), sabotage, &owners)?;
        let people: Vec<_> = (0..)
            .zip(tokens)
            .zip(&plan.errands)
            .map(|((index, token), errands)| {
                let (engine, site, trace) = (Arc::clone(&engine), site.clone(), trace.clone());
                Person::new(index, seed, token, errands.clone(), engine, site, trace)
            })
            .collect();
        let mut sim = turmoil::Builder::new()
            .rng_seed(seed)
            .tick_duration(TICK)
            .min_message_latency(plan.nearest)
            .max_message_latency(plan.farthest)
            .simulation_duration(TROUBLED + CALM + CALM)
            .tcp_capacity(1024)
            .build();
        let server = site.clone();
        sim.host(SERVER, move || {
            let (server, trace) = (server.clone(), server.trace().clone());
            async move {
                if let Err(error) = server.run().await {
                    trace.say(format_args!("server: does not serve: {error}"));
                }
                Ok(())
            }
        });
        for person in &people {
            let person = person.clone();
            sim.host(Person::host(person.index()), move || {
                let person = person.clone();
                async move {
                    person.live().await;
                    Ok(())
                }
            });
        }
        trace.say(format_args!("{plan:?}"));
        let figures = Figures::default();
        Ok(Self { sim, plan, site, people, trace, figures, later: Vec::new(), lost_at_server: false })
    }

    fn run(mut self) -> Result<Run, Failure> {
        let troubles = std::mem::take(&mut self.plan.troubles);
        let mut troubles = troubles.into_iter().peekable();
        let mut calm_since = None;
        loop {
            let now = self.sim.elapsed();
            self.trace.set(now);
            if calm_since.is_none() {
                while let Some(Trouble { what, .. }) = troubles.next_if(|trouble| trouble.at <= now) {
                    self.strike(what, now);
                }
                let is_idle = troubles.peek().is_none() && self.later.is_empty() && self.are_idle();
                if is_idle || now >= TROUBLED {
                    self.calm_down();
                    calm_since = Some(now);
                }
            }
            self.undo(now);
            self.bury(now);
            self.step()?;
            if judge::panicked() || self.people.iter().any(|person| person.state().broken.is_some()) {
                break;
            }
            if self.people.iter().all(|person| person.state().is_done) {
                break;
            }
            if calm_since.is_some_and(|since| now - since > CALM) {
                self.trace.say("the calm does not come to an end");
                break;
            }
        }
        let Self { site, people, trace, mut figures, lost_at_server, sim, .. } = self;
        let Seen { sessions, longest } = site.seen();
        figures.sessions = sessions;
        figures.longest = longest;
        figures.simulated = sim.elapsed();
        for person in &people {
            let state = person.state();
            figures.wallets += u64::from(state.wallet.is_some());
            figures.signatures += state.memory.signed() as u64;
            figures.again += (state.memory.signatures().count() - state.memory.signed()) as u64;
            figures.parted += u64::from(state.has_parted);
            figures.replacements += state.memory.replacements() as u64;
            figures.drops += person.hop().done();
            figures.restored += state.phones.len().saturating_sub(1) as u64;
        }
        let broken = judge::judge(&site, &people, Lies { at_server: lost_at_server })?;
        if let Some(broken) = &broken {
            trace.say(format_args!("BROKEN {broken}"));
        }
        Ok(Run { trace, broken, figures })
    }

    fn step(&mut self) -> Result<(), Failure> {
        self.sim.step().map_err(|error| Failure::from(error.to_string()))?;
        Ok(())
    }

    fn are_idle(&self) -> bool {
        self.people.iter().all(|person| person.has_everything())
    }

    fn strike(&mut self, what: What, now: Duration) {
        self.trace.say(format_args!("trouble: {what:?}"));
        match what {
            What::ServerDies(back) => self.server_dies(now + back),
            What::PhoneDies(person, back) => self.phone_dies(person, now + back),
            What::ServerDisk(misfortune, skip) => {
                if self.site.disk.arm(misfortune, skip) && misfortune == crate::disk::Misfortune::Loses {
                    self.figures.lost_writes += 1;
                    self.lost_at_server = true;
                }
            }
            What::PhoneDisk(person, misfortune, skip) => {
                let armed = self.people[person].disk().arm(misfortune, skip);
                self.figures.lost_writes += u64::from(armed && misfortune == crate::disk::Misfortune::Loses);
            }
            What::Partition(person, long) => {
                self.sim.partition(Person::host(person), SERVER);
                self.figures.partitions += 1;
                self.later.push((now + long, After::Repair(person)));
            }
            What::PartitionOneWay(person, way, long) => {
                let phone = Person::host(person);
                match way {
                    road::Way::ToServer => self.sim.partition_oneway(phone, SERVER),
                    road::Way::ToDevice => self.sim.partition_oneway(SERVER, phone),
                }
                self.figures.partitions += 1;
                self.later.push((now + long, After::Repair(person)));
            }
            What::Hold(person, long) => {
                self.sim.hold(Person::host(person), SERVER);
                self.later.push((now + long, After::Release(person)));
            }
            What::Cut(person) => self.people[person].hop().cut(),
            What::Meddle(person, way, skip, meddling) => self.people[person].hop().order(way, skip, meddling),
        }
    }

    /// Starts, repairs and releases what is due.
    fn undo(&mut self, now: Duration) {
        let (due, later): (Vec<_>, Vec<_>) = self.later.drain(..).partition(|(at, _)| *at <= now);
        self.later = later;
        for (_, after) in due {
            self.trace.say(format_args!("{after:?}"));
            match after {
                After::ServerStarts => self.sim.bounce(SERVER),
                After::PhoneStarts(person) => self.sim.bounce(Person::host(person)),
                After::Repair(person) => self.sim.repair(Person::host(person), SERVER),
                After::Release(person) => self.sim.release(Person::host(person), SERVER),
            }
        }
    }

    /// Processes whose disk has ended them.
    fn bury(&mut self, now: Duration) {
        let back = now + Duration::from_millis(200);
        if self.site.disk.is_dead() {
            self.trace.say("the server has died of its disk");
            self.server_dies(back);
        }
        for person in 0..self.people.len() {
            if self.people[person].is_dead() {
                self.trace.say(format_args!("the phone of person {person} has died of its disk"));
                self.phone_dies(person, back);
            }
        }
    }

    fn server_dies(&mut self, back: Duration) {
        self.site.die();
        self.sim.crash(SERVER);
        self.site.end();
        self.figures.restarts += 1;
        self.later.retain(|(_, after)| !matches!(after, After::ServerStarts));
        self.later.push((back, After::ServerStarts));
    }

    fn phone_dies(&mut self, person: usize, back: Duration) {
        self.sim.crash(Person::host(person));
        self.people[person].end();
        self.figures.restarts += 1;
        self.later.retain(|(_, after)| !matches!(after, After::PhoneStarts(who) if *who == person));
        self.later.push((back, After::PhoneStarts(person)));
    }

    /// Nothing goes wrong any more; everything starts anew.
    fn calm_down(&mut self) {
        self.trace.say("calm");
        let now = self.sim.elapsed();
        self.later.clear();
        for person in 0..self.people.len() {
            let phone = Person::host(person);
            self.sim.release(phone.clone(), SERVER);
            self.sim.repair(phone, SERVER);
            self.people[person].hop().rest();
            self.people[person].calm_down();
        }
        self.server_dies(now);
        for person in 0..self.people.len() {
            self.phone_dies(person, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_replays() {
        for seed in 1..6 {
            let [one, other] = [(); 2].map(|()| run(seed, Sabotage::None).unwrap());
            assert_eq!(one.trace.lines(), other.trace.lines(), "seed {seed}");
        }
    }

    /// The server of this seed dies with several sessions open.
    #[test]
    fn a_seed_replays_whatever_has_run_before() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let runs: Vec<_> = (0..4)
            .map(|_| {
                // Tasks are counted over the whole process.
                drop(runtime.spawn(async {}));
                run(4000, Sabotage::None).unwrap().trace.lines()
            })
            .collect();
        assert!(runs.windows(2).all(|pair| pair[0] == pair[1]));
    }

    /// The judge can fail: each promise that the server breaks on purpose is noticed within so many seeds.
    #[test]
    fn what_is_broken_on_purpose_is_noticed() {
        for sabotage in [Sabotage::Forgets, Sabotage::Retired, Sabotage::Unguarded] {
            let noticed = (1..400).find(|seed| run(*seed, sabotage).unwrap().broken.is_some());
            assert!(noticed.is_some(), "{sabotage:?}");
        }
    }
}
