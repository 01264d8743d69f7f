//! The server whose memory is read, in a process of its own, so that no device's memory is counted.
//!
//! The wallets that it has beforehand are planted: a session of each is a real one, and five hundred DKGs are saved.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use futures::future::try_join_all;
use maany_coordinator::engine::PublicKey;
use maany_coordinator::proto;
use maany_tests::report::say;
use maany_tests::{Failure, RunningServer, planted, resident};
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;

const OWNER: &str = "bench";

/// What the server says once it listens.
#[derive(Serialize, Deserialize)]
struct Greeting {
    url: String,
    token: String,
    public_key: String,
    wallets: Vec<String>,
}

/// Serves until standard input ends.
pub(crate) fn serve(wallets: usize) -> Result<(), Failure> {
    let runtime = Runtime::new()?;
    let server = runtime.block_on(RunningServer::start())?;
    let mut greeting = Greeting {
        url: server.url(),
        token: runtime.block_on(server.token(OWNER))?,
        public_key: String::new(),
        wallets: Vec::new(),
    };
    if wallets > 0 {
        greeting.public_key = hex::encode(planted::shares()?.server.public_key().as_bytes());
        let ids = (0..wallets).map(|_| planted::on_server(&server, OWNER));
        greeting.wallets = runtime.block_on(try_join_all(ids))?.iter().map(ToString::to_string).collect();
    }
    say(serde_json::to_string(&greeting)?);
    std::io::stdin().read_to_end(&mut Vec::new())?;
    runtime.block_on(server.stop())?;
    Ok(())
}

/// A server in a process of its own.
pub(crate) struct ChildServer {
    process: Child,
    greeting: Greeting,
}

impl ChildServer {
    /// Starts it and waits until it listens.
    pub(crate) fn start(wallets: usize) -> Result<Self, Failure> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["serve", "--wallets", &wallets.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = process.stdout.take().ok_or("the server has no standard output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        Ok(Self { process, greeting: serde_json::from_str(&line)? })
    }

    pub(crate) fn url(&self) -> &str {
        &self.greeting.url
    }

    pub(crate) fn token(&self) -> &str {
        &self.greeting.token
    }

    /// The key of every wallet that was made beforehand.
    pub(crate) fn public_key(&self) -> Result<PublicKey, Failure> {
        Ok(PublicKey::from_sec1(&hex::decode(&self.greeting.public_key)?)?)
    }

    /// The wallets that were made beforehand.
    pub(crate) fn wallets(&self) -> Result<Vec<proto::WalletId>, Failure> {
        Ok(self.greeting.wallets.iter().map(|id| proto::WalletId::from_hex(id)).collect::<Result<_, _>>()?)
    }

    /// What it holds now, in bytes.
    pub(crate) fn resident(&self) -> Result<f64, Failure> {
        Ok(resident::of(self.process.id())? as f64)
    }
}

impl Drop for ChildServer {
    fn drop(&mut self) {
        // The end of its standard input ends it; a server that does not listen to that is killed below.
        drop(self.process.stdin.take());
        for _ in 0..100 {
            if let Ok(Some(_)) = self.process.try_wait() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
