//! Sign orders: a transfer of one coin, as a wallet's user would ask for it.

use maany_coordinator::SignOrder;
use maany_coordinator::policy::AllowListConfig;
use maany_coordinator_cosmos::{Address, Coin, Fee, Hrp, MsgSend, SignMode, TxDraft};
use maany_mpc_core::{DerivationPath, PublicKey};

use crate::Failure;

/// The chain of every order.
pub const CHAIN: &str = "maany-test-1";
/// The prefix of its addresses.
pub const PREFIX: &str = "cosmos";
/// Its coin.
pub const DENOM: &str = "uatom";
/// The most that the policy of the tests lets one transaction send.
pub const MAXIMUM: u64 = 1_000_000;

/// A transfer of one coin from the key's account to itself. The sequence makes it another transaction each time.
///
/// # Errors
/// Where the key gives no address.
pub fn send_one(key: &PublicKey, sequence: u64) -> Result<SignOrder, Failure> {
    send(key, "1", sequence, SignMode::Direct)
}

/// A transfer of this many coins.
///
/// # Errors
/// Where the key gives no address, or the amount is none.
pub fn send(key: &PublicKey, amount: &str, sequence: u64, mode: SignMode) -> Result<SignOrder, Failure> {
    let draft = draft(key, amount, sequence)?;
    Ok(SignOrder {
        chain_id: CHAIN.to_owned(),
        path: DerivationPath::root(),
        mode,
        sign_doc: draft.sign_doc(mode)?.sign_bytes().to_vec(),
    })
}

/// The transaction of such an order.
///
/// # Errors
/// Where the key gives no address, or the amount is none.
pub fn draft(key: &PublicKey, amount: &str, sequence: u64) -> Result<TxDraft, Failure> {
    let account = Address::from_public_key(key.as_bytes(), &Hrp::parse(PREFIX)?)?;
    let coins = vec![Coin::parse(amount, DENOM)?];
    Ok(TxDraft {
        chain_id: CHAIN.to_owned(),
        account_number: 7,
        sequence,
        public_key: key.to_bytes(),
        messages: vec![MsgSend::new(account.clone(), account, coins)?],
        fee: Fee { amounts: vec![Coin::parse("1", DENOM)?], gas: 80_000, payer: None, granter: None },
        memo: String::new(),
        timeout_height: None,
    })
}

/// The rules that let [`send_one`] through and little else.
#[must_use]
pub fn rules() -> AllowListConfig {
    let maxima = || [(DENOM.to_owned(), MAXIMUM.to_string())].into();
    AllowListConfig {
        chains: vec![CHAIN.to_owned()],
        messages: vec![MsgSend::TYPE_URL.to_owned()],
        max_per_tx: maxima(),
        max_fee: maxima(),
        ..AllowListConfig::default()
    }
}
