//! The processes: the server's and the devices', started on the same folders again and again, and killed.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use maany_tests::{Failure, order};
use serde_json::Value;
use tempfile::TempDir;

use crate::ledger::Ledger;
use crate::telling::Told;

/// One run: its binaries, its folder, and the port that its server always has.
pub(crate) struct Lab {
    maany: PathBuf,
    folder: TempDir,
    port: u16,
    pub(crate) ledger: Arc<(Mutex<Ledger>, Condvar)>,
}

impl Lab {
    pub(crate) fn new(maany: &Path, devices: usize) -> Result<Self, Failure> {
        let folder = tempfile::Builder::new().prefix("maany-kill9-").tempdir()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let maany = maany.canonicalize()?;
        let lab = Self { maany, folder, port, ledger: Arc::default() };
        let most = format!("{}{}", order::MAXIMUM, order::DENOM);
        let made = lab
            .command(&["init", "--data", "server", "--chain-id", order::CHAIN, "--json"])
            .args(["--max-per-tx", &most, "--max-fee", &most])
            .stdin(Stdio::null())
            .output()?;
        let key = String::from_utf8_lossy(&made.stdout)
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .find_map(|event| event["apiKey"].as_str().map(String::from))
            .ok_or_else(|| format!("no API key: {}", String::from_utf8_lossy(&made.stderr)))?;
        std::fs::write(lab.place("token"), key)?;
        for device in 0..devices {
            std::fs::create_dir(lab.device_folder(device))?;
        }
        Ok(lab)
    }

    fn place(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn device_folder(&self, device: usize) -> PathBuf {
        self.place(&format!("device-{device}"))
    }

    pub(crate) fn server_folder(&self) -> PathBuf {
        self.place("server")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.maany);
        command.args(arguments).current_dir(self.folder.path()).env("HOME", self.folder.path());
        for name in ["PORT", "MAANY_DATA", "MAANY_WALLET_DATA", "MAANY_SERVER", "MAANY_TOKEN", "MAANY_LOG"] {
            command.env_remove(name);
        }
        command
    }

    /// Starts the server, and waits until it says that it listens.
    pub(crate) fn serve(&self) -> Result<Process, Failure> {
        let listen = format!("127.0.0.1:{}", self.port);
        let log = std::fs::File::options().create(true).append(true).open(self.place("server.log"))?;
        let mut child = self
            .command(&["serve", "--data", "server", "--listen", &listen, "--json"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("no standard output")?);
        let mut line = String::new();
        lines.read_line(&mut line)?;
        let reader = std::thread::spawn(move || {
            for line in lines.lines() {
                if line.is_err() {
                    break;
                }
            }
        });
        let process = Process { child, reader: Some(reader) };
        if line.contains(&listen) {
            return Ok(process);
        }
        let log = std::fs::read_to_string(self.place("server.log")).unwrap_or_default();
        Err(format!("the server did not come back: {line}{log}").into())
    }

    /// Starts a device; what it tells goes to the ledger.
    pub(crate) fn device(&self, device: usize, seed: u64) -> Result<Process, Failure> {
        self.device_process(device, seed, None)
    }

    /// Lets a device answer its last questions, and waits for its end.
    pub(crate) fn last_words(&self, device: usize, questions: &str) -> Result<(), Failure> {
        let mut process = self.device_process(device, 0, Some(questions))?;
        let status = process.child.wait()?;
        process.read_out();
        if status.success() { Ok(()) } else { Err(format!("device {device} ended with {status}").into()) }
    }

    fn device_process(&self, device: usize, seed: u64, questions: Option<&str>) -> Result<Process, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("device").arg("--folder").arg(self.device_folder(device));
        command.arg("--server").arg(format!("ws://127.0.0.1:{}", self.port));
        command.arg("--token-file").arg(self.place("token")).arg("--seed").arg(seed.to_string());
        if questions.is_some() {
            command.arg("--last");
        }
        let log = std::fs::File::options().create(true).append(true).open(self.place("devices.log"))?;
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log).spawn()?;
        let mut input = child.stdin.take().ok_or("no standard input")?;
        input.write_all(questions.unwrap_or_default().as_bytes())?;
        drop(input);
        let lines = BufReader::new(child.stdout.take().ok_or("no standard output")?);
        let ledger = Arc::clone(&self.ledger);
        let reader = std::thread::spawn(move || {
            for told in lines.lines().map_while(Result::ok) {
                if let Ok(told) = serde_json::from_str::<Told>(&told) {
                    ledger.0.lock().unwrap_or_else(PoisonError::into_inner).take(device, told);
                    ledger.1.notify_all();
                }
            }
        });
        Ok(Process { child, reader: Some(reader) })
    }

    /// Waits until every device was shown a wallet: what comes after is tried on wallets that somebody relies on.
    pub(crate) fn wait_for_wallets(&self, devices: usize, most: Duration) -> Result<(), Failure> {
        let (ledger, told) = &*self.ledger;
        let held = ledger.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = |ledger: &mut Ledger| ledger.shown.len() < devices;
        let (_held, waited) =
            told.wait_timeout_while(held, most, waits).unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            return Err(format!("the first wallets did not come: {}", self.device_log()).into());
        }
        Ok(())
    }

    /// What the devices wrote to their standard error.
    pub(crate) fn device_log(&self) -> String {
        std::fs::read_to_string(self.place("devices.log")).unwrap_or_default()
    }
}

/// One process, killed when dropped.
pub(crate) struct Process {
    child: Child,
    reader: Option<JoinHandle<()>>,
}

impl Process {
    /// SIGKILL, and everything that it had said is read.
    pub(crate) fn kill(mut self) -> Result<(), Failure> {
        let ended = self.child.try_wait()?;
        self.child.kill()?;
        self.child.wait()?;
        self.read_out();
        match ended {
            None => Ok(()),
            Some(status) => Err(format!("a process had ended by itself with {status}").into()),
        }
    }

    /// SIGTERM, and waits for its end.
    pub(crate) fn stop(mut self) -> Result<(), Failure> {
        let number = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &number]).status()?;
        let status = self.child.wait()?;
        if status.success() { Ok(()) } else { Err(format!("it ended with {status}").into()) }
    }

    fn read_out(&mut self) {
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
