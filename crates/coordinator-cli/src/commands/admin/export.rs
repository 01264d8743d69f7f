//! `maany admin export`: the whole store in one encrypted file.

use maany_coordinator::storage::archive::{self, Manifest};
use maany_coordinator::storage::record::AuditRow;
use maany_coordinator::storage::{Role, StoreError, Vault};
use serde_json::json;
use std::io;
use std::sync::Arc;

use crate::archive_file::{Lock, NewArchive};
use crate::cli::admin::Export;
use crate::clock::now_ms;
use crate::commands::server_store;
use crate::data_folder::ServerData;
use crate::error::CliError;
use crate::output::{Output, Page};
use crate::passphrase;
use crate::settings::Settings;

/// What an archive of a server's store says that it is.
pub(super) const SERVER_STORE: &str = "server store";

pub(super) async fn run(args: Export, output: &mut Output) -> Result<(), CliError> {
    let data = ServerData::open(args.data.path)?;
    let settings = Settings::read(&data.configuration())?;
    let path = data.resolve(&settings.storage.path);
    if !path.exists() {
        return Err(CliError::NoStore { path });
    }
    let keys = server_store::keys(&data, &settings)?;
    let store = server_store::store_at(&path, settings.storage.backend).await.map_err(alone)?;
    let vault = Vault::open(Arc::clone(&store), keys, Role::Server).await?;

    let (lock, to) = if args.recipients.is_empty() {
        (Lock::Passphrase(passphrase::ARCHIVE.get_new(args.passphrase_file.as_deref())?), "a passphrase")
    } else {
        (Lock::Recipients(args.recipients), "age recipients")
    };
    let mut file = NewArchive::create(&args.file, lock)?;
    let audit = AuditRow {
        at_ms: now_ms(),
        actor: "operator".to_owned(),
        event: "store-exported".to_owned(),
        wallet: None,
        details: format!("encrypted to {to}"),
    };
    vault.append_audit(audit).await?;
    let manifest = archive::survey(&*store, SERVER_STORE, now_ms()).await;
    let manifest = manifest.map_err(|error| file.failed(error))?;
    let written = archive::write(&*store, &manifest, file.stream()).await;
    written.map_err(|error| file.failed(error))?;
    let bytes = file.finish()?;

    let mut fields = fields(&manifest);
    fields["file"] = json!(args.file);
    fields["bytes"] = json!(bytes);
    output.say("exported", fields, |page| {
        page.heading("The store is in one file")?;
        page.fact("archive", &args.file.display().to_string())?;
        tell(page, &manifest)?;
        page.remark("keep the key file apart from it: the archive opens with the key file only, and the key is not in it")?;
        page.remark("a lost device's share lives on in every archive that was made before its wallet was restored or refreshed:")?;
        page.remark("destroy the older archives once this one is safe")
    })?;
    Ok(())
}

/// The manifest, for machines.
pub(super) fn fields(manifest: &Manifest) -> serde_json::Value {
    let rows = manifest.parts.iter().map(|part| (part.table.name().to_owned(), json!(part.rows)));
    let hashes = manifest.parts.iter().map(|part| (part.table.name(), hex::encode(part.sha256)));
    json!({
        "what": manifest.what,
        "madeAt": manifest.made_ms,
        "keyIds": manifest.key_ids,
        "rows": serde_json::Map::from_iter(rows),
        "sha256": hashes.collect::<std::collections::BTreeMap<_, _>>(),
    })
}

/// The manifest, for people.
pub(super) fn tell(page: &mut Page<'_>, manifest: &Manifest) -> io::Result<()> {
    let rows = manifest.parts.iter().filter(|part| part.rows > 0);
    let rows: Vec<String> = rows.map(|part| format!("{} {}", part.rows, part.table)).collect();
    page.fact("holds", &rows.join(", "))?;
    let keys: Vec<&str> = manifest.key_ids.iter().map(String::as_str).collect();
    page.fact("opens with", &format!("the key file that holds {}", keys.join(" and ")))
}

/// A store that somebody uses is not exported: the archive would be of no one moment.
fn alone(error: CliError) -> CliError {
    match error {
        CliError::Store(StoreError::Locked { path }) => CliError::StoreInUse { path },
        error => error,
    }
}
