//! The server's audit log, read from its store once the server has ended.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use maany_coordinator::storage::{FileKeyProvider, RedbStore, Role, Vault};
use maany_tests::Failure;

/// Rows a page.
const PAGE: usize = 500;

/// How many signatures the log has for each request.
pub(crate) fn signatures(folder: &Path) -> Result<BTreeMap<String, usize>, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let keys = Arc::new(FileKeyProvider::open(&folder.join("keys"))?);
        let store = Arc::new(RedbStore::open(folder.join("coordinator.redb")).await?);
        let vault = Vault::open(store, keys, Role::Server).await?;
        let mut counted = BTreeMap::new();
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = vault.audit(after.as_deref(), PAGE).await?;
            for row in page.rows.iter().filter(|row| row.event == "sign-request-signed") {
                let mut words = row.details.split(' ');
                if let (Some("request"), Some(request)) = (words.next(), words.next()) {
                    *counted.entry(request.to_owned()).or_default() += 1;
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(counted),
            }
        }
    })
}
