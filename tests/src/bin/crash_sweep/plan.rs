//! All cases: what cases there are is found by running each verb once without trouble.

use crate::case::{self, Case};
use crate::promises::Broken;
use crate::stores::Stores;
use crate::template::Template;
use crate::trace::Trace;
use crate::verb::{Again, Ask, Form, Key, Split, Verb};
use crate::world::House;

/// The most cases that make shares.
pub(crate) const MOST_THAT_MAKE_SHARES: usize = 500;

/// In how many variants each trouble of a resumption comes.
const VARIANTS_OF_A_RESUMPTION: usize = 3;

const ASK: Ask = Ask { form: Form::Direct, key: Key::Root, again: Again::ById };

/// The cases, and the durable writes of each verb without trouble: name, server, device.
pub(crate) struct Plan {
    pub(crate) cases: Vec<Case>,
    pub(crate) writes: Vec<(&'static str, [u64; 2])>,
}

impl Plan {
    /// Finds every place.
    pub(crate) fn make(house: &House, template: &Template) -> Result<Self, Broken> {
        let mut plan = Self { cases: Vec::new(), writes: Vec::new() };
        let signing = plan.trace(Verb::Sign(ASK), house, template)?;
        // Each of what is cheap on every pair of stores and in every variant; of the rest, each once.
        for trouble in signing.troubles(None) {
            for stores in Stores::ALL {
                for ask in asks() {
                    plan.cases.push(Case { verb: Verb::Sign(ask), trouble, stores });
                }
            }
        }
        let mut turn = Turn::default();
        for first in signing.frames() {
            let verb = Verb::Resume(ASK, first);
            let resuming = case::trace(verb, house, template)?;
            for trouble in resuming.troubles(Some(first)) {
                for _ in 0..VARIANTS_OF_A_RESUMPTION {
                    let verb = Verb::Resume(turn.ask(), first);
                    plan.cases.push(Case { verb, trouble, stores: turn.stores() });
                }
            }
        }
        for split in [Split::TwoOfThree, Split::ThreeOfFour] {
            let verb = Verb::Backup(split);
            for trouble in plan.trace(verb, house, template)?.troubles(None) {
                plan.cases.extend(Stores::ALL.map(|stores| Case { verb, trouble, stores }));
            }
        }
        for verb in [Verb::Dkg, Verb::Refresh, Verb::Restore] {
            for trouble in plan.trace(verb, house, template)?.troubles(None) {
                plan.cases.push(Case { verb, trouble, stores: turn.stores() });
            }
        }
        Ok(plan)
    }

    /// How many cases make shares.
    pub(crate) fn making_shares(&self) -> usize {
        self.cases.iter().filter(|case| case.verb.makes_shares()).count()
    }

    fn trace(&mut self, verb: Verb, house: &House, template: &Template) -> Result<Trace, Broken> {
        let trace = case::trace(verb, house, template)?;
        self.writes.push((verb.name(), trace.commits));
        Ok(trace)
    }
}

/// Both forms, both ways to ask again; the key changes with them.
fn asks() -> [Ask; 4] {
    let ask = |form, key, again| Ask { form, key, again };
    [
        ask(Form::Direct, Key::Root, Again::ById),
        ask(Form::Direct, Key::Child, Again::ByDoc),
        ask(Form::Amino, Key::Child, Again::ById),
        ask(Form::Amino, Key::Root, Again::ByDoc),
    ]
}

/// Variants one after the other.
#[derive(Default)]
struct Turn(usize);

impl Turn {
    fn ask(&mut self) -> Ask {
        let all = asks();
        all[self.0 / 4 % all.len()]
    }

    fn stores(&mut self) -> Stores {
        self.0 += 1;
        Stores::ALL[self.0 % Stores::ALL.len()]
    }
}
