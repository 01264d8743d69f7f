//! Sign orders: a transfer of some coins from the wallet to itself.

use maany_coordinator::SignOrder;
use maany_coordinator_cosmos::{Address, Coin, Fee, Hrp, MsgSend, SignMode, TxDraft};
use maany_mpc_core::{DerivationPath, PublicKey};

use crate::Failure;

pub(crate) const CHAIN: &str = "simulation-1";
pub(crate) const DENOM: &str = "uatom";

/// A transfer of so much; sequence and amount make it another transaction.
pub(crate) fn send(key: &PublicKey, sequence: u64, amount: u64) -> Result<SignOrder, Failure> {
    let account = Address::from_public_key(key.as_bytes(), &Hrp::parse("cosmos")?)?;
    let coins = vec![Coin::parse(&amount.to_string(), DENOM)?];
    let draft = TxDraft {
        chain_id: CHAIN.to_owned(),
        account_number: 7,
        sequence,
        public_key: key.to_bytes(),
        messages: vec![MsgSend::new(account.clone(), account, coins)?],
        fee: Fee { amounts: vec![Coin::parse("1", DENOM)?], gas: 80_000, payer: None, granter: None },
        memo: String::new(),
        timeout_height: None,
    };
    Ok(SignOrder {
        chain_id: CHAIN.to_owned(),
        path: DerivationPath::root(),
        mode: SignMode::Direct,
        sign_doc: draft.sign_doc(SignMode::Direct)?.sign_bytes().to_vec(),
    })
}

/// What is signed of it.
pub(crate) fn digest(order: &SignOrder) -> [u8; 32] {
    maany_coordinator_cosmos::digest(&order.sign_doc)
}
