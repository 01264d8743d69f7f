//! Prints what one DKG, one signature in each flight and one complete refresh cost, both parties on one thread,
//! every message serialised: medians, and bytes each way. Then a DKG with one thread for each party.
//!
//! `cargo run --release -p maany-mpc-core --example engine_speed`

use std::error::Error;
use std::io::{self, Write};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use maany_mpc_core::{
    BoxedCeremony, DerivationPath, DkgContext, Dkls23, Engine, Flight, KeyShare, RefreshContext, Role,
    SignContext, Step,
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What one ceremony cost.
struct Cost {
    time: Duration,
    from_device: usize,
    from_server: usize,
}

fn main() -> Result<()> {
    let (mut device, mut server) = dkg(1)?.0;
    let dkgs = (2..7).map(|run| Ok(dkg(run)?.1)).collect::<Result<Vec<_>>>()?;
    print("dkg", dkgs)?;
    let parallel = (0..5).map(|_| dkg_on_two_threads()).collect::<Result<Vec<_>>>()?;
    print("dkg, one thread for each party", parallel)?;
    for flight in [Flight::ServerFirst, Flight::DeviceFirst] {
        for path in ["m", "m/44/118/0/0/5"] {
            let costs = (0..101).map(|run| sign(&device, &server, flight, path, run));
            print(&format!("sign {flight:?} {path}"), costs.collect::<Result<Vec<_>>>()?)?;
        }
    }
    let mut refreshes = Vec::new();
    for _ in 0..5 {
        let ((new_device, new_server), cost) = refresh(&device, &server)?;
        (device, server) = (new_device, new_server);
        refreshes.push(cost);
    }
    print("refresh", refreshes)?;
    let (full, slim) = (device.dangerous_export().len(), device.slim().dangerous_expose_bytes().len());
    writeln!(io::stdout(), "share {full} bytes, slim {slim} bytes")?;
    Ok(())
}

fn print(name: &str, mut costs: Vec<Cost>) -> Result<()> {
    costs.sort_by_key(|cost| cost.time);
    let median = costs.get(costs.len() / 2).ok_or("nothing was measured")?;
    let millis = median.time.as_secs_f64() * 1000.0;
    let (device, server) = (median.from_device, median.from_server);
    writeln!(io::stdout(), "{name:32} {millis:9.2} ms   device sends {device:7} bytes, server {server:7}")?;
    Ok(())
}

type Shares = (Arc<KeyShare>, Arc<KeyShare>);

fn dkg(run: u64) -> Result<(Shares, Cost)> {
    let context = |role| DkgContext { role, session: run.to_be_bytes().to_vec(), key_id: b"speed".to_vec() };
    let start = Instant::now();
    let (device, server) = (Dkls23.dkg(context(Role::Device))?, Dkls23.dkg(context(Role::Server))?);
    let (device, server, cost) = run_both(start, device, server)?;
    Ok(((Arc::new(device), Arc::new(server)), cost))
}

/// Both sides compute at the same time, as they do over a network.
fn dkg_on_two_threads() -> Result<Cost> {
    let (to_server, from_device) = mpsc::channel();
    let (to_device, from_server) = mpsc::channel();
    let start = Instant::now();
    let (device, server) = thread::scope(|scope| {
        let device = scope.spawn(move || dkg_side(Role::Device, &to_server, &from_server));
        let server = scope.spawn(move || dkg_side(Role::Server, &to_device, &from_device));
        (device.join(), server.join())
    });
    let bytes = |sent: thread::Result<Option<usize>>| sent.ok().flatten().ok_or("a side failed");
    Ok(Cost { time: start.elapsed(), from_device: bytes(device)?, from_server: bytes(server)? })
}

/// Runs one side over a pair of channels; gives the bytes that it sent.
fn dkg_side(role: Role, peer: &mpsc::Sender<Vec<u8>>, inbox: &mpsc::Receiver<Vec<u8>>) -> Option<usize> {
    let context = DkgContext { role, session: b"threads".to_vec(), key_id: b"speed".to_vec() };
    let mut step = Dkls23.dkg(context).ok()?.start().ok()?;
    let mut sent = 0;
    loop {
        let Step::Continue { ceremony, outbound } = step else { return Some(sent) };
        if let Some(frame) = outbound {
            sent += frame.len();
            peer.send(frame).ok()?;
        }
        step = ceremony.step(&inbox.recv().ok()?).ok()?;
    }
}

fn refresh(device: &Arc<KeyShare>, server: &Arc<KeyShare>) -> Result<(Shares, Cost)> {
    let context = |role| RefreshContext { role, session: b"refresh".to_vec(), wallet: b"wallet".to_vec() };
    let start = Instant::now();
    let device = Dkls23.refresh(Arc::clone(device), context(Role::Device))?;
    let server = Dkls23.refresh(Arc::clone(server), context(Role::Server))?;
    let (device, server, cost) = run_both(start, device, server)?;
    Ok(((Arc::new(device), Arc::new(server)), cost))
}

fn sign(
    device: &Arc<KeyShare>,
    server: &Arc<KeyShare>,
    flight: Flight,
    path: &str,
    run: u64,
) -> Result<Cost> {
    let path: DerivationPath = path.parse()?;
    let context = |role| SignContext {
        role,
        flight,
        session: run.to_be_bytes().to_vec(),
        wallet: b"wallet".to_vec(),
        request_id: run.to_be_bytes().to_vec(),
        chain_id: b"speed-1".to_vec(),
        path: path.clone(),
        digest: [7; 32],
        sign_bytes: b"sign bytes".to_vec(),
        server_nonce: (flight == Flight::DeviceFirst).then_some([9; 32]),
    };
    let start = Instant::now();
    let device = Dkls23.sign(Arc::clone(device), context(Role::Device))?;
    let server = Dkls23.sign(Arc::clone(server), context(Role::Server))?;
    Ok(run_both(start, device, server)?.2)
}

/// A side of a ceremony, or what came of it.
enum Side<T> {
    Running(BoxedCeremony<T>),
    Done(T),
}

fn run_both<T>(start: Instant, device: BoxedCeremony<T>, server: BoxedCeremony<T>) -> Result<(T, T, Cost)> {
    let (mut from_device, mut from_server) = (0, 0);
    let (mut device, mut to_server) = take(device.start()?);
    let (mut server, mut to_device) = take(server.start()?);
    loop {
        from_device += to_server.as_ref().map_or(0, Vec::len);
        from_server += to_device.as_ref().map_or(0, Vec::len);
        let (inbound_server, inbound_device) = (to_server.take(), to_device.take());
        if inbound_server.is_none() && inbound_device.is_none() {
            break;
        }
        (server, to_device) = deliver(server, inbound_server)?;
        (device, to_server) = deliver(device, inbound_device)?;
    }
    match (device, server) {
        (Side::Done(device), Side::Done(server)) => {
            Ok((device, server, Cost { time: start.elapsed(), from_device, from_server }))
        }
        _ => Err("the ceremony stopped half way".into()),
    }
}

fn take<T>(step: Step<T>) -> (Side<T>, Option<Vec<u8>>) {
    match step {
        Step::Continue { ceremony, outbound } => (Side::Running(ceremony), outbound),
        Step::Done { output, outbound } => (Side::Done(output), outbound),
    }
}

fn deliver<T>(side: Side<T>, inbound: Option<Vec<u8>>) -> Result<(Side<T>, Option<Vec<u8>>)> {
    match (side, inbound) {
        (Side::Running(ceremony), Some(frame)) => Ok(take(ceremony.step(&frame)?)),
        (side, None) => Ok((side, None)),
        (Side::Done(_), Some(_)) => Err("a frame after the end".into()),
    }
}
