//! What the older profile cannot survive, so that it is counted and not hidden.

use crate::case::Case;
use crate::trouble::{Side, Trouble};
use crate::verb::Verb;

/// The server's commit of a DKG that makes the wallet active.
const ACTIVATION: u64 = 3;

/// Whether the case is beyond the older profile: a server whose disk answered for a wallet's activation and lost it has a
/// provisional wallet, whose share is as good as the active one, and a device of the older profile makes no claim by which the
/// server could know (recovery.md: R1 is for a device that proves what it holds).
pub(crate) fn is_beyond_the_older_profile(case: &Case) -> bool {
    case.verb == Verb::Dkg && matches!(case.trouble, Trouble::DiesLosing(Side::Server, _, ACTIVATION))
}
