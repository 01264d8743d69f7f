//! Two machines, their engines and stores, and the wire between them, pumped in virtual time.

use std::collections::BTreeMap;

use maany_coordinator_proto::session::{DevicePlan, Effect, Input, Outbox, Refusal};
use maany_coordinator_proto::{DeviceSession, Hello, Intent, Limits, Millis, ServerSession};

use crate::engine::{FakeEngine, Role};
use crate::plan::{DIGEST, KEY, Wish, backup_share, challenge, document, identity, plan};
use crate::side::{Machine, Side};
use crate::store::FakeStore;
use crate::wire::{Fault, Hit};

/// A frame takes this long.
const LATENCY: u64 = 10;

enum Happening {
    Arrives(Input),
    Answered(Input),
}

pub(crate) struct Pair {
    pub(crate) server: Side,
    pub(crate) device: Side,
    pub(crate) now: u64,
    pub(crate) hits: Vec<Hit>,
    pub(crate) latency: u64,
    happenings: BTreeMap<(u64, u64), (Role, Happening)>,
    counter: u64,
}

impl Pair {
    /// A new connection between two sides that hold this.
    pub(crate) fn new(wish: Wish, server: &FakeStore, device: &FakeStore, attempt: u8) -> Self {
        Self::with_limits(wish, server, device, attempt, Limits::default())
    }

    pub(crate) fn with_limits(
        wish: Wish,
        server: &FakeStore,
        device: &FakeStore,
        attempt: u8,
        limits: Limits,
    ) -> Self {
        let (server, device) = (server.restarted(), device.restarted());
        let mut out = Outbox::new();
        let opened = DeviceSession::new(plan(wish, &device), limits, Millis::new(0), &mut out);
        let (machine, refused) = match opened {
            Ok(machine) => (Some(Machine::Device(machine)), None),
            Err(error) => (None, Some(Err(error))),
        };
        let accepting = Machine::Server(ServerSession::new(limits, Millis::new(0)));
        let mut server = Side::new(Role::Server, accepting, server, attempt);
        server.stepped_up = wish.stepped_up;
        let mut device = Side {
            machine,
            end: refused,
            ..Side::new(
                Role::Device,
                Machine::Server(ServerSession::new(limits, Millis::new(0))),
                device,
                attempt,
            )
        };
        for effect in out.drain() {
            device.trace.effect(&effect);
            device.todo.push_back(effect);
        }
        Self {
            server,
            device,
            now: 0,
            hits: Vec::new(),
            latency: LATENCY,
            happenings: BTreeMap::new(),
            counter: 0,
        }
    }

    /// A new session of protocol 2 between two sides that hold this, in an open channel.
    pub(crate) fn proven(wish: Wish, server: &FakeStore, device: &FakeStore, attempt: u8) -> Self {
        let limits = Limits::default();
        let (server, mut device) = (server.restarted(), device.restarted());
        // A restore enrols a new key, but for one that goes on with an earlier attempt.
        let kept = device.identity.filter(|_| match wish.intent {
            Intent::Dkg => false,
            Intent::Restore => device.record.as_ref().is_some_and(|record| record.pending.is_some()),
            Intent::Sign | Intent::Refresh => true,
        });
        let seed = kept.unwrap_or(attempt);
        device.proven = Some((*identity(seed).public().as_bytes(), seed));
        let (challenge, mut out) = (challenge(attempt), Outbox::new());
        let digest = (wish.intent == Intent::Sign).then_some(DIGEST);
        let opened =
            DeviceSession::proven(plan(wish, &device), challenge, digest, limits, Millis::new(0), &mut out);
        let accepting = ServerSession::proven(hello(plan(wish, &device)), challenge, limits, Millis::new(0));
        let mut server = Side::new(Role::Server, Machine::Server(accepting), server, attempt);
        server.stepped_up = wish.stepped_up;
        let machine = opened.map(Machine::Device);
        let idle = Machine::Server(ServerSession::new(limits, Millis::new(0)));
        let mut device = Side::new(Role::Device, idle, device, attempt);
        (device.machine, device.end) = match machine {
            Ok(machine) => (Some(machine), None),
            Err(error) => (None, Some(Err(error))),
        };
        (server.engine.first, device.engine.first) = (Role::Device, Role::Device);
        for effect in out.drain() {
            device.trace.effect(&effect);
            device.todo.push_back(effect);
        }
        Self {
            server,
            device,
            now: 0,
            hits: Vec::new(),
            latency: LATENCY,
            happenings: BTreeMap::new(),
            counter: 0,
        }
    }

    pub(crate) fn hit(mut self, hit: Hit) -> Self {
        self.hits.push(hit);
        self
    }

    /// Runs to the end of both sides.
    pub(crate) fn run(mut self) -> Self {
        for _ in 0..10_000 {
            if self.server.is_at_its_stop() || self.device.is_at_its_stop() {
                return self;
            }
            self.perform(Role::Device);
            self.perform(Role::Server);
            self.read(Role::Device);
            self.read(Role::Server);
            if !self.device.todo.is_empty() || !self.server.todo.is_empty() {
                continue;
            }
            if !self.advance() {
                return self;
            }
        }
        panic!("the session does not end: {:?} {:?}", self.server.trace.log, self.device.trace.log);
    }

    /// Stops the run when a side waits for this.
    pub(crate) fn stop_at(&mut self, role: Role, state: &'static str) {
        self.side(role).stop = Some(state);
    }

    pub(crate) fn side(&mut self, role: Role) -> &mut Side {
        match role {
            Role::Device => &mut self.device,
            Role::Server => &mut self.server,
        }
    }

    /// Gives an input to a side out of the blue.
    pub(crate) fn feed(&mut self, role: Role, input: Input) {
        let now = self.now;
        self.side(role).feed(now, input);
    }

    fn schedule(&mut self, at: u64, role: Role, happening: Happening) {
        self.counter += 1;
        self.happenings.insert((at, self.counter), (role, happening));
    }

    /// To the next thing that happens; false where nothing will.
    fn advance(&mut self) -> bool {
        if self.server.is_idle() && self.device.is_idle() {
            return false;
        }
        let next = self.happenings.keys().next().map(|(at, _)| *at);
        let deadline = [&self.server, &self.device]
            .into_iter()
            .filter(|side| !side.is_idle())
            .filter_map(|side| side.machine.as_ref().and_then(Machine::deadline))
            .map(Millis::get)
            .min();
        match (next, deadline) {
            (None, None) => false,
            (Some(at), deadline) if deadline.is_none_or(|deadline| at < deadline) => {
                self.now = self.now.max(at);
                let ((_, _), (role, happening)) = self.happenings.pop_first().expect("a happening");
                let now = self.now;
                let side = self.side(role);
                match happening {
                    Happening::Arrives(input) => side.socket.push_back(input),
                    Happening::Answered(input) => side.feed(now, input),
                }
                true
            }
            (_, Some(deadline)) => {
                self.now = self.now.max(deadline);
                self.feed(Role::Server, Input::Tick);
                self.feed(Role::Device, Input::Tick);
                true
            }
            (Some(_), None) => unreachable!("a happening without a deadline is the arm above"),
        }
    }

    fn read(&mut self, role: Role) {
        let now = self.now;
        let side = self.side(role);
        while side.todo.is_empty()
            && side.machine.as_ref().is_some_and(|machine| machine.read_limit().is_some())
        {
            let Some(input) = side.socket.pop_front() else { return };
            side.feed(now, input);
        }
    }

    fn perform(&mut self, role: Role) {
        while let Some(effect) = self.side(role).todo.pop_front() {
            let now = self.now;
            let side = self.side(role);
            side.done += 1;
            if side.vanish == Some(side.done) {
                self.vanish(role);
                return;
            }
            let side = self.side(role);
            let pace = side.pace;
            match effect {
                Effect::SendText(text) => self.send(role, Input::Text(text.into_bytes())),
                Effect::SendBinary(bytes) => self.send(role, Input::Binary(bytes)),
                Effect::Close(code) => self.close(role, Some(code.as_u16())),
                Effect::Admit(hello) => {
                    let answer = side
                        .store
                        .admission(hello.intent(), side.stepped_up)
                        .map_or(Input::Refused(Refusal::UnknownWallet), Input::Admitted);
                    side.feed(now, answer);
                }
                Effect::AdmitProven(hello, claim) => {
                    let answer = side
                        .store
                        .proven_admission(hello.intent(), side.stepped_up, &claim)
                        .map_or_else(Input::Refused, |admission| Input::AdmittedProven(Box::new(admission)));
                    side.feed(now, answer);
                }
                Effect::Prove(asked) => {
                    let (_, seed) = side.store.proven.expect("a key");
                    let proof = identity(seed).prove(&asked.0, &asked.1);
                    side.feed(now, Input::Proved(Box::new(proof)));
                }
                Effect::MakeDocument(_) => {
                    let made = Some(document(side.store.receipt));
                    side.feed(now, Input::DocumentMade(made));
                }
                Effect::Ready | Effect::Finish(_) => {}
                Effect::StartEngine(ceremony) => {
                    let answer = side.engine.start(ceremony);
                    self.schedule(now + pace, role, Happening::Answered(answer));
                }
                Effect::RunEngine(message) => {
                    let answer = side.engine.step(&message);
                    self.schedule(now + pace, role, Happening::Answered(answer));
                }
                Effect::Peek(frame) => {
                    let share = FakeEngine::peek(&frame);
                    side.feed(now, Input::Peeked { frame, share });
                }
                Effect::MakeBackup(_) => side.feed(now, Input::BackupMade(Some(Box::new(backup_share(KEY))))),
                Effect::Store(write) => {
                    let answer = side.store.write(&write);
                    side.feed(now, answer);
                }
            }
        }
    }

    /// A side is gone from one moment to the next; the other hears that the connection broke.
    pub(crate) fn vanish(&mut self, role: Role) {
        let side = self.side(role);
        side.machine = None;
        side.todo.clear();
        side.is_closed = true;
        let at = self.now + self.latency;
        self.schedule(at, role.other(), Happening::Arrives(Input::PeerClosed(None)));
    }

    fn close(&mut self, role: Role, code: Option<u16>) {
        self.side(role).is_closed = true;
        let at = self.now + self.latency;
        self.schedule(at, role.other(), Happening::Arrives(Input::PeerClosed(code)));
    }

    fn send(&mut self, role: Role, frame: Input) {
        let side = self.side(role);
        if side.is_closed {
            return;
        }
        let number = side.sent;
        side.sent += 1;
        let held = side.held.take();
        let fault =
            self.hits.iter().find(|hit| hit.from == role && hit.frame == number).map(|hit| hit.fault.clone());
        let (to, at) = (role.other(), self.now + self.latency);
        match fault {
            None => self.schedule(at, to, Happening::Arrives(frame)),
            Some(Fault::Lose) => {}
            Some(Fault::Late(late)) => self.schedule(at + late, to, Happening::Arrives(frame)),
            Some(Fault::Twice) => {
                let again = copy(&frame);
                self.schedule(at, to, Happening::Arrives(frame));
                self.schedule(at, to, Happening::Arrives(again));
            }
            Some(Fault::Swap) => self.side(role).held = Some(frame),
            Some(Fault::Forge(bytes)) => self.schedule(at, to, Happening::Arrives(Input::Binary(bytes))),
            Some(Fault::Flip) => {
                let flipped = match frame {
                    Input::Binary(mut bytes) => {
                        if let Some(last) = bytes.last_mut() {
                            *last ^= 1;
                        }
                        Input::Binary(bytes)
                    }
                    other => other,
                };
                self.schedule(at, to, Happening::Arrives(flipped));
            }
            Some(Fault::Cut) => {
                for side in [Role::Server, Role::Device] {
                    self.side(side).is_closed = true;
                    self.schedule(at, side, Happening::Arrives(Input::PeerClosed(None)));
                }
            }
        }
        if let Some(held) = held {
            self.schedule(at, to, Happening::Arrives(held));
        }
    }
}

fn hello(plan: DevicePlan) -> Hello {
    match plan {
        DevicePlan::Dkg { hello, .. }
        | DevicePlan::Sign { hello, .. }
        | DevicePlan::Refresh { hello, .. }
        | DevicePlan::Restore { hello, .. } => *hello,
    }
}

/// Both stores after a DKG of protocol 2.
pub(crate) fn after_proven_dkg() -> (FakeStore, FakeStore) {
    let wish = Wish::plain(Intent::Dkg);
    let pair = Pair::proven(wish, &FakeStore::empty(Role::Server), &FakeStore::empty(Role::Device), 1).run();
    assert!(pair.server.result().is_ok() && pair.device.result().is_ok());
    (pair.server.store, pair.device.store)
}

fn copy(frame: &Input) -> Input {
    match frame {
        Input::Text(bytes) => Input::Text(bytes.clone()),
        Input::Binary(bytes) => Input::Binary(bytes.clone()),
        other => panic!("{other:?} is no frame"),
    }
}

/// Both stores after a DKG.
pub(crate) fn after_dkg() -> (FakeStore, FakeStore) {
    let pair = Pair::new(
        Wish::plain(Intent::Dkg),
        &FakeStore::empty(Role::Server),
        &FakeStore::empty(Role::Device),
        1,
    )
    .run();
    assert!(pair.server.result().is_ok() && pair.device.result().is_ok());
    (pair.server.store, pair.device.store)
}
