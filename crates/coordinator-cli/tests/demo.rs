//! `maany demo` as somebody runs it who has never seen the project.

#![cfg(test)]

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Output, Stdio},
};

use k256::ecdsa::{Signature, VerifyingKey, signature::hazmat::PrehashVerifier};
use serde_json::Value;

/// Every step, in the order of the story.
const STEPS: [&str; 15] = [
    "server",
    "dkg",
    "address",
    "sign-request",
    "signature",
    "verification",
    "theft",
    "refresh",
    "signature-new-shares",
    "old-share-refused",
    "backup",
    "loss",
    "step-up",
    "restore",
    "signature-restored",
];

fn maany(temporary: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_maany"));
    command.env("TMPDIR", temporary).env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().next().is_none()
}

/// Whether the text holds an api key (`id.secret`: 12 and 43 characters of base64url) or a step-up code (four groups of
/// eight hexadecimal digits).
fn holds_a_secret(text: &str) -> bool {
    let is_base64url =
        |part: &str| part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    let is_api_key = |word: &str| {
        word.split_once('.').is_some_and(|(id, secret)| {
            id.len() == 12 && secret.len() == 43 && is_base64url(id) && is_base64url(secret)
        })
    };
    let is_code = |word: &str| {
        let groups: Vec<_> = word.split('-').collect();
        groups.len() == 4 && groups.iter().all(|g| g.len() == 8 && g.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    text.split(|c: char| c.is_whitespace() || matches!(c, '"' | ',')).any(|w| is_api_key(w) || is_code(w))
}

fn text(output: &Output) -> (&str, &str) {
    (str::from_utf8(&output.stdout).unwrap(), str::from_utf8(&output.stderr).unwrap())
}

#[test]
fn the_demo_tells_a_whole_life_and_leaves_nothing() {
    let temporary = tempfile::tempdir().unwrap();
    let output = maany(temporary.path()).arg("demo").output().unwrap();
    let (out, err) = text(&output);
    assert!(output.status.success(), "{out}{err}");
    assert!(out.contains("15 of 15 steps as expected"), "{out}");
    assert!(out.contains("refused     the two sides hold different shares"), "{out}");
    assert!(out.contains("send 1250000 uatom from cosmos1"), "{out}");
    assert!(!out.contains('\u{1b}') && !err.contains('\u{1b}'), "colours are for terminals");
    assert!(!holds_a_secret(out) && !holds_a_secret(err));
    assert!(is_empty(temporary.path()), "the temporary folder is gone");
}

#[test]
fn a_machine_gets_the_same_story_and_can_check_it() {
    let temporary = tempfile::tempdir().unwrap();
    let output = maany(temporary.path()).args(["demo", "--json"]).output().unwrap();
    let (out, err) = text(&output);
    assert!(output.status.success(), "{out}{err}");
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (done, steps) = lines.split_last().unwrap();
    let names: Vec<_> = steps.iter().map(|step| step["name"].as_str().unwrap()).collect();
    assert_eq!(names, STEPS);
    assert!(steps.iter().all(|step| step["event"] == "step" && step["ok"] == true));
    assert_eq!(
        (&done["event"], &done["ok"], done["steps"].as_u64()),
        (&"done".into(), &true.into(), Some(15))
    );
    assert!(done["ms"].as_f64().unwrap() > 0.0);

    let step = |name: &str| steps.iter().find(|step| step["name"] == name).unwrap();
    let fact = |name: &str, key: &str| step(name)["facts"][key].as_str().unwrap().to_owned();
    for session in ["dkg", "signature", "refresh", "restore"] {
        assert!(step(session)["sentBytes"].as_u64().unwrap() > 0, "{session}");
        assert!(step(session)["receivedBytes"].as_u64().unwrap() > 0, "{session}");
    }
    assert_eq!(fact("dkg", "shares"), "generation 1");
    assert_eq!(fact("restore", "shares"), "generation 3");

    // The signature, once more, from what was printed alone.
    let key = VerifyingKey::from_sec1_bytes(&hex::decode(fact("verification", "key")).unwrap()).unwrap();
    let r_s = hex::decode(fact("signature", "signature").replace(' ', "")).unwrap();
    let digest = hex::decode(fact("sign-request", "sha-256")).unwrap();
    key.verify_prehash(&digest, &Signature::from_slice(&r_s).unwrap()).unwrap();

    assert!(!holds_a_secret(out) && !holds_a_secret(err));
    assert!(is_empty(temporary.path()), "the temporary folder is gone");
}

#[test]
fn an_interrupted_demo_fails_and_leaves_nothing() {
    let temporary = tempfile::tempdir().unwrap();
    let mut child = maany(temporary.path())
        .args(["demo", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    out.read_line(&mut first).unwrap();
    assert!(first.contains("\"server\""), "{first}");
    // The key generation has begun.
    assert!(!is_empty(temporary.path()));
    let killed = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(1));
    assert!(is_empty(temporary.path()), "the temporary folder is gone");
}

#[test]
fn a_demo_without_room_for_its_folder_says_so() {
    let temporary = tempfile::tempdir().unwrap();
    let output = maany(&temporary.path().join("missing")).arg("demo").output().unwrap();
    let (out, err) = text(&output);
    assert_eq!(output.status.code(), Some(1), "{out}{err}");
    assert!(err.contains("temporary folder"), "{err}");
}

/// A file size limit stands in for the full disk: 16 blocks of 512 or 1024 bytes are less than any store needs.
fn maany_on_a_full_disk(temporary: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -f 16; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_maany")]);
    command.env("TMPDIR", temporary).env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

#[test]
fn a_step_that_fails_ends_the_demo_with_the_reason() {
    let temporary = tempfile::tempdir().unwrap();
    let output = maany_on_a_full_disk(temporary.path()).arg("demo").output().unwrap();
    let (out, err) = text(&output);
    assert_eq!(output.status.code(), Some(1), "{out}{err}");
    assert!(out.contains(" 1  ✗ The server is ready") && !out.contains('✓'), "{out}");
    assert!(err.contains("step 1 of the demo (server)") && err.contains("the store is full"), "{err}");
    assert!(is_empty(temporary.path()), "the temporary folder is gone");

    let output = maany_on_a_full_disk(temporary.path()).args(["demo", "--json"]).output().unwrap();
    let lines: Vec<Value> = text(&output).0.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!((&lines[0]["name"], &lines[0]["ok"]), (&"server".into(), &false.into()));
    assert_eq!((lines.len(), &lines[1]["event"]), (2, &"error".into()));
}

#[test]
fn what_looks_like_a_secret_is_found() {
    assert!(holds_a_secret(&format!("the key is {}.{} so", "A".repeat(12), "b".repeat(43))));
    assert!(holds_a_secret("\"0123abcd-0123abcd-0123abcd-0123abcd\""));
    assert!(!holds_a_secret("ws://127.0.0.1:8080 and a.b, 0123abcd-0123"));
}
