//! Who takes part: the device or the server.
//!
//! The role fixes the party index in every protocol, so an index that arrives inside a message is only
//! ever compared with the role of the channel that it came through.

/// One of the two parties of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The holder of the wallet; party index 1.
    Device,
    /// The co-signer; party index 2.
    Server,
}

impl Role {
    /// The other party.
    #[must_use]
    pub const fn peer(self) -> Self {
        match self {
            Self::Device => Self::Server,
            Self::Server => Self::Device,
        }
    }

    /// The party index of this role: 1 for the device, 2 for the server.
    #[must_use]
    pub const fn party_index(self) -> u8 {
        match self {
            Self::Device => 1,
            Self::Server => 2,
        }
    }

    /// The role that has this party index, if there is one.
    #[must_use]
    pub const fn from_party_index(index: u8) -> Option<Self> {
        match index {
            1 => Some(Self::Device),
            2 => Some(Self::Server),
            _ => None,
        }
    }
}
