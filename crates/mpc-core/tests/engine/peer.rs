//! The other end of the line, written again from the documents: frames, tags and ids by hand, the engine's
//! crate underneath. It can do everything that an honest side does, and anything else.

use dkls23_secp256k1::Party;
use dkls23_secp256k1::protocols::PartyIndex;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use maany_mpc_core::Role;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

pub(crate) const DKG: u8 = 1;
pub(crate) const SIGN: u8 = 2;
pub(crate) const REFRESH: u8 = 3;

/// SHA-256 over parts, each behind its length; the first names the purpose.
pub(crate) fn hash(purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in [purpose.as_bytes()].iter().chain(parts) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// What a tag is made from.
#[derive(Clone)]
pub(crate) struct Keys {
    pub(crate) seed: [u8; 32],
    pub(crate) wallet: Vec<u8>,
    pub(crate) share_id: [u8; 24],
}

impl Keys {
    pub(crate) fn tag(&self, session: &[u8; 32], sender: Role, frame: &[u8]) -> [u8; 32] {
        let mut info = (self.wallet.len() as u64).to_be_bytes().to_vec();
        info.extend(&self.wallet);
        info.extend(self.share_id);
        info.extend(session);
        info.push(sender.party_index());
        let mut key = [0; 32];
        Hkdf::<Sha256>::new(Some(b"maany-mpc/frame-tag/1"), &self.seed).expand(&info, &mut key).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(frame);
        mac.finalize().into_bytes().into()
    }

    /// Makes a changed frame authentic again.
    pub(crate) fn retag(&self, session: &[u8; 32], sender: Role, frame: &mut Vec<u8>) {
        frame.truncate(frame.len() - 32);
        let tag = self.tag(session, sender, frame);
        frame.extend(tag);
    }
}

/// The peer's end of the line.
pub(crate) struct Line {
    pub(crate) operation: u8,
    pub(crate) role: Role,
    pub(crate) share_id: [u8; 24],
    pub(crate) session: [u8; 32],
    pub(crate) keys: Option<Keys>,
    pub(crate) sent: u8,
    logs: [Vec<Vec<u8>>; 2],
}

impl Line {
    pub(crate) fn new(operation: u8, role: Role, share_id: [u8; 24], keys: Option<Keys>) -> Self {
        Self { operation, role, share_id, session: [0; 32], keys, sent: 0, logs: Default::default() }
    }

    /// A frame with a message in it.
    pub(crate) fn write(&mut self, message: &impl Serialize) -> Vec<u8> {
        self.write_bytes(self.session, &postcard::to_allocvec(message).unwrap())
    }

    /// A frame with these payload bytes, and a nonce in the place of the session id.
    pub(crate) fn write_bytes(&mut self, nonce: [u8; 32], payload: &[u8]) -> Vec<u8> {
        self.sent += 1;
        let mut frame = b"MYE\x01\x01".to_vec();
        frame.extend([self.operation, self.sent, self.role.party_index()]);
        frame.extend(self.share_id);
        frame.extend(nonce);
        frame.extend(payload);
        if let Some(keys) = &self.keys {
            let tag = keys.tag(&self.session, self.role, &frame);
            frame.extend(tag);
        }
        self.log(self.role, &frame);
        frame
    }

    /// The message in a frame; nothing is checked.
    pub(crate) fn read<P: DeserializeOwned>(&mut self, frame: &[u8]) -> P {
        self.log(self.role.peer(), frame);
        let end = frame.len() - if self.keys.is_some() { 32 } else { 0 };
        let (message, rest) = postcard::take_from_bytes(&frame[64..end]).unwrap();
        assert!(rest.is_empty(), "the frame holds more than its message");
        message
    }

    pub(crate) fn transcript(&self) -> [u8; 32] {
        let of = |role: Role| {
            let index = [role.party_index()];
            let frames = &self.logs[usize::from(role.party_index()) - 1];
            let parts: Vec<&[u8]> =
                [&index[..]].into_iter().chain(frames.iter().map(Vec::as_slice)).collect();
            hash("maany-mpc/transcript/1", &parts)
        };
        hash("maany-mpc/transcripts/1", &[&of(Role::Device), &of(Role::Server)])
    }

    fn log(&mut self, sender: Role, frame: &[u8]) {
        self.logs[usize::from(sender.party_index()) - 1].push(frame.to_vec());
    }
}

/// The nonce or session id that stands in a frame.
pub(crate) fn session_of(frame: &[u8]) -> [u8; 32] {
    frame[32..64].try_into().unwrap()
}

pub(crate) fn index(role: Role) -> PartyIndex {
    PartyIndex::new(role.party_index()).unwrap()
}

/// The id of the shares that a party belongs to.
pub(crate) fn share_id(epoch: u64, party: &Party) -> [u8; 24] {
    let mut id = [0; 24];
    id[..8].copy_from_slice(&epoch.to_be_bytes());
    id[8..].copy_from_slice(&party.session_id[..16]);
    id
}

pub(crate) fn pair_seed(party: &Party) -> [u8; 32] {
    party.zero_share.seeds[0].seed
}
