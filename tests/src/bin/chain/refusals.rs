//! What the chain does not take comes back as a typed error, and costs what it should.

use maany_coordinator_cosmos::node::NodeError;
use maany_coordinator_cosmos::{Amount, ChainError, ChainFault, Msg, SignMode, TxDraft};
use maany_tests::{Failure, Tally};

use super::purse::{Purse, fee};
use super::story::{same, transfer};
use super::world::World;

const MODE: SignMode = SignMode::Direct;

pub(crate) async fn all(world: &World, tally: &mut Tally) {
    tally.note("a wrong sequence is refused before a block, and the right one named", sequence(world).await);
    tally.note("too low a fee is refused before a block", low_fee(world).await);
    tally.note("too little gas fails in the block or before, with code 11", gas(world).await);
    tally.note("too little money for the fee is refused with code 5", poor(world).await);
    tally.note(
        "too little money for the transfer fails in the simulation, and in the block with code 5",
        broke(world).await,
    );
    tally.note("a signature of another account number is refused with code 4", number(world).await);
    tally.note("a transaction that was sent twice is one transaction", twice(world).await);
}

async fn sequence(world: &World) -> Result<(), Failure> {
    let purse = &world.fresh;
    let mut draft = purse.prepare(MODE, vec![transfer(&purse.address, &purse.address, 1)?], None).await?;
    let right = draft.sequence;
    draft.sequence += 1_000;
    let (tx, _) = purse.sign(MODE, &draft).await?;
    same(
        "fault",
        chain_error(purse.send(&tx).await)?.fault(),
        ChainFault::WrongSequence { expected: Some(right) },
    )?;
    // Only a new sign request goes on.
    draft.sequence = right;
    let (tx, _) = purse.sign(MODE, &draft).await?;
    purse.send(&tx).await?;
    Ok(())
}

async fn low_fee(world: &World) -> Result<(), Failure> {
    let message = transfer(&world.fresh.address, &world.fresh.address, 2)?;
    let spoil = |draft: &mut TxDraft<Msg>| draft.fee.amounts[0].amount = Amount::from(1);
    refused_then_mended(&world.fresh, message, spoil, ChainFault::InsufficientFee).await
}

async fn gas(world: &World) -> Result<(), Failure> {
    let message = transfer(&world.fresh.address, &world.rich.address, 3)?;
    let spoil = |draft: &mut TxDraft<Msg>| draft.fee.gas = 30_000;
    refused_then_mended(&world.fresh, message, spoil, ChainFault::OutOfGas).await
}

async fn poor(world: &World) -> Result<(), Failure> {
    let message = transfer(&world.fresh.address, &world.fresh.address, 4)?;
    let more = Amount::from(world.fresh.balance().await? + 1);
    let spoil = |draft: &mut TxDraft<Msg>| draft.fee.amounts[0].amount = more;
    refused_then_mended(&world.fresh, message, spoil, ChainFault::InsufficientFunds).await
}

/// A transaction that the chain refuses for this reason; then the same without the fault, under the sequence that the chain has: where that is the
/// one that was signed for, in the place of the first.
async fn refused_then_mended(
    purse: &Purse,
    message: Msg,
    spoil: impl FnOnce(&mut TxDraft<Msg>),
    fault: ChainFault,
) -> Result<(), Failure> {
    let mut draft = purse.prepare(MODE, vec![message.clone()], None).await?;
    spoil(&mut draft);
    let (tx, request) = purse.sign(MODE, &draft).await?;
    same("fault", chain_error(purse.send(&tx).await)?.fault(), fault)?;
    let mended = purse.prepare(MODE, vec![message], None).await?;
    let (tx, _) = if mended.sequence == draft.sequence {
        purse.sign_replacing(MODE, &mended, request).await?
    } else {
        purse.sign(MODE, &mended).await?
    };
    purse.send(&tx).await?;
    Ok(())
}

async fn broke(world: &World) -> Result<(), Failure> {
    let purse = &world.fresh;
    let before = purse.balance().await?;
    let too_much = transfer(&purse.address, &world.rich.address, before - 1)?;
    // The simulation takes a fee of one unit.
    let more = transfer(&purse.address, &world.rich.address, before)?;
    match purse.prepare(MODE, vec![more], None).await {
        Ok(_) => return Err("everything, and a fee, was simulated".into()),
        Err(error) => {
            let text = error.to_string();
            if !text.contains("insufficient funds") {
                return Err(format!("it says {text}").into());
            }
        }
    }
    let draft = purse.prepare(MODE, vec![too_much], None).await?;
    let (tx, _) = purse.sign(MODE, &draft).await?;
    same("fault", chain_error(purse.send(&tx).await)?.fault(), ChainFault::InsufficientFunds)?;
    same("balance, less the fee", purse.balance().await?, before - fee(&draft)?)
}

async fn number(world: &World) -> Result<(), Failure> {
    let purse = &world.fresh;
    let mut draft = purse.prepare(MODE, vec![transfer(&purse.address, &purse.address, 5)?], None).await?;
    draft.account_number += 1;
    let (tx, _) = purse.sign(MODE, &draft).await?;
    same("fault", chain_error(purse.send(&tx).await)?.fault(), ChainFault::Unauthorized)
}

async fn twice(world: &World) -> Result<(), Failure> {
    let (rich, fresh) = (&world.rich, &world.fresh);
    let (mine, theirs) = (rich.balance().await?, fresh.balance().await?);
    let draft = rich.prepare(MODE, vec![transfer(&rich.address, &fresh.address, 9)?], None).await?;
    let (tx, _) = rich.sign(MODE, &draft).await?;
    let first = rich.send(&tx).await?;
    if rich.send(&tx).await.is_ok_and(|again| again.height != first.height) {
        return Err("it is in two blocks".into());
    }
    same("sender", rich.balance().await?, mine - 9 - fee(&draft)?)?;
    same("receiver", fresh.balance().await?, theirs + 9)
}

fn chain_error<T: std::fmt::Debug>(outcome: Result<T, NodeError>) -> Result<ChainError, Failure> {
    match outcome {
        Err(NodeError::Chain(error)) => Ok(error),
        Err(other) => Err(format!("no error of the chain: {other}").into()),
        Ok(value) => Err(format!("it was taken: {value:?}").into()),
    }
}
