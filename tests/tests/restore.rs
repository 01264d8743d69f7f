//! A lost device comes back from its backup, and nobody else does.
#![cfg(test)]

use maany_coordinator::WalletInfo;
use maany_coordinator::engine::backup::{FragmentDocument, Threshold};
use maany_coordinator::proto::CloseCode;
use maany_tests::line::{Cut, Line, Sender};
use maany_tests::{Failure, Holder, RunningServer, planted};

async fn wallet() -> Result<(RunningServer, Holder, WalletInfo), Failure> {
    let server = RunningServer::start().await?;
    let holder = Holder::in_memory(&server.url(), &server.token("alice").await?).await?;
    let wallet = planted::wallet(&server, "alice", &holder).await?;
    Ok((server, holder, wallet))
}

/// A device that was bought today.
async fn new_device(server: &RunningServer, holder: &Holder) -> Holder {
    Holder::in_memory(&server.url(), holder.token()).await.unwrap()
}

async fn backup(holder: &Holder, wallet: &WalletInfo) -> Vec<FragmentDocument> {
    holder.device().unwrap().backup(&wallet.wallet, Threshold::default()).await.unwrap()
}

/// The documents with these indices, counted from 1.
fn only(documents: Vec<FragmentDocument>, indices: &[u8]) -> Vec<FragmentDocument> {
    documents.into_iter().filter(|document| indices.contains(&document.index())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn any_two_of_three_fragments_restore_and_one_does_not() {
    let (server, mut holder, wallet) = wallet().await.unwrap();
    for (number, indices) in [[1, 2], [1, 3], [2, 3]].iter().enumerate() {
        let successor = new_device(&server, &holder).await;
        let device = successor.device().unwrap();
        let code = server.step_up(&wallet.wallet).await.unwrap();
        let one = only(backup(&holder, &wallet).await, &indices[..1]);
        let refused = device.restore(one, &code).await.unwrap_err();
        assert!(refused.to_string().contains('2'), "{refused}");
        // The fragments were judged before the code was used.
        let two = only(backup(&holder, &wallet).await, indices);
        let restored = device.restore(two, &code).await.unwrap().value;
        assert_eq!((restored.public_key, restored.epoch), (wallet.public_key, number as u64 + 2));
        successor.sign(&wallet).await.unwrap();
        holder = successor;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_backup_is_refused_with_both_epochs_named() {
    let (server, holder, wallet) = wallet().await.unwrap();
    let stale = backup(&holder, &wallet).await;
    for _ in 0..2 {
        holder.device().unwrap().refresh(&wallet.wallet).await.unwrap();
    }
    let successor = new_device(&server, &holder).await;
    let code = server.step_up(&wallet.wallet).await.unwrap();
    let refused = successor.device().unwrap().restore(stale, &code).await.unwrap_err().to_string();
    assert!(refused.contains("epoch 1") && refused.contains("epoch 3"), "{refused}");
    assert!(successor.device().unwrap().wallets().await.unwrap().is_empty());
    // The wallet is none the worse, and its newest backup restores.
    holder.sign(&wallet).await.unwrap();
    let code = server.step_up(&wallet.wallet).await.unwrap();
    let fresh = backup(&holder, &wallet).await;
    successor.device().unwrap().restore(fresh, &code).await.unwrap();
    successor.sign(&wallet).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_code_another_wallets_code_and_a_used_one_restore_nothing() {
    let (server, holder, wallet) = wallet().await.unwrap();
    let other = planted::on_server(&server, "alice").await.unwrap();
    let successor = new_device(&server, &holder).await;
    let refused = async |code: &str| {
        let documents = backup(&holder, &wallet).await;
        let refused = successor.device().unwrap().restore(documents, code).await.unwrap_err();
        assert_eq!(refused.close_code(), Some(CloseCode::NotAllowed), "{refused:?}");
        assert!(!refused.to_string().contains(code));
        holder.sign(&wallet).await.unwrap();
    };
    let good = server.step_up(&wallet.wallet).await.unwrap();
    let wrong: String = good.chars().rev().collect();
    refused(&wrong).await;
    refused("not-even-the-form").await;
    refused(&server.step_up(&other).await.unwrap()).await;
    // What was wrong before has not used the good one up.
    successor.device().unwrap().restore(backup(&holder, &wallet).await, &good).await.unwrap();
    let third = new_device(&server, &holder).await;
    let again = third.device().unwrap().restore(backup(&successor, &wallet).await, &good).await.unwrap_err();
    assert_eq!(again.close_code(), Some(CloseCode::NotAllowed), "{again:?}");
    successor.sign(&wallet).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn another_owner_restores_nothing_with_all_fragments_and_a_good_code() {
    let (server, holder, wallet) = wallet().await.unwrap();
    let thief = Holder::in_memory(&server.url(), &server.token("bob").await.unwrap()).await.unwrap();
    let code = server.step_up(&wallet.wallet).await.unwrap();
    let refused = thief.device().unwrap().restore(backup(&holder, &wallet).await, &code).await.unwrap_err();
    assert_eq!(refused.close_code(), Some(CloseCode::NotAllowed), "{refused:?}");
    // The code was not used up by one who does not own the wallet.
    let successor = new_device(&server, &holder).await;
    successor.device().unwrap().restore(backup(&holder, &wallet).await, &code).await.unwrap();
    successor.sign(&wallet).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fragment_left_in_the_dkg_session_is_acknowledged_and_restores() {
    let server = RunningServer::start().await.unwrap();
    let holder = Holder::in_memory(&server.url(), &server.token("alice").await.unwrap()).await.unwrap();
    let made = holder.device().unwrap().create_wallet_with_backup(None, Threshold::default()).await.unwrap();
    let (wallet, documents) = made.value;
    assert_eq!(documents.len(), 3, "an empty list would say that the server did not take its fragment");
    assert!(made.report.elapsed < std::time::Duration::from_secs(14), "the ack came, not its deadline");

    let successor = new_device(&server, &holder).await;
    let device = successor.device().unwrap();
    // Without the operator's grant there is nothing to fetch.
    device.fetch_fragment(&wallet.wallet).await.unwrap_err();
    let code = server.step_up(&wallet.wallet).await.unwrap();
    let fetched = device.fetch_fragment(&wallet.wallet).await.unwrap();
    let own = only(documents, &[3]);
    let both = std::iter::once(fetched).chain(own).collect();
    let restored = device.restore(both, &code).await.unwrap().value;
    assert_eq!(restored.public_key, wallet.public_key);
    successor.sign(&wallet).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_uploaded_fragment_restores_together_with_the_owners() {
    let (server, holder, wallet) = wallet().await.unwrap();
    let documents = backup(&holder, &wallet).await;
    let coordinators = documents.first().unwrap();
    holder.device().unwrap().upload_fragment(&wallet.wallet, coordinators, 3).await.unwrap();
    let successor = new_device(&server, &holder).await;
    let device = successor.device().unwrap();
    let code = server.step_up(&wallet.wallet).await.unwrap();
    let fetched = device.fetch_fragment(&wallet.wallet).await.unwrap();
    let both = std::iter::once(fetched).chain(only(documents, &[2])).collect();
    device.restore(both, &code).await.unwrap();
    successor.sign(&wallet).await.unwrap();
    // The grant went with the code.
    device.fetch_fragment(&wallet.wallet).await.unwrap_err();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_code_ends_a_restore_that_was_cut_before_it_stored_anything_and_is_good_for_the_next() {
    let server = RunningServer::start().await.unwrap();
    let holder = Holder::in_memory(&server.url(), &server.token("alice").await.unwrap()).await.unwrap();
    let wallet = holder.create().await.unwrap();
    let code = server.step_up(&wallet.wallet).await.unwrap();
    let successor = new_device(&server, &holder).await;
    // The welcome passes, and what says that the ceremony may begin does not.
    let line = Line::cutting(server.address(), Cut { sender: Sender::Server, after: 1 }).await.unwrap();
    let broken = successor.through(&line.url()).device().unwrap();
    broken.restore(backup(&holder, &wallet).await, &code).await.unwrap_err();
    assert_eq!(line.cuts(), 1);

    // The server still waits for that device's next socket. A wrong code moves nothing.
    let other = new_device(&server, &holder).await;
    let wrong: String = code.chars().rev().collect();
    let refused = other.device().unwrap().restore(backup(&holder, &wallet).await, &wrong).await.unwrap_err();
    assert_eq!(refused.close_code(), Some(CloseCode::NotAllowed), "{refused:?}");
    successor.device().unwrap().restore(backup(&holder, &wallet).await, &code).await.unwrap();
    successor.sign(&wallet).await.unwrap();
    let spent = other.device().unwrap().restore(backup(&successor, &wallet).await, &code).await.unwrap_err();
    assert_eq!(spent.close_code(), Some(CloseCode::NotAllowed), "{spent:?}");
}
