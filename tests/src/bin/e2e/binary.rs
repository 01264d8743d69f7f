//! The binary's processes: a command run to its end, a server until it is stopped.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio};
use std::thread::JoinHandle;

use maany_tests::Failure;
use serde_json::Value;
use tempfile::TempDir;

/// Opens the device's key. A word of the tests, no secret of anybody.
const PASSPHRASE: &str = "canary of the end-to-end run";

/// The binary, and a folder in which it runs.
pub(crate) struct Maany {
    path: PathBuf,
    folder: TempDir,
}

impl Maany {
    pub(crate) fn new(path: PathBuf) -> Result<Self, Failure> {
        let path = path.canonicalize()?;
        Ok(Self { path, folder: tempfile::Builder::new().prefix("maany-e2e-").tempdir()? })
    }

    /// A place in the run's folder.
    pub(crate) fn place(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A command, with nothing of the environment that could change what it does.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.in_place(Command::new(&self.path), arguments)
    }

    /// The same through a shell that may first lower a limit.
    pub(crate) fn limited(&self, limit: &str, arguments: &[&str]) -> Command {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(format!("{limit}; exec \"$0\" \"$@\"")).arg(&self.path);
        self.in_place(shell, arguments)
    }

    fn in_place(&self, mut command: Command, arguments: &[&str]) -> Command {
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        for name in [
            "PORT",
            "MAANY_DATA",
            "MAANY_WALLET_DATA",
            "MAANY_SERVER",
            "MAANY_TOKEN",
            "MAANY_LOG",
            "MAANY_STEP_UP",
        ] {
            command.env_remove(name);
        }
        command.env("HOME", self.folder.path()).env("MAANY_PASSPHRASE", PASSPHRASE);
        command
    }

    /// Runs a command and gives the event of that name, of a run that did what it was asked for.
    pub(crate) fn event(&self, arguments: &[&str], name: &str) -> Result<Value, Failure> {
        event(&self.command(arguments).arg("--json").output()?, name)
    }

    /// Starts the server of this folder on a free port.
    pub(crate) fn serve(&self, folder: &str, more: &[&str]) -> Result<Server, Failure> {
        let arguments = [&["serve", "--data", folder, "--listen", "127.0.0.1:0", "--json"], more].concat();
        Server::of(self.command(&arguments))
    }

    /// A device that keeps its wallets in this folder.
    pub(crate) fn device<'a>(&'a self, folder: &'a str, url: &'a str, token: &'a str) -> Device<'a> {
        Device { maany: self, folder, url, token }
    }
}

/// The device commands of one folder.
pub(crate) struct Device<'a> {
    maany: &'a Maany,
    folder: &'a str,
    url: &'a str,
    token: &'a str,
}

impl<'a> Device<'a> {
    /// Another device of the same owner.
    pub(crate) fn beside(&self, folder: &'a str) -> Self {
        Self { maany: self.maany, folder, url: self.url, token: self.token }
    }

    /// A wallet command; those that connect get the server as well.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.maany.command(&[&["wallet"], arguments].concat());
        command.env("MAANY_WALLET_DATA", self.folder).env("MAANY_SERVER", self.url);
        command.env("MAANY_TOKEN", self.token);
        command
    }

    /// Runs it and gives the event of that name.
    pub(crate) fn event(&self, arguments: &[&str], name: &str) -> Result<Value, Failure> {
        event(&self.command(arguments).arg("--json").output()?, name)
    }
}

/// The event of that name among the lines of a `--json` run.
pub(crate) fn event(output: &Output, name: &str) -> Result<Value, Failure> {
    let (out, err) = texts(output);
    if !output.status.success() {
        return Err(format!("it failed: {out}{err}").into());
    }
    out.lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find(|event| event["event"] == name)
        .ok_or_else(|| format!("there is no event {name}: {out}{err}").into())
}

/// What a command said on both streams.
pub(crate) fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// Expects a failure with exit code 1 whose text speaks of each of these words.
pub(crate) fn expect_failure(output: &Output, words: &[&str]) -> Result<(), Failure> {
    let (out, err) = texts(output);
    if output.status.code() != Some(1) {
        return Err(format!("exit code {:?}: {out}{err}", output.status.code()).into());
    }
    match words.iter().find(|word| !err.contains(*word) && !out.contains(*word)) {
        Some(word) => Err(format!("{word:?} is not in: {out}{err}").into()),
        None => Ok(()),
    }
}

/// A server process, killed when dropped.
pub(crate) struct Server {
    child: Child,
    _lines: BufReader<ChildStdout>,
    log: Option<JoinHandle<String>>,
    pub(crate) url: String,
}

impl Server {
    /// Starts it and waits until it says where it listens.
    pub(crate) fn of(mut command: Command) -> Result<Self, Failure> {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("no standard output")?);
        let stderr = child.stderr.take().ok_or("no standard error")?;
        let log = std::thread::spawn(move || read_all(stderr));
        let mut line = String::new();
        lines.read_line(&mut line)?;
        let url = serde_json::from_str::<Value>(&line)
            .ok()
            .and_then(|event| event["url"].as_str().map(String::from));
        match url {
            Some(url) => Ok(Self { child, _lines: lines, log: Some(log), url }),
            None => {
                let _ = child.kill();
                let _ = child.wait();
                Err(format!("the server did not start: {line}{}", log.join().unwrap_or_default()).into())
            }
        }
    }

    /// The port that it listens on.
    pub(crate) fn port(&self) -> &str {
        self.url.rsplit(':').next().unwrap_or_default()
    }

    /// Whether it still serves.
    pub(crate) fn serves(&self) -> Result<(), Failure> {
        let answer =
            std::net::TcpStream::connect(format!("127.0.0.1:{}", self.port())).and_then(|mut stream| {
                use std::io::Write as _;
                stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
                let mut answer = String::new();
                stream.read_to_string(&mut answer)?;
                Ok(answer)
            })?;
        if answer.starts_with("HTTP/1.1 200") { Ok(()) } else { Err(format!("it answers {answer}").into()) }
    }

    /// Asks it to stop, waits, and gives its log.
    pub(crate) fn stop(mut self) -> Result<String, Failure> {
        let number = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &number]).status()?;
        let status = self.child.wait()?;
        let log = self.log.take().and_then(|log| log.join().ok()).unwrap_or_default();
        if status.success() { Ok(log) } else { Err(format!("it ended with {status}: {log}").into()) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_all(mut stderr: ChildStderr) -> String {
    let mut bytes = Vec::new();
    let _ = stderr.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Copies a folder with its files, permissions included.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    let status = Command::new("cp").arg("-a").arg(from).arg(to).status()?;
    if status.success() { Ok(()) } else { Err("the folder cannot be copied".into()) }
}
