//! The engine's part of an exported share, field by field.
//!
//! ```text
//! 0    kind                    1   0 restored (ends after the seed), 1 full
//! 1    session id             32
//! 33   pair seed              32
//! 65   sender's gadget     13312   416 scalars
//!      sender's choices       32   256 bits, least significant first
//!      sender's seeds       8192
//!      receiver's gadget   13312   416 scalars
//!      receiver's seeds    16384   256 for bit 0, then 256 for bit 1
//! ```

use dkls23_secp256k1::Party;
use dkls23_secp256k1::utilities::multiplication::{MulReceiver, MulSender};
use dkls23_secp256k1::utilities::ot::extension::{BATCH_SIZE, KAPPA, OTEReceiver, OTESender};
use k256::elliptic_curve::PrimeField;
use k256::{Scalar, Secp256k1};
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::{Zeroize, Zeroizing};

use super::party::{Multiplications, pair_seed};
use crate::key_share::ShareError;

const GADGET: usize = BATCH_SIZE as usize;
const SEEDS: usize = KAPPA as usize;
const HEAD_LEN: usize = 1 + 32 + 32;
const FULL_LEN: usize = HEAD_LEN + 2 * GADGET * 32 + SEEDS / 8 + 3 * SEEDS * 32;

const RESTORED: u8 = 0;
const FULL: u8 = 1;

/// What [`write`] wrote of a party, apart from what the core holds.
pub(super) struct State {
    pub(super) session_id: [u8; 32],
    pub(super) pair_seed: Zeroizing<[u8; 32]>,
    pub(super) multiplications: Option<Multiplications>,
}

pub(super) fn write(party: &Party) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(FULL_LEN));
    let full = party.mul_senders.values().next().zip(party.mul_receivers.values().next());
    out.push(if full.is_some() { FULL } else { RESTORED });
    out.extend_from_slice(&party.session_id);
    out.extend_from_slice(&*pair_seed(party));
    if let Some((sender, receiver)) = full {
        write_scalars(&mut out, &sender.public_gadget);
        write_bits(&mut out, &sender.ote_sender.correlation);
        out.extend(sender.ote_sender.seeds.iter().flatten());
        write_scalars(&mut out, &receiver.public_gadget);
        out.extend(receiver.ote_receiver.seeds0.iter().flatten());
        out.extend(receiver.ote_receiver.seeds1.iter().flatten());
    }
    out
}

pub(super) fn read(bytes: &[u8]) -> Result<State, ShareError> {
    let (head, mut rest) = bytes.split_first_chunk::<HEAD_LEN>().ok_or(ShareError::Length)?;
    let (session_id, pair_seed) = head[1..].split_at(32);
    let session_id = session_id.try_into().map_err(|_| ShareError::Length)?;
    let pair_seed = Zeroizing::new(pair_seed.try_into().map_err(|_| ShareError::Length)?);
    let multiplications = match head[0] {
        RESTORED => None,
        FULL => Some(read_multiplications(&mut rest)?),
        _ => return Err(ShareError::State),
    };
    if !rest.is_empty() {
        return Err(ShareError::Length);
    }
    Ok(State { session_id, pair_seed, multiplications })
}

fn read_multiplications(rest: &mut &[u8]) -> Result<Multiplications, ShareError> {
    let gadget = read_scalars(rest)?;
    let correlation = read_bits(rest)?;
    let seeds = read_seeds(rest)?;
    let sender: MulSender<Secp256k1> = rebuild(gadget, OTESender { correlation, seeds })?;
    let gadget = read_scalars(rest)?;
    let (seeds0, seeds1) = (read_seeds(rest)?, read_seeds(rest)?);
    let receiver: MulReceiver<Secp256k1> = rebuild(gadget, OTEReceiver { seeds0, seeds1 })?;
    sender.check_state().map_err(|_| ShareError::State)?;
    receiver.check_state(None).map_err(|_| ShareError::State)?;
    Ok(Multiplications { sender, receiver })
}

/// The crate's types have a private marker field, so they are made by way of their own serialization:
/// the gadget, then the OT state.
fn rebuild<T: DeserializeOwned>(mut gadget: Vec<Scalar>, ot: impl Serialize) -> Result<T, ShareError> {
    let bytes = postcard::to_extend(&(&gadget, ot), Vec::with_capacity(FULL_LEN));
    gadget.zeroize();
    let bytes = Zeroizing::new(bytes.map_err(|_| ShareError::State)?);
    let (state, rest) = postcard::take_from_bytes(&bytes).map_err(|_| ShareError::State)?;
    if !rest.is_empty() {
        return Err(ShareError::State);
    }
    Ok(state)
}

fn write_scalars(out: &mut Vec<u8>, scalars: &[Scalar]) {
    scalars.iter().for_each(|scalar| out.extend_from_slice(&scalar.to_repr()));
}

fn read_scalars(bytes: &mut &[u8]) -> Result<Vec<Scalar>, ShareError> {
    let scalars = take(bytes, GADGET * 32)?;
    let scalar = |chunk: &[u8]| {
        let repr: [u8; 32] = chunk.try_into().map_err(|_| ShareError::Length)?;
        Option::<Scalar>::from(Scalar::from_repr(repr.into())).ok_or(ShareError::State)
    };
    scalars.chunks_exact(32).map(scalar).collect()
}

fn write_bits(out: &mut Vec<u8>, bits: &[bool]) {
    let byte = |bits: &[bool]| bits.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
    out.extend(bits.chunks(8).map(byte));
}

fn read_bits(bytes: &mut &[u8]) -> Result<Vec<bool>, ShareError> {
    let bytes = take(bytes, SEEDS / 8)?;
    Ok(bytes.iter().flat_map(|byte| (0..8).map(move |at| byte >> at & 1 == 1)).collect())
}

fn read_seeds(bytes: &mut &[u8]) -> Result<Vec<[u8; 32]>, ShareError> {
    let seeds = take(bytes, SEEDS * 32)?;
    seeds.chunks_exact(32).map(|seed| seed.try_into().map_err(|_| ShareError::Length)).collect()
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Result<&'a [u8], ShareError> {
    let (head, rest) = bytes.split_at_checked(length).ok_or(ShareError::Length)?;
    *bytes = rest;
    Ok(head)
}
