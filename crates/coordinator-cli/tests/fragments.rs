//! What the three holders of a backup meet: the owner with a QR code, the third party with a fragment host, and the drill.
#![cfg(test)]

#[path = "support/maany.rs"]
mod maany;

use maany::{Said, Server, World, some_file_holds};
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;

/// A coordinator, a fragment host with its owner's API key, and a wallet.
struct Three {
    world: World,
    server: Server,
    token: String,
    host: Option<Server>,
    url: String,
    key: String,
    wallet: String,
    public_key: Value,
}

fn host(world: &World, listen: &str) -> Server {
    let arguments = ["fragment-host", "serve", "--data", "third", "--listen", listen, "--json"];
    Server::of(&mut world.command(&arguments))
}

impl Three {
    fn begin() -> Self {
        let world = World::new();
        let token = world.init();
        let server = world.serve();
        let made = world.run(&["fragment-host", "init", "--data", "third", "--json"]).event("initialised");
        let key = made["apiKey"].as_str().unwrap().to_owned();
        let host = host(&world, "127.0.0.1:0");
        let url = host.url.clone();
        let (wallet, public_key) = (String::new(), Value::Null);
        let mut three = Self { world, server, token, host: Some(host), url, key, wallet, public_key };
        let made =
            three.wallet("create", &["--key-id", "savings", "--data", "phone"]).event("wallet-created");
        three.wallet = made["wallet"].as_str().unwrap().to_owned();
        three.public_key = made["publicKey"].clone();
        three
    }

    fn wallet(&self, command: &str, arguments: &[&str]) -> Said {
        self.wallet_with(command, arguments, &[])
    }

    fn wallet_with(&self, command: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Said {
        self.run(&["wallet", command], &[arguments, &["--json"]].concat(), variables)
    }

    fn run(&self, command: &[&str], arguments: &[&str], variables: &[(&str, &str)]) -> Said {
        let mut run = self.world.command(command);
        run.args(arguments).env("MAANY_TOKEN", &self.token).env("MAANY_SERVER", &self.server.url);
        run.env("MAANY_THIRD_PARTY_KEY", &self.key).envs(variables.iter().copied());
        run.output().unwrap().into()
    }

    fn code(&self, command: &[&str], event: &str) -> String {
        let said = self.world.run(&[command, &["--json"]].concat()).event(event);
        said["code"].as_str().unwrap().to_owned()
    }

    /// The third party's operator releases the fragment.
    fn release(&self) -> String {
        let command = ["fragment-host", "admin", "release", &self.wallet, "--data", "third"];
        self.code(&command, "release")
    }

    /// The coordinator's operator steps a restore up.
    fn step_up(&self) -> String {
        self.code(&["admin", "step-up", &self.wallet, "--data", "server"], "step-up")
    }

    fn backup_of_list(&self) -> Value {
        let listed = self.wallet("list", &["--data", "phone"]).event("wallets");
        listed["wallets"][0]["backup"].clone()
    }
}

#[test]
fn owner_and_third_party_restore_a_wallet_that_the_server_gives_no_fragment_of() {
    let mut three = Three::begin();
    let backup = ["savings", "--data", "phone", "--out", "owner", "--third-party", &three.url];
    let made = three.wallet("backup", &backup).event("backed-up");
    assert_eq!((&made["acknowledged"], &made["complete"]), (&3.into(), &true.into()), "{made}");
    let [file] = &made["files"].as_array().unwrap()[..] else { panic!("{made}") };
    let file = file.as_str().unwrap();
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);

    // The drill: the owner's file and the third party's fragment.
    let release = three.release();
    let verify = ["verify", "savings", file, "--third-party", &three.url, "--data", "phone"];
    let drill = three.wallet_with("backup", &verify, &[("MAANY_RELEASE", &release)]).event("verified");
    assert_eq!((&drill["fragments"], &drill["epoch"]), (&serde_json::json!([2, 3]), &1.into()), "{drill}");
    assert_eq!(drill["publicKey"], three.public_key);
    let again = three.wallet_with("backup", &verify, &[("MAANY_RELEASE", &release)]);
    assert_eq!(again.events().last().unwrap()["code"], "fragment-host", "{}", again.out);
    let one = three.wallet("backup", &["verify", "savings", file, "--data", "phone"]);
    assert_eq!(one.events().last().unwrap()["code"], "backup", "{}", one.out);

    // A refresh brings every holder up to date; the old file is stale.
    three.wallet("refresh", &["savings", "--data", "phone"]).event("refreshed");
    let kept = three.backup_of_list();
    assert_eq!((&kept["epoch"], &kept["complete"]), (&2.into(), &true.into()), "{kept}");
    let release = three.release();
    let new = file.replace("epoch-1", "epoch-2");
    let stale = three.wallet_with("backup", &verify, &[("MAANY_RELEASE", &release)]);
    assert!(stale.out.contains("epochs (1 and 2)"), "{}", stale.out);

    let release = three.release();
    let restore = [new.as_str(), "--third-party", &three.url, "--data", "new-phone"];
    let step_up = three.step_up();
    let variables = [("MAANY_RELEASE", release.as_str()), ("MAANY_STEP_UP", step_up.as_str())];
    let restored = three.wallet_with("restore", &restore, &variables).event("restored");
    assert_eq!((&restored["publicKey"], &restored["epoch"]), (&three.public_key, &3.into()));

    let (code, _, log) = three.host.take().unwrap().stop("-TERM");
    assert_eq!(code, Some(0));
    for secret in [three.key.split('.').nth(1).unwrap(), &release] {
        assert!(!log.contains(secret));
        assert_eq!(some_file_holds(&three.world.path("third"), secret.as_bytes()), None);
    }
    let fragment = fs::read(&new).unwrap();
    let body = &fragment[fragment.len() - 60..fragment.len() - 8];
    assert_eq!(some_file_holds(&three.world.path("third"), body), None);
    assert_eq!(some_file_holds(&three.world.path("phone"), body), None);
}

#[test]
fn a_fragment_host_that_is_down_is_said_and_gets_its_fragment_later() {
    let mut three = Three::begin();
    drop(three.host.take());
    // All three are needed, so that the one that is down is missed.
    let backup =
        ["savings", "--data", "phone", "--out", "owner", "--third-party", &three.url, "--threshold", "3"];
    let said = three.wallet("backup", &backup);
    let told = said.events();
    let made = told.iter().find(|event| event["event"] == "backed-up").unwrap();
    assert_eq!((&made["acknowledged"], &made["complete"]), (&2.into(), &false.into()), "{made}");
    assert_eq!(made["owed"][0]["fragment"], 3);
    assert_eq!((said.code, told.last().unwrap()["code"].as_str()), (Some(1), Some("backup")));

    three.host = Some(host(&three.world, three.url.strip_prefix("http://").unwrap()));
    assert_eq!(three.backup_of_list()["complete"], false);
    // Who is to hold what is remembered, API key and all.
    let made = three.wallet_with("backup", &["savings", "--data", "phone"], &[("MAANY_THIRD_PARTY_KEY", "")]);
    let made = made.event("backed-up");
    assert_eq!((&made["acknowledged"], &made["complete"]), (&3.into(), &true.into()), "{made}");
    assert_eq!(three.backup_of_list()["owed"], serde_json::json!([]));
}

#[test]
fn a_fragment_that_was_shown_as_a_qr_code_restores_from_its_text() {
    let three = Three::begin();
    let backup = ["savings", "--data", "phone", "--qr"];
    let shown: Vec<Value> = three.wallet("backup", &backup).events();
    let texts: Vec<&str> = shown.iter().filter_map(|event| event["text"].as_str()).collect();
    assert_eq!(texts.len(), 2);
    assert_eq!(three.backup_of_list()["complete"], true);
    for (name, text) in ["two", "three"].iter().zip(&texts) {
        let lines: Vec<&str> = text.as_bytes().chunks(64).map(|c| std::str::from_utf8(c).unwrap()).collect();
        fs::write(three.world.path(name), lines.join("\n").to_lowercase()).unwrap();
    }
    let verify = ["verify", &three.wallet, "two", "three", "--data", "other-phone"];
    let drill = three.wallet("backup", &verify).event("verified");
    assert_eq!(drill["publicKey"], three.public_key, "also on a device that never had the wallet");
    let mistyped = fs::read_to_string(three.world.path("two")).unwrap().replacen('a', "b", 1);
    fs::write(three.world.path("mistyped"), mistyped).unwrap();
    let verify = ["verify", "savings", "mistyped", "three", "--data", "phone"];
    let refused = three.wallet("backup", &verify);
    assert!(refused.out.contains("no fragment file"), "{}", refused.out);
    let step_up = three.step_up();
    let restore = ["two", "--from-server", &three.wallet, "--data", "new-phone"];
    let restored = three.wallet_with("restore", &restore, &[("MAANY_STEP_UP", &step_up)]).event("restored");
    assert_eq!(restored["publicKey"], three.public_key);
    // Once it is shown it is not shown again; for people it is a picture of at most 80 columns.
    let made = three.wallet("create", &["--data", "second"]).event("wallet-created");
    let id = made["wallet"].as_str().unwrap();
    for pictures in [2, 0] {
        let said = three.run(&["wallet", "backup"], &[id, "--qr", "--data", "second"], &[]);
        assert_eq!(said.code, Some(0), "{}", said.err);
        let codes = said.out.lines().filter(|line| line.contains('\u{2588}'));
        assert!(codes.clone().all(|line| line.chars().count() <= 80), "{}", said.out);
        assert_eq!(codes.count() > 20, pictures > 0, "{}", said.out);
    }
}

#[test]
fn a_fragment_host_serves_on_after_hostile_input() {
    let world = World::new();
    let made = world.run(&["fragment-host", "init", "--data", "third", "--json"]).event("initialised");
    let key = made["apiKey"].as_str().unwrap().to_owned();
    for (name, mode) in [
        ("third", 0o700),
        ("third/keys", 0o600),
        ("third/admin.token", 0o600),
        ("third/fragments.redb", 0o600),
    ] {
        assert_eq!(fs::metadata(world.path(name)).unwrap().permissions().mode() & 0o777, mode, "{name}");
    }
    world.run(&["fragment-host", "init", "--data", "third"]).failed_about(&["is not empty"]);
    let host = host(&world, "127.0.0.1:0");
    let address = host.url.strip_prefix("http://").unwrap();
    let long = format!("GET /fragments/{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(100_000));
    let post = |length: usize, body: &str| {
        format!(
            "POST /fragments/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Length: {length}\r\n\r\n{body}"
        )
    };
    for bytes in [
        "\0\u{1}\u{2}".to_owned(),
        "GET / HTTP/9.9\r\n\r\n".to_owned(),
        long,
        post(usize::MAX, "{"),
        post(10_000_000, &"x".repeat(1000)),
        post(2, "{}"),
        post(15, "{\"fragment\":\"A\""),
        post(18, "{\"fragment\":\"!!!\"}"),
        format!(
            "GET /fragments/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nMaany-Step-Up: \u{ff}\r\nMaany-Recipient: age1\r\n\r\n"
        ),
        "x".repeat(300_000),
    ] {
        let mut socket = TcpStream::connect(address).unwrap();
        // A peer that is refused before its last byte may see the connection end first.
        let _ = socket.write_all(bytes.as_bytes());
    }
    let said = world.run(&["fragment-host", "admin", "release", "x", "--data", "third"]);
    said.failed_about(&["no fragment is held"]);
    let said = world.run(&["fragment-host", "admin", "drop", "x", "--epoch", "1", "--data", "third"]);
    said.failed_about(&["no fragment is held"]);
    let (code, _, log) = host.stop("-TERM");
    assert_eq!(code, Some(0), "{log}");
    assert!(!log.contains("panicked"), "{log}");
    // With nobody running, the operator's commands work on the store itself.
    let added = world.run(&["fragment-host", "admin", "add-owner", "bob", "--data", "third", "--json"]);
    assert_eq!(added.event("owner-added")["owner"], "bob");
    world
        .run(&["fragment-host", "serve", "--data", "third", "--listen", "0.0.0.0:0"])
        .failed_about(&["not a loopback address"]);
    world.run(&["fragment-host", "serve", "--data", "nowhere"]).failed_about(&["there is no nowhere"]);
}
