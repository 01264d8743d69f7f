//! Node: CosmJS over what was signed, and a device that was written from the wire format alone.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use maany_tests::Failure;
use serde_json::{Value, json};

use crate::life::{CHAIN, Made, OLDER};
use maany_tests::tally::{Tally, say};

/// CosmJS' verdict on a signed transaction.
pub(crate) fn cosmjs(node: &Path, report: &Value) -> Result<(), Failure> {
    let mut child = Command::new("node")
        .arg("cosmjs_check.mjs")
        .current_dir(node)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    child.stdin.take().ok_or("node has no standard input")?.write_all(report.to_string().as_bytes())?;
    let output = child.wait_with_output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stdout).trim().into())
}

/// The Node device's checks; each prints its own line.
pub(crate) fn device_client(
    node: &Path,
    url: &str,
    token: &str,
    other_token: &str,
    made: &Made,
    tally: &mut Tally,
) -> Result<(), Failure> {
    let settings = json!({
        "url": url,
        "token": token,
        "otherToken": other_token,
        "walletId": made.wallet,
        "keyId": OLDER,
        "publicKey": made.public_key,
        "chainId": CHAIN,
        "hrp": "cosmos",
        "denom": "uatom",
    });
    let mut client = Command::new("node");
    client.arg("device_client.mjs").current_dir(node).stdin(Stdio::null());
    // In the environment, not among the arguments, which other users of the machine can read.
    let output = client.env("MAANY_DEVICE_CLIENT", settings.to_string()).output()?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let (mut passed, mut failed) = (0, 0);
    for line in printed.lines() {
        if let Some(name) = line.strip_prefix("ok ") {
            passed += 1;
            say(&format!("ok node: {name}"));
        } else if line.starts_with("FAILED ") {
            failed += 1;
            say(line);
        }
    }
    tally.add(passed, failed);
    if passed == 0 || (!output.status.success() && failed == 0) {
        let why = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("the Node device did not run to its end: {why}").into());
    }
    Ok(())
}
