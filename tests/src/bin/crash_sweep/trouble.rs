//! What goes wrong in a case, and where.

use std::fmt;

use crate::wire::Place;

/// One of the two machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Side {
    Server,
    Device,
}

impl Side {
    pub(crate) const BOTH: [Self; 2] = [Self::Server, Self::Device];
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server => "server",
            Self::Device => "device",
        })
    }
}

/// When a machine dies. Commits are numbered from 1, from the beginning of the verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Moment {
    Message(Place),
    BeforeCommit(u64),
    AfterCommit(u64),
    /// Where it would commit again; where it does not, when the verb is over.
    NextCommit,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Trouble {
    /// Every connection breaks, and the device gives up.
    Cut(Place),
    /// Every connection breaks, and the device carries the session on by itself.
    CutAndResumed(Place),
    /// A machine dies, and its connections with it.
    Dies(Side, Moment),
    /// The same; and the last commit before it, this one, was answered and is not on its disk.
    DiesLosing(Side, Moment, u64),
}

impl Trouble {
    /// Whose last write is lost.
    pub(crate) fn losing(&self) -> Option<Side> {
        match self {
            Self::DiesLosing(side, _, _) => Some(*side),
            Self::Cut(_) | Self::CutAndResumed(_) | Self::Dies(_, _) => None,
        }
    }

    /// Its kind, as the figures and the names have it.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Cut(_) => "cut",
            Self::CutAndResumed(_) => "cut-and-resumed",
            Self::Dies(Side::Server, _) => "server-dies",
            Self::Dies(Side::Device, _) => "device-dies",
            Self::DiesLosing(Side::Server, _, _) => "server-dies-last-write-lost",
            Self::DiesLosing(Side::Device, _, _) => "device-dies-last-write-lost",
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind();
        match self {
            Self::Cut(place) | Self::CutAndResumed(place) => write!(f, "{kind}/{place}"),
            Self::Dies(_, moment) => write!(f, "{kind}/{moment}"),
            Self::DiesLosing(_, moment, commit) => write!(f, "{kind}/commit-{commit}-{moment}"),
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(place) => place.fmt(f),
            Self::BeforeCommit(number) => write!(f, "before-commit-{number}"),
            Self::AfterCommit(number) => write!(f, "after-commit-{number}"),
            Self::NextCommit => f.write_str("before-the-next"),
        }
    }
}
