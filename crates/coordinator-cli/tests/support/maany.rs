//! Runs the real binary: one command to its end, or a server until the test is over.

use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use tempfile::TempDir;

pub(crate) const PASSPHRASE: &str = "canary correct horse";

/// A folder for one test, and the commands in it.
pub(crate) struct World {
    folder: TempDir,
}

/// What a command said.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl World {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The binary, with nothing of the environment that could change what it does.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_maany"));
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        for name in [
            "PORT",
            "MAANY_DATA",
            "MAANY_WALLET_DATA",
            "MAANY_SERVER",
            "MAANY_TOKEN",
            "MAANY_LOG",
            "MAANY_STEP_UP",
            "MAANY_ARCHIVE_PASSPHRASE",
            "MAANY_FRAGMENT_HOST_DATA",
            "MAANY_THIRD_PARTY_KEY",
            "MAANY_RELEASE",
        ] {
            command.env_remove(name);
        }
        command.env("HOME", self.folder.path()).env("MAANY_PASSPHRASE", PASSPHRASE);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        self.command(arguments).output().unwrap().into()
    }

    /// A server folder `server`, and its first API key.
    pub(crate) fn init(&self) -> String {
        let said = self.run(&["init", "--data", "server", "--chain-id", "cosmoshub-4", "--json"]);
        said.event("initialised")["apiKey"].as_str().unwrap().to_owned()
    }

    /// Runs the server of that folder on a free port.
    pub(crate) fn serve(&self) -> Server {
        let mut command = self.command(&["serve", "--data", "server", "--listen", "127.0.0.1:0", "--json"]);
        Server::of(&mut command)
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Said {
    /// Every line of a `--json` run.
    pub(crate) fn events(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The event of that name, of a run that did what it was asked for.
    pub(crate) fn event(&self, name: &str) -> Value {
        let events = self.events();
        assert_eq!(self.code, Some(0), "{} {}", self.out, self.err);
        assert_eq!(events.last().unwrap()["event"], "done");
        events.into_iter().find(|event| event["event"] == name).unwrap()
    }

    /// The error text of a run that failed, which must say something about each of these.
    pub(crate) fn failed_about(&self, words: &[&str]) {
        assert_eq!(self.code, Some(1), "{} {}", self.out, self.err);
        assert!(self.err.starts_with("error: "), "{}", self.err);
        for word in words {
            assert!(self.err.contains(word), "{word:?} is not in: {}", self.err);
        }
    }
}

/// A server, killed when dropped.
pub(crate) struct Server {
    child: Child,
    lines: BufReader<ChildStdout>,
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn of(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        let event: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(event["event"], "listening", "{line}");
        Self { child, lines, url: event["url"].as_str().unwrap().to_owned() }
    }

    /// Asks it to stop, and waits: its exit code, what else it said, and its log.
    pub(crate) fn stop(mut self, signal: &str) -> (Option<i32>, String, String) {
        let number = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &number]).status().unwrap().success());
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut self.lines, &mut rest).unwrap();
        let mut log = String::new();
        std::io::Read::read_to_string(&mut self.child.stderr.take().unwrap(), &mut log).unwrap();
        (self.child.wait().unwrap().code(), rest, log)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether some file below the folder holds these bytes.
pub(crate) fn some_file_holds(folder: &Path, bytes: &[u8]) -> Option<PathBuf> {
    for entry in folder.read_dir().unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            if let Some(found) = some_file_holds(&path, bytes) {
                return Some(found);
            }
        } else if std::fs::read(&path).unwrap().windows(bytes.len()).any(|window| window == bytes) {
            return Some(path);
        }
    }
    None
}
