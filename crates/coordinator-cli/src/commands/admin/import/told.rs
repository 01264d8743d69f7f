//! What an import says: what was carried forward, what is locked, and what to do next.

use maany_coordinator::storage::vault::import::Settled;
use maany_coordinator::storage::{StoreError, WalletId};
use serde_json::{Value, json};
use std::io;
use std::path::Path;

use crate::clock::utc;
use crate::output::Page;

/// So many ids or rows are shown to a person; `--json` has them all.
const SHOWN: usize = 10;

/// For machines.
pub(super) fn machine(store: &Path, over: Option<&Path>, settled: &Settled) -> Value {
    let ids = |wallets: &[WalletId]| wallets.iter().map(ToString::to_string).collect::<Vec<_>>();
    let rows = |errors: &[StoreError]| errors.iter().map(ToString::to_string).collect::<Vec<_>>();
    json!({
        "store": store,
        "over": over,
        "overLastWritten": settled.old_until_ms,
        "overIsLatest": settled.is_latest,
        "withdrawnApiKeys": settled.withdrawn_keys,
        "wallets": settled.wallets,
        "damagedWallets": settled.damaged.len(),
        "locked": ids(&settled.locked),
        "frozen": ids(&settled.frozen),
        "missing": ids(&settled.missing),
        "forgotten": settled.forgotten,
        "voidCodes": settled.void_codes,
        "carried": {
            "devices": settled.devices,
            "standings": settled.standings,
            "signedRequests": settled.signed,
            "openRequests": settled.open,
            "guards": settled.guards,
            "usedIds": settled.used_ids,
            "apiKeys": settled.api_keys,
            "revokedApiKeys": settled.revoked_api_keys,
            "auditRows": settled.audit_rows,
        },
        "unreadable": rows(&settled.unreadable),
    })
}

/// For the audit log.
pub(super) fn audited(settled: &Settled) -> String {
    format!(
        "{} wallets, {} locked, {} frozen, {} with forgotten signatures, {} rows of the old store unreadable",
        settled.wallets,
        settled.locked.len(),
        settled.frozen.len(),
        settled.forgotten,
        settled.unreadable.len()
    )
}

/// For people.
pub(super) fn people(
    page: &mut Page<'_>,
    store: &Path,
    over: Option<&Path>,
    settled: &Settled,
) -> io::Result<()> {
    page.heading("The store is in place")?;
    page.fact("store", &store.display().to_string())?;
    page.fact("wallets", &settled.wallets.to_string())?;
    if !settled.damaged.is_empty() {
        page.remark(&format!(
            "{} wallets were damaged when the archive was made and do not open; the others do",
            settled.damaged.len()
        ))?;
    }
    if let Some(over) = over {
        page.heading("Carried forward from the old store")?;
        page.fact("old store", &over.display().to_string())?;
        page.fact("last written", &settled.old_until_ms.map_or_else(|| "nobody knows when".to_owned(), utc))?;
        carried(page, settled)?;
        page.remark("no share was taken from it")?;
    }
    named(page, "unreadable", settled.unreadable.iter())?;
    if !settled.missing.is_empty() {
        page.heading(
            "Not archived: these were made since, and their only share on this side is in the old store",
        )?;
        named(page, "wallet", settled.missing.iter())?;
        page.remark("keep the old store and its key file: these wallets come back with it alone. Where it opens as a whole, put it back in")?;
        page.remark("the place of this one, before anybody signs here; never run both")?;
    }
    next(page, over, settled)
}

fn carried(page: &mut Page<'_>, settled: &Settled) -> io::Result<()> {
    let counts = [
        (settled.signed, "signed requests"),
        (settled.open, "open requests"),
        (settled.guards, "guards"),
        (settled.devices, "wallets' devices"),
        (settled.standings, "wallets' standing"),
        (settled.used_ids, "used ids"),
        (settled.api_keys, "new API keys"),
        (settled.revoked_api_keys, "revoked API keys"),
        (settled.audit_rows, "audit rows"),
    ];
    let named = counts.iter().filter(|(count, _)| *count > 0);
    let named: Vec<String> = named.map(|(count, what)| format!("{count} {what}")).collect();
    let told = if named.is_empty() { "nothing: it knew nothing more".to_owned() } else { named.join(", ") };
    page.fact("carried", &told)
}

fn next(page: &mut Page<'_>, over: Option<&Path>, settled: &Settled) -> io::Result<()> {
    if !settled.frozen.is_empty() {
        page.heading("Frozen: their shares have moved on since the archive")?;
        named(page, "wallet", settled.frozen.iter())?;
        page.remark("each comes back by a restore, from a backup of the epoch that this store holds, with the code of")?;
        page.remark("`maany admin quarantine clear WALLET`; or with a newer archive")?;
    }
    if !settled.locked.is_empty() {
        page.heading("Locked: nobody knows what has happened to them since the archive")?;
        named(page, "wallet", settled.locked.iter())?;
        page.remark("each may have been quarantined since, and its device may have been lost and replaced: find out who asks;")?;
        page.remark("`maany admin quarantine clear WALLET --accept-forgotten` then makes the code for a refresh, which unlocks it")?;
    }
    if settled.forgotten > 0 {
        page.remark(&format!(
            "of {} nobody knows what they signed since: none signs a new transaction until that flag accepts that a",
            settled.forgotten
        ))?;
        page.remark(
            "second one of a sequence may be signed; ask first whether all is in a block or has timed out",
        )?;
    }
    if !settled.withdrawn_keys.is_empty() {
        page.heading(
            "API keys with the admin scope were not brought back: they may have been revoked since",
        )?;
        named(page, "key", settled.withdrawn_keys.iter())?;
        page.remark(
            "`maany admin api-key operator` makes a new one for this folder, before the server starts",
        )?;
    }
    if over.is_none() {
        page.remark(
            "other API keys that were revoked since are valid again: nothing here can tell which those were;",
        )?;
        page.remark("if the old store can still be read, even in part, move this one away and import again with --over OLD-STORE")?;
    } else if !settled.is_latest {
        page.remark("the old store counts as the latest only where it was in use after the archive was made, and you state that")?;
        page.remark("no server has run since it was last written: then move this one away and import again with --was-last-in-use")?;
    }
    page.remark("wallets that were refreshed since are frozen by their device's next session; `maany admin quarantine list` names all")
}

fn named<T: std::fmt::Display>(
    page: &mut Page<'_>,
    what: &str,
    all: impl ExactSizeIterator<Item = T>,
) -> io::Result<()> {
    let count = all.len();
    for one in all.take(SHOWN) {
        page.fact(what, &one.to_string())?;
    }
    if count > SHOWN {
        page.remark(&format!("and {} more; --json names them all", count - SHOWN))?;
    }
    Ok(())
}
