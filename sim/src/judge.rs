//! What must be so after every run, whatever went wrong in it.

mod sequences;

use std::cell::Cell;
use std::collections::HashMap;
use std::time::Duration;

use k256::ecdsa::signature::hazmat::PrehashVerifier;
use k256::ecdsa::{Signature, VerifyingKey};
use maany_coordinator::Signed;

use crate::Failure;
use crate::person::Person;
use crate::site::{self, Site};

/// A promise that was not kept.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum Broken {
    /// A wallet that a person was told of does not sign, or somebody else has it too.
    #[error("the wallet is lost: {0}")]
    Wallet(String),
    /// A signature too many, or one of something else.
    #[error("signed twice: {0}")]
    SignedTwice(&'static str),
    /// A signature that is none.
    #[error("a signature does not verify")]
    NoSignature,
    /// Phone and server had no share in common, and no disk of the server has lied.
    #[error("phone and server have no share in common")]
    Parted,
    /// What was signed is not there to be given again, and no disk of the server has lied.
    #[error("the server has forgotten a signature that it gave")]
    Forgotten,
    /// A session went on for longer than the absolute deadline.
    #[error("a session took {0:?}")]
    Overtime(Duration),
    /// The run did not come to an end.
    #[error("somebody still waits")]
    Hangs,
    /// Something panicked.
    #[error("a panic: {0}")]
    Panic(String),
}

/// What may come on top of a session's absolute deadline: the last words.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// Which disks have answered a write and lost it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lies {
    pub(crate) at_server: bool,
}

/// Judges a run.
pub(crate) fn judge(site: &Site, people: &[Person], lies: Lies) -> Result<Option<Broken>, Failure> {
    if let Some(text) = take_panic() {
        return Ok(Some(Broken::Panic(text)));
    }
    for person in people {
        let state = person.state();
        if let Some(broken) = &state.broken {
            return Ok(Some(Broken::Wallet(broken.clone())));
        }
        if let Some(broken) = once(state.memory.signatures(), lies.at_server) {
            return Ok(Some(broken));
        }
        if state.has_parted && !lies.at_server {
            return Ok(Some(Broken::Parted));
        }
        if state.memory.forgotten > 0 && !lies.at_server {
            return Ok(Some(Broken::Forgotten));
        }
        if !state.is_done {
            return Ok(Some(Broken::Hangs));
        }
    }
    let longest = site.seen().longest;
    if longest > site::limits().session_deadline + LAST_WORDS {
        return Ok(Some(Broken::Overtime(longest)));
    }
    for person in people {
        if let Some(broken) = futures::executor::block_on(sequences::judge(site, person))? {
            return Ok(Some(broken));
        }
    }
    let audit = futures::executor::block_on(audited(site))?;
    Ok(twice(audit))
}

/// No request has two signatures, and each verifies with an implementation that is not the engine's.
///
/// A server whose disk has lost a signature that was given cannot know of it (`forgets`): it makes another one, of the same
/// transaction and of no other.
fn once<'a>(signatures: impl IntoIterator<Item = &'a Signed>, forgets: bool) -> Option<Broken> {
    let mut given: HashMap<[u8; 16], &Signed> = HashMap::new();
    for signed in signatures {
        if !verifies(signed) {
            return Some(Broken::NoSignature);
        }
        let first = given.entry(*signed.request.as_bytes()).or_insert(signed);
        if first.digest != signed.digest {
            return Some(Broken::SignedTwice("one request, two transactions"));
        }
        if first.signature != signed.signature && !forgets {
            return Some(Broken::SignedTwice("one request, two signatures"));
        }
    }
    None
}

fn verifies(signed: &Signed) -> bool {
    let verified = || {
        let key = VerifyingKey::from_sec1_bytes(signed.public_key.as_bytes()).ok()?;
        let signature = Signature::from_slice(&signed.signature.to_bytes()).ok()?;
        key.verify_prehash(signed.digest.as_bytes(), &signature).ok()
    };
    verified().is_some()
}

/// The requests that the audit log says were signed, by what it says of them.
async fn audited(site: &Site) -> Result<Vec<String>, Failure> {
    let rows = site.audit().await?;
    Ok(rows.into_iter().filter(|row| row.event == "sign-request-signed").map(|row| row.details).collect())
}

fn twice(mut signed: Vec<String>) -> Option<Broken> {
    let count = signed.len();
    signed.sort();
    signed.dedup();
    (signed.len() != count).then_some(Broken::SignedTwice("the audit log has a request signed twice"))
}

thread_local! {
    static PANIC: Cell<Option<String>> = const { Cell::new(None) };
}

/// From now on a panic is remembered by its thread, wherever it is contained, and not printed.
pub(crate) fn watch_panics() {
    std::panic::set_hook(Box::new(|info| PANIC.set(Some(info.to_string()))));
}

/// Whether something has panicked on this thread.
pub(crate) fn panicked() -> bool {
    let text = PANIC.take();
    let is_some = text.is_some();
    PANIC.set(text);
    is_some
}

/// What has panicked on this thread.
pub(crate) fn take_panic() -> Option<String> {
    PANIC.take()
}

#[cfg(test)]
mod tests {
    use k256::ecdsa::SigningKey;
    use k256::ecdsa::signature::hazmat::PrehashSigner;
    use maany_coordinator::proto::{Digest, RequestId};
    use maany_mpc_core::PublicKey;

    use super::*;

    /// A signature of this digest for this request, with one of several keys.
    fn signed(request: u8, key: u8, digest: u8) -> Signed {
        let secret = SigningKey::from_slice(&[key; 32]).unwrap();
        let (signature, recovery): (Signature, k256::ecdsa::RecoveryId) =
            secret.sign_prehash(&[digest; 32]).unwrap();
        let public_key = secret.verifying_key().to_sec1_point(true);
        Signed {
            request: RequestId::from_bytes([request; 16]),
            signature: maany_mpc_core::Signature::from_parts(
                &signature.to_bytes().into(),
                recovery.to_byte(),
            )
            .unwrap(),
            public_key: PublicKey::from_sec1(public_key.as_bytes()).unwrap(),
            digest: Digest::from_bytes([digest; 32]),
        }
    }

    #[test]
    fn the_same_signature_may_be_given_again() {
        assert_eq!(once(&[signed(1, 1, 1), signed(2, 1, 2), signed(1, 1, 1)], false), None);
    }

    #[test]
    fn a_second_signature_of_a_request_is_noticed() {
        let evidence = [signed(1, 1, 1), signed(1, 2, 1)];
        assert_eq!(once(&evidence, false), Some(Broken::SignedTwice("one request, two signatures")));
        assert_eq!(once(&evidence, true), None, "its disk has lost the first");
        let evidence = [signed(1, 1, 1), signed(1, 1, 2)];
        for forgets in [false, true] {
            let broken = Some(Broken::SignedTwice("one request, two transactions"));
            assert_eq!(once(&evidence, forgets), broken);
        }
    }

    #[test]
    fn a_signature_under_another_key_is_noticed() {
        let evidence = Signed { public_key: signed(1, 2, 1).public_key, ..signed(1, 1, 1) };
        assert_eq!(once(&[evidence], false), Some(Broken::NoSignature));
    }

    #[test]
    fn a_request_that_is_signed_twice_in_the_audit_log_is_noticed() {
        let rows = |rows: &[&str]| rows.iter().map(|row| (*row).to_owned()).collect();
        assert_eq!(twice(rows(&["a", "b"])), None);
        assert!(twice(rows(&["a", "b", "a"])).is_some());
    }

    #[test]
    fn a_panic_is_remembered_wherever_it_is_contained() {
        watch_panics();
        assert!(!panicked());
        let contained = std::panic::catch_unwind(|| panic!("in the middle"));
        assert!(contained.is_err() && panicked());
        assert!(take_panic().is_some_and(|text| text.contains("in the middle")));
        assert!(!panicked());
    }
}
