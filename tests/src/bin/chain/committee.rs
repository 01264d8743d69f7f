//! A 2-of-3 multisig account in which one member is an MPC wallet and the others keep their keys to themselves.

use k256::ecdsa::signature::hazmat::PrehashSigner;
use k256::ecdsa::{Signature, SigningKey};
use maany_coordinator_cosmos::{
    AccountKey, Address, Denom, Fee, Hrp, KeyType, Msg, MultisigKey, SignDoc, SignMode, TxDraft,
};
use maany_tests::Failure;
use maany_tests::chain::{CHAIN, DENOM, PREFIX};

use super::story::{same, transfer};
use super::world::{World, stake};

const MODE: SignMode = SignMode::AminoJson;

/// The account is funded, then delegates: the wallet and one other member sign.
pub(crate) async fn acts(world: &World) -> Result<(), Failure> {
    let others = [SigningKey::from_slice(&[0x11; 32])?, SigningKey::from_slice(&[0x22; 32])?];
    let member = |key: &SigningKey| -> Result<AccountKey, Failure> {
        let bytes: [u8; 33] = key.verifying_key().to_sec1_point(true).as_bytes().try_into()?;
        Ok(AccountKey::new(KeyType::Secp256k1, bytes)?)
    };
    let wallet = AccountKey::new(KeyType::Secp256k1, world.rich.wallet.public_key.to_bytes())?;
    let committee = MultisigKey::new(2, vec![member(&others[0])?, wallet, member(&others[1])?])?;
    let account = committee.address(&Hrp::parse(PREFIX)?)?;
    world
        .rich
        .transact(SignMode::Direct, vec![transfer(&world.rich.address, &account, 50_000_000)?], None)
        .await?;

    let number = world.node.account(&account).await?.ok_or("the chain has no such account")?;
    let fee = Fee { amounts: vec![stake(10_000)?], gas: 400_000, ..Fee::default() };
    let draft = TxDraft {
        chain_id: CHAIN.to_owned(),
        account_number: number.number,
        sequence: number.sequence,
        public_key: *wallet.as_bytes(),
        messages: vec![
            Msg::delegate(&account, &world.validator, &stake(40_000_000)?),
            transfer(&account, &world.fresh.address, 3)?,
        ],
        fee: fee.clone(),
        memo: String::new(),
        timeout_height: None,
    };
    let doc: SignDoc = draft.sign_doc(MODE)?;
    let by_wallet = world.rich.sign_as_member(doc.sign_bytes(), &committee).await?;
    let by_other: Signature = others[1].sign_prehash(&doc.digest())?;
    let by_other: [u8; 64] = by_other.normalize_s().to_bytes().into();
    let signatures = [(wallet, by_wallet), (member(&others[1])?, by_other)];
    let tx = committee.tx_raw(&draft.body_bytes(), &fee, number.sequence, doc.sign_bytes(), &signatures)?;
    world.rich.send(&tx).await?;
    same("balance", balance(world, &account).await?, 50_000_000 - 40_000_000 - 3 - 10_000)
}

async fn balance(world: &World, account: &Address) -> Result<u128, Failure> {
    let amount = world.node.balance(account, &Denom::parse(DENOM)?).await?;
    amount.to_u128().ok_or_else(|| "a balance over 128 bits".into())
}
