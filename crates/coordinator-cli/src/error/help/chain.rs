//! What to do where a chain or its node did not do it.

use maany_coordinator::cosmos::ChainFault;
use maany_coordinator::cosmos::node::NodeError;

use super::words;

// What was signed holds its sequence where it did not run: the next one says that it takes its place.
const REPLACE_PRICE: &str =
    "raise --gas-price to what the node asks for, and name the request above with --replaces";
const REPLACE_GAS: &str =
    "give more with --gas; where no block has the transaction, name the request above with --replaces";

pub(super) fn help(error: &NodeError) -> Option<String> {
    match error {
        NodeError::Endpoint { .. } => words(
            "name a node's REST address with --node http://HOST:1317; one that speaks TLS only is reached through a proxy on this machine",
        ),
        NodeError::NoEndpoint => words("name a node with --node http://HOST:1317"),
        NodeError::Unreachable { .. } | NodeError::Unavailable { .. } => words(
            "name another node with --node, several for when one does not answer; its REST (`api.enable`) has to be on",
        ),
        NodeError::OtherChain { .. } => {
            words("name a node of this chain with --node, or the node's chain with --chain-id")
        }
        NodeError::Malformed { .. } | NodeError::TooLarge { .. } => {
            words("is it the REST address of a Cosmos node, port 1317 mostly, and not its RPC, 26657?")
        }
        NodeError::NotIncluded { .. } | NodeError::Undecided { .. } => words(
            "it may still run: `maany wallet broadcast` with the same bytes waits for it again, and never makes it run twice",
        ),
        NodeError::Chain(error) => fault(error.fault()),
        NodeError::Refused { message, .. } if message.contains("insufficient funds") => {
            fault(ChainFault::InsufficientFunds)
        }
        _ => None,
    }
}

fn fault(fault: ChainFault) -> Option<String> {
    match fault {
        ChainFault::WrongSequence { .. } => words(
            "another transaction of this account is on its way, or has run: give the command again, which makes a new sign request",
        ),
        ChainFault::InsufficientFunds => {
            words("`maany wallet balance` shows what the account has; the fee comes on top")
        }
        ChainFault::InsufficientFee => words(REPLACE_PRICE),
        ChainFault::OutOfGas => words(REPLACE_GAS),
        ChainFault::Unauthorized => {
            words("is it the right chain, and the account of this wallet at --path and --hrp?")
        }
        ChainFault::UnknownAccount => words("send something to that address first"),
        ChainFault::FeeGrant => words("leave --fee-granter out, or have the granter allow more"),
        ChainFault::MempoolFull => {
            words("try again with `maany wallet broadcast`, later or at another --node")
        }
        ChainFault::TimedOut => words("give the command again with a later --timeout-height"),
        _ => None,
    }
}
