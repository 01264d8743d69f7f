//! What every key provider promises.

use crate::conformance::{Broken, Promise};
use crate::key::keyring::is_key_id;
use crate::key::{DataKey, KeyError, KeyProvider, WrappedKey};

const P: Promise = Promise("a wrapped key opens under its own key id and context, and under nothing else");

/// Runs every check of the suite for key providers.
///
/// # Errors
/// The first promise that was not kept.
pub async fn check_key_provider(provider: &dyn KeyProvider) -> Result<(), Broken> {
    let current = provider.current_key_id();
    P.holds(is_key_id(current), || format!("{current:?} is no key id"))?;

    let key = ok("a fresh key", DataKey::random())?;
    let wrapped = ok("wrap", provider.wrap(&key, b"context").await)?;
    P.holds(wrapped.key_id == current, || "the key id is not the current one".into())?;
    P.holds(wrapped.bytes.len() <= usize::from(u16::MAX), || "the wrapped key is too long".into())?;
    let shown = wrapped.bytes.windows(32).any(|window| window == key.dangerous_expose());
    P.holds(!shown, || "the wrapped key shows the key".into())?;
    let opened = ok("unwrap", provider.unwrap(&wrapped, b"context").await)?;
    P.holds(opened.dangerous_expose() == key.dangerous_expose(), || "another key came back".into())?;

    let again = ok("wrap", provider.wrap(&key, b"context").await)?;
    P.holds(again.bytes != wrapped.bytes, || "wrapping twice gives the same bytes".into())?;

    for context in [&b""[..], b"contexT", b"context\0"] {
        refused("another context", provider.unwrap(&wrapped, context).await)?;
    }
    for at in 0..wrapped.bytes.len() {
        let mut changed = wrapped.clone();
        changed.bytes[at] ^= 1;
        refused("a changed byte", provider.unwrap(&changed, b"context").await)?;
    }
    for len in [0, wrapped.bytes.len() - 1] {
        let cut = WrappedKey { bytes: wrapped.bytes[..len].to_vec(), ..wrapped.clone() };
        refused("a cut key", provider.unwrap(&cut, b"context").await)?;
    }
    let unknown = WrappedKey { key_id: "no-such-key".into(), ..wrapped };
    match provider.unwrap(&unknown, b"context").await {
        Err(KeyError::UnknownKey { key_id }) if key_id == "no-such-key" => Ok(()),
        Err(error) => Err(P.broken(format!("an unknown key id: {error}"))),
        Ok(_) => Err(P.broken("an unknown key id opens")),
    }
}

fn ok<T>(what: &str, result: Result<T, KeyError>) -> Result<T, Broken> {
    result.map_err(|error| P.broken(format!("{what}: {error}")))
}

fn refused(what: &str, result: Result<DataKey, KeyError>) -> Result<(), Broken> {
    match result {
        Err(KeyError::NotAuthentic) => Ok(()),
        Err(error) => Err(P.broken(format!("{what}: {error}"))),
        Ok(_) => Err(P.broken(format!("{what} opens"))),
    }
}
