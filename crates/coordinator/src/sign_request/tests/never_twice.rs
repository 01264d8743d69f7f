//! Whatever is asked, signed, replaced, failed and forgotten in whatever order, on two servers: no account and sequence has
//! two signatures but by replacements that name what they replace.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{
    guard::{asking, sending},
    *,
};

/// One thing that somebody does.
#[derive(Debug, Clone)]
enum Step {
    /// Asks for a doc, perhaps in the place of another.
    Ask { amount: u8, sequence: u8, mode: SignMode, replaces: Named },
    /// Begins a session for the request of this index.
    Begin(prop::sample::Index),
    /// Begins a session for the newest request, and ends it.
    Sign,
    /// Ends the ceremony of the session of this index, which may have been overtaken by anything.
    Finish(prop::sample::Index),
    /// The wallet cannot sign the request of this index.
    Fail(prop::sample::Index),
    /// Time goes by, in steps of half the grace of an expired request.
    Wait(u8),
    /// Housekeeping.
    Close,
}

/// Which request an ask names.
#[derive(Debug, Clone, Copy)]
enum Named {
    Nobody,
    /// The newest of the same sequence, which is mostly the live one.
    Newest,
    /// Any, of either sequence.
    Any(prop::sample::Index),
}

fn steps() -> impl Strategy<Value = Vec<(bool, Step)>> {
    let index = || any::<prop::sample::Index>();
    let mode = prop_oneof![Just(SignMode::Direct), Just(SignMode::AminoJson)];
    let named =
        prop_oneof![1 => Just(Named::Nobody), 2 => Just(Named::Newest), 2 => index().prop_map(Named::Any)];
    let ask = (1_u8..4, 0_u8..2, mode, named).prop_map(|(amount, sequence, mode, replaces)| Step::Ask {
        amount,
        sequence,
        mode,
        replaces,
    });
    let step = prop_oneof![
        6 => ask,
        3 => index().prop_map(Step::Begin),
        3 => index().prop_map(Step::Finish),
        4 => Just(Step::Sign),
        1 => index().prop_map(Step::Fail),
        1 => (1_u8..30).prop_map(Step::Wait),
        1 => Just(Step::Close),
    ];
    prop::collection::vec((any::<bool>(), step), 10..60)
}

struct World {
    wallet: Row<WalletRecord>,
    servers: [Bench; 2],
    hands: Hands,
    /// Every request that was ever made, and its sequence.
    made: Vec<(RequestId, u8)>,
    /// What sessions hold.
    running: Vec<Row<SignRequestRecord>>,
    /// What was signed of each sequence, in order.
    signed: BTreeMap<u8, Vec<SignRequest>>,
}

impl World {
    async fn new() -> Self {
        let vault = vault().await;
        let wallet = wallet(&vault, &alice(), 1, None).await;
        let hands = Hands::at(1_000_000);
        let servers = [(); 2].map(|()| {
            let requests = SignRequests::new(vault.clone(), Arc::new(allow(false))).with_clock(hands.clock());
            Bench { vault: vault.clone(), requests, hands: hands.clone() }
        });
        Self { wallet, servers, hands, made: Vec::new(), running: Vec::new(), signed: BTreeMap::new() }
    }

    async fn go(&mut self, server: bool, step: Step) {
        let requests = &self.servers[usize::from(server)].requests;
        match step {
            Step::Ask { amount, sequence, mode, replaces } => {
                let draft = sending(&self.wallet, &amount.to_string(), sequence.into());
                let replaces = match replaces {
                    Named::Any(at) if !self.made.is_empty() => Some(at.get(&self.made).0),
                    Named::Newest => self.made.iter().rfind(|made| made.1 == sequence).map(|made| made.0),
                    Named::Nobody | Named::Any(_) => None,
                };
                let new = NewSignRequest { replaces, ..asking(&draft, mode) };
                if let Ok(Created::New(request)) = requests.create(&alice(), &self.wallet, new).await {
                    self.made.push((request.id(), sequence));
                }
            }
            Step::Begin(at) if !self.made.is_empty() => {
                let id = at.get(&self.made).0;
                if let ForSession::Open(row) =
                    requests.for_session(&alice(), &self.wallet, Some(id), None).await
                {
                    self.running.push(*row);
                }
            }
            Step::Finish(at) if !self.running.is_empty() => {
                let row = self.running.remove(at.index(self.running.len()));
                self.finish(server, &row).await;
            }
            Step::Sign if !self.made.is_empty() => {
                let id = self.made[self.made.len() - 1].0;
                if let ForSession::Open(row) =
                    requests.for_session(&alice(), &self.wallet, Some(id), None).await
                {
                    self.finish(server, &row).await;
                }
            }
            Step::Fail(at) if !self.made.is_empty() => {
                let request = requests.get(&alice(), at.get(&self.made).0).await.unwrap().unwrap();
                let _ = requests.mark_failed(&alice(), &request.into_row(), "quarantined").await;
            }
            Step::Wait(halves) => self.hands.advance(30_000 * u64::from(halves)),
            Step::Close => drop(requests.close_expired().await.unwrap()),
            Step::Begin(_) | Step::Sign | Step::Finish(_) | Step::Fail(_) => {}
        }
    }

    async fn finish(&mut self, server: bool, row: &Row<SignRequestRecord>) {
        let requests = &self.servers[usize::from(server)].requests;
        let signature = TestKey::new(1).sign(&Digest::from_bytes(row.digest));
        let Ok(row) = requests.store_signature(&alice(), row, &signature).await else { return };
        let request = SignRequest::from_row(row, 0).unwrap();
        let sequence = self.made.iter().find(|(id, _)| *id == request.id()).unwrap().1;
        let signed = self.signed.entry(sequence).or_default();
        if signed.iter().all(|known| known.id() != request.id()) {
            signed.push(request);
        }
    }

    async fn check(&self) {
        let requests = &self.servers[0].requests;
        let mut all = BTreeMap::new();
        let mut open = BTreeMap::<u8, usize>::new();
        for (id, sequence) in &self.made {
            let request = requests.get(&alice(), *id).await.unwrap().unwrap();
            // One whose time is over and that nobody has closed may be signed by a session that began before.
            let stored = Status::from_number(request.clone().into_row().status).unwrap();
            *open.entry(*sequence).or_default() += usize::from(stored == Status::Open);
            all.insert(id.to_string(), request);
        }
        assert!(open.values().all(|open| *open <= 1), "two open: {open:?}");
        let stored = all.values().filter(|request| request.signature().is_some()).count();
        assert_eq!(stored, self.signed.values().map(Vec::len).sum::<usize>());
        for signed in self.signed.values() {
            for (at, request) in signed.iter().enumerate() {
                assert_eq!(all[&request.id().to_string()].signature(), request.signature());
                assert!(signed[..at].iter().all(|earlier| earlier.digest() != request.digest()));
                let Some(earlier) = at.checked_sub(1).map(|at| &signed[at]) else { continue };
                let mut back = request.replaces();
                while let Some(id) = back.filter(|id| *id != earlier.id()) {
                    back = all[&id.to_string()].replaces();
                }
                assert!(back.is_some(), "signed without naming what was signed before");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_sequence_has_two_signatures_only_where_one_was_named_to_be_replaced(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut world = World::new().await;
            for (server, step) in steps {
                world.go(server, step).await;
                world.check().await;
            }
        });
    }
}
