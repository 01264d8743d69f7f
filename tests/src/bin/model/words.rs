//! What happens, step by step, in words.

use std::fmt;

use maany_coordinator_proto::ShareId;
use maany_coordinator_proto::session::commit::{CommitFrame, CommitWrite};
use maany_coordinator_proto::session::reconcile::Change;

/// A share's name: its epoch, and a letter for the ceremony that made it.
pub(crate) struct Name(pub(crate) ShareId);

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tag = self.0.to_bytes().last().copied().unwrap_or_default();
        write!(f, "{}{}", self.0.epoch().get(), char::from(b'`'.saturating_add(tag)))
    }
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    Starts { phone: usize, what: Verb },
    ServerHears(&'static str),
    ServerSends(&'static str),
    ServerWrites(CommitWrite),
    ServerReconciles(Change),
    ServerActivates(ShareId),
    ServerFreezes,
    ServerRefuses(&'static str),
    ServerConfirms(ShareId),
    PhoneHears(&'static str),
    PhoneSends(&'static str),
    PhoneWrites(CommitWrite),
    PhoneSettles(&'static str),
    FragmentTo(&'static str, ShareId),
    Ceremony(ShareId),
    Breaks(Break),
    ArchiveTaken,
    StoreCopied,
    ArchivePutBack,
    Signs(usize),
    Quarantined,
}

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Verb {
    Dkg,
    Sign,
    Refresh,
    /// A refresh with the operator's code.
    Unlock,
    /// From the backup of this share.
    Restore(ShareId),
}

/// What breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Break {
    Cut,
    ServerDies,
    ServerDiesLosing,
    PhoneDies(usize),
    PhoneDiesLosing(usize),
    PhoneLost,
    /// A server that takes every provisional wallet away, whoever may hold its share.
    Collected,
}

pub(crate) const fn frame_name(frame: &CommitFrame) -> &'static str {
    match frame {
        CommitFrame::Prepared { .. } => "prepared",
        CommitFrame::Commit { .. } => "commit",
        CommitFrame::Committed { .. } => "committed",
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dkg => f.write_str("begins a DKG"),
            Self::Sign => f.write_str("connects to sign"),
            Self::Refresh => f.write_str("connects to refresh"),
            Self::Unlock => f.write_str("begins a stepped-up refresh"),
            Self::Restore(id) => write!(f, "begins a stepped-up restore from the backup of {}", Name(*id)),
        }
    }
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut => f.write_str("the connection breaks"),
            Self::ServerDies => f.write_str("the server dies and comes back"),
            Self::ServerDiesLosing => f.write_str("the server dies and comes back without its last write"),
            Self::PhoneDies(phone) => write!(f, "{} dies and comes back", phone_name(*phone)),
            Self::PhoneDiesLosing(phone) => {
                write!(f, "{} dies and comes back without its last write", phone_name(*phone))
            }
            Self::PhoneLost => write!(f, "{} is lost with everything on it", phone_name(0)),
            Self::Collected => f.write_str("the server collects the provisional wallet"),
        }
    }
}

pub(crate) const fn phone_name(phone: usize) -> &'static str {
    if phone == 0 { "the phone" } else { "the second phone" }
}

fn write_words(f: &mut fmt::Formatter<'_>, write: &CommitWrite) -> fmt::Result {
    match write {
        CommitWrite::Provisional(share) => write!(f, "writes {} as provisional", Name(share.id)),
        CommitWrite::Pending(share) => match share.active {
            Some(active) => {
                write!(
                    f,
                    "writes {} as pending beside {}, and keeps nothing else",
                    Name(share.id),
                    Name(active)
                )
            }
            None => write!(f, "writes {} as pending, and keeps nothing else", Name(share.id)),
        },
        CommitWrite::Promote(promotion) => write!(f, "makes {} active", Name(promotion.id)),
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Starts { phone, what } => write!(f, "{} {what}", phone_name(*phone)),
            Self::ServerHears(what) => write!(f, "server: hears {what}"),
            Self::ServerSends(what) => write!(f, "server: sends {what}"),
            Self::ServerWrites(write) => {
                f.write_str("server: ")?;
                write_words(f, write)
            }
            Self::ServerReconciles(change) => match change {
                Change::Promote { id, retire } => {
                    write!(f, "server: makes {} active, and {} retired", Name(*id), Name(*retire))
                }
                Change::DropPending(id) => write!(f, "server: drops its pending {}", Name(*id)),
                Change::ReturnToRetired { id, erase } => {
                    write!(f, "server: returns to its retired {}, and erases {}", Name(*id), Name(*erase))
                }
                Change::EraseRetired(id) => write!(f, "server: erases its retired {}", Name(*id)),
            },
            Self::ServerActivates(id) => write!(f, "server: activates its provisional {}", Name(*id)),
            Self::ServerFreezes => f.write_str("server: freezes the wallet"),
            Self::ServerRefuses(why) => write!(f, "server: refuses: {why}"),
            Self::ServerConfirms(id) => write!(f, "server: notes that {} is confirmed", Name(*id)),
            Self::PhoneHears(what) => write!(f, "device: hears {what}"),
            Self::PhoneSends(what) => write!(f, "device: sends {what}"),
            Self::PhoneWrites(write) => {
                f.write_str("device: ")?;
                write_words(f, write)
            }
            Self::PhoneSettles(what) => write!(f, "device: {what}"),
            Self::FragmentTo(whom, id) => write!(f, "device: gives {whom} a fragment of {}", Name(*id)),
            Self::Ceremony(id) => write!(f, "both: the engine has made {}", Name(*id)),
            Self::Breaks(what) => write!(f, "{what}"),
            Self::ArchiveTaken => f.write_str("the server's store is exported"),
            Self::StoreCopied => f.write_str("the server's store is copied"),
            Self::ArchivePutBack => f.write_str("the exported archive is put back"),
            Self::Signs(phone) => write!(f, "{} signs a transaction", phone_name(*phone)),
            Self::Quarantined => f.write_str("server: quarantines the wallet"),
        }
    }
}
