//! A vote on a proposal, in the message of `cosmos.gov.v1`.

use cosmrs::proto::cosmos::gov::v1::MsgVote;
use serde_json::json;

use super::{Msg, text};
use crate::Address;

/// How an account votes, with the numbers of `cosmos.gov.v1.VoteOption`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoteOption {
    /// For it.
    Yes = 1,
    /// Counted, on neither side.
    Abstain = 2,
    /// Against it.
    No = 3,
    /// Against it, and the deposit is to be burnt.
    NoWithVeto = 4,
}

impl Msg {
    /// Votes on a proposal.
    pub fn vote(voter: &Address, proposal: u64, option: VoteOption) -> Self {
        let message = MsgVote {
            proposal_id: proposal,
            voter: text(voter),
            option: option as i32,
            metadata: String::new(),
        };
        let value = json!({
            "option": option as i32,
            "proposal_id": proposal.to_string(),
            "voter": voter.as_str(),
        });
        Self::new("/cosmos.gov.v1.MsgVote", &message, "cosmos-sdk/v1/MsgVote", value)
    }
}
