//! What must be so after every case, whatever went wrong in it.

use std::collections::HashMap;

use k256::ecdsa::signature::hazmat::PrehashVerifier;
use k256::ecdsa::{Signature, VerifyingKey};
use maany_coordinator::{Signed, WalletInfo};
use maany_coordinator_storage::record::{WalletRecord, WalletState};
use maany_coordinator_storage::{Owner, Row, WalletId};
use maany_tests::running_server::TENANT;
use maany_tests::{Failure, Holder};

use crate::calls::{self, Belongings};
use crate::sequences;
use crate::trouble::{Side, Trouble};
use crate::user::Seen;
use crate::verb::{Again, Ask, Form, Key, Verb};
use crate::world::World;

/// The sequence number of the last transaction of a case.
const LAST_SEQUENCE: u64 = 1_000;
/// Its form.
const LAST: Ask = Ask { form: Form::Direct, key: Key::Root, again: Again::ByDoc };

/// A promise that was broken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    /// The wallet does not sign, or not with its key.
    #[error("the wallet is lost: {0}")]
    Lost(Failure),
    /// A signature too many.
    #[error("signed twice: {0}")]
    SignedTwice(String),
    /// The two sides do not fit together afterwards.
    #[error("left behind: {0}")]
    Left(String),
    /// The case could not be run.
    #[error(transparent)]
    Run(#[from] Failure),
}

/// How the wallet came to sign again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// By being asked.
    Asked,
    /// After a refresh.
    Refreshed,
    /// After a restore from its backup, with a step-up.
    Restored,
}

/// Checks everything.
pub(crate) fn check(
    world: &World<'_>,
    verb: Verb,
    trouble: Option<Trouble>,
    belongings: &Belongings,
) -> Result<Way, Broken> {
    let wallet = belongings.user.seen().wallet.clone().ok_or_else(|| Failure::from("no wallet was shown"))?;
    let holder = calls::patient(world.device.holder()?);
    let loses = trouble.is_some_and(|trouble| trouble.losing().is_some());
    let mut way = Way::Asked;
    let mut last = signs(world, &holder, &wallet);
    if last.is_err() && loses {
        // A machine whose disk has lied may have to do more than ask.
        way = Way::Refreshed;
        let refreshed = holder.device().map(|device| world.device.run(device.refresh(&wallet.wallet)));
        if matches!(refreshed, Ok(Ok(Ok(_)))) {
            last = signs(world, &holder, &wallet);
        }
        if last.is_err() && verb != Verb::Dkg {
            way = Way::Restored;
            let asked = last.err().map(|error| error.to_string()).unwrap_or_default();
            last = calls::restore(world, &holder, belongings)
                .map_err(|error| format!("{asked}; then, restoring: {error}").into())
                .and_then(|()| signs(world, &holder, &wallet));
        }
    }
    let last = last.map_err(Broken::Lost)?;
    let mut seen = belongings.user.seen();
    seen.signatures.push(last);
    for signed in &seen.signatures {
        verifies(signed).map_err(Broken::Lost)?;
    }
    once(world, &seen, trouble)?;
    let mut sequences = vec![(LAST, LAST_SEQUENCE)];
    // A server whose disk lost the request, or its signature, cannot know that its sequence is taken.
    let forgets = trouble.and_then(|trouble| trouble.losing()) == Some(Side::Server);
    if let (Verb::Sign(ask) | Verb::Resume(ask, _), false) = (verb, forgets) {
        sequences.push((ask, calls::SEQUENCE));
    }
    for (ask, sequence) in sequences {
        if let Some(wrong) = sequences::rival(world, &holder, &wallet, ask, sequence)? {
            return Err(Broken::SignedTwice(wrong));
        }
    }
    agree(world, &holder, &wallet)?;
    drop(seen);
    Ok(way)
}

/// A transaction that nobody asked for before, under the key that was shown.
fn signs(world: &World<'_>, holder: &Holder, wallet: &WalletInfo) -> Result<Signed, Failure> {
    let order = LAST.order(wallet, LAST_SEQUENCE)?;
    let signed = world.device.run(holder.device()?.sign(&wallet.wallet, &order))??.value;
    if signed.public_key == wallet.public_key && signed.digest.as_bytes() == &sha256(&order.sign_doc) {
        Ok(signed)
    } else {
        Err("another key, or another transaction".into())
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).into()
}

/// With an implementation of ECDSA that is not the engine's.
fn verifies(signed: &Signed) -> Result<(), Failure> {
    let key = VerifyingKey::from_sec1_bytes(signed.public_key.as_bytes())?;
    let signature = Signature::from_slice(&signed.signature.to_bytes())?;
    key.verify_prehash(signed.digest.as_bytes(), &signature)?;
    Ok(())
}

/// No request has two signatures, and the server says of each the one that was given.
fn once(world: &World<'_>, seen: &Seen, trouble: Option<Trouble>) -> Result<(), Broken> {
    // A server whose disk lost a signature that was given cannot know of it. It makes another one of the same doc, and of
    // no other: the request is bound to it.
    let forgets = trouble.and_then(|trouble| trouble.losing()) == Some(Side::Server);
    let mut given: HashMap<[u8; 16], &Signed> = HashMap::new();
    for signed in &seen.signatures {
        let first = given.entry(*signed.request.as_bytes()).or_insert(signed);
        if first.digest != signed.digest {
            return Err(Broken::SignedTwice("one request, two transactions".into()));
        }
        if first.signature.to_bytes() != signed.signature.to_bytes() && !forgets {
            return Err(Broken::SignedTwice("one request, two signatures".into()));
        }
    }
    let vault = world.server.running()?.vault();
    let mut after: Option<Vec<u8>> = None;
    let mut signed: Vec<String> = Vec::new();
    loop {
        let page = world
            .server
            .run(vault.audit(after.as_deref(), 200))?
            .map_err(|error| Broken::Run(error.into()))?;
        signed.extend(
            page.rows.into_iter().filter(|row| row.event == "sign-request-signed").map(|row| row.details),
        );
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    let count = signed.len();
    signed.sort();
    signed.dedup();
    if signed.len() == count {
        Ok(())
    } else {
        Err(Broken::SignedTwice("the audit log has a request signed twice".into()))
    }
}

/// Both sides hold the same active share of a wallet in use.
fn agree(world: &World<'_>, holder: &Holder, wallet: &WalletInfo) -> Result<(), Broken> {
    let id = WalletId::from_bytes(*wallet.wallet.as_bytes());
    let there = world
        .server
        .run(world.server.running()?.vault().wallet(&Owner::new(TENANT, "alice"), id))?
        .map_err(|error| Broken::Run(error.into()))?
        .ok_or_else(|| Broken::Left("the server has no such wallet".into()))?;
    let here = world.device.run(holder.row(&wallet.wallet))??;
    let is_active = |row: &Row<WalletRecord>| row.standing.state == WalletState::Active;
    if !is_active(&there) || !is_active(&here) || there.active != here.active {
        let of = |row: &Row<WalletRecord>| format!("{:?} {:?}", row.standing.state, row.active);
        return Err(Broken::Left(format!("server {}, device {}", of(&there), of(&here))));
    }
    if here.public_key != *wallet.public_key.as_bytes() || there.public_key != here.public_key {
        return Err(Broken::Left("another public key".into()));
    }
    Ok(())
}
