//! `maany wallet send` and `maany wallet delegate`: from what is wanted to the block that has it.

use maany_coordinator::cosmos::{Msg, MsgSend};

use super::chain;
use crate::cli::chain::{Delegate, Send};
use crate::error::CliError;
use crate::output::Output;

pub(super) async fn run(args: Send, output: &mut Output) -> Result<(), CliError> {
    let Send { wallet, to, amount, transaction } = args;
    let message = |from: &_| Ok(MsgSend::new(Clone::clone(from), to, amount)?.into());
    chain::transact(&wallet, transaction, message, output).await
}

pub(super) async fn delegate(args: Delegate, output: &mut Output) -> Result<(), CliError> {
    let Delegate { wallet, validator, amount, transaction } = args;
    chain::transact(&wallet, transaction, |from| Ok(Msg::delegate(from, &validator, &amount)), output).await
}
