//! The chain's binary: commands that end, and the node that does not.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::ports::Ports;
use super::{CHAIN, DENOM, GAS_PRICE};
use crate::Failure;

/// The name of the validator's key.
pub(super) const VALIDATOR: &str = "validator";

/// Runs the binary over one home folder.
pub(super) struct Commands {
    binary: PathBuf,
    home: PathBuf,
    rpc: u16,
}

impl Commands {
    pub(super) fn new(binary: &Path, home: &Path, rpc: u16) -> Self {
        Self { binary: binary.to_owned(), home: home.to_owned(), rpc }
    }

    pub(super) fn home(&self) -> &Path {
        &self.home
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        // It keeps things in HOME even where it is given a home of its own.
        command.args(arguments).arg("--home").arg(&self.home).env("HOME", &self.home);
        command.current_dir(&self.home);
        command
    }

    /// Runs a command to its end and gives what it prints.
    pub(super) fn run(&self, arguments: &[&str]) -> Result<String, Failure> {
        let keyring: &[&str] = match arguments {
            ["keys", ..] | ["genesis", "gentx" | "add-genesis-account", ..] | ["tx", ..] => {
                &["--keyring-backend", "test"]
            }
            _ => &[],
        };
        let output = self.command(arguments).args(keyring).stdin(Stdio::null()).output()?;
        if output.status.success() {
            return Ok(String::from_utf8(output.stdout)?);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(format!("{} failed: {said}", arguments.join(" ")).into())
    }

    /// Sends a transaction of the validator and gives the node's answer.
    pub(super) fn run_tx(&self, arguments: &[&str]) -> Result<String, Failure> {
        let node = format!("tcp://127.0.0.1:{}", self.rpc);
        let fees = format!("20000{DENOM}");
        let how = [
            "--from",
            VALIDATOR,
            "--chain-id",
            CHAIN,
            "--node",
            &node,
            "--gas",
            "500000",
            "--fees",
            &fees,
            "--yes",
            "--output",
            "json",
        ];
        self.run(&[arguments, &how].concat())
    }

    /// The node.
    pub(super) fn start(&self, ports: &Ports) -> Command {
        let tcp = |port: u16| format!("tcp://127.0.0.1:{port}");
        let price = format!("{GAS_PRICE}{DENOM}");
        let mut command = self.command(&["start"]);
        command.args(["--rpc.laddr", &tcp(ports.rpc), "--p2p.laddr", &tcp(ports.p2p)]);
        command.args(["--rpc.pprof_laddr", "", "--grpc.address", &format!("127.0.0.1:{}", ports.grpc)]);
        command.args(["--grpc-web.enable=false", "--api.enable=true", "--api.address", &tcp(ports.rest)]);
        command.args(["--minimum-gas-prices", &price]);
        command
    }
}
