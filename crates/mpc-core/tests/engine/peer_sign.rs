//! A peer in a signature that may change what it sends, under valid tags.

use std::sync::{Arc, OnceLock};

use dkls23_secp256k1::Party;
use dkls23_secp256k1::protocols::signing::{Broadcast3to4, SignData, TransmitPhase1to2, TransmitPhase2to3};
use k256::Secp256k1;
use maany_mpc_core::{
    BoxedCeremony, Dkls23, Engine, EngineError, Flight, KeyShare, Role, SignContext, Signature, Step,
};
use serde::{Deserialize, Serialize};

use crate::peer::{Keys, Line, SIGN, hash, index, pair_seed, session_of, share_id};
use crate::peer_generation::{Base, Ended, Honest, play};
use crate::support::{SERVER_NONCE, WALLET, dkg_context, sign_context};

#[derive(Serialize, Deserialize)]
pub(crate) struct CommitAndMultiply {
    pub(crate) commit: TransmitPhase1to2,
    pub(crate) multiply: TransmitPhase2to3<Secp256k1>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct MultiplyAndOpen {
    pub(crate) multiply: TransmitPhase2to3<Secp256k1>,
    pub(crate) open: Broadcast3to4<Secp256k1>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Finished {
    pub(crate) r: [u8; 32],
    pub(crate) s: [u8; 32],
    pub(crate) recovery_id: u8,
}

/// What the peer does otherwise than it should.
pub(crate) trait SignTricks {
    fn commit(&mut self, _: &mut TransmitPhase1to2) {}
    fn multiply(&mut self, _: &mut TransmitPhase2to3<Secp256k1>) {}
    fn open(&mut self, _: &mut Broadcast3to4<Secp256k1>) {}
    fn finished(&mut self, _: &mut Finished) {}
    /// Any payload, after encoding and before the tag; rounds count from 1.
    fn payload(&mut self, _round: u8, _: &mut Vec<u8>) {}
}

impl SignTricks for Honest {}

/// A share of ours, and the party that the peer holds for it.
pub(crate) struct Opponents {
    pub(crate) victim: Arc<KeyShare>,
    pub(crate) peer: Ended,
    pub(crate) peer_role: Role,
}

/// Our device share against a server that cheats.
pub(crate) fn against_server() -> &'static Opponents {
    static OPPONENTS: OnceLock<Opponents> = OnceLock::new();
    OPPONENTS.get_or_init(|| opponents(Role::Server))
}

/// Our server share against a device that cheats.
pub(crate) fn against_device() -> &'static Opponents {
    static OPPONENTS: OnceLock<Opponents> = OnceLock::new();
    OPPONENTS.get_or_init(|| opponents(Role::Device))
}

fn opponents(peer_role: Role) -> Opponents {
    let context = dkg_context(peer_role.peer());
    let session = context.session.clone();
    let victim = Dkls23.dkg(context).unwrap();
    let (victim, peer) = play(victim, peer_role, &Base::Dkg { session: &session }, &mut Honest).unwrap();
    assert_eq!(victim.share_id().to_bytes(), share_id(1, &peer.party));
    Opponents { victim: Arc::new(victim), peer, peer_role }
}

/// Plays the peer's side of one signature. Gives what the victim ends with.
pub(crate) fn play_sign(
    opponents: &Opponents,
    flight: Flight,
    tricks: &mut dyn SignTricks,
) -> Result<Signature, EngineError> {
    let context = sign_context(opponents.peer_role.peer(), flight);
    let victim = Dkls23.sign(Arc::clone(&opponents.victim), context.clone()).unwrap();
    Peer::new(opponents, tricks).play(victim, &context)
}

struct Peer<'a> {
    role: Role,
    party: &'a Party,
    line: Line,
    tricks: &'a mut dyn SignTricks,
}

impl<'a> Peer<'a> {
    fn new(opponents: &'a Opponents, tricks: &'a mut dyn SignTricks) -> Self {
        let party = &opponents.peer.party;
        let share_id = share_id(1, party);
        let keys = Keys { seed: pair_seed(party), wallet: WALLET.to_vec(), share_id };
        let line = Line::new(SIGN, opponents.peer_role, share_id, Some(keys));
        Self { role: opponents.peer_role, party, line, tricks }
    }

    fn play(
        mut self,
        victim: BoxedCeremony<Signature>,
        context: &SignContext,
    ) -> Result<Signature, EngineError> {
        match (self.role, context.flight) {
            (Role::Server, Flight::ServerFirst) => self.server_first_as_server(victim, context),
            (Role::Server, Flight::DeviceFirst) => self.device_first_as_server(victim, context),
            (Role::Device, Flight::ServerFirst) => self.server_first_as_device(victim, context),
            (Role::Device, Flight::DeviceFirst) => self.device_first_as_device(victim, context),
        }
    }

    fn server_first_as_server(
        &mut self,
        victim: BoxedCeremony<Signature>,
        context: &SignContext,
    ) -> Result<Signature, EngineError> {
        let data = self.join(context, &SERVER_NONCE);
        let (unique, kept, mut commit) = self.party.sign_phase1(&data).unwrap();
        self.tricks.commit(&mut commit[0]);
        let first = self.write_with(SERVER_NONCE, &commit[0]);
        let (victim, _) = go_on(victim.start()?);
        let (victim, inbound) = go_on(victim.step(&first)?);
        let theirs: CommitAndMultiply = self.line.read(&inbound.unwrap());
        let (unique, kept, mut multiply) =
            self.party.sign_phase2(&data, unique, kept, &[theirs.commit]).unwrap();
        let (x, ours) = self.party.sign_phase3(&data, unique, kept, &[theirs.multiply]).unwrap();
        self.tricks.multiply(&mut multiply[0]);
        let (victim, inbound) = go_on(victim.step(&self.write(&multiply[0]))?);
        let theirs: Broadcast3to4<Secp256k1> = self.line.read(&inbound.unwrap());
        let last = self.finish(&data, &x, &[ours, theirs]);
        done(victim.step(&last)?)
    }

    fn device_first_as_server(
        &mut self,
        victim: BoxedCeremony<Signature>,
        context: &SignContext,
    ) -> Result<Signature, EngineError> {
        let data = self.join(context, &SERVER_NONCE);
        let (victim, inbound) = go_on(victim.start()?);
        let theirs: TransmitPhase1to2 = self.line.read(&inbound.unwrap());
        let (unique, kept, mut commit) = self.party.sign_phase1(&data).unwrap();
        let (unique, kept, mut multiply) = self.party.sign_phase2(&data, unique, kept, &[theirs]).unwrap();
        self.tricks.commit(&mut commit[0]);
        self.tricks.multiply(&mut multiply[0]);
        let both = CommitAndMultiply { commit: commit[0].clone(), multiply: multiply[0].clone() };
        let (victim, inbound) = go_on(victim.step(&self.write(&both))?);
        let theirs: MultiplyAndOpen = self.line.read(&inbound.unwrap());
        let (x, ours) = self.party.sign_phase3(&data, unique, kept, &[theirs.multiply]).unwrap();
        let last = self.finish(&data, &x, &[ours, theirs.open]);
        done(victim.step(&last)?)
    }

    fn server_first_as_device(
        &mut self,
        victim: BoxedCeremony<Signature>,
        context: &SignContext,
    ) -> Result<Signature, EngineError> {
        let (victim, inbound) = go_on(victim.start()?);
        let inbound = inbound.unwrap();
        let data = self.join(context, &session_of(&inbound));
        let theirs: TransmitPhase1to2 = self.line.read(&inbound);
        let (unique, kept, mut commit) = self.party.sign_phase1(&data).unwrap();
        let (unique, kept, mut multiply) = self.party.sign_phase2(&data, unique, kept, &[theirs]).unwrap();
        self.tricks.commit(&mut commit[0]);
        self.tricks.multiply(&mut multiply[0]);
        let both = CommitAndMultiply { commit: commit[0].clone(), multiply: multiply[0].clone() };
        let (victim, inbound) = go_on(victim.step(&self.write(&both))?);
        // What the server sends here is its second message and nothing else.
        let theirs: TransmitPhase2to3<Secp256k1> = self.line.read(&inbound.unwrap());
        let (_, mut open) = self.party.sign_phase3(&data, unique, kept, &[theirs]).unwrap();
        self.tricks.open(&mut open);
        done(victim.step(&self.write(&open))?)
    }

    fn device_first_as_device(
        &mut self,
        victim: BoxedCeremony<Signature>,
        context: &SignContext,
    ) -> Result<Signature, EngineError> {
        let data = self.join(context, &SERVER_NONCE);
        let (unique, kept, mut commit) = self.party.sign_phase1(&data).unwrap();
        self.tricks.commit(&mut commit[0]);
        let (victim, _) = go_on(victim.start()?);
        let (victim, inbound) = go_on(victim.step(&self.write(&commit[0]))?);
        let theirs: CommitAndMultiply = self.line.read(&inbound.unwrap());
        let (unique, kept, mut multiply) =
            self.party.sign_phase2(&data, unique, kept, &[theirs.commit]).unwrap();
        let (_, mut open) = self.party.sign_phase3(&data, unique, kept, &[theirs.multiply]).unwrap();
        self.tricks.multiply(&mut multiply[0]);
        self.tricks.open(&mut open);
        let rest = MultiplyAndOpen { multiply: multiply[0].clone(), open };
        done(victim.step(&self.write(&rest))?)
    }

    /// Puts the line into the session, and gives what the engine signs.
    fn join(&mut self, context: &SignContext, server_nonce: &[u8; 32]) -> SignData {
        let path = context.path.to_bytes();
        let (session, sign_bytes) = (&context.session, &context.sign_bytes);
        let parts: [&[u8]; 6] =
            [server_nonce, session, sign_bytes, &context.chain_id, &path, &context.request_id];
        self.line.session = hash("maany-mpc/sign-id/1", &parts);
        SignData {
            sign_id: self.line.session.to_vec(),
            counterparties: vec![index(self.role.peer())],
            message_hash: context.digest,
        }
    }

    fn finish(&mut self, data: &SignData, x: &str, both: &[Broadcast3to4<Secp256k1>]) -> Vec<u8> {
        let (s, recovery_id) = self.party.sign_phase4(data, x, both, true).unwrap();
        let bytes = |text: &str| hex::decode(text).unwrap().try_into().unwrap();
        let mut finished = Finished { r: bytes(x), s: bytes(&s), recovery_id };
        self.tricks.finished(&mut finished);
        self.write(&finished)
    }

    fn write(&mut self, message: &impl Serialize) -> Vec<u8> {
        self.write_with(self.line.session, message)
    }

    fn write_with(&mut self, nonce: [u8; 32], message: &impl Serialize) -> Vec<u8> {
        let mut payload = postcard::to_allocvec(message).unwrap();
        self.tricks.payload(self.line.sent + 1, &mut payload);
        self.line.write_bytes(nonce, &payload)
    }
}

fn go_on(step: Step<Signature>) -> (BoxedCeremony<Signature>, Option<Vec<u8>>) {
    match step {
        Step::Continue { ceremony, outbound } => (ceremony, outbound),
        Step::Done { .. } => panic!("over too early"),
    }
}

fn done(step: Step<Signature>) -> Result<Signature, EngineError> {
    match step {
        Step::Done { output, .. } => Ok(output),
        Step::Continue { .. } => panic!("not over in time"),
    }
}
