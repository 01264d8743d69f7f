//! What the demo signs: a transfer on the Cosmos Hub that is never broadcast.

use maany_coordinator::{
    AllowListConfig, SignOrder, WalletInfo,
    cosmos::{Address, Coin, Fee, Hrp, MsgSend, SignMode, TxDraft},
    engine::DerivationPath,
};

use super::error::StepError;

/// The chain that the sign docs name. No node of it is asked anything.
pub(super) const CHAIN: &str = "cosmoshub-4";
/// Where the signing key hangs below the wallet's key. The purpose, coin type and account of SLIP-44 and BIP-44, not
/// hardened: a two-party key has no private parent to harden with.
pub(super) const PATH: &str = "m/44/118/0/0/0";
const HRP: &str = "cosmos";
const DENOM: &str = "uatom";
const MOST: &str = "5000000";
const MOST_FEE: &str = "10000";

/// The policy of the demo's server.
pub(super) fn policy() -> AllowListConfig {
    AllowListConfig {
        chains: vec![CHAIN.to_owned()],
        messages: vec![MsgSend::TYPE_URL.to_owned()],
        max_per_tx: [(DENOM.to_owned(), MOST.to_owned())].into(),
        max_fee: [(DENOM.to_owned(), MOST_FEE.to_owned())].into(),
        ..AllowListConfig::default()
    }
}

/// The policy in words.
pub(super) fn policy_in_words() -> String {
    format!(
        "MsgSend on {CHAIN}, at most {MOST}{DENOM}, fee at most {MOST_FEE}{DENOM}; anything else is refused"
    )
}

/// The wallet's address on the chain.
pub(super) fn address(wallet: &WalletInfo) -> Result<Address, StepError> {
    let key = wallet.child(&path()?)?;
    Ok(Address::from_public_key(key.as_bytes(), &Hrp::parse(HRP)?)?)
}

/// A transfer of 1.25 ATOM to somebody, with this sequence number.
pub(super) fn transfer(wallet: &WalletInfo, sequence: u64) -> Result<SignOrder, StepError> {
    let path = path()?;
    let somebody = Address::from_bytes(&[0x42; 20], &Hrp::parse(HRP)?)?;
    let draft = TxDraft {
        chain_id: CHAIN.to_owned(),
        account_number: 1_021_847,
        sequence,
        public_key: *wallet.child(&path)?.as_bytes(),
        messages: vec![MsgSend::new(address(wallet)?, somebody, vec![Coin::parse("1250000", DENOM)?])?],
        fee: Fee { amounts: vec![Coin::parse("2500", DENOM)?], gas: 100_000, payer: None, granter: None },
        memo: "thanks for lunch".to_owned(),
        timeout_height: None,
    };
    let sign_doc = draft.sign_doc(SignMode::Direct)?.sign_bytes().to_vec();
    Ok(SignOrder { chain_id: CHAIN.to_owned(), path, mode: SignMode::Direct, sign_doc })
}

fn path() -> Result<DerivationPath, StepError> {
    Ok(PATH.parse()?)
}
