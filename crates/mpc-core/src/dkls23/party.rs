//! The engine's party inside a key share: made, exported, imported, restored and derived here.

use std::collections::BTreeMap;
use std::sync::Arc;

use dkls23_secp256k1::Party;
use dkls23_secp256k1::protocols::Parameters;
use dkls23_secp256k1::protocols::derivation::DerivData;
use dkls23_secp256k1::utilities::multiplication::{MulReceiver, MulSender};
use dkls23_secp256k1::utilities::zero_shares::{SeedPair, ZeroShare};
use k256::elliptic_curve::PrimeField;
use k256::{Scalar, Secp256k1};
use zeroize::Zeroizing;

use super::party_bytes;
use super::wire::index;
use crate::engine::EngineId;
use crate::error::{EngineError, LocalFault};
use crate::key_share::{EngineState, KeyShare, SLIM_CORE_LEN, ShareCore, ShareError, ShareParts, SlimShare};
use crate::path::DerivationPath;
use crate::public_key::PublicKey;
use crate::role::Role;
use crate::share_id::ShareId;

/// Length of a slim share of this engine in bytes.
pub const SLIM_SHARE_LEN: usize = SLIM_CORE_LEN + SLIM_STATE_LEN;

/// Half of the session id (the other half is the share id's tag) and the pair seed.
const SLIM_STATE_LEN: usize = 16 + 32;

/// The engine's party. Without `Debug`, which on the crate's type prints the share; wiped on drop by the crate.
pub(super) struct PartyState {
    party: Arc<Party>,
}

/// The multiplications with the peer, in both directions.
pub(super) struct Multiplications {
    pub(super) sender: MulSender<Secp256k1>,
    pub(super) receiver: MulReceiver<Secp256k1>,
}

impl EngineState for PartyState {
    fn dangerous_export(&self) -> Zeroizing<Vec<u8>> {
        party_bytes::write(&self.party)
    }

    fn dangerous_slim(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(SLIM_STATE_LEN));
        bytes.extend_from_slice(&self.party.session_id[16..]);
        bytes.extend_from_slice(&*pair_seed(&self.party));
        bytes
    }

    fn can_sign(&self) -> bool {
        !self.party.mul_senders.is_empty() && !self.party.mul_receivers.is_empty()
    }
}

/// The engine's party of a share that is this role's and this engine's.
pub(super) fn of(share: &KeyShare, role: Role) -> Result<Arc<Party>, EngineError> {
    if share.role() != role {
        return Err(EngineError::WrongRole);
    }
    let state: &PartyState = share.state().ok_or(EngineError::WrongEngine)?;
    Ok(Arc::clone(&state.party))
}

/// The seed that both parties of a generation hold.
pub(super) fn pair_seed(party: &Party) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(party.zero_share.seeds.first().map_or([0; 32], |pair| pair.seed))
}

/// With one counterparty the engine makes one message of each kind.
pub(super) fn only<M>(messages: Vec<M>) -> Result<M, EngineError> {
    let mut messages = messages.into_iter();
    match (messages.next(), messages.next()) {
        (Some(message), None) => Ok(message),
        _ => Err(LocalFault::MessageCount.into()),
    }
}

/// The party of a child key; the root's is not copied.
pub(super) fn derive(party: Arc<Party>, path: &DerivationPath) -> Result<Arc<Party>, EngineError> {
    if path.steps().is_empty() {
        return Ok(party);
    }
    let child = party.derive_from_path(&path.to_string(), |_| String::new());
    Ok(Arc::new(child.map_err(|_| EngineError::Underivable)?))
}

/// The key share around a party that came out of a DKG or refresh, checked once more as a whole.
pub(super) fn into_share(
    party: Party,
    role: Role,
    epoch: u64,
    verifying_shares: [PublicKey; 2],
) -> Result<(KeyShare, Arc<Party>), EngineError> {
    let tag = *party.session_id.first_chunk().ok_or(ShareError::State)?;
    let core = ShareCore::new(ShareParts {
        engine: EngineId::DKLS23,
        role,
        share_id: ShareId { epoch, tag },
        secret: Zeroizing::new(party.poly_point.to_repr().into()),
        public_key: PublicKey::from_point(&party.pk).map_err(|_| ShareError::Point)?,
        verifying_shares,
        chain_code: *party.chain_code(),
    });
    let core = core.map_err(|error| match error {
        ShareError::Line => EngineError::VerifyingShares,
        other => other.into(),
    })?;
    let party = Arc::new(party);
    Ok((KeyShare::new(core, Box::new(PartyState { party: Arc::clone(&party) })), party))
}

/// Reads an exported share.
pub(super) fn import(bytes: &[u8]) -> Result<KeyShare, EngineError> {
    let (core, state) = KeyShare::split_export(bytes)?;
    check_engine(&core)?;
    let state = party_bytes::read(state)?;
    join(core, &state.session_id, state.pair_seed, state.multiplications)
}

/// Makes a share that can only run a complete refresh.
pub(super) fn restore(slim: SlimShare) -> Result<KeyShare, EngineError> {
    let (core, state) = slim.into_parts();
    check_engine(&core)?;
    let (tail, seed) = state.split_first_chunk::<16>().ok_or(ShareError::Length)?;
    let seed = Zeroizing::new(<[u8; 32]>::try_from(seed).map_err(|_| ShareError::Length)?);
    let session_id = [core.share_id().tag, *tail].concat();
    join(core, &session_id, seed, None)
}

fn check_engine(core: &ShareCore) -> Result<(), EngineError> {
    if core.engine() != EngineId::DKLS23 {
        return Err(EngineError::WrongEngine);
    }
    Ok(())
}

/// Builds the party of a checked core out of the engine's own values.
fn join(
    core: ShareCore,
    session_id: &[u8],
    seed: Zeroizing<[u8; 32]>,
    multiplications: Option<Multiplications>,
) -> Result<KeyShare, EngineError> {
    if session_id.first_chunk() != Some(&core.share_id().tag) {
        return Err(ShareError::State.into());
    }
    let (ours, theirs) = (index(core.role()), index(core.role().peer()));
    let poly_point: Option<Scalar> = Scalar::from_repr((*core.dangerous_expose_secret()).into()).into();
    let poly_point = poly_point.ok_or(ShareError::Scalar)?;
    let pk = core.public_key().to_affine();
    let (senders, receivers) = match multiplications {
        Some(Multiplications { sender, receiver }) => (Some((theirs, sender)), Some((theirs, receiver))),
        None => (None, None),
    };
    let party = Party {
        parameters: Parameters::new(2, 2).map_err(|_| ShareError::State)?,
        party_index: ours,
        session_id: session_id.to_vec(),
        poly_point,
        pk,
        zero_share: ZeroShare::initialize(vec![SeedPair {
            lowest_index: ours < theirs,
            index_counterparty: theirs,
            seed: *seed,
        }]),
        mul_senders: BTreeMap::from_iter(senders),
        mul_receivers: BTreeMap::from_iter(receivers),
        derivation_data: DerivData {
            depth: 0,
            child_number: 0,
            parent_fingerprint: [0; 4],
            poly_point,
            pk,
            chain_code: core.chain_code(),
        },
        address: String::new(),
    };
    Ok(KeyShare::new(core, Box::new(PartyState { party: Arc::new(party) })))
}
