//! What the wallets do, in the order in which they can.

use maany_coordinator::engine::backup::Threshold;
use maany_coordinator_cosmos::{Address, Allowance, Coin, Msg, MsgSend, SignMode, VoteOption};
use maany_tests::chain::{DENOM, attribute};
use maany_tests::{Failure, Holder, Tally};
use serde_json::Value;

use super::purse::{Purse, fee};
use super::world::{WEALTH, World, stake};
use super::{committee, refusals};

const MODES: [SignMode; 2] = [SignMode::Direct, SignMode::AminoJson];

pub(crate) async fn tell(world: &mut World, tally: &mut Tally) -> Result<(), Failure> {
    tally.note("the genesis account has the number 0", genesis(world).await);
    tally.note("a fresh account is funded, and the chain has an account of it", funded(world).await);
    for mode in MODES {
        let both = |what: &str| format!("{what}, {mode}");
        tally.note(&both("MsgSend from account 0"), send(&world.rich, &world.fresh, mode).await);
        tally.note(&both("MsgSend from the fresh account"), send(&world.fresh, &world.rich, mode).await);
        tally.note(&both("MsgDelegate"), delegate(world, mode).await);
        tally.note(&both("MsgWithdrawDelegatorReward"), withdraw(world, mode).await);
        tally.note(&both("MsgVote"), vote(world, mode).await);
        tally.note(&both("authz: grant, exec by the grantee, revoke"), authorize(world, mode).await);
        tally.note(&both("a fee that a grant pays"), fees_granted(world, mode).await);
        tally.note(&both("three messages in one transaction"), several(world, mode).await);
        tally.note(&both("MsgUndelegate"), undelegate(world, mode).await);
    }
    tally.note("a 2-of-3 multisig, one member an MPC wallet", committee::acts(world).await);
    refusals::all(world, tally).await;
    tally.note("a refresh, and a transaction after it", refreshed(world).await);
    tally.note("a restore, and a transaction after it", restored(world).await);
    Ok(())
}

async fn genesis(world: &World) -> Result<(), Failure> {
    let account = world.node.account(&world.rich.address).await?.ok_or("there is no account")?;
    same("number", account.number, 0)?;
    same("sequence", account.sequence, 0)?;
    same("balance", world.rich.balance().await?, WEALTH)?;
    same("fresh account", world.node.account(&world.fresh.address).await?, None)
}

async fn funded(world: &World) -> Result<(), Failure> {
    let amount = 10_000_000_000;
    let before = world.rich.balance().await?;
    let message = transfer(&world.rich.address, &world.fresh.address, amount)?;
    let (fee, _) = world.rich.transact(SignMode::Direct, vec![message], None).await?;
    same("sender", world.rich.balance().await?, before - amount - fee)?;
    same("receiver", world.fresh.balance().await?, amount)?;
    let account = world.node.account(&world.fresh.address).await?.ok_or("there is no account")?;
    if account.number == 0 { Err("a second account has the number 0".into()) } else { Ok(()) }
}

async fn send(from: &Purse, to: &Purse, mode: SignMode) -> Result<(), Failure> {
    let (mine, theirs) = (from.balance().await?, to.balance().await?);
    let message = transfer(&from.address, &to.address, 1_234_567)?;
    let (fee, _) = from.transact(mode, vec![message], None).await?;
    same("sender", from.balance().await?, mine - 1_234_567 - fee)?;
    same("receiver", to.balance().await?, theirs + 1_234_567)
}

async fn delegate(world: &World, mode: SignMode) -> Result<(), Failure> {
    let (before, bonded) = (world.rich.balance().await?, delegated(world).await?);
    let message = Msg::delegate(&world.rich.address, &world.validator, &stake(5_000_000_000)?);
    let (fee, included) = world.rich.transact(mode, vec![message], None).await?;
    // What was earned until now is paid out with it.
    let earned = earned(&world.chain.tx(included.hash).await?)?;
    same("delegator", world.rich.balance().await?, before - 5_000_000_000 - fee + earned)?;
    same("delegation", delegated(world).await?, bonded + 5_000_000_000)
}

async fn undelegate(world: &World, mode: SignMode) -> Result<(), Failure> {
    let (before, bonded) = (world.rich.balance().await?, delegated(world).await?);
    let message = Msg::undelegate(&world.rich.address, &world.validator, &stake(1_000_000)?);
    let (fee, included) = world.rich.transact(mode, vec![message], None).await?;
    let earned = earned(&world.chain.tx(included.hash).await?)?;
    same("delegator", world.rich.balance().await?, before - fee + earned)?;
    same("delegation", delegated(world).await?, bonded - 1_000_000)
}

async fn withdraw(world: &World, mode: SignMode) -> Result<(), Failure> {
    let before = world.rich.balance().await?;
    let message = Msg::withdraw_reward(&world.rich.address, &world.validator);
    let (fee, included) = world.rich.transact(mode, vec![message], None).await?;
    let earned = earned(&world.chain.tx(included.hash).await?)?;
    if earned == 0 {
        return Err("nothing was earned, so nothing was shown".into());
    }
    same("delegator", world.rich.balance().await?, before - fee + earned)
}

async fn vote(world: &World, mode: SignMode) -> Result<(), Failure> {
    let proposal = world.chain.propose().await?;
    let before = world.rich.balance().await?;
    let message = Msg::vote(&world.rich.address, proposal, VoteOption::NoWithVeto);
    let (fee, _) = world.rich.transact(mode, vec![message], None).await?;
    same("voter", world.rich.balance().await?, before - fee)?;
    let path = format!("cosmos/gov/v1/proposals/{proposal}/votes/{}", world.rich.address);
    let vote = world.chain.rest(&path).await?;
    same("vote", &vote["vote"]["options"][0]["option"], &Value::from("VOTE_OPTION_NO_WITH_VETO"))
}

async fn authorize(world: &World, mode: SignMode) -> Result<(), Failure> {
    let (rich, fresh) = (&world.rich, &world.fresh);
    let (mine, theirs) = (rich.balance().await?, fresh.balance().await?);
    let grant = Msg::grant_send(&rich.address, &fresh.address, &[stake(1_000)?], None)?;
    let (grant_fee, _) = rich.transact(mode, vec![grant], None).await?;
    let inner = transfer(&rich.address, &fresh.address, 400)?;
    let exec = Msg::exec(&fresh.address, &[inner.clone(), inner]);
    let (exec_fee, _) = fresh.transact(mode, vec![exec], None).await?;
    let revoke = Msg::revoke(&rich.address, &fresh.address, MsgSend::TYPE_URL);
    let (revoke_fee, _) = rich.transact(mode, vec![revoke], None).await?;
    same("granter", rich.balance().await?, mine - 800 - grant_fee - revoke_fee)?;
    same("grantee", fresh.balance().await?, theirs + 800 - exec_fee)
}

async fn fees_granted(world: &World, mode: SignMode) -> Result<(), Failure> {
    let (rich, fresh) = (&world.rich, &world.fresh);
    let (mine, theirs) = (rich.balance().await?, fresh.balance().await?);
    let allowance = Allowance { spend_limit: vec![stake(1_000_000)?], until: None };
    let grant = Msg::grant_fees(&rich.address, &fresh.address, &allowance)?;
    let (grant_fee, _) = rich.transact(mode, vec![grant], None).await?;
    let message = transfer(&fresh.address, &rich.address, 7)?;
    let (fee, _) = fresh.transact(mode, vec![message], Some(rich.address.clone())).await?;
    let revoke = Msg::revoke_fees(&rich.address, &fresh.address);
    let (revoke_fee, _) = rich.transact(mode, vec![revoke], None).await?;
    same("granter", rich.balance().await?, mine + 7 - fee - grant_fee - revoke_fee)?;
    same("sender", fresh.balance().await?, theirs - 7)
}

async fn several(world: &World, mode: SignMode) -> Result<(), Failure> {
    let (rich, fresh) = (&world.rich, &world.fresh);
    let (mine, theirs, bonded) = (rich.balance().await?, fresh.balance().await?, delegated(world).await?);
    let messages = vec![
        transfer(&rich.address, &fresh.address, 11)?,
        Msg::delegate(&rich.address, &world.validator, &stake(13)?),
        transfer(&rich.address, &fresh.address, 17)?,
    ];
    let (fee, included) = rich.transact(mode, messages, None).await?;
    let earned = earned(&world.chain.tx(included.hash).await?)?;
    same("sender", rich.balance().await?, mine - 41 - fee + earned)?;
    same("receiver", fresh.balance().await?, theirs + 28)?;
    same("delegation", delegated(world).await?, bonded + 13)
}

async fn refreshed(world: &mut World) -> Result<(), Failure> {
    let wallet = world.rich.wallet.wallet;
    let refreshed = world.rich.holder.device()?.refresh(&wallet).await?.value;
    same("public key", refreshed.public_key, world.rich.wallet.public_key)?;
    same("epoch", refreshed.epoch, world.rich.wallet.epoch + 1)?;
    world.rich.wallet = refreshed;
    send(&world.rich, &world.fresh, SignMode::Direct).await
}

async fn restored(world: &mut World) -> Result<(), Failure> {
    let old = &world.rich;
    let fragments = old.holder.device()?.backup(&old.wallet.wallet, Threshold::default()).await?;
    let two = fragments.into_iter().take(2).collect();
    let code = world.server.step_up(&old.wallet.wallet).await?;
    let phone = Holder::on_disk(&world.server.url(), old.holder.token()).await?;
    let restored = phone.device()?.restore(two, &code).await?.value;
    same("public key", restored.public_key, old.wallet.public_key)?;
    let mode = SignMode::AminoJson;
    let (mine, theirs) = (old.balance().await?, world.fresh.balance().await?);
    let draft = old.prepare(mode, vec![transfer(&old.address, &world.fresh.address, 21)?], None).await?;
    if old.sign(mode, &draft).await.is_ok() {
        return Err("the lost device signs on".into());
    }
    world.rich = Purse { holder: phone, wallet: restored, ..old.clone() };
    let (tx, _) = world.rich.sign(mode, &draft).await?;
    world.rich.send(&tx).await?;
    same("sender", world.rich.balance().await?, mine - 21 - fee(&draft)?)?;
    same("receiver", world.fresh.balance().await?, theirs + 21)
}

/// A transfer of this many units.
pub(crate) fn transfer(from: &Address, to: &Address, amount: u128) -> Result<Msg, Failure> {
    Ok(MsgSend::new(from.clone(), to.clone(), vec![stake(amount)?])?.into())
}

/// Fails with both values where they differ.
pub(crate) fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Result<(), Failure> {
    if found == expected { Ok(()) } else { Err(format!("{what} is {found:?}, not {expected:?}").into()) }
}

/// What the rich account has bonded.
async fn delegated(world: &World) -> Result<u128, Failure> {
    let delegations =
        world.chain.rest(&format!("cosmos/staking/v1beta1/delegations/{}", world.rich.address)).await?;
    let all = delegations["delegation_responses"].as_array().ok_or("no delegations in the answer")?;
    let amounts = all.iter().map(|one| one["balance"]["amount"].as_str().unwrap_or_default().parse::<u128>());
    Ok(amounts.sum::<Result<u128, _>>()?)
}

/// What a transaction paid out to a delegator, in the chain's denom.
fn earned(tx: &Value) -> Result<u128, Failure> {
    let Some(amount) = attribute(tx, "withdraw_rewards", "amount").filter(|amount| !amount.is_empty()) else {
        return Ok(0);
    };
    let digits = amount.strip_suffix(DENOM).ok_or_else(|| format!("{amount} was paid out"))?;
    Ok(Coin::parse(digits, DENOM)?.amount.to_u128().ok_or("over 128 bits")?)
}
