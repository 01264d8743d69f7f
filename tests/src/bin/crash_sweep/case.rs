//! One case: a verb, what goes wrong in it and where, on which stores; and how it is run.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::calls;
use crate::promises::{self, Broken, Way};
use crate::stores::Stores;
use crate::template::Template;
use crate::trace::{Step, Trace};
use crate::trouble::{Side, Trouble};
use crate::verb::Verb;
use crate::wire::Afterwards;
use crate::world::{House, World};

/// A case. Its name is its `Display`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Case {
    pub(crate) verb: Verb,
    pub(crate) trouble: Trouble,
    pub(crate) stores: Stores,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { verb, trouble, stores } = self;
        match verb {
            Verb::Dkg | Verb::Refresh | Verb::Restore => write!(f, "{}/{trouble}/{stores}", verb.name()),
            Verb::Sign(ask) => write!(f, "sign/{trouble}/{stores}/{ask}"),
            Verb::Resume(ask, first) => write!(f, "resume-{first}/{trouble}/{stores}/{ask}"),
            Verb::Backup(split) => write!(f, "backup/{trouble}/{stores}/{split}"),
        }
    }
}

/// What a case that kept every promise tells.
pub(crate) struct Told {
    /// Whether the trouble came. Where it did not, this was no case.
    pub(crate) came: bool,
    /// How the wallet came to sign again.
    pub(crate) way: Way,
    /// How often a machine was booted again.
    pub(crate) boots: usize,
    /// Whether the session that was cut went on by itself, over another socket.
    pub(crate) resumed: bool,
}

impl Case {
    /// Runs it.
    pub(crate) fn run(&self, house: &House, template: &Template) -> Result<Told, Broken> {
        let mut world = begin(self.verb, house, template)?;
        let belongings = calls::belongings(self.verb, &template.wallet, &template.documents)?;
        let code = calls::prepare(&world, self.verb, &belongings)?;
        world.arm(self.trouble);
        strike_first(&world, self.verb);
        let call = calls::begin(&world, self.verb, Some(self.trouble), &belongings, code)?;
        let weathered = world.weather(call, Some(self.trouble))?;
        let resumed = belongings.user.seen().retries == Some(0);
        if let (Trouble::CutAndResumed(_), Some(Err(error))) = (self.trouble, &weathered.answer) {
            return Err(Broken::Lost(format!("the device did not carry on by itself: {error}").into()));
        }
        calls::again(&world, self.verb, Some(self.trouble), &belongings).map_err(|error| {
            let first = match &weathered.answer {
                Some(Err(error)) => format!("; the first call: {error}"),
                _ => String::new(),
            };
            Broken::Lost(format!("the call after it: {error}{first}").into())
        })?;
        let way = promises::check(&world, self.verb, Some(self.trouble), &belongings)?;
        Ok(Told { came: weathered.came, way, boots: world.boots, resumed })
    }
}

/// Runs a verb without trouble, and tells every place at which it could have come.
pub(crate) fn trace(verb: Verb, house: &House, template: &Template) -> Result<Trace, Broken> {
    let mut world = begin(verb, house, template)?;
    let belongings = calls::belongings(verb, &template.wallet, &template.documents)?;
    let code = calls::prepare(&world, verb, &belongings)?;
    world.wire.count_from_here();
    strike_first(&world, verb);
    let begun = Side::BOTH.map(|side| world.commits(side));
    let steps = Arc::new(Mutex::new(Vec::new()));
    world.wire.observe({
        let (server, device) = (Arc::clone(world.server.store()), Arc::clone(world.device.store()));
        let steps = Arc::clone(&steps);
        move |place, kind| {
            let commits = [server.commits().asked - begun[0], device.commits().asked - begun[1]];
            steps.lock().unwrap_or_else(PoisonError::into_inner).push(Step { place, kind, commits });
        }
    });
    let call = calls::begin(&world, verb, None, &belongings, code)?;
    let weathered = world.weather(call, None)?;
    if let Some(Err(error)) = weathered.answer {
        return Err(Broken::Lost(format!("without any trouble: {error}").into()));
    }
    let ended = Side::BOTH.map(|side| world.commits(side));
    let steps = std::mem::take(&mut *steps.lock().unwrap_or_else(PoisonError::into_inner));
    let commits = [ended[0] - begun[0], ended[1] - begun[1]];
    calls::again(&world, verb, None, &belongings)?;
    promises::check(&world, verb, None, &belongings)?;
    Ok(Trace { steps, commits })
}

fn begin<'a>(verb: Verb, house: &'a House, template: &'a Template) -> Result<World<'a>, Broken> {
    let disks = match verb {
        Verb::Dkg => template.bare.copy()?,
        Verb::Restore => template.made.copy_with_new_device()?,
        _ => template.made.copy()?,
    };
    Ok(World::begin(house, template, disks)?)
}

/// The cut that a resumption comes from.
fn strike_first(world: &World<'_>, verb: Verb) {
    if let Verb::Resume(_, first) = verb {
        world.wire.strike(first, Afterwards::Open, || {});
    }
}
