//! What a refresh leaves worthless: a copy of the device's share from before it.
#![cfg(test)]

use std::sync::Arc;

use maany_coordinator::engine::{
    AbortClass, DerivationPath, Dkls23, Engine, Flight, RefreshContext, Role, SignContext, Step,
};
use maany_coordinator::proto::session::SessionError;
use maany_coordinator::proto::{Control, Epoch, Hello, RequestId, ShareId};
use maany_coordinator::{DeviceError, WalletInfo};
use maany_tests::raw_device::{key_id, session_id, token};
use maany_tests::{Holder, RawDevice, RunningServer, order, planted};

/// A wallet that was refreshed, its device, and a device that has kept its share from before.
async fn refreshed() -> (RunningServer, Holder, Holder, WalletInfo) {
    let server = RunningServer::start().await.unwrap();
    let holder = Holder::in_memory(&server.url(), &server.token("alice").await.unwrap()).await.unwrap();
    let wallet = planted::wallet(&server, "alice", &holder).await.unwrap();
    let thief = Holder::in_memory(&server.url(), holder.token()).await.unwrap();
    planted::on_device(&thief, wallet.wallet).await.unwrap();
    thief.sign(&wallet).await.expect("before the refresh both copies sign");
    holder.device().unwrap().refresh(&wallet.wallet).await.unwrap();
    (server, holder, thief, wallet)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_with_an_old_share_sees_it_and_neither_signs_nor_refreshes() {
    let (_server, holder, thief, wallet) = refreshed().await;
    let device = thief.device().unwrap();
    let order = order::send_one(&wallet.public_key, 1).unwrap();
    let refused = device.sign(&wallet.wallet, &order).await.unwrap_err();
    assert!(matches!(refused, DeviceError::Session(SessionError::Diverged)), "{refused:?}");
    let refused = device.refresh(&wallet.wallet).await.unwrap_err();
    assert!(matches!(refused, DeviceError::Session(SessionError::Diverged)), "{refused:?}");
    holder.patient().sign(&wallet).await.unwrap();
}

/// The context of a signature as the thief has to see it.
fn context(
    session: &str,
    wallet: &WalletInfo,
    request: RequestId,
    order: &maany_coordinator::SignOrder,
) -> SignContext {
    SignContext {
        role: Role::Device,
        flight: Flight::ServerFirst,
        session: session.as_bytes().to_vec(),
        wallet: wallet.wallet.as_bytes().to_vec(),
        request_id: request.as_bytes().to_vec(),
        chain_id: order.chain_id.as_bytes().to_vec(),
        path: DerivationPath::root(),
        digest: maany_coordinator_cosmos::digest(&order.sign_doc),
        sign_bytes: order.sign_doc.clone(),
        server_nonce: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_refuses_every_frame_that_an_old_share_can_make() {
    let (server, holder, thief, wallet) = refreshed().await;
    let old = Arc::clone(&planted::shares().unwrap().device);
    let order = order::send_one(&wallet.public_key, 2).unwrap();
    let request = thief.device().unwrap().request(&wallet.wallet, &order).await.unwrap();
    let request = RequestId::from_hex(&request.id).unwrap();
    let name = key_id(&wallet.wallet.to_string()).unwrap();
    let signing = async || {
        let session = session_id();
        let hello = Hello::sign(session.clone(), name.clone()).with_request(request);
        let hello = hello.with_token(token(thief.token()).unwrap());
        let mut raw = RawDevice::hello(&server.url(), hello).await.unwrap();
        let first = raw.next_binary().await.unwrap();
        (raw, context(session.as_str(), &wallet, request, &order), first)
    };

    // The server's first frame names the new share: the engine with the old one does not get past it.
    let (mut raw, context, first) = signing().await;
    let begin = |context: &SignContext| match Dkls23.sign(Arc::clone(&old), context.clone()).unwrap().start()
    {
        Ok(Step::Continue { ceremony, outbound }) => (ceremony, outbound),
        _ => panic!("an engine that does not begin"),
    };
    let error = begin(&context).0.step(&first).err().expect("old and new shares do not go together");
    assert_eq!(error.class(), AbortClass::A, "{error}");
    // So it asks the server to go on without having read it, with a first message of its own.
    let ahead = SignContext { flight: Flight::DeviceFirst, server_nonce: Some([7; 32]), ..context };
    raw.binary(begin(&ahead).1.expect("the device moves first")).await.unwrap();
    assert_eq!(raw.closed().await.unwrap().code, Some(1002));

    // Nor does a refresh begin from it, be it named as it is or under the name of the new one.
    let id = old.share_id();
    let named = ShareId::new(Epoch::new(id.epoch).unwrap(), id.tag);
    let refresh = async |claim: Option<ShareId>| {
        let session = session_id();
        let hello = Hello::refresh(session.clone(), name.clone()).with_token(token(thief.token()).unwrap());
        let mut raw = RawDevice::hello(&server.url(), hello).await.unwrap();
        let status = Control::from_bytes(&raw.next_binary().await.unwrap()).unwrap();
        let Control::Status { active } = status else { panic!("{status:?}") };
        let holding = Control::Holding { active: claim.unwrap_or(active), pending: None };
        raw.binary(holding.to_bytes()).await.unwrap();
        let wallet = wallet.wallet.as_bytes().to_vec();
        let context =
            RefreshContext { role: Role::Device, session: session.as_str().as_bytes().to_vec(), wallet };
        let Ok(Step::Continue { outbound: Some(frame), .. }) =
            Dkls23.refresh(Arc::clone(&old), context).unwrap().start()
        else {
            panic!("an engine that does not begin")
        };
        let _ = raw.binary(frame).await;
        raw.closed().await.unwrap().code
    };
    assert_eq!(refresh(Some(named)).await, Some(4409));
    assert_eq!(refresh(None).await, Some(1002));

    // None of this was held against the wallet, whose own device signs and refreshes.
    holder.patient().sign(&wallet).await.unwrap();
    holder.patient().device().unwrap().refresh(&wallet.wallet).await.unwrap();
    holder.patient().sign(&wallet).await.unwrap();
}
