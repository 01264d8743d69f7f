use base64::{Engine as _, engine::general_purpose::STANDARD};
use maany_coordinator_proto::{
    BackupShare, IdentityKey, KeyId, Recovery, SessionId, StepUp,
    backup_share::{BackupCiphertext, Fragment, Label, Split},
    proof::{Deposit, Proof},
};
use maany_coordinator_storage::{
    SecretBytes,
    record::{AuditRow, BackupRule, Devices, FragmentRecord, Standing, WalletRecord, WalletState},
};
use maany_mpc_core::{
    PublicKey, ShareId,
    backup::{self, BackupContext, FragmentDocument, Threshold},
};
use serde_json::json;
use zeroize::Zeroizing;

use super::*;
use crate::test_support::{alice, share_id, wallet, wallet_on};

fn document(row: &WalletRecord, epoch: u64) -> FragmentDocument {
    let context = BackupContext {
        wallet: row.wallet.as_bytes().to_vec(),
        key_id: row.key_id.clone().unwrap_or_default().into_bytes(),
        share_id: ShareId::from_bytes(&share_id(epoch).to_bytes()).unwrap(),
        public_key: PublicKey::from_sec1(&row.public_key).unwrap(),
    };
    let fragment = backup::Fragment::from_bytes(&[1; 33]).unwrap();
    FragmentDocument::new(context, Threshold::new(2, 3).unwrap(), vec![7; 40], fragment).unwrap()
}

fn upload(document: &FragmentDocument, acknowledged: u8) -> Value {
    json!({"document": STANDARD.encode(document.dangerous_to_bytes()), "acknowledged": acknowledged})
}

const FRAGMENT: &str = "/v1/wallets/k/fragment";
const RECOVERY: &str = "/wallets/k/recovery";

#[tokio::test]
async fn a_fragment_goes_back_only_while_the_operators_grant_is_open() {
    let api = api().await;
    let row = wallet(&api.vault, &alice(), 1, Some("k")).await;
    let document = document(&row, 1);
    let stored = api.put(&api.alice, FRAGMENT, &upload(&document, 1)).await;
    assert_eq!((stored.status, stored.json()), (StatusCode::OK, json!({"epoch": 1, "receipt": false})));
    let unknown = api.get(&api.alice, "/wallets/nobodys/recovery").await;
    assert_eq!(api.get(&api.alice, RECOVERY).await, unknown, "without a grant there is nothing");

    let body = json!({"walletId": row.wallet.to_string()});
    let code = api.post(&api.admin, "/v1/admin/step-up", &body).await;
    assert_eq!(
        (code.status, &code.headers[header::CACHE_CONTROL]),
        (StatusCode::CREATED, &"no-store".parse().unwrap())
    );
    let answer = api.get(&api.alice, RECOVERY).await;
    assert_eq!(
        (answer.status, &answer.headers[header::CACHE_CONTROL]),
        (StatusCode::OK, &"no-store".parse().unwrap())
    );
    let recovery = Recovery::parse(&answer.body).unwrap();
    assert_eq!(recovery.fragment.dangerous_expose(), document.dangerous_to_bytes().as_slice());
    assert_eq!(recovery.ciphertext.blob, document.ciphertext());
    assert_eq!(api.get(&api.bob, RECOVERY).await, unknown, "a grant is the wallet owner's only");

    let code = StepUp::new(code.json()["code"].as_str().unwrap()).unwrap();
    api.state.step_ups.consume(row.wallet, &code, "acme/alice").await.unwrap();
    assert_eq!(api.get(&api.alice, RECOVERY).await, unknown, "the used code has closed it");
}

#[tokio::test]
async fn what_an_existing_device_left_goes_back_as_it_came() {
    let api = api().await;
    let row = wallet(&api.vault, &alice(), 1, Some("k")).await;
    let ciphertext = BackupCiphertext {
        kind: Label::text("ecdsa-2p").unwrap(),
        curve: Label::number(714),
        scheme: Label::text("shamir").unwrap(),
        key_id: KeyId::new("k").unwrap(),
        split: Split::new(2, 3).unwrap(),
        label: vec![1, 2],
        blob: vec![3; 40],
    };
    let fragment = Fragment::new(vec![4; 33].into()).unwrap();
    let frame = BackupShare::new(SessionId::new("s").unwrap(), ciphertext.clone(), fragment, 1).unwrap();
    let record = FragmentRecord {
        owner: alice().rows(),
        subject: row.wallet.to_string(),
        epoch: 1,
        document: SecretBytes::new(frame.to_json().as_bytes().to_vec()),
        stored_ms: 1,
    };
    let audit = AuditRow {
        at_ms: 1,
        actor: "test".to_owned(),
        event: "test".to_owned(),
        wallet: None,
        details: String::new(),
    };
    api.vault.put_fragment(record, audit).await.unwrap();
    api.state.step_ups.create(row.wallet, "operator").await.unwrap();
    let recovery = Recovery::parse(&api.get(&api.alice, RECOVERY).await.body).unwrap();
    assert_eq!(recovery.ciphertext, ciphertext);
    assert_eq!(recovery.fragment.dangerous_expose(), [4; 33]);
}

#[tokio::test]
async fn a_backup_is_complete_when_enough_fragments_are_acknowledged() {
    let api = api().await;
    let row = wallet(&api.vault, &alice(), 1, Some("k")).await;
    assert_eq!(row.backup_rule, BackupRule::None);
    let stored = api.put(&api.alice, FRAGMENT, &upload(&document(&row, 1), 2)).await;
    assert_eq!(stored.json(), json!({"epoch": 1, "receipt": true}));
    let row = api.vault.wallet(&alice().rows(), row.wallet).await.unwrap().unwrap();
    assert_eq!((row.receipt, row.backup_rule), (Some(share_id(1)), BackupRule::Required));
    // The answer was lost: the device says it again.
    let again = api.put(&api.alice, FRAGMENT, &upload(&document(&row, 1), 3)).await;
    assert_eq!(again.json(), json!({"epoch": 1, "receipt": true}));
}

/// The same backup is split once: another fragment of it is one of another ciphertext.
fn another(row: &WalletRecord, epoch: u64) -> FragmentDocument {
    let one = document(row, epoch);
    let fragment = backup::Fragment::from_bytes(&[1; 33]).unwrap();
    FragmentDocument::new(one.context().clone(), one.threshold(), vec![8; 40], fragment).unwrap()
}

async fn left(api: &Api, row: &WalletRecord) -> Vec<u8> {
    let page = api.vault.fragments(&alice().rows(), &row.wallet.to_string()).await.unwrap();
    page.rows.first().unwrap().document.dangerous_expose().to_vec()
}

#[tokio::test]
async fn the_fragment_of_a_complete_backup_gives_way_to_no_other() {
    let api = api().await;
    let row = wallet(&api.vault, &alice(), 1, Some("k")).await;
    // What is not complete may be made anew.
    assert_eq!(api.put(&api.alice, FRAGMENT, &upload(&another(&row, 1), 1)).await.status, StatusCode::OK);
    assert_eq!(api.put(&api.alice, FRAGMENT, &upload(&document(&row, 1), 2)).await.status, StatusCode::OK);
    for acknowledged in [1, 2, 3] {
        let answer = api.put(&api.alice, FRAGMENT, &upload(&another(&row, 1), acknowledged)).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::CONFLICT, "backup_complete"));
        assert_eq!(answer.json()["retryable"], json!(false));
        let again = api.put(&api.alice, FRAGMENT, &upload(&document(&row, 1), acknowledged)).await;
        assert_eq!(again.status, StatusCode::OK, "an answer that was lost is asked for again");
        assert_eq!(left(&api, &row).await, document(&row, 1).dangerous_to_bytes().to_vec());
    }
}

#[tokio::test]
async fn a_locked_wallet_takes_no_fragment() {
    let api = api().await;
    let row = wallet(&api.vault, &alice(), 1, Some("k")).await;
    for state in [WalletState::Quarantined, WalletState::Frozen] {
        let row = api.vault.wallet(&alice().rows(), row.wallet).await.unwrap().unwrap();
        let audit = AuditRow {
            at_ms: 1,
            actor: "test".to_owned(),
            event: "locked".to_owned(),
            wallet: Some(row.wallet),
            details: String::new(),
        };
        api.vault.set_standing(&row, Standing { state, aborts: Vec::new() }, audit).await.unwrap();
        for acknowledged in [1, 2] {
            let answer = api.put(&api.alice, FRAGMENT, &upload(&document(&row, 1), acknowledged)).await;
            assert_eq!((answer.status, answer.code().as_str()), (StatusCode::CONFLICT, "wallet_locked"));
        }
    }
    let kept = api.vault.fragments(&alice().rows(), &row.wallet.to_string()).await.unwrap();
    assert!(kept.rows.is_empty(), "nothing was stored");
}

#[tokio::test]
async fn a_fragment_of_another_wallet_key_or_epoch_is_refused() {
    let api = api().await;
    let row = wallet(&api.vault, &alice(), 1, Some("k")).await;
    let other = wallet(&api.vault, &alice(), 2, None).await;
    for document in [document(&row, 2), document(&other, 1)] {
        let answer = api.put(&api.alice, FRAGMENT, &upload(&document, 3)).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "fragment"));
    }
    for (field, value) in [("document", json!("AAAA")), ("document", json!("")), ("document", json!("*"))] {
        let mut body = upload(&document(&row, 1), 3);
        body[field] = value;
        assert!(api.put(&api.alice, FRAGMENT, &body).await.status.is_client_error());
    }
    let row = api.vault.wallet(&alice().rows(), row.wallet).await.unwrap().unwrap();
    assert_eq!(row.receipt, None);
}

/// The coordinator's fragment of a wallet that a device is enrolled for.
#[tokio::test]
async fn a_token_alone_leaves_no_fragment_of_a_wallet_with_an_enrolled_device() {
    let api = api().await;
    let key = |byte| IdentityKey::from_bytes(&Zeroizing::new([byte; 32])).unwrap();
    let (own, revoked, strange) = (key(1), key(2), key(3));
    let devices = Devices {
        enrolled: Some(*own.public().as_bytes()),
        pending: None,
        revoked: vec![*revoked.public().as_bytes()],
    };
    let row = wallet_on(&api.vault, &alice(), 1, Some("k"), devices).await;
    let bytes = document(&row, 1).dangerous_to_bytes().to_vec();
    let deposit = Deposit { wallet: row.wallet.to_bytes(), acknowledged: 2, document: &bytes };
    let with = |proof: Option<Proof>| {
        let mut body = upload(&document(&row, 1), 2);
        if let Some(proof) = proof {
            body["proof"] = json!(wire::DepositProof::of(&proof));
        }
        body
    };
    let honest = own.prove_deposit(&deposit);
    let elsewhere = [
        None,
        Some(revoked.prove_deposit(&deposit)),
        Some(strange.prove_deposit(&deposit)),
        Some(Proof { identity: honest.identity, ..strange.prove_deposit(&deposit) }),
        Some(own.prove_deposit(&Deposit { acknowledged: 3, ..deposit })),
        Some(own.prove_deposit(&Deposit { wallet: [7; 16], ..deposit })),
        Some(Proof { signature: [0; 64], ..honest }),
    ];
    for proof in elsewhere {
        let answer = api.put(&api.alice, FRAGMENT, &with(proof)).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::FORBIDDEN, "forbidden"));
    }
    for field in ["identity", "signature"] {
        let mut body = with(Some(honest));
        body["proof"][field] = json!("no hexadecimal");
        assert_eq!(api.put(&api.alice, FRAGMENT, &body).await.status, StatusCode::FORBIDDEN);
    }
    let kept = api.vault.fragments(&alice().rows(), &row.wallet.to_string()).await.unwrap();
    assert!(kept.rows.is_empty(), "nothing was stored");

    let stored = api.put(&api.alice, FRAGMENT, &with(Some(honest))).await;
    assert_eq!((stored.status, stored.json()), (StatusCode::OK, json!({"epoch": 1, "receipt": true})));
}

#[tokio::test]
async fn a_step_up_code_is_made_for_any_owners_wallet_and_for_no_unknown_one() {
    let api = api().await;
    let row = wallet(&api.vault, &test_support::bob(), 1, None).await;
    let ask = async |id: &str| api.post(&api.admin, "/v1/admin/step-up", &json!({"walletId": id})).await;
    assert_eq!(ask(&row.wallet.to_string()).await.status, StatusCode::CREATED);
    for unknown in ["ee".repeat(16), "not-an-id".to_owned()] {
        let answer = ask(&unknown).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::NOT_FOUND, "not_found"));
    }
}
