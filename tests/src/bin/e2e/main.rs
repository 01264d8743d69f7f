//! The release binary, driven from outside: its server, its device, a device written in plain Node, and CosmJS as a
//! witness that shares no code with the project. `cargo xtask e2e` builds the binary and runs this.
//!
//! Prints one line for each check and `N passed, N failed` last; exits with 1 where one failed.

mod binary;
mod faults;
mod life;
mod witnesses;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use maany_tests::Failure;

use binary::Maany;
use maany_tests::tally::Tally;

/// Drive the release binary from outside.
#[derive(Parser)]
struct Options {
    /// The binary `maany`.
    #[arg(long)]
    maany: PathBuf,
    /// The folder of the Node cross-checks, with its packages installed.
    #[arg(long)]
    node_dir: PathBuf,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let mut tally = Tally::default();
    if let Err(failure) = run(&options, &mut tally) {
        tally.failed("the run itself", &failure.to_string());
    }
    tally.summary()
}

fn run(options: &Options, tally: &mut Tally) -> Result<(), Failure> {
    let maany = Maany::new(options.maany.clone())?;
    let token = life::init(&maany, tally)?;
    let other_token = life::second_owner(&maany)?;
    let server = maany.serve("server", &[])?;
    let device = maany.device("phone", &server.url, &token);
    let made = life::create(&device, tally)?;
    life::sign_and_witness(&device, &made, &options.node_dir, "after DKG", tally)?;
    let older = life::create_older(&device, tally)?;
    witnesses::device_client(&options.node_dir, &server.url, &token, &other_token, &older, tally)?;
    life::sign_and_witness(&device, &made, &options.node_dir, "after the Node device", tally)?;
    life::refresh_backup_restore(&maany, &device, &server, &token, &made, &options.node_dir, tally)?;
    faults::busy_port(&maany, &server, tally)?;
    faults::locked_store(&maany, tally)?;
    let log = server.stop()?;
    tally.check(
        "the server's log repeats no token, and nothing that the Node device made up but its session ids",
        || {
            let log = without_session_ids(&log);
            for (what, secret) in
                [("a token", token.as_str()), ("another token", &other_token), ("a canary", "canary")]
            {
                if let Some(line) = log.lines().find(|line| line.contains(secret)) {
                    return Err(format!("{what} in: {}", line.replace(secret, "...")).into());
                }
            }
            Ok(())
        },
    );
    faults::wrong_key_file(&maany, tally)?;
    faults::full_disk(&maany, &token, tally)
}

/// The log without the ids that devices gave their sessions, which are what a log is searched by.
fn without_session_ids(log: &str) -> String {
    const FIELD: &str = "\"session\":\"";
    let mut rest = log.split(FIELD);
    let mut text = rest.next().unwrap_or_default().to_owned();
    for part in rest {
        text.push_str(part.find('"').map_or("", |end| &part[end..]));
    }
    text
}
