//! Who is let in, and what those hear who are not.
#![cfg(test)]

use maany_coordinator::auth::Scope;
use maany_coordinator::proto::{Hello, Intent, StepUp};
use maany_coordinator::{Scopes, WalletInfo};
use maany_tests::raw_device::{Closed, key_id, session_id, token};
use maany_tests::{Holder, RawDevice, RunningServer, order, planted};
use reqwest::{Client, Method, Response};
use serde_json::json;

/// A hello for this wallet.
fn hello(intent: Intent, wallet: &str) -> Hello {
    let (session, name) = (session_id(), key_id(wallet).unwrap());
    match intent {
        Intent::Dkg => Hello::dkg(session, None),
        Intent::Sign => Hello::sign(session, name),
        Intent::Refresh => Hello::refresh(session, name),
        Intent::Restore => Hello::restore(session, name, StepUp::new("0123456789abcdef0123456789").unwrap()),
    }
}

async fn refusal(server: &RunningServer, hello: Hello) -> Closed {
    RawDevice::hello(&server.url(), hello).await.unwrap().closed().await.unwrap()
}

/// Everything of an answer that tells something: status, headers but the date, body.
async fn answer(response: Response) -> (u16, Vec<(String, String)>, String) {
    let status = response.status().as_u16();
    let headers = response
        .headers()
        .iter()
        .filter(|(name, _)| *name != "date")
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    (status, headers, response.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_owners_wallet_answers_exactly_as_one_that_does_not_exist() {
    let server = RunningServer::start().await.unwrap();
    let alice = server.token("alice").await.unwrap();
    let bobs = planted::on_server(&server, "bob").await.unwrap().to_string();
    let nobodys = "0".repeat(32);

    for intent in [Intent::Sign, Intent::Refresh, Intent::Restore] {
        let closed = async |wallet: &str| {
            refusal(&server, hello(intent, wallet).with_token(token(&alice).unwrap())).await
        };
        let (unknown, others) = (closed(&nobodys).await, closed(&bobs).await);
        assert_eq!(unknown, others, "{intent:?}");
        assert_eq!(unknown, Closed { code: Some(4403), reason: "not allowed".to_owned() });
    }

    let client = Client::new();
    let http = format!("http://{}", server.address());
    let ask = async |method: Method, path: String, body: Option<serde_json::Value>| {
        let request = client.request(method, format!("{http}{path}")).bearer_auth(&alice);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        answer(request.send().await.unwrap()).await
    };
    let order = order::send_one(&planted::shares().unwrap().server.public_key(), 1).unwrap();
    let sign_doc = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &order.sign_doc);
    for (path, status) in [("/wallets/{}", 200), ("/v1/wallets/{}", 404), ("/wallets/{}/recovery", 404)] {
        let ask = async |wallet: &str| ask(Method::GET, path.replace("{}", wallet), None).await;
        let (unknown, others) = (ask(&nobodys).await, ask(&bobs).await);
        assert_eq!(unknown, others, "{path}");
        assert_eq!(unknown.0, status, "{path}: {}", unknown.2);
    }
    let ask = async |wallet: &str| {
        let body =
            json!({ "walletId": wallet, "chainId": order::CHAIN, "mode": "direct", "signDoc": sign_doc });
        ask(Method::POST, "/v1/sign-requests".to_owned(), Some(body)).await
    };
    let (unknown, others) = (ask(&nobodys).await, ask(&bobs).await);
    assert_eq!(unknown, others);
    assert_eq!(unknown.0, 404, "{}", unknown.2);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_owners_sign_request_answers_exactly_as_one_that_does_not_exist() {
    let server = RunningServer::start().await.unwrap();
    let (alice, bob) = (server.token("alice").await.unwrap(), server.token("bob").await.unwrap());
    let bob = Holder::in_memory(&server.url(), &bob).await.unwrap();
    let wallet = planted::wallet(&server, "bob", &bob).await.unwrap();
    let order = order::send_one(&wallet.public_key, 1).unwrap();
    let bobs = bob.device().unwrap().request(&wallet.wallet, &order).await.unwrap().id;
    let ask = async |id: &str| {
        let url = format!("http://{}/v1/sign-requests/{id}", server.address());
        answer(Client::new().get(url).bearer_auth(&alice).send().await.unwrap()).await
    };
    let (unknown, others) = (ask(&"0".repeat(32)).await, ask(&bobs).await);
    assert_eq!(unknown, others);
    assert_eq!(unknown.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_good_token_every_intent_closes_4401() {
    let server = RunningServer::start().await.unwrap();
    let wallet = planted::on_server(&server, "alice").await.unwrap().to_string();
    let good = server.token("alice").await.unwrap();
    let rows = async || server.vault().audit(None, 1000).await.unwrap().rows.len();
    let before = rows().await;
    let other_secret = format!("{}A", good.strip_suffix(|_: char| true).unwrap());
    let other_id = format!("B{}", good.strip_prefix(|_: char| true).unwrap());
    for bad in [None, Some("x"), Some("a.b.c"), Some(&*other_secret), Some(&*other_id)] {
        if bad == Some(&good) {
            continue;
        }
        for intent in [Intent::Dkg, Intent::Sign, Intent::Refresh, Intent::Restore] {
            let hello = hello(intent, &wallet);
            let hello = match bad {
                Some(bad) => hello.with_token(token(bad).unwrap()),
                None => hello,
            };
            let closed = refusal(&server, hello).await;
            assert_eq!(closed, Closed { code: Some(4401), reason: "not authenticated".to_owned() });
        }
    }
    assert_eq!(rows().await, before, "an unauthenticated peer caused a write");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_intent_needs_its_scope() {
    let server = RunningServer::start().await.unwrap();
    let wallet = planted::on_server(&server, "alice").await.unwrap().to_string();
    for intent in [Intent::Dkg, Intent::Sign, Intent::Refresh, Intent::Restore] {
        let others: Scopes =
            Scope::ALL.into_iter().filter(|scope| *scope != Scope::of_intent(intent)).collect();
        let bearer = server.token_for("alice", others).await.unwrap();
        let closed = refusal(&server, hello(intent, &wallet).with_token(token(&bearer).unwrap())).await;
        assert_eq!(closed.code, Some(4403), "{intent:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_signed_that_no_open_request_asks_for() {
    let server = RunningServer::start().await.unwrap();
    let holder = Holder::in_memory(&server.url(), &server.token("alice").await.unwrap()).await.unwrap();
    let wallet: WalletInfo = planted::wallet(&server, "alice", &holder).await.unwrap();
    let name = wallet.wallet.to_string();
    let hello = || hello(Intent::Sign, &name).with_token(token(holder.token()).unwrap());
    // No request at all, one that does not exist, and a digest that nobody asked to have signed.
    assert_eq!(refusal(&server, hello()).await.code, Some(4403));
    let unknown = maany_coordinator::proto::RequestId::from_bytes([7; 16]);
    assert_eq!(refusal(&server, hello().with_request(unknown)).await.code, Some(4403));
    let digest = maany_coordinator::proto::Digest::from_bytes([7; 32]);
    assert_eq!(refusal(&server, hello().with_message(digest)).await.code, Some(4403));
    holder.sign(&wallet).await.unwrap();
}
