//! What the holder of a wallet meets: its whole life against a server, and a device folder that does not open.
#![cfg(test)]

#[path = "support/maany.rs"]
mod maany;

use maany::{PASSPHRASE, Said, World, some_file_holds};
use serde_json::Value;
use std::fs;

/// A world with a running server, and the API key of a wallet's owner.
struct Life {
    world: World,
    server: maany::Server,
    token: String,
}

impl Life {
    fn begin() -> Self {
        let world = World::new();
        let token = world.init();
        let server = world.serve();
        Self { world, server, token }
    }

    fn wallet(&self, arguments: &[&str]) -> Said {
        self.wallet_with(arguments, &[])
    }

    fn wallet_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Said {
        let mut command = self.world.command(&[&["wallet"], arguments].concat());
        command.env("MAANY_TOKEN", &self.token).env("MAANY_SERVER", &self.server.url);
        command.envs(variables.iter().copied());
        command.output().unwrap().into()
    }

    fn create(&self, data: &str) -> Value {
        self.wallet(&["create", "--key-id", "savings", "--data", data, "--json"]).event("wallet-created")
    }

    fn sign(&self, data: &str, sequence: &str, amount: &str) -> Said {
        self.sign_with(data, sequence, amount, &[])
    }

    fn sign_with(&self, data: &str, sequence: &str, amount: &str, more: &[&str]) -> Said {
        let arguments = [
            "sign",
            "savings",
            "--data",
            data,
            "--json",
            "--chain-id",
            "cosmoshub-4",
            "--account-number",
            "7",
            "--sequence",
            sequence,
            "--to",
            "cosmos1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqnrql8a",
            "--amount",
            amount,
            "--fee",
            "5000uatom",
        ];
        self.wallet(&[&arguments, more].concat())
    }
}

#[test]
fn a_wallet_is_made_signs_is_refreshed_lost_and_restored() {
    let life = Life::begin();
    let made = life.create("phone");
    assert_eq!((made["epoch"].as_u64(), made["keyId"].as_str()), (Some(1), Some("savings")));
    let wallet = made["wallet"].as_str().unwrap();

    let listed = life.wallet(&["list", "--data", "phone", "--json"]).event("wallets");
    assert_eq!(listed["wallets"][0]["wallet"], made["wallet"]);
    assert_eq!(listed["wallets"][0]["state"], "active");
    let address = life.wallet(&["address", "savings", "--data", "phone"]);
    assert!(address.out.starts_with("cosmos1"), "{}", address.err);
    let other = life.wallet(&[
        "address",
        wallet,
        "--data",
        "phone",
        "--chain-id",
        "osmosis-1",
        "--path",
        "m/44/118/0/0/0",
    ]);
    assert!(other.out.starts_with("osmo1"), "{}", other.err);

    let signed = life.sign("phone", "0", "1000uatom").event("signed");
    assert_eq!(signed["from"].as_str(), Some(address.out.trim()));
    let refused = life.sign("phone", "1", "1000ustake");
    assert_eq!(refused.code, Some(1));
    assert_eq!(refused.events().last().unwrap()["code"], "policy-refused", "{}", refused.out);

    let refreshed = life.wallet(&["refresh", "savings", "--data", "phone", "--json"]).event("refreshed");
    assert_eq!((refreshed["epoch"].as_u64(), &refreshed["publicKey"]), (Some(2), &made["publicKey"]));
    let backed_up = life.wallet(&["backup", "savings", "--data", "phone", "--out", "fragments", "--json"]);
    let files = backed_up.event("backed-up")["files"].clone();
    assert_eq!(files.as_array().map(Vec::len), Some(2));

    fs::remove_dir_all(life.world.path("phone")).unwrap();
    let step_up =
        life.world.run(&["admin", "step-up", wallet, "--data", "server", "--json"]).event("step-up");
    let restore =
        ["restore", files[0].as_str().unwrap(), "--from-server", wallet, "--data", "new-phone", "--json"];
    let code = step_up["code"].as_str().unwrap();
    let restored = life.wallet_with(&restore, &[("MAANY_STEP_UP", code)]).event("restored");
    assert_eq!((restored["epoch"].as_u64(), &restored["publicKey"]), (Some(3), &made["publicKey"]));
    life.sign("new-phone", "1", "1000uatom").event("signed");

    let (code, _, log) = life.server.stop("-TERM");
    assert_eq!(code, Some(0));
    let secret = life.token.split('.').nth(1).unwrap();
    for canary in [secret, PASSPHRASE, step_up["code"].as_str().unwrap()] {
        assert!(!log.contains(canary));
        assert_eq!(some_file_holds(&life.world.path("."), canary.as_bytes()), None);
    }
}

#[test]
fn another_transfer_of_a_sequence_takes_the_place_of_the_first_only_by_name() {
    let life = Life::begin();
    life.create("phone");
    let first = life.sign("phone", "0", "1000uatom").event("signed");
    let again = life.sign("phone", "0", "1000uatom").event("signed");
    assert_eq!((&again["request"], &again["signature"]), (&first["request"], &first["signature"]));
    let request = first["request"].as_str().unwrap();
    let taken = life.sign("phone", "0", "2000uatom");
    assert_eq!(taken.events().last().unwrap()["code"], "sequence-taken", "{}", taken.out);
    assert!(taken.out.contains(&format!("--replaces {request}")), "{}", taken.out);
    let second = life.sign_with("phone", "0", "2000uatom", &["--replaces", request]).event("signed");
    assert_ne!(second["request"], first["request"]);
    let wrong = life.sign_with("phone", "1", "2000uatom", &["--replaces", request]);
    assert!(wrong.out.contains("--replaces names a request of the same chain"), "{}", wrong.out);
    let malformed = life.sign_with("phone", "1", "2000uatom", &["--replaces", "7"]);
    assert_eq!(malformed.code, Some(2), "{}", malformed.err);
}

#[test]
fn a_device_folder_that_does_not_open_says_why() {
    let life = Life::begin();
    let made = life.create("phone");
    let made = made["wallet"].as_str().unwrap();
    life.wallet(&["create", "--key-id", "savings", "--data", "phone"])
        .failed_about(&["already", made, "--key-id"]);
    life.wallet_with(&["list", "--data", "phone"], &[("MAANY_PASSPHRASE", "another horse")])
        .failed_about(&["the passphrase does not open", "key.age"]);
    life.wallet(&["list", "--data", "nowhere"]).failed_about(&["there is no nowhere", "maany wallet create"]);
    life.wallet(&["address", "holidays", "--data", "phone"])
        .failed_about(&["no such wallet", "maany wallet list"]);
    life.wallet(&["create", "--key-id", "savings", "--data", "laptop"]).failed_about(&["key id", "--key-id"]);

    let mut asking = life.world.command(&["wallet", "list", "--data", "phone"]);
    let said: Said = asking.env_remove("MAANY_PASSPHRASE").output().unwrap().into();
    said.failed_about(&["there is no passphrase", "MAANY_PASSPHRASE"]);

    fs::remove_file(life.world.path("phone/key.age")).unwrap();
    life.wallet(&["create", "--data", "phone"])
        .failed_about(&["not the key that opens them", "put key.age back"]);
}

#[test]
fn a_server_that_refuses_or_is_not_there_is_told_apart() {
    let life = Life::begin();
    life.wallet_with(&["create", "--data", "phone"], &[("MAANY_TOKEN", "nobody.nothing")])
        .failed_about(&["making the wallet failed", "the API key is wrong"]);
    life.wallet(&["create", "--data", "phone", "--server", "wss://localhost"])
        .failed_about(&["ws://HOST:PORT"]);
    let url = life.server.url.clone();
    let Life { world, server, token } = life;
    drop(server);
    let mut command = world.command(&["wallet", "create", "--data", "phone", "--server", &url]);
    let said: Said = command.env("MAANY_TOKEN", token).output().unwrap().into();
    said.failed_about(&["cannot be reached", "maany serve"]);
}

#[test]
fn a_backup_is_never_written_over_another() {
    let life = Life::begin();
    life.create("phone");
    let listed = life.wallet(&["list", "--data", "phone", "--json"]).event("wallets");
    assert!(listed["wallets"][0]["backup"].is_null(), "{listed}");
    life.wallet(&["backup", "savings", "--data", "phone"]).failed_about(&["--out", "--third-party"]);
    let backup = ["backup", "savings", "--data", "phone", "--out", "fragments", "--json"];
    let files = life.wallet(&backup).event("backed-up")["files"].clone();
    let read = || fs::read(files[0].as_str().unwrap()).unwrap();
    let first = read();
    // The same again is the same backup, and another one is of new shares, which is said.
    assert_eq!(life.wallet(&backup).event("backed-up")["complete"], true);
    let another = [&backup[..], &["--threshold", "3"]].concat();
    let another = life.wallet(&another);
    assert_eq!(another.event("renewed")["epoch"], 2);
    let another = another.event("backed-up");
    assert_eq!(another["complete"], true, "{another}");
    assert!(another["files"][0].as_str().unwrap().ends_with("-epoch-2-fragment-2-of-3.maany"), "{another}");
    assert_eq!(read(), first);
    let listed = life.wallet(&["list", "--data", "phone"]);
    assert!(listed.out.contains(" complete") && !listed.out.contains("incomplete"), "{}", listed.out);
    life.wallet(&["backup", "savings", "--data", "phone", "--out", "f", "--threshold", "1"])
        .failed_about(&["threshold below 2"]);
    let restore = ["restore", "server/keys", "--data", "new-phone"];
    life.wallet_with(&restore, &[("MAANY_STEP_UP", "code")]).failed_about(&["no fragment file"]);
}
