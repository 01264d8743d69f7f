//! Round state of the engine's crate that is not wiped on drop, in a wrapper that wipes it.
//!
//! The crate derives `Debug` and `Clone` on some of these types; the wrapper has neither.

use std::collections::BTreeMap;

use dkls23_secp256k1::protocols::PartyIndex;
use dkls23_secp256k1::protocols::dkg::{
    KeepInitMulPhase3to4, KeepInitZeroSharePhase2to3, KeepInitZeroSharePhase3to4,
    TransmitInitZeroSharePhase3to4, UniqueKeepDerivationPhase2to3,
};
use k256::{Scalar, Secp256k1};
use zeroize::Zeroize;

/// A value whose secrets are overwritten when it is dropped. It stands behind a pointer, because moving a
/// value leaves its bytes where it was, and every round moves the state.
pub(super) struct Wiped<T: Wipe>(Box<T>);

/// Overwrites the secrets of a value in place.
pub(super) trait Wipe {
    fn wipe(&mut self);
}

impl<T: Wipe> Wiped<T> {
    pub(super) fn new(value: T) -> Self {
        Self(Box::new(value))
    }

    /// The value, for a call into the engine.
    pub(super) fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Wipe> Drop for Wiped<T> {
    fn drop(&mut self) {
        self.0.wipe();
    }
}

impl Wipe for Scalar {
    fn wipe(&mut self) {
        self.zeroize();
    }
}

impl<T: Wipe> Wipe for Vec<T> {
    fn wipe(&mut self) {
        self.iter_mut().for_each(Wipe::wipe);
    }
}

impl<T: Wipe> Wipe for BTreeMap<PartyIndex, T> {
    fn wipe(&mut self) {
        self.values_mut().for_each(Wipe::wipe);
    }
}

impl Wipe for KeepInitZeroSharePhase2to3 {
    fn wipe(&mut self) {
        self.seed.zeroize();
        self.salt.zeroize();
    }
}

impl Wipe for KeepInitZeroSharePhase3to4 {
    fn wipe(&mut self) {
        self.seed.zeroize();
    }
}

impl Wipe for TransmitInitZeroSharePhase3to4 {
    fn wipe(&mut self) {
        self.seed.zeroize();
        self.salt.zeroize();
    }
}

impl Wipe for UniqueKeepDerivationPhase2to3 {
    fn wipe(&mut self) {
        self.aux_chain_code.zeroize();
        self.cc_salt.zeroize();
    }
}

impl Wipe for KeepInitMulPhase3to4<Secp256k1> {
    fn wipe(&mut self) {
        self.ot_sender.s.zeroize();
        self.nonce.zeroize();
        self.ot_receiver.seed.zeroize();
        self.correlation.zeroize();
        self.vec_r.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use dkls23_secp256k1::protocols::dkg::{self, SessionData};
    use dkls23_secp256k1::protocols::{Parameters, Party};

    use super::*;

    struct Witness<'a>(&'a Cell<bool>);

    impl Wipe for Witness<'_> {
        fn wipe(&mut self) {
            self.0.set(true);
        }
    }

    #[test]
    fn dropping_wipes() {
        let wiped = Cell::new(false);
        drop(Wiped::new(Witness(&wiped)));
        assert!(wiped.get());
    }

    #[test]
    fn every_secret_of_the_round_state_is_wiped() {
        let data = SessionData {
            parameters: Parameters::new(2, 2).unwrap(),
            party_index: PartyIndex::new(1).unwrap(),
            session_id: vec![7; 32],
        };
        let mut fragments = dkg::phase1::<Secp256k1>(&data);
        let (mut point, _, mut zero_kept, _, mut chain_kept, _) = dkg::phase2::<Secp256k1>(&data, &fragments);
        let (mut zero_open, mut zero_sent, mut mul_kept, _, _) =
            dkg::phase3::<Secp256k1>(&data, &zero_kept, &chain_kept);

        fragments.wipe();
        point.wipe();
        zero_kept.wipe();
        chain_kept.wipe();
        zero_open.wipe();
        zero_sent.wipe();
        mul_kept.wipe();

        assert!(fragments.iter().all(|fragment| *fragment == Scalar::ZERO));
        assert_eq!(point, Scalar::ZERO);
        assert!(zero_kept.values().all(|kept| kept.seed == [0; 32] && kept.salt.is_empty()));
        assert!(zero_open.values().all(|kept| kept.seed == [0; 32]));
        assert!(zero_sent.iter().all(|sent| sent.seed == [0; 32] && sent.salt.is_empty()));
        assert!(chain_kept.aux_chain_code == [0; 32] && chain_kept.cc_salt.is_empty());
        for kept in mul_kept.values() {
            assert_eq!(kept.ot_sender.s, Scalar::ZERO);
            assert_eq!(kept.nonce, Scalar::ZERO);
            assert_eq!(kept.ot_receiver.seed, [0; 32]);
            assert!(kept.correlation.is_empty() && kept.vec_r.is_empty());
        }
    }

    #[test]
    fn the_party_wipes_itself() {
        const fn wipes_on_drop<T: Zeroize>() {
            assert!(core::mem::needs_drop::<T>());
        }
        const { wipes_on_drop::<Party<Secp256k1>>() }
    }
}
