//! Checks on what makes shares: DKG, refresh, restore, and shares at rest.

use std::sync::Arc;

use super::{FLIGHTS, Pair, ROLES, Suite, dkg_context, pass, pump};
use crate::engine::Engine;
use crate::envelope::{Operation, peek};
use crate::key_share::SlimShare;
use crate::role::Role;

/// A key that both sides agree on.
pub(super) fn dkg(engine: &dyn Engine) -> Pair {
    let [device, server] = ROLES.map(|role| engine.dkg(dkg_context(role)).expect("a DKG can be prepared"));
    let mut outcome = pump(device, server, pass);
    for (sender, frame) in std::mem::take(&mut outcome.frames) {
        let header = peek(&frame).expect("a frame has a header");
        assert_eq!(header.engine, engine.id(), "a frame names its engine");
        assert_eq!((header.operation, header.sender), (Operation::Dkg, sender));
        assert!(frame.len() <= Operation::Dkg.max_message(), "a frame of {} bytes", frame.len());
    }
    let (device, server) = outcome.both();
    assert_eq!((device.role(), server.role()), (Role::Device, Role::Server));
    assert_eq!(device.engine(), engine.id());
    assert_eq!(device.share_id().epoch, 1, "epochs begin at 1");
    let pair = Pair { device: Arc::new(device), server: Arc::new(server) };
    assert_agreement(&pair);
    pair
}

fn assert_agreement(pair: &Pair) {
    let Pair { device, server } = pair;
    assert_eq!(device.public_key(), server.public_key(), "one public key");
    assert_eq!(device.chain_code(), server.chain_code(), "one chain code");
    assert_ne!(device.chain_code(), [0; 32], "a chain code that is not zero");
    assert_eq!(device.share_id(), server.share_id(), "one share id");
    assert_eq!(device.verifying_shares(), server.verifying_shares(), "the same verifying shares");
    assert!(device.can_sign() && server.can_sign(), "whole shares");
}

impl Suite<'_> {
    /// Exports, imports, and signs with what was imported; refuses bytes that are not a share.
    ///
    /// # Panics
    /// When a share does not come back as it left, or nonsense is taken for one.
    pub fn shares_leave_and_come_back(&self) {
        let imported = ROLES.map(|role| {
            let original = self.pair.of(role);
            let bytes = original.dangerous_export();
            let share = self.engine.import_share(&bytes).expect("an exported share is imported");
            assert_eq!(*share.dangerous_export(), *bytes, "export of an import is the export");
            assert_eq!((share.role(), share.share_id()), (role, original.share_id()));
            for length in [0, 1, bytes.len() / 2, bytes.len() - 1] {
                assert!(self.engine.import_share(&bytes[..length]).is_err(), "a share of {length} bytes");
            }
            let mut long = bytes.clone();
            long.push(0);
            assert!(self.engine.import_share(&long).is_err(), "a share with a byte too many");
            Arc::new(share)
        });
        let [device, server] = imported;
        self.sign(&Pair { device, server }, FLIGHTS[0], pass).both();
    }

    /// Refreshes the key completely and gives the new shares.
    ///
    /// # Panics
    /// When the key changes, or anything else does not.
    #[must_use]
    pub fn refreshes(&self) -> Pair {
        let (device, server) = self.refresh(&self.pair, pass).both();
        let new = Pair { device: Arc::new(device), server: Arc::new(server) };
        assert_agreement(&new);
        let old = &self.pair.device;
        assert_eq!(new.device.public_key(), old.public_key(), "a refresh keeps the public key");
        assert_eq!(new.device.chain_code(), old.chain_code(), "a refresh keeps the chain code");
        assert_eq!(new.device.share_id().epoch, 2, "a refresh adds one to the epoch");
        assert_ne!(new.device.share_id().tag, old.share_id().tag);
        for (old, new) in old.verifying_shares().iter().zip(new.device.verifying_shares()) {
            assert_ne!(*old, new, "a refresh moves both shares");
        }
        for flight in FLIGHTS {
            self.sign(&new, flight, pass).both();
        }
        new
    }

    /// Neither an old share with a new one, nor a backup of the epoch before, is of any use.
    ///
    /// # Panics
    /// When shares of two generations work together.
    pub fn refuses_mixed_generations(&self, refreshed: &Pair) {
        let mixed = [
            Pair { device: self.pair.of(Role::Device), server: refreshed.of(Role::Server) },
            Pair { device: refreshed.of(Role::Device), server: self.pair.of(Role::Server) },
        ];
        for pair in &mixed {
            for flight in FLIGHTS {
                self.sign(pair, flight, pass).refusal("an old share with a new one");
            }
            self.refresh(pair, pass).refusal("a refresh from two generations");
        }
        let stale = self.engine.restore_slim(self.pair.device.slim()).expect("a slim share is restored");
        let pair = Pair { device: Arc::new(stale), server: refreshed.of(Role::Server) };
        self.refresh(&pair, pass).refusal("a stale backup");
    }

    /// Either side comes back from its slim share by one complete refresh, and by nothing less.
    ///
    /// # Panics
    /// When a restored share signs before the refresh, or not after it.
    pub fn restores_a_slim_share(&self, current: &Pair) {
        for role in ROLES {
            let slim = current.of(role).slim();
            let slim = SlimShare::from_bytes(slim.dangerous_expose_bytes()).expect("a slim share reads back");
            let restored = self.engine.restore_slim(slim).expect("a slim share is restored");
            assert!(!restored.can_sign(), "a restored share cannot sign yet");
            let restored = Arc::new(restored);
            for flight in FLIGHTS {
                let context = super::sign_context(role, flight);
                assert!(self.engine.sign(Arc::clone(&restored), context).is_err());
            }
            let pair = match role {
                Role::Device => Pair { device: restored, server: current.of(Role::Server) },
                Role::Server => Pair { device: current.of(Role::Device), server: restored },
            };
            let (device, server) = self.refresh(&pair, pass).both();
            let whole = Pair { device: Arc::new(device), server: Arc::new(server) };
            assert_agreement(&whole);
            assert_eq!(whole.device.public_key(), current.device.public_key());
            self.sign(&whole, FLIGHTS[0], pass).both();
        }
    }
}
