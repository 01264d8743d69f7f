//! The fuzz targets of `fuzz/`: under libFuzzer where cargo-fuzz and a nightly compiler are at hand, under a seeded mutator where not.

use std::process::Stdio;

use crate::error::Error;
use crate::process::{self, cargo};
use crate::report::say;
use crate::workspace::Workspace;

/// Seconds for each target in `cargo xtask ci`.
pub(crate) const SECONDS: u32 = 60;

const TARGETS: [&str; 4] = ["direct", "amino", "tx_raw", "message"];

/// Runs every target for so many seconds, and says how.
pub(crate) fn run(workspace: &Workspace, seconds: u32) -> Result<(), Error> {
    let folder = workspace.root.join("fuzz");
    let mut probe = cargo(&workspace.root);
    probe.args(["+nightly", "fuzz", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    if probe.status().is_ok_and(|status| status.success()) {
        say("fuzz: libFuzzer");
        return TARGETS.iter().try_for_each(|target| {
            let time = format!("-max_total_time={seconds}");
            let mut fuzz = cargo(&workspace.root);
            fuzz.args(["+nightly", "fuzz", "run", "--features", "libfuzzer", target, "--", &time]);
            process::run(&mut fuzz)
        });
    }
    say(
        "fuzz: cargo-fuzz or a nightly compiler is missing; the same targets run under a seeded mutator that sees no coverage",
    );
    let mut seeded = cargo(&folder);
    seeded.args(["run", "--release", "--locked", "--bin", "seeded", "--target-dir"]);
    seeded.arg(workspace.target.join("fuzz"));
    process::run(seeded.args(["--", "--seconds", &seconds.to_string()]))
}
