//! The suite that every [`Engine`] runs: what a coordinator relies on, whatever the cryptography.
//!
//! A check panics with what it found. It does not replace an engine's own tests of its hardening.
//!
//! ```no_run
//! # use maany_mpc_core::{Dkls23, conformance};
//! conformance::run(&Dkls23);
//! ```

mod generations;
mod pump;
mod signatures;

use std::sync::Arc;

use self::pump::{Outcome, Passing, pass, pump};
use crate::context::{DkgContext, Flight, RefreshContext, SignContext};
use crate::engine::Engine;
use crate::key_share::KeyShare;
use crate::path::DerivationPath;
use crate::role::Role;
use crate::signature::Signature;

const ROLES: [Role; 2] = [Role::Device, Role::Server];
const FLIGHTS: [Flight; 2] = [Flight::ServerFirst, Flight::DeviceFirst];
const DIGEST: [u8; 32] = [0xd1; 32];

/// Runs every check on an engine. One key is made and shared by the checks.
///
/// # Panics
/// When the engine breaks a promise.
pub fn run(engine: &dyn Engine) {
    let suite = Suite::new(engine);
    suite.shares_leave_and_come_back();
    suite.signs_in_both_flights();
    suite.signs_with_child_keys();
    suite.refuses_to_sign_across_contexts();
    suite.refuses_misuse();
    suite.survives_harmed_frames();
    let refreshed = suite.refreshes();
    suite.refuses_mixed_generations(&refreshed);
    suite.restores_a_slim_share(&refreshed);
}

/// The two shares of one key.
pub struct Pair {
    /// The device's share.
    pub device: Arc<KeyShare>,
    /// The server's share.
    pub server: Arc<KeyShare>,
}

/// An engine under test, with a key that it made.
pub struct Suite<'a> {
    engine: &'a dyn Engine,
    pair: Pair,
}

impl Pair {
    fn of(&self, role: Role) -> Arc<KeyShare> {
        Arc::clone(match role {
            Role::Device => &self.device,
            Role::Server => &self.server,
        })
    }
}

impl<'a> Suite<'a> {
    /// Makes a key, and checks that both sides hold shares of it.
    ///
    /// # Panics
    /// When the DKG fails or the two sides differ.
    #[must_use]
    pub fn new(engine: &'a dyn Engine) -> Self {
        Self { engine, pair: generations::dkg(engine) }
    }

    fn refresh(&self, pair: &Pair, tamper: impl FnMut(Passing<'_>)) -> Outcome<KeyShare> {
        let [device, server] = ROLES.map(|role| {
            let context =
                RefreshContext { role, session: b"session-2".to_vec(), wallet: b"wallet-1".to_vec() };
            self.engine.refresh(pair.of(role), context).expect("a refresh can be prepared")
        });
        pump(device, server, tamper)
    }

    fn sign(&self, pair: &Pair, flight: Flight, tamper: impl FnMut(Passing<'_>)) -> Outcome<Signature> {
        self.sign_with(pair, ROLES.map(|role| sign_context(role, flight)), tamper)
    }

    fn sign_with(
        &self,
        pair: &Pair,
        contexts: [SignContext; 2],
        tamper: impl FnMut(Passing<'_>),
    ) -> Outcome<Signature> {
        let [device, server] = contexts.map(|context| {
            self.engine.sign(pair.of(context.role), context).expect("a signature can be prepared")
        });
        pump(device, server, tamper)
    }
}

fn dkg_context(role: Role) -> DkgContext {
    DkgContext { role, session: b"session-1".to_vec(), key_id: b"key-1".to_vec() }
}

fn sign_context(role: Role, flight: Flight) -> SignContext {
    SignContext {
        role,
        flight,
        session: b"session-3".to_vec(),
        wallet: b"wallet-1".to_vec(),
        request_id: b"request-1".to_vec(),
        chain_id: b"chain-1".to_vec(),
        path: DerivationPath::root(),
        digest: DIGEST,
        sign_bytes: b"sign bytes".to_vec(),
        server_nonce: (flight == Flight::DeviceFirst).then_some([0x5e; 32]),
    }
}
