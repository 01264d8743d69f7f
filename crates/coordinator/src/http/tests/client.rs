use maany_coordinator_proto::{KeyId, RequestId, Token};
use maany_coordinator_storage::record::WalletRecord;
use maany_mpc_core::backup::{self, BackupContext, FragmentDocument, Threshold};

use super::*;
use crate::{
    http::client::{ClientError, HttpClient},
    test_support::{alice, doc, share_id, wallet},
};

/// Serves the router on a free loopback port.
async fn serve(api: &Api) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = api.router().layer(Extension(connection(address)));
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("ws://{address}")
}

fn client(url: &str, token: &str) -> HttpClient {
    HttpClient::new(url, Arc::new(Token::new(token).unwrap())).unwrap()
}

fn new(row: &WalletRecord) -> wire::NewSignRequest {
    let doc = doc(row.public_key, maany_coordinator_cosmos::SignMode::Direct);
    serde_json::from_value(sign_requests::body("k", &doc)).unwrap()
}

#[tokio::test]
async fn a_device_reaches_every_route_of_its_own_through_the_client() {
    let api = api().await;
    let row = wallet(&api.vault, &alice(), 1, Some("k")).await;
    let url = serve(&api).await;
    let (device, operator) = (client(&url, &api.alice), client(&url, &api.admin));
    let key_id = KeyId::new("k").unwrap();

    let wallets = device.wallets().await.unwrap();
    assert_eq!(wallets.len(), 1);
    assert_eq!(device.wallet(&key_id).await.unwrap().as_ref(), wallets.first());
    assert_eq!(device.wallet(&KeyId::new("other").unwrap()).await.unwrap(), None);

    let made = device.create_sign_request(&new(&row)).await.unwrap();
    let id: RequestId = made.id.parse().unwrap();
    assert_eq!(device.sign_request(id).await.unwrap(), made);

    let context = BackupContext {
        wallet: row.wallet.as_bytes().to_vec(),
        key_id: b"k".to_vec(),
        share_id: maany_mpc_core::ShareId::from_bytes(&share_id(1).to_bytes()).unwrap(),
        public_key: maany_mpc_core::PublicKey::from_sec1(&row.public_key).unwrap(),
    };
    let fragment = backup::Fragment::from_bytes(&[1; 33]).unwrap();
    let document = FragmentDocument::new(context, Threshold::default(), vec![7; 40], fragment).unwrap();
    let document = document.dangerous_to_bytes();
    assert!(device.put_fragment(&key_id, &document, 2, None).await.unwrap().receipt);
    let wallet_id = maany_coordinator_proto::WalletId::from_bytes(row.wallet.to_bytes());
    operator.create_step_up(wallet_id).await.unwrap();
    let recovery = device.recovery(&key_id).await.unwrap();
    assert_eq!(recovery.fragment.dangerous_expose(), document.as_slice());
}

#[tokio::test]
async fn a_long_list_is_read_to_its_end() {
    let api = api().await;
    for seed in 1..=120 {
        wallet(&api.vault, &alice(), seed, None).await;
    }
    let device = client(&serve(&api).await, &api.alice);
    assert_eq!(device.wallets().await.unwrap().len(), 120);
}

#[tokio::test]
async fn a_refusal_says_what_the_server_said_and_whether_to_come_back() {
    let api = api().await;
    let url = serve(&api).await;
    let refused = client(&url, "not.a-key").wallets().await.unwrap_err();
    assert!(
        matches!(&refused, ClientError::Refused { status: 401, error } if error.code == "unauthenticated")
    );
    assert!(!refused.is_retryable());
    let nobody = "ws://127.0.0.1:1";
    let unreachable = client(nobody, &api.alice).wallets().await.unwrap_err();
    assert!(matches!(unreachable, ClientError::Unreachable(_)) && unreachable.is_retryable());
}

#[tokio::test]
async fn the_token_does_not_follow_a_redirect() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let elsewhere = axum::response::Redirect::temporary("http://127.0.0.1:1/v1/wallets");
    let router = Router::new().fallback(async move || elsewhere.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let answer = client(&url, "a.b").wallets().await;
    assert!(matches!(answer, Err(ClientError::Malformed)), "{answer:?}");
}

#[tokio::test]
async fn an_answer_over_one_mebibyte_is_not_read_to_its_end() {
    let answers = [(1 << 20, false), ((1 << 20) + 1, true)];
    for (bytes, is_too_large) in answers {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(async move || vec![b' '; bytes]);
        tokio::spawn(async move { axum::serve(listener, router).await });
        let answer = client(&url, "a.b").wallets().await;
        assert_eq!(matches!(answer, Err(ClientError::TooLarge)), is_too_large, "{answer:?}");
    }
}
