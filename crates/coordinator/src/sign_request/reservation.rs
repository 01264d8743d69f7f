//! What is set aside for a request: what leaves the wallet if it runs, less what a request that it replaces has taken
//! already. Pure.

use std::collections::{BTreeMap, BTreeSet};

use maany_coordinator_cosmos::{Address, Amount, Coin, CosmosError, DecodedMsg, DecodedTx, Denom, Hrp};

/// What leaves a wallet, summed for each denom.
pub type Outgoing = BTreeMap<Denom, Amount>;

/// What leaves the accounts of a key if this transaction runs, its fee included. Where a message is not decoded, this is a
/// lower bound.
///
/// # Errors
/// [`CosmosError::AmountOverflow`] where a total does not fit 256 bits, [`CosmosError::Address`] where a signer is no address.
pub fn outgoing(tx: &DecodedTx, public_key: &[u8; 33]) -> Result<Outgoing, CosmosError> {
    let accounts: BTreeSet<Address> = named(tx)?.filter(|address| is_of(address, public_key)).collect();
    let payer_is_named = tx.fee.payer.is_some() || tx.fee.granter.is_some();
    // With no account named by anyone, the only one that is known to sign is taken to pay.
    let mut fee = if accounts.is_empty() && !payer_is_named { tx.fee.amounts.clone() } else { Vec::new() };
    let mut total = Outgoing::new();
    for account in accounts {
        let out = tx.outflow(&account)?;
        out.transfers
            .iter()
            .flat_map(|transfer| &transfer.amounts)
            .try_for_each(|coin| add(&mut total, coin))?;
        if fee.is_empty() {
            fee = out.fee;
        }
    }
    fee.iter().try_for_each(|coin| add(&mut total, coin))?;
    Ok(total)
}

/// What has to be set aside for a request: for each denom what is over what `replaced` has taken. Of the two at most one
/// runs, so the wallet never loses more than the larger. Coins of nothing are left out.
#[must_use]
pub fn reservation(new: &Outgoing, replaced: Option<&Outgoing>) -> Vec<Coin> {
    let nothing = Outgoing::new();
    let (replaced, zero) = (replaced.unwrap_or(&nothing), Amount::zero());
    let excess = new.iter().map(|(denom, amount)| Coin {
        denom: denom.clone(),
        amount: amount.saturating_sub(replaced.get(denom).unwrap_or(&zero)),
    });
    excess.filter(|coin| !coin.amount.is_zero()).collect()
}

/// The accounts from which something may leave: signers of messages, and whoever is named to pay.
fn named(tx: &DecodedTx) -> Result<impl Iterator<Item = Address>, CosmosError> {
    let signers = tx.messages.iter().map(DecodedMsg::signers).collect::<Result<Vec<_>, _>>()?;
    let payers = tx.fee.payer.iter().chain(&tx.fee.granter).cloned();
    Ok(signers.into_iter().flatten().map(account).chain(payers))
}

/// A validator signs as its operator, and pays from the account of the same bytes.
fn account(address: Address) -> Address {
    let hrp = address.hrp().strip_suffix("valoper").and_then(|hrp| Hrp::parse(hrp).ok());
    hrp.and_then(|hrp| Address::from_bytes(address.as_bytes(), &hrp).ok()).unwrap_or(address)
}

fn is_of(address: &Address, public_key: &[u8; 33]) -> bool {
    let own = Hrp::parse(address.hrp()).and_then(|hrp| Address::from_public_key(public_key, &hrp));
    own.is_ok_and(|own| own == *address)
}

fn add(total: &mut Outgoing, coin: &Coin) -> Result<(), CosmosError> {
    let sum = total.entry(coin.denom.clone()).or_insert_with(Amount::zero);
    *sum = sum.checked_add(&coin.amount)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use maany_coordinator_cosmos::{Fee, MsgSend};
    use proptest::prelude::*;

    use super::*;
    use crate::test_support::{TestKey, draft};

    fn coins(list: &[(u128, &str)]) -> Vec<Coin> {
        list.iter().map(|(amount, denom)| Coin::parse(&amount.to_string(), denom).unwrap()).collect()
    }

    fn sums(list: &[(u128, &str)]) -> Outgoing {
        coins(list).into_iter().map(|coin| (coin.denom, coin.amount)).collect()
    }

    fn address(seed: u8, hrp: &str) -> Address {
        Address::from_public_key(&TestKey::new(seed).public(), &Hrp::parse(hrp).unwrap()).unwrap()
    }

    fn tx(sends: &[(&Address, &Address, u128)], fee: Fee) -> DecodedTx {
        let send = |(from, to, amount): &(&Address, &Address, u128)| {
            MsgSend::new((*from).clone(), (*to).clone(), coins(&[(*amount, "uatom")])).unwrap()
        };
        let mut draft = draft(TestKey::new(1).public());
        draft.messages = sends.iter().map(send).collect();
        draft.fee = fee;
        draft.sign_doc(maany_coordinator_cosmos::SignMode::Direct).unwrap().decoded().clone()
    }

    #[test]
    fn what_leaves_is_every_transfer_to_others_and_the_fee_once() {
        let (own, elsewhere, bob) = (address(1, "cosmos"), address(1, "osmo"), address(2, "cosmos"));
        let fee = Fee { amounts: coins(&[(3, "uatom"), (4, "ustake")]), gas: 1, ..Fee::default() };
        let of = |tx: &DecodedTx| outgoing(tx, &TestKey::new(1).public()).unwrap();
        let both = tx(&[(&own, &bob, 10), (&own, &own, 99), (&elsewhere, &bob, 20)], fee.clone());
        assert_eq!(of(&both), sums(&[(33, "uatom"), (4, "ustake")]), "under both prefixes, the fee once");
        let theirs = tx(&[(&own, &bob, 10)], Fee { payer: Some(bob.clone()), ..fee.clone() });
        assert_eq!(of(&theirs), sums(&[(10, "uatom")]));
        let ours = tx(&[(&bob, &own, 10)], Fee { granter: Some(own.clone()), ..fee.clone() });
        assert_eq!(of(&ours), sums(&[(3, "uatom"), (4, "ustake")]));
        let unknown = DecodedMsg::Unknown { type_url: "/a.B".to_owned(), value: Vec::new() };
        let opaque = DecodedTx { messages: vec![unknown.clone()], ..both.clone() };
        assert_eq!(of(&opaque), sums(&[(3, "uatom"), (4, "ustake")]), "a fee is taken to be paid");
        let theirs = DecodedTx { messages: vec![unknown], ..theirs };
        assert_eq!(of(&theirs), sums(&[]));
    }

    #[test]
    fn a_total_over_256_bits_is_refused() {
        let (own, bob) = (address(1, "cosmos"), address(2, "cosmos"));
        let mut over = tx(&[(&own, &bob, 1)], Fee::default());
        let max = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
        over.fee.amounts = vec![Coin::parse(max, "uatom").unwrap()];
        let found = outgoing(&over, &TestKey::new(1).public());
        assert!(matches!(found, Err(CosmosError::AmountOverflow)), "{found:?}");
    }

    #[test]
    fn only_the_excess_is_set_aside_for_a_replacement() {
        let new = sums(&[(10, "uatom"), (5, "ustake"), (7, "uosmo")]);
        assert_eq!(reservation(&new, None), coins(&[(10, "uatom"), (7, "uosmo"), (5, "ustake")]));
        let replaced = sums(&[(4, "uatom"), (5, "ustake"), (9, "uosmo"), (100, "uother")]);
        assert_eq!(reservation(&new, Some(&replaced)), coins(&[(6, "uatom")]));
        assert_eq!(reservation(&new, Some(&new)), []);
        assert_eq!(reservation(&Outgoing::new(), Some(&new)), []);
    }

    proptest! {
        /// Of a chain of replacements at most one runs: what was set aside for all of them covers any one.
        #[test]
        fn what_is_set_aside_covers_whichever_runs(amounts in prop::collection::vec(0..1_000_000_u128, 1..8)) {
            let mut aside = 0;
            let mut replaced: Option<Outgoing> = None;
            for amount in &amounts {
                let new = sums(&[(*amount, "uatom")]);
                let coins = reservation(&new, replaced.as_ref());
                aside += coins.iter().map(|coin| coin.amount.to_u128().unwrap()).sum::<u128>();
                replaced = Some(new);
            }
            prop_assert!(aside >= amounts.iter().copied().max().unwrap_or_default());
        }
    }
}
