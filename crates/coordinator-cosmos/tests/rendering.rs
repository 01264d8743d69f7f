//! What a person reads before approving.

#![cfg(test)]

use maany_coordinator_cosmos::{
    Address, Amount, Coin, CosmosError, DecodedMsg, Denom, Fee, Hrp, MsgSend, Recipient, SignMode, TxDraft,
};

const GENERATOR: &str = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";

fn key() -> [u8; 33] {
    hex::decode(GENERATOR).unwrap().try_into().unwrap()
}

fn account(byte: u8) -> Address {
    Address::from_bytes(&[byte; 20], &Hrp::parse("cosmos").unwrap()).unwrap()
}

fn wallet() -> Address {
    Address::from_public_key(&key(), &Hrp::parse("cosmos").unwrap()).unwrap()
}

fn coin(amount: &str, denom: &str) -> Coin {
    Coin::parse(amount, denom).unwrap()
}

fn draft() -> TxDraft {
    let send = |to, coins| MsgSend::new(wallet(), to, coins).unwrap();
    TxDraft {
        chain_id: "cosmoshub-4".into(),
        account_number: 0,
        sequence: 9,
        public_key: key(),
        messages: vec![
            send(account(1), vec![coin("25", "uatom"), coin("1000000000000000000000", "aevmos")]),
            send(account(2), vec![coin("5", "uatom")]),
        ],
        fee: Fee { amounts: vec![coin("300", "uatom")], gas: 90_000, payer: None, granter: None },
        memo: "to \u{202e}ecila\n100%".into(),
        timeout_height: Some(77),
    }
}

#[test]
fn a_person_reads_everything_and_sees_hidden_marks() {
    let want = "\
chain      cosmoshub-4
account    0, signed as direct
signer     0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798, sequence 9, mode direct
message 1  send 1000000000000000000000 aevmos, 25 uatom from cosmos1w508d6qejxtdg4y5r3zarvary0c5xw7k6ah60c to cosmos1qyqszqgpqyqszqgpqyqszqgpqyqszqgpjnp7du
message 2  send 5 uatom from cosmos1w508d6qejxtdg4y5r3zarvary0c5xw7k6ah60c to cosmos1qgpqyqszqgpqyqszqgpqyqszqgpqyqszrh8mx2
fee        300 uatom, gas limit 90000
memo       \"to \\u{202e}ecila\\n100%\"
valid      until height 77";
    assert_eq!(draft().sign_doc(SignMode::Direct).unwrap().decoded().to_string(), want);
}

#[test]
fn what_is_not_decoded_says_so() {
    let message = DecodedMsg::Unknown { type_url: "/strange.v1.MsgDrain".into(), value: vec![0; 34] };
    assert_eq!(message.to_string(), "NOT DECODED /strange.v1.MsgDrain (34 bytes)");
}

#[test]
fn json_keeps_64_bit_numbers_as_strings() {
    let tx = draft().sign_doc(SignMode::AminoJson).unwrap().decoded().clone();
    let json = serde_json::to_value(&tx).unwrap();
    assert_eq!(json["mode"], "amino-json");
    assert_eq!(json["accountNumber"], "0");
    assert_eq!(json["signers"][0]["sequence"], "9");
    assert_eq!(json["fee"]["gas"], "90000");
    assert_eq!(json["timeoutHeight"], "77");
    assert_eq!(json["messages"][1]["typeUrl"], "/cosmos.bank.v1beta1.MsgSend");
    assert_eq!(json["messages"][1]["send"]["amounts"][0]["amount"], "5");
    assert_eq!(json["messages"][1]["send"]["to"], account(2).as_str());
}

#[test]
fn the_outflow_sums_transfers_and_fee() {
    for mode in [SignMode::Direct, SignMode::AminoJson] {
        let tx = draft().sign_doc(mode).unwrap().decoded().clone();
        let out = tx.outflow(&wallet()).unwrap();
        assert_eq!(
            out.transfers.iter().map(|t| t.to.clone()).collect::<Vec<_>>(),
            [1, 2].map(|n| Recipient::Account(account(n)))
        );
        assert_eq!(out.totals[&Denom::parse("uatom").unwrap()], Amount::from(330));
        assert_eq!(out.totals[&Denom::parse("aevmos").unwrap()].as_str(), "1000000000000000000000");
        assert!(out.undecoded.is_empty());
        let other = tx.outflow(&account(1)).unwrap();
        assert!(other.transfers.is_empty() && other.totals.is_empty());
    }
}

#[test]
fn the_fee_is_counted_for_the_one_who_pays() {
    let fee_of = |change: fn(&mut TxDraft)| {
        let mut draft = draft();
        change(&mut draft);
        let tx = draft.sign_doc(SignMode::Direct).unwrap().decoded().clone();
        tx.outflow(&wallet()).unwrap().fee.len()
    };
    assert_eq!(fee_of(|d| d.fee.payer = Some(account(1))), 0);
    assert_eq!(fee_of(|d| d.fee.granter = Some(account(1))), 0);
    assert_eq!(fee_of(|d| d.fee.payer = Some(wallet())), 1);
    assert_eq!(fee_of(|d| d.messages[0].from = account(3)), 0);
    assert_eq!(fee_of(|d| d.messages.clear()), 1, "an unknown payer may be this wallet");
}

#[test]
fn a_transfer_to_oneself_does_not_leave_and_sums_are_bounded() {
    let mut draft = draft();
    draft.messages = vec![MsgSend::new(wallet(), wallet(), vec![coin("7", "uatom")]).unwrap()];
    let tx = draft.sign_doc(SignMode::Direct).unwrap().decoded().clone();
    assert!(tx.outflow(&wallet()).unwrap().transfers.is_empty());

    let max = coin(&format!("1{}", "0".repeat(77)), "uatom");
    draft.messages = vec![MsgSend::new(wallet(), account(1), vec![max]).unwrap(); 2];
    let tx = draft.sign_doc(SignMode::Direct).unwrap().decoded().clone();
    assert!(matches!(tx.outflow(&wallet()), Err(CosmosError::AmountOverflow)));
}

#[test]
fn a_transfer_to_be_made_is_sorted_and_has_positive_coins() {
    let make = |coins| MsgSend::new(wallet(), account(1), coins);
    assert!(matches!(make(vec![]), Err(CosmosError::Coins)));
    assert!(matches!(make(vec![coin("0", "uatom")]), Err(CosmosError::Coins)));
    assert!(matches!(make(vec![coin("1", "uatom"), coin("2", "uatom")]), Err(CosmosError::Coins)));
    let sorted = make(vec![coin("1", "uosmo"), coin("2", "uatom")]).unwrap();
    assert_eq!(sorted.amounts[0].denom.as_str(), "uatom");
}
