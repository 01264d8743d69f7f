//! Every backend and every key provider keeps the promises of the suites, and the suites notice one who does not.

#[cfg(test)]
mod harness;

use maany_coordinator_storage::conformance::{check_key_provider, check_store};
use maany_coordinator_storage::{FileKeyProvider, StaticKeyProvider};
use zeroize::Zeroizing;

#[tokio::test(flavor = "multi_thread")]
async fn memory_keeps_every_promise() {
    check_store(&harness::Memory).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn callbacks_keep_every_promise() {
    check_store(&harness::Callbacks).await.unwrap();
}

#[cfg(feature = "redb")]
#[tokio::test(flavor = "multi_thread")]
async fn redb_keeps_every_promise() {
    check_store(&harness::Redb::default()).await.unwrap();
}

#[cfg(feature = "file")]
#[tokio::test(flavor = "multi_thread")]
async fn files_keep_every_promise() {
    check_store(&harness::Files::default()).await.unwrap();
}

#[cfg(feature = "fault")]
#[tokio::test(flavor = "multi_thread")]
async fn the_store_that_injects_faults_keeps_every_promise_without_one() {
    check_store(&harness::Faultless::new(harness::Memory)).await.unwrap();
    #[cfg(feature = "redb")]
    check_store(&harness::Faultless::new(harness::Redb::default())).await.unwrap();
    #[cfg(feature = "file")]
    check_store(&harness::Faultless::new(harness::Files::default())).await.unwrap();
}

/// A host whose commit loops over single writes tears batches; the suite says so by the name of the promise.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_tears_is_detected() {
    let broken = check_store(&harness::Torn).await.unwrap_err();
    assert_eq!(broken.promise, "a batch is applied all or nothing", "{broken}");
}

/// A host whose commit checks first and writes later, without a lock, lets two callers win or a reader see half.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_checks_and_writes_apart_is_detected() {
    let broken = check_store(&harness::Racing).await.unwrap_err();
    assert!(
        [
            "a scan sees a batch whole or not at all",
            "of concurrent changes of one row exactly one wins",
            "callers who read, change and try again lose no update",
        ]
        .contains(&broken.promise),
        "{broken}"
    );
}

#[tokio::test]
async fn key_providers_keep_every_promise() {
    let folder = tempfile::tempdir().unwrap();
    check_key_provider(&FileKeyProvider::create(&folder.path().join("keys"), "k1").unwrap()).await.unwrap();
    check_key_provider(&StaticKeyProvider::new("k1", Zeroizing::new([7; 32])).unwrap()).await.unwrap();
}
