//! The engine without a coordinator: both parties on the calling thread, every message as bytes.
//!
//! It is the measure for everything that the coordinator adds.

use std::sync::Arc;
use std::time::{Duration, Instant};

use maany_mpc_core::{
    BoxedCeremony, DerivationPath, DkgContext, Dkls23, Engine, EngineError, Flight, KeyShare, RefreshContext,
    Role, SignContext, Signature, Step,
};

use crate::Failure;

/// The two shares of one key.
#[derive(Clone)]
pub struct Shares {
    /// The device's.
    pub device: Arc<KeyShare>,
    /// The server's.
    pub server: Arc<KeyShare>,
}

/// A new key.
///
/// # Errors
/// What the engine answers.
pub fn dkg() -> Result<Shares, Failure> {
    let side = |role| Dkls23.dkg(DkgContext { role, session: b"alone".to_vec(), key_id: Vec::new() });
    let (device, server) = run(side(Role::Device)?, side(Role::Server)?)?;
    Ok(Shares { device: Arc::new(device), server: Arc::new(server) })
}

/// A complete refresh.
///
/// # Errors
/// What the engine answers.
pub fn refresh(shares: &Shares) -> Result<Shares, Failure> {
    let context = |role| RefreshContext { role, session: b"alone".to_vec(), wallet: b"wallet".to_vec() };
    let device = Dkls23.refresh(Arc::clone(&shares.device), context(Role::Device))?;
    let server = Dkls23.refresh(Arc::clone(&shares.server), context(Role::Server))?;
    let (device, server) = run(device, server)?;
    Ok(Shares { device: Arc::new(device), server: Arc::new(server) })
}

/// One signature, in the flight that the server's sessions use.
///
/// # Errors
/// What the engine answers, or a signature that does not verify.
pub fn sign(shares: &Shares, digest: [u8; 32]) -> Result<Signature, Failure> {
    let context = |role| SignContext {
        role,
        flight: Flight::ServerFirst,
        session: b"alone".to_vec(),
        wallet: b"wallet".to_vec(),
        request_id: b"request".to_vec(),
        chain_id: b"chain".to_vec(),
        path: DerivationPath::root(),
        digest,
        sign_bytes: Vec::new(),
        server_nonce: None,
    };
    let device = Dkls23.sign(Arc::clone(&shares.device), context(Role::Device))?;
    let server = Dkls23.sign(Arc::clone(&shares.server), context(Role::Server))?;
    let (signature, _) = run(device, server)?;
    if signature.verify(&shares.device.public_key(), &digest) {
        Ok(signature)
    } else {
        Err("the engine's signature does not verify".into())
    }
}

/// How long something took, and what came of it.
///
/// # Errors
/// Those of `work`.
pub fn timed<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<(T, Duration), Failure> {
    let begin = Instant::now();
    let output = work()?;
    Ok((output, begin.elapsed()))
}

/// Signatures a second that `threads` threads reach, each making both parties' part of its signatures, within `time`.
///
/// # Errors
/// What the engine answers.
pub fn throughput(shares: &Shares, threads: usize, time: Duration) -> Result<f64, Failure> {
    let begin = Instant::now();
    let counts: Result<Vec<u32>, Failure> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let mut count = 0_u32;
                    while begin.elapsed() < time {
                        sign(shares, count_digest(count))?;
                        count += 1;
                    }
                    Ok(count)
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().map_err(|_| Failure::from("a worker panicked"))?)
            .collect()
    });
    Ok(f64::from(counts?.iter().sum::<u32>()) / begin.elapsed().as_secs_f64())
}

fn count_digest(count: u32) -> [u8; 32] {
    let mut digest = [0xd1; 32];
    digest[..4].copy_from_slice(&count.to_be_bytes());
    digest
}

/// Carries frames between two ceremonies until both are over.
fn run<T>(device: BoxedCeremony<T>, server: BoxedCeremony<T>) -> Result<(T, T), Failure> {
    let (mut device, mut to_server) = Side::after(device.start())?;
    let (mut server, mut to_device) = Side::after(server.start())?;
    loop {
        let (at_server, at_device) = (to_server.take(), to_device.take());
        if at_server.is_none() && at_device.is_none() {
            break;
        }
        (server, to_device) = server.deliver(at_server)?;
        (device, to_server) = device.deliver(at_device)?;
    }
    match (device, server) {
        (Side::Over(device), Side::Over(server)) => Ok((device, server)),
        _ => Err("the ceremony stands still".into()),
    }
}

enum Side<T> {
    Running(BoxedCeremony<T>),
    Over(T),
}

impl<T> Side<T> {
    fn after(step: Result<Step<T>, EngineError>) -> Result<(Self, Option<Vec<u8>>), EngineError> {
        Ok(match step? {
            Step::Continue { ceremony, outbound } => (Self::Running(ceremony), outbound),
            Step::Done { output, outbound } => (Self::Over(output), outbound),
        })
    }

    fn deliver(self, inbound: Option<Vec<u8>>) -> Result<(Self, Option<Vec<u8>>), EngineError> {
        match (self, inbound) {
            (Self::Running(ceremony), Some(frame)) => Self::after(ceremony.step(&frame)),
            (side, _) => Ok((side, None)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_signs_before_and_after_a_refresh() {
        let first = dkg().unwrap();
        let second = refresh(&first).unwrap();
        assert_eq!(first.device.public_key(), second.server.public_key());
        for shares in [&first, &second] {
            sign(shares, [7; 32]).unwrap();
        }
        let mixed = Shares { device: first.device, server: second.server };
        assert!(sign(&mixed, [7; 32]).is_err());
    }
}
