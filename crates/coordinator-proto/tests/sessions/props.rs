//! No sequence of inputs panics a machine, and the order of effects holds in every trace: guided sequences (mostly the answer that was
//! asked for) and wild ones, for the server and for every plan of the device.

use maany_coordinator_proto::session::{
    AbortClass, AbortLedger, Admission, Backup, DeviceHolds, DevicePlan, Effect, EngineOutput, Input,
    LeaveBackup, Outbox, Receipt, Refusal, SessionError, SignFacts, Standing, SteppedUp, StoreFault,
    WalletFacts, Write,
};
use maany_coordinator_proto::{
    Control, DeviceSession, Epoch, Hello, Intent, KeyId, Limits, Millis, ServerSession, SessionId, ShareId,
    StepUp, WalletId,
};
use proptest::prelude::*;
use proptest::sample::select;

use crate::engine::Role;
use crate::plan::{KEY, backup_share};
use crate::trace::Trace;

/// An input that can be cloned and shrunk.
#[derive(Debug, Clone)]
enum Move {
    Hello(Intent),
    Text(Vec<u8>),
    Engine,
    Binary(Vec<u8>),
    Control(u8, ShareId),
    Closed(Option<u16>),
    Fault,
    Tick,
    Admit(Intent, Standing, SteppedUp, Option<ShareId>),
    AlreadySigned,
    Refuse(Refusal),
    Stepped(Option<ShareId>, bool),
    Signature(bool),
    Failed(AbortClass),
    Peeked(Option<ShareId>),
    Stored,
    BackupStored(Receipt),
    StoreFailed(StoreFault),
    BackupMade(bool),
    BackupShare,
    Cancel,
    /// The answer to what is open, or the frame that the honest peer would send next.
    Honest(bool),
}

fn wallet() -> WalletId {
    WalletId::from_bytes([9; 16])
}

fn share(epoch: u64, tag: u8) -> ShareId {
    ShareId::new(Epoch::new(epoch).expect("an epoch"), [tag; 16])
}

fn any_share() -> impl Strategy<Value = ShareId> {
    select(vec![share(1, 1), share(1, 2), share(2, 2), share(2, 3), share(3, 3)])
}

fn any_intent() -> impl Strategy<Value = Intent> {
    select(vec![Intent::Dkg, Intent::Sign, Intent::Refresh, Intent::Restore])
}

fn any_standing() -> impl Strategy<Value = Standing> {
    select(vec![Standing::Active, Standing::Quarantined, Standing::Frozen, Standing::Provisional])
}

fn any_move() -> impl Strategy<Value = Move> {
    let stepped_up = || select(vec![SteppedUp::No, SteppedUp::Yes]);
    let classes = select(vec![AbortClass::A, AbortClass::B, AbortClass::C, AbortClass::Freeze]);
    let faults = select(vec![StoreFault::Conflict, StoreFault::Full, StoreFault::Unavailable]);
    prop_oneof![
        40 => any::<bool>().prop_map(Move::Honest),
        2 => any_intent().prop_map(Move::Hello),
        1 => proptest::collection::vec(any::<u8>(), 0..40).prop_map(Move::Text),
        2 => Just(Move::Engine),
        1 => proptest::collection::vec(any::<u8>(), 0..60).prop_map(Move::Binary),
        3 => (1u8..6, any_share()).prop_map(|(kind, id)| Move::Control(kind, id)),
        1 => proptest::option::of(select(vec![1000, 1002, 4409, 7])).prop_map(Move::Closed),
        1 => Just(Move::Fault),
        1 => Just(Move::Tick),
        2 => (any_intent(), any_standing(), stepped_up(), proptest::option::of(any_share()))
            .prop_map(|(intent, standing, code, retired)| Move::Admit(intent, standing, code, retired)),
        1 => Just(Move::AlreadySigned),
        1 => select(vec![Refusal::NotAllowed, Refusal::WalletBusy]).prop_map(Move::Refuse),
        2 => (proptest::option::of(any_share()), any::<bool>()).prop_map(|(id, out)| Move::Stepped(id, out)),
        1 => any::<bool>().prop_map(Move::Signature),
        1 => classes.prop_map(Move::Failed),
        1 => proptest::option::of(any_share()).prop_map(Move::Peeked),
        2 => Just(Move::Stored),
        1 => select(vec![Receipt::Complete, Receipt::Partial]).prop_map(Move::BackupStored),
        1 => faults.prop_map(Move::StoreFailed),
        1 => any::<bool>().prop_map(Move::BackupMade),
        1 => Just(Move::BackupShare),
        1 => Just(Move::Cancel),
    ]
}

fn facts(standing: Standing, stepped_up: SteppedUp, retired: Option<ShareId>) -> WalletFacts {
    WalletFacts {
        wallet: wallet(),
        standing,
        active: share(1, 1),
        pending: None,
        retired,
        backup: Backup::NotRequired,
        aborts: AbortLedger::default(),
        stepped_up,
    }
}

fn admission(
    intent: Intent,
    standing: Standing,
    stepped_up: SteppedUp,
    retired: Option<ShareId>,
) -> Admission {
    let facts = facts(standing, stepped_up, retired);
    match intent {
        Intent::Dkg => Admission::Dkg { wallet: wallet() },
        Intent::Sign => Admission::Sign(SignFacts::Open(facts)),
        Intent::Refresh => Admission::Refresh(facts),
        Intent::Restore => Admission::Restore(facts),
    }
}

fn hello(intent: Intent) -> Hello {
    let (session, key) = (SessionId::new("s-1").expect("an id"), KeyId::new(KEY).expect("an id"));
    match intent {
        Intent::Dkg => Hello::dkg(session, Some(key)),
        Intent::Sign => Hello::sign(session, key),
        Intent::Refresh => Hello::refresh(session, key),
        Intent::Restore => Hello::restore(session, key, StepUp::new("code").expect("a code")),
    }
}

fn control(kind: u8, id: ShareId) -> Control {
    match kind {
        1 => Control::Status { active: id },
        2 => Control::Holding { active: id, pending: None },
        3 => Control::Prepared { id, wallet: Some(wallet()) },
        4 => Control::Commit { id, wallet: wallet() },
        _ => Control::Committed { id },
    }
}

/// What an honest engine, store, host and peer would do next, from what the machine has asked for.
#[derive(Default)]
struct World {
    intent: Option<Intent>,
    asked: Option<Effect>,
    rounds: usize,
    made: Option<ShareId>,
    frames: usize,
}

impl World {
    fn see(&mut self, effect: Effect) {
        match effect {
            Effect::Admit(hello) => {
                self.intent = Some(hello.intent());
                self.asked = Some(Effect::Admit(hello));
            }
            Effect::StartEngine(_)
            | Effect::RunEngine(_)
            | Effect::Store(_)
            | Effect::Peek(_)
            | Effect::MakeBackup(_) => self.asked = Some(effect),
            Effect::SendText(_)
            | Effect::SendBinary(_)
            | Effect::Close(_)
            | Effect::Ready
            | Effect::AdmitProven(..)
            | Effect::Prove(_)
            | Effect::MakeDocument(_)
            | Effect::Finish(_) => {}
        }
    }

    fn honest(&mut self, role: Role, quick: bool) -> Input {
        let intent = self.intent.unwrap_or(Intent::Dkg);
        match self.asked.take() {
            Some(Effect::Admit(hello)) => {
                Input::Admitted(admission(hello.intent(), Standing::Active, SteppedUp::Yes, None))
            }
            Some(Effect::StartEngine(_) | Effect::RunEngine(_)) => {
                self.rounds += 1;
                let is_last = self.rounds > if quick { 1 } else { 3 };
                let output = match (is_last, intent) {
                    (false, _) => EngineOutput::None,
                    (true, Intent::Sign) => EngineOutput::Signature,
                    (true, Intent::Dkg) => EngineOutput::Share(share(1, 1)),
                    (true, Intent::Refresh | Intent::Restore) => EngineOutput::Share(share(2, 2)),
                };
                if let EngineOutput::Share(id) = output {
                    self.made = Some(id);
                }
                let speaks = role == Role::Server || output != EngineOutput::Signature && self.rounds > 1;
                Input::EngineStepped { outbound: speaks.then(|| b"m".to_vec()), output }
            }
            Some(Effect::Store(Write::Backup(_))) => Input::BackupStored(Receipt::Complete),
            Some(Effect::Store(_)) => Input::Stored,
            Some(Effect::Peek(frame)) => Input::Peeked { frame, share: Some(share(1, 1)) },
            Some(Effect::MakeBackup(_)) => Input::BackupMade(Some(Box::new(backup_share(KEY)))),
            _ => self.frame(role, intent),
        }
    }

    fn frame(&mut self, role: Role, intent: Intent) -> Input {
        self.frames += 1;
        let renews = matches!(intent, Intent::Refresh | Intent::Restore);
        let frame = match (role, self.made, self.frames) {
            (Role::Server, None, 1) => return Input::Text(hello(Intent::Dkg).to_json().as_bytes().to_vec()),
            (Role::Server, None, 2) if renews => Control::Holding { active: share(1, 1), pending: None },
            (Role::Device, None, 1) if renews => Control::Status { active: share(1, 1) },
            (_, None, _) => return Input::Binary(b"m".to_vec()),
            (Role::Server, Some(id), n) if n % 2 == 0 => Control::Prepared { id, wallet: None },
            (Role::Server, Some(id), _) => Control::Committed { id },
            (Role::Device, Some(id), n) if n % 2 == 0 => Control::Prepared { id, wallet: Some(wallet()) },
            (Role::Device, Some(id), _) => Control::Commit { id, wallet: wallet() },
        };
        Input::Binary(frame.to_bytes())
    }
}

fn input(step: &Move, world: &mut World, role: Role) -> Input {
    match step {
        Move::Honest(quick) => world.honest(role, *quick),
        Move::Hello(intent) => Input::Text(hello(*intent).to_json().as_bytes().to_vec()),
        Move::Text(bytes) => Input::Text(bytes.clone()),
        Move::Engine => Input::Binary(b"m".to_vec()),
        Move::Binary(bytes) => Input::Binary(bytes.clone()),
        Move::Control(kind, id) => Input::Binary(control(*kind, *id).to_bytes()),
        Move::Closed(code) => Input::PeerClosed(*code),
        Move::Fault => Input::PeerFault(maany_coordinator_proto::CloseCode::TooBig),
        Move::Tick => Input::Tick,
        Move::Admit(intent, standing, code, retired) => {
            Input::Admitted(admission(*intent, *standing, *code, *retired))
        }
        Move::AlreadySigned => Input::Admitted(Admission::Sign(SignFacts::AlreadySigned)),
        Move::Refuse(refusal) => Input::Refused(*refusal),
        Move::Stepped(id, out) => Input::EngineStepped {
            outbound: out.then(|| b"m".to_vec()),
            output: id.map_or(EngineOutput::None, EngineOutput::Share),
        },
        Move::Signature(out) => {
            Input::EngineStepped { outbound: out.then(|| b"sig".to_vec()), output: EngineOutput::Signature }
        }
        Move::Failed(class) => Input::EngineFailed(*class),
        Move::Peeked(share) => Input::Peeked { frame: b"m".to_vec(), share: *share },
        Move::Stored => Input::Stored,
        Move::BackupStored(receipt) => Input::BackupStored(*receipt),
        Move::StoreFailed(fault) => Input::StoreFailed(*fault),
        Move::BackupMade(some) => Input::BackupMade(some.then(|| Box::new(backup_share(KEY)))),
        Move::BackupShare => Input::Text(backup_share(KEY).to_json().as_bytes().to_vec()),
        Move::Cancel => Input::Cancel,
    }
}

fn plan(intent: Intent, standing: Standing, pending: Option<ShareId>) -> DevicePlan {
    let active = Some(share(1, 1));
    let holds = DeviceHolds { wallet: wallet(), standing, active, pending, aborts: AbortLedger::default() };
    let (hello, backup) = (Box::new(hello(intent)), LeaveBackup::Yes);
    match intent {
        Intent::Dkg => DevicePlan::Dkg { hello, backup },
        Intent::Sign => DevicePlan::Sign { hello, holds },
        Intent::Refresh => DevicePlan::Refresh { hello, holds, backup },
        Intent::Restore => DevicePlan::Restore { hello, holds, rebuilt: share(1, 1), backup },
    }
}

/// Drives a machine through the moves; the trace checks every effect. Gives how it ended, where it did.
fn drive<M>(
    role: Role,
    mut machine: M,
    first: Vec<Effect>,
    moves: &[(Move, u64)],
    intent: Option<Intent>,
    step: impl Fn(M, Millis, Input, &mut Outbox) -> Result<M, SessionError>,
) -> (Trace, Option<SessionError>) {
    let (mut trace, mut world, mut now) = (Trace::new(role), World { intent, ..World::default() }, 0);
    for effect in first {
        trace.effect(&effect);
        world.see(effect);
    }
    for (next, wait) in moves {
        now += wait;
        let input = input(next, &mut world, role);
        trace.input(&input);
        let mut out = Outbox::new();
        let result = step(machine, Millis::new(now), input, &mut out);
        for effect in out.drain() {
            trace.effect(&effect);
            world.see(effect);
        }
        match result {
            Ok(next) => machine = next,
            Err(error) => return (trace, Some(error)),
        }
    }
    (trace, None)
}

fn waits() -> impl Strategy<Value = u64> {
    prop_oneof![20 => 0u64..200, 1 => 0u64..20_000]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn no_inputs_break_the_servers_order(moves in proptest::collection::vec((any_move(), waits()), 0..40)) {
        let server = ServerSession::new(Limits::default(), Millis::new(0));
        let (trace, error) = drive(Role::Server, server, Vec::new(), &moves, None, ServerSession::step);
        if let Some(error) = error {
            let closed = trace.log.iter().filter(|word| word.starts_with("close ")).count();
            let gone = error.close_code() == maany_coordinator_proto::CloseCode::Finished;
            let finished = trace.log.iter().any(|word| word == "finish");
            prop_assert!(closed == 1 || gone || finished, "a failure closes once: {:?}", trace.log);
        }
    }

    #[test]
    fn no_inputs_after_an_honest_start_break_the_servers_order(
        intent in any_intent(),
        honest in 0usize..16,
        quick in any::<bool>(),
        moves in proptest::collection::vec((any_move(), waits()), 0..12),
    ) {
        let mut script = vec![(Move::Hello(intent), 1)];
        script.extend(vec![(Move::Honest(quick), 1); honest]);
        script.extend(moves);
        let server = ServerSession::new(Limits::default(), Millis::new(0));
        drive(Role::Server, server, Vec::new(), &script, None, ServerSession::step);
    }

    #[test]
    fn no_inputs_break_the_devices_order(
        intent in any_intent(),
        standing in any_standing(),
        pending in proptest::option::of(any_share()),
        honest in 0usize..16,
        quick in any::<bool>(),
        moves in proptest::collection::vec((any_move(), waits()), 0..24),
    ) {
        let mut out = Outbox::new();
        let opened = DeviceSession::new(plan(intent, standing, pending), Limits::default(), Millis::new(0), &mut out);
        let first: Vec<Effect> = out.drain().collect();
        if let Ok(device) = opened {
            let mut script = vec![(Move::Honest(quick), 1); honest];
            script.extend(moves);
            drive(Role::Device, device, first, &script, Some(intent), DeviceSession::step);
        }
    }
}
