//! The WebSocket close codes, each with the one short reason that goes with it. A reason says nothing that the peer
//! may not know; what happened in detail is for the local log.

use core::fmt;

/// Why a connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
#[non_exhaustive]
pub enum CloseCode {
    /// 1000: the intent is finished.
    Finished = 1000,
    /// 1001: this side is shutting down; try again later.
    GoingAway = 1001,
    /// 1002: a malformed handshake or frame, or one out of turn.
    Malformed = 1002,
    /// 1007: a text frame that is not UTF-8.
    NotUtf8 = 1007,
    /// 1009: a message over the limit.
    TooBig = 1009,
    /// 4401: not authenticated.
    NotAuthenticated = 4401,
    /// 4403: not allowed, or no such wallet, or another's wallet: one answer for all.
    NotAllowed = 4403,
    /// 4408: a deadline has passed.
    Deadline = 4408,
    /// 4409: the wallet or the session is busy, the key id is taken, or the two sides hold different shares.
    Busy = 4409,
    /// 4423: the wallet is locked (quarantined or frozen).
    Quarantined = 4423,
    /// 4429: too many requests or sessions.
    TooMany = 4429,
    /// 4500: an internal error.
    Internal = 4500,
}

impl CloseCode {
    /// Every code, in ascending order.
    pub const ALL: [Self; 12] = [
        Self::Finished,
        Self::GoingAway,
        Self::Malformed,
        Self::NotUtf8,
        Self::TooBig,
        Self::NotAuthenticated,
        Self::NotAllowed,
        Self::Deadline,
        Self::Busy,
        Self::Quarantined,
        Self::TooMany,
        Self::Internal,
    ];

    /// The number on the wire.
    #[must_use]
    pub const fn as_u16(self) -> u16 {
        self as u16
    }

    /// The code with this number, where it is one of ours.
    #[must_use]
    pub fn from_u16(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_u16() == number)
    }

    /// The reason text of the close frame; at most 123 bytes (RFC 6455, section 5.5).
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::GoingAway => "going away",
            Self::Malformed => "malformed",
            Self::NotUtf8 => "not utf-8",
            Self::TooBig => "too big",
            Self::NotAuthenticated => "not authenticated",
            Self::NotAllowed => "not allowed",
            Self::Deadline => "deadline",
            Self::Busy => "busy",
            Self::Quarantined => "wallet locked",
            Self::TooMany => "too many",
            Self::Internal => "internal error",
        }
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.as_u16(), self.reason())
    }
}
