//! The numbers under which sign requests are stored. They are part of the format on disk: never changed, never reused.

use maany_coordinator_cosmos::SignMode;

use super::{Mode, Status};
use crate::policy::Verdict;

/// The stored part of a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    Allow,
    Deny,
}

impl Decision {
    pub(super) fn of(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Allow => Self::Allow,
            Verdict::Deny(_) => Self::Deny,
        }
    }

    pub(super) const fn number(self) -> u8 {
        match self {
            Self::Allow => 1,
            Self::Deny => 2,
        }
    }

    pub(super) const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Allow),
            2 => Some(Self::Deny),
            _ => None,
        }
    }

    /// The word for it in answers and metrics.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }
}

/// The reason's code; empty for what is allowed.
pub(super) fn reason(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Allow => String::new(),
        Verdict::Deny(reason) => reason.code().to_owned(),
    }
}

/// Arbitrary data. The enumeration of the chains has no number for it, for no chain takes it; 36 is unassigned there.
const ARBITRARY: u8 = 36;

/// The numbers of `cosmos.tx.signing.v1beta1.SignMode`; 0, unspecified there, is a bare digest.
pub(super) const fn mode_number(mode: Mode) -> u8 {
    match mode {
        Mode::Raw => 0,
        Mode::SignDoc(SignMode::Direct) => 1,
        Mode::Arbitrary => ARBITRARY,
        Mode::SignDoc(SignMode::AminoJson) => 127,
    }
}

pub(super) const fn mode(number: u8) -> Option<Mode> {
    match number {
        0 => Some(Mode::Raw),
        1 => Some(Mode::SignDoc(SignMode::Direct)),
        ARBITRARY => Some(Mode::Arbitrary),
        127 => Some(Mode::SignDoc(SignMode::AminoJson)),
        _ => None,
    }
}

impl Status {
    pub(super) const fn number(self) -> u8 {
        match self {
            Self::Open => 1,
            Self::Signed => 2,
            Self::Refused => 3,
            Self::Expired => 4,
            Self::Failed => 5,
            Self::Replaced => 6,
        }
    }

    pub(super) const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Open),
            2 => Some(Self::Signed),
            3 => Some(Self::Refused),
            4 => Some(Self::Expired),
            5 => Some(Self::Failed),
            6 => Some(Self::Replaced),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_numbers_are_read_back_and_pinned() {
        use Status::{Expired, Failed, Open, Refused, Replaced, Signed};
        let statuses = [Open, Signed, Refused, Expired, Failed, Replaced];
        assert_eq!(statuses.map(Status::number), [1, 2, 3, 4, 5, 6]);
        for status in statuses {
            assert_eq!(Status::from_number(status.number()), Some(status));
        }
        let modes =
            [Mode::Raw, Mode::SignDoc(SignMode::Direct), Mode::Arbitrary, Mode::SignDoc(SignMode::AminoJson)];
        assert_eq!(modes.map(mode_number), [0, 1, 36, 127]);
        for known in modes {
            assert_eq!(mode(mode_number(known)), Some(known));
        }
        assert_eq!(Decision::Deny.number(), 2);
        assert!(Status::from_number(0).is_none() && Decision::from_number(3).is_none() && mode(2).is_none());
    }
}
