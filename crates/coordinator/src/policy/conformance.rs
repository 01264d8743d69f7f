//! What every [`PolicyHook`] keeps. Run it from a test of the implementation; it panics where a promise is broken.
//!
//! Which transactions a policy allows is its own matter. What it must not do is allow what nobody could read.

use maany_coordinator_cosmos::{
    Address, Coin, DecodedMsg, DecodedTx, Fee, Hrp, MsgSend, Opaque, SignMode, TxDraft,
};
use maany_coordinator_proto::{Digest, WalletId};
use maany_mpc_core::DerivationPath;

use super::{PolicyHook, SignIntent, Subject, Verdict};
use crate::auth::{Principal, Scopes};

/// Whether the policy under test is meant to allow bare digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Raw {
    /// It denies them.
    Denied,
    /// It was told to allow them.
    Allowed,
}

/// A transfer of 1 `uatom` on `chain_id`, paying a fee of 1 `uatom`, from the account of a well-known key (the
/// generator of secp256k1) to itself.
///
/// # Panics
/// Where `chain_id` cannot stand in a sign doc.
#[must_use]
pub fn transfer(chain_id: &str) -> DecodedTx {
    let hrp = Hrp::parse("cosmos").expect("cosmos is a prefix");
    let own = Address::from_public_key(&GENERATOR, &hrp).expect("the generator is a key");
    let coin = || vec![Coin::parse("1", "uatom").expect("it is a coin")];
    let draft = TxDraft {
        chain_id: chain_id.to_owned(),
        account_number: 7,
        sequence: 3,
        public_key: GENERATOR,
        messages: vec![MsgSend::new(own.clone(), own, coin()).expect("it is a transfer")],
        fee: Fee { amounts: coin(), gas: 100_000, payer: None, granter: None },
        memo: String::new(),
        timeout_height: None,
    };
    draft.sign_doc(SignMode::Direct).expect("the draft is complete").decoded().clone()
}

/// Asks a policy about a transaction of the well-known key.
pub async fn ask(policy: &dyn PolicyHook, tx: &DecodedTx) -> Verdict {
    decide(policy, Subject::Transaction(tx)).await
}

/// Runs the suite. `known` is a transaction that the policy may or may not allow, such as [`transfer`].
///
/// # Panics
/// Where a promise is broken.
pub async fn run(policy: &dyn PolicyHook, known: &DecodedTx, raw: Raw) {
    let verdict = ask(policy, known).await;
    assert_eq!(verdict, ask(policy, known).await, "the same request gets the same verdict");
    let strange = DecodedMsg::Unknown { type_url: "/strange.v1.MsgDrain".to_owned(), value: vec![8, 1] };
    let mixed = known.messages.iter().cloned().chain([strange.clone()]).collect();
    let forged = DecodedMsg::Unknown { type_url: MsgSend::TYPE_URL.to_owned(), value: vec![8, 1] };
    let option = || vec![Opaque { type_url: "/strange.v1.Option".to_owned(), value: vec![8, 1] }];
    let unreadable = [
        ("an unknown message", DecodedTx { messages: vec![strange], ..known.clone() }),
        ("an unknown message among known ones", DecodedTx { messages: mixed, ..known.clone() }),
        ("an unknown message with a known name", DecodedTx { messages: vec![forged], ..known.clone() }),
        ("an extension option", DecodedTx { extension_options: option(), ..known.clone() }),
    ];
    for (what, tx) in unreadable {
        assert!(matches!(ask(policy, &tx).await, Verdict::Deny(_)), "allowed: {what}");
    }
    let digest = Digest::from_bytes([7; 32]);
    let bare = decide(policy, Subject::Raw(&digest)).await;
    assert_eq!(bare == Verdict::Allow, raw == Raw::Allowed, "a bare digest");
}

async fn decide(policy: &dyn PolicyHook, subject: Subject<'_>) -> Verdict {
    let principal = Principal::new("tenant", "owner", Scopes::DEVICE);
    let path = DerivationPath::root();
    let wallet = WalletId::from_bytes([1; 16]);
    let intent = SignIntent {
        member_of: None,
        principal: &principal,
        wallet,
        path: &path,
        public_key: &GENERATOR,
        subject,
        replaces: None,
        reserved: &[],
    };
    policy.decide(&intent).await
}

/// The generator point of secp256k1, the public key of the secret 1 (SEC 2, section 2.4.1), compressed.
const GENERATOR: [u8; 33] = [
    0x02, 0x79, 0xbe, 0x66, 0x7e, 0xf9, 0xdc, 0xbb, 0xac, 0x55, 0xa0, 0x62, 0x95, 0xce, 0x87, 0x0b, 0x07,
    0x02, 0x9b, 0xfc, 0xdb, 0x2d, 0xce, 0x28, 0xd9, 0x59, 0xf2, 0x81, 0x5b, 0x16, 0xf8, 0x17, 0x98,
];
