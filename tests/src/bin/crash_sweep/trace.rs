//! Where trouble can come in a verb: what passed in a run without any.

use crate::splitter::Kind;
use crate::trouble::{Moment, Side, Trouble};
use crate::wire::Place;

/// A message, and how many commits each side had asked for when it was about to pass: the server, the device.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) place: Place,
    pub(crate) kind: Kind,
    pub(crate) commits: [u64; 2],
}

/// A whole run.
#[derive(Clone, Debug)]
pub(crate) struct Trace {
    pub(crate) steps: Vec<Step>,
    pub(crate) commits: [u64; 2],
}

impl Trace {
    /// Every trouble at every place, from the one behind `first` on.
    pub(crate) fn troubles(&self, first: Option<Place>) -> Vec<Trouble> {
        let begin = first
            .and_then(|first| self.steps.iter().position(|step| step.place == first))
            .map_or(0, |position| position + 1);
        let floor = match begin {
            0 => [0, 0],
            _ => self.steps.get(begin - 1).map_or([0, 0], |step| step.commits),
        };
        let mut troubles = Vec::new();
        for step in self.steps.iter().skip(begin) {
            let moment = Moment::Message(step.place);
            troubles.push(Trouble::Cut(step.place));
            // A session that was resumed once already belongs to a device that goes on resuming: that is the same.
            if step.kind == Kind::Session && first.is_none() {
                troubles.push(Trouble::CutAndResumed(step.place));
            }
            for (side, (commits, floor)) in Side::BOTH.into_iter().zip(step.commits.into_iter().zip(floor)) {
                troubles.push(Trouble::Dies(side, moment));
                if commits > floor {
                    troubles.push(Trouble::DiesLosing(side, moment, commits));
                }
            }
        }
        for (side, (total, floor)) in Side::BOTH.into_iter().zip(self.commits.into_iter().zip(floor)) {
            for number in floor + 1..=total {
                troubles.push(Trouble::Dies(side, Moment::BeforeCommit(number)));
                troubles.push(Trouble::Dies(side, Moment::AfterCommit(number)));
                troubles.push(Trouble::DiesLosing(side, Moment::NextCommit, number));
            }
        }
        troubles
    }

    /// The places of a session's frames.
    pub(crate) fn frames(&self) -> impl Iterator<Item = Place> {
        self.steps.iter().filter(|step| step.kind == Kind::Session).map(|step| step.place)
    }
}
