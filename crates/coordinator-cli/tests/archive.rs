//! What an operator meets who exports a store and brings it back.
#![cfg(test)]

#[path = "support/maany.rs"]
mod maany;

use maany::{Said, World, some_file_holds};
use serde_json::json;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

const CLOSED: &str = "canary archive passphrase";

fn with_passphrase(world: &World, arguments: &[&str], passphrase: &str) -> Said {
    world.command(arguments).env("MAANY_ARCHIVE_PASSPHRASE", passphrase).output().unwrap().into()
}

fn export(world: &World, file: &str) -> Said {
    with_passphrase(world, &["admin", "export", file, "--data", "server", "--json"], CLOSED)
}

fn import(world: &World, file: &str, data: &str) -> Said {
    with_passphrase(world, &["admin", "import", file, "--data", data, "--json"], CLOSED)
}

/// Moves the server's store away, and imports over what that is then.
fn import_over(world: &World, file: &str, more: &[&str]) -> Said {
    let old = world.path("server/old.redb");
    fs::rename(world.path("server/coordinator.redb"), &old).unwrap();
    let before = fs::read(&old).unwrap();
    let arguments =
        [&["admin", "import", file, "--data", "server", "--json", "--over", "server/old.redb"], more];
    let said = with_passphrase(world, &arguments.concat(), CLOSED);
    assert!(fs::read(&old).unwrap() == before, "the old store is not written to");
    fs::remove_file(&old).unwrap();
    assert!(!files(&world.path("server")).iter().any(|name| name.contains("old")));
    said
}

/// A transaction of sequence 0.
fn sign(amount: &str) -> [&str; 16] {
    [
        "sign",
        "savings",
        "--data",
        "phone",
        "--json",
        "--chain-id",
        "cosmoshub-4",
        "--account-number",
        "7",
        "--sequence",
        "0",
        "--to",
        "cosmos1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqnrql8a",
        "--amount",
        amount,
        "--fee=5000uatom",
    ]
}

/// A data folder with the configuration and the key of the first one, and no store.
fn bare_copy(world: &World, name: &str) {
    fs::create_dir(world.path(name)).unwrap();
    fs::set_permissions(world.path(name), Permissions::from_mode(0o700)).unwrap();
    for file in ["maany.toml", "keys", "channel.key", "admin.token"] {
        fs::copy(world.path("server").join(file), world.path(name).join(file)).unwrap();
    }
}

fn files(folder: &std::path::Path) -> Vec<String> {
    let names = folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

fn wallet(world: &World, url: &str, token: &str, arguments: &[&str]) -> Said {
    let mut command = world.command(&[&["wallet"], arguments].concat());
    command.env("MAANY_TOKEN", token).env("MAANY_SERVER", url).output().unwrap().into()
}

#[test]
fn a_store_comes_back_from_its_archive_and_its_wallets_sign() {
    let world = World::new();
    let token = world.init();
    let server = world.serve();
    let create = ["create", "--key-id", "savings", "--data", "phone", "--json"];
    let made = wallet(&world, &server.url, &token, &create).event("wallet-created");
    with_passphrase(&world, &["admin", "export", "early", "--data", "server"], CLOSED)
        .failed_about(&["is in use", "stop it, export, and start it again"]);
    server.stop("-TERM");

    let exported = export(&world, "archive").event("exported");
    assert_eq!(exported["what"], "server store");
    assert_eq!(exported["keyIds"], json!(["key-1"]));
    let counted = |table: &str| exported["rows"][table].as_u64().unwrap();
    assert_eq!((counted("wallets"), counted("shares"), counted("api-keys")), (1, 1, 2));
    assert_eq!(fs::metadata(world.path("archive")).unwrap().permissions().mode() & 0o777, 0o600);
    let secret = token.split('.').nth(1).unwrap();
    for canary in [secret, CLOSED, made["wallet"].as_str().unwrap()] {
        let archive = fs::read(world.path("archive")).unwrap();
        assert!(!archive.windows(canary.len()).any(|window| window == canary.as_bytes()));
    }

    let server = world.serve();
    wallet(&world, &server.url, &token, &sign("1000uatom")).event("signed");
    server.stop("-TERM");
    let imported = import_over(&world, "archive", &["--was-last-in-use"]);
    assert_eq!(imported.event("archive")["keyIds"], json!(["key-1"]));
    let told = imported.event("imported");
    assert_eq!((&told["wallets"], &told["locked"], &told["forgotten"]), (&json!(1), &json!([]), &json!(0)));
    assert_eq!((&told["overIsLatest"], &told["withdrawnApiKeys"]), (&json!(true), &json!([])));
    assert!(!files(&world.path("server")).iter().any(|name| name.contains("importing")));

    let server = world.serve();
    wallet(&world, &server.url, &token, &sign("1000uatom")).event("signed");
    server.stop("-TERM");
    // And into the other kind of store.
    bare_copy(&world, "second");
    let path = world.path("second/maany.toml");
    let text = fs::read_to_string(&path).unwrap();
    let text = text.replace("backend = \"redb\"", "backend = \"files\"").replace("coordinator.redb", "rows");
    fs::write(&path, text).unwrap();
    import(&world, "archive", "second").event("imported");
    assert!(world.path("second/rows").is_dir());
    assert_eq!(some_file_holds(&world.path("second"), CLOSED.as_bytes()), None);
}

/// The code of a refused command.
fn refused(said: &Said) -> String {
    assert_eq!(said.code, Some(1), "{} {}", said.out, said.err);
    said.events().last().unwrap()["code"].as_str().unwrap().to_owned()
}

#[test]
fn an_old_archive_remembers_what_the_store_that_it_replaces_has_signed() {
    let world = World::new();
    let token = world.init();
    let server = world.serve();
    let create = ["create", "--key-id", "savings", "--data", "phone", "--json"];
    wallet(&world, &server.url, &token, &create).event("wallet-created");
    server.stop("-TERM");
    export(&world, "archive").event("exported");
    let server = world.serve();
    let signature =
        wallet(&world, &server.url, &token, &sign("1000uatom")).event("signed")["signature"].clone();
    server.stop("-TERM");

    let told = import_over(&world, "archive", &["--was-last-in-use"]).event("imported");
    assert_eq!((&told["carried"]["signedRequests"], &told["carried"]["guards"]), (&json!(1), &json!(1)));
    assert_eq!((&told["locked"], &told["frozen"], &told["unreadable"]), (&json!([]), &json!([]), &json!([])));
    let server = world.serve();
    refused(&wallet(&world, &server.url, &token, &sign("2000uatom")));
    let again = wallet(&world, &server.url, &token, &sign("1000uatom")).event("signed");
    assert_eq!(again["signature"], signature, "the one that there is");
    server.stop("-TERM");
}

#[test]
fn without_the_old_store_every_wallet_is_locked_until_the_operator_answers_for_it() {
    let world = World::new();
    let token = world.init();
    let server = world.serve();
    let create = ["create", "--key-id", "savings", "--data", "phone", "--json"];
    let made = wallet(&world, &server.url, &token, &create).event("wallet-created");
    let id = made["wallet"].as_str().unwrap();
    server.stop("-TERM");
    export(&world, "archive").event("exported");
    let server = world.serve();
    wallet(&world, &server.url, &token, &sign("1000uatom")).event("signed");
    server.stop("-TERM");
    fs::remove_file(world.path("server/coordinator.redb")).unwrap();
    let said = with_passphrase(&world, &["admin", "import", "archive", "--data", "server"], CLOSED);
    for words in [
        "Locked",
        id,
        "--accept-forgotten",
        "API keys that were revoked",
        "--over OLD-STORE",
        "api-key operator",
    ] {
        assert!(said.out.contains(words), "{words}: {}", said.out);
    }

    let server = world.serve();
    let list = ["admin", "quarantine", "list", "--data", "server", "--json"];
    assert_eq!(world.run(&list).code, Some(1), "the operator's key of that day may have been revoked");
    let operator = ["admin", "api-key", "operator", "--data", "server", "--json"];
    world.run(&operator[..5]).failed_about(&["a server is running"]);
    server.stop("-TERM");
    let made = world.run(&operator).event("operator-key");
    assert!(!made.to_string().contains(&fs::read_to_string(world.path("server/admin.token")).unwrap()));
    let server = world.serve();
    refused(&wallet(&world, &server.url, &token, &sign("2000uatom")));
    let listed = world.run(&["admin", "quarantine", "list", "--data", "server", "--json"]).event("locked");
    assert_eq!(
        (&listed["wallets"][0]["id"], &listed["wallets"][0]["cause"]),
        (&json!(id), &json!("imported"))
    );
    let clear = ["admin", "quarantine", "clear", id, "--data", "server"];
    world.run(&clear).failed_about(&["nobody knows what the wallet signed", "--accept-forgotten"]);
    let cleared = world.run(&[&clear[..], &["--accept-forgotten", "--json"]].concat()).event("clearance");
    let mut refresh = world.command(&["wallet", "refresh", id, "--stepped-up", "--data", "phone", "--json"]);
    refresh.env("MAANY_TOKEN", &token).env("MAANY_SERVER", &server.url);
    refresh.env("MAANY_STEP_UP", cleared["code"].as_str().unwrap());
    assert_eq!(Said::from(refresh.output().unwrap()).code, Some(0));
    wallet(&world, &server.url, &token, &sign("2000uatom")).event("signed");
    let listed = world.run(&["admin", "quarantine", "list", "--data", "server", "--json"]).event("locked");
    assert_eq!(listed["wallets"], json!([]));
    server.stop("-TERM");
}

#[test]
fn an_old_store_of_which_nobody_says_that_it_is_the_latest_locks_every_wallet_and_is_carried_forward() {
    let world = World::new();
    let token = world.init();
    let server = world.serve();
    let create = ["create", "--key-id", "savings", "--data", "phone", "--json"];
    let made = wallet(&world, &server.url, &token, &create).event("wallet-created");
    server.stop("-TERM");
    export(&world, "archive").event("exported");
    fs::copy(world.path("server/coordinator.redb"), world.path("as-old.redb")).unwrap();
    let server = world.serve();
    wallet(&world, &server.url, &token, &sign("1000uatom")).event("signed");
    server.stop("-TERM");

    let told = import_over(&world, "archive", &[]).event("imported");
    assert_eq!((&told["locked"], &told["forgotten"]), (&json!([made["wallet"]]), &json!(1)));
    assert_eq!((&told["overIsLatest"], &told["carried"]["signedRequests"]), (&json!(false), &json!(1)));
    assert!(told["overLastWritten"].as_u64().is_some() && told["withdrawnApiKeys"][0].is_string());
    // One that is as old as the archive is not the latest, whatever is said of it.
    fs::rename(world.path("as-old.redb"), world.path("server/coordinator.redb")).unwrap();
    let told = import_over(&world, "archive", &["--was-last-in-use"]).event("imported");
    assert_eq!((&told["locked"], &told["overIsLatest"]), (&json!([made["wallet"]]), &json!(false)));
    let server = world.serve();
    refused(&wallet(&world, &server.url, &token, &sign("2000uatom")));
    server.stop("-TERM");
}

#[test]
fn an_old_store_that_is_not_there_or_is_none_stops_an_import() {
    let world = World::new();
    world.init();
    export(&world, "archive").event("exported");
    bare_copy(&world, "empty");
    let before = files(&world.path("empty"));
    let over = |old: &str| {
        with_passphrase(&world, &["admin", "import", "archive", "--data", "empty", "--over", old], CLOSED)
    };
    over("nowhere").failed_about(&["there is no store at nowhere"]);
    over("server/keys").failed_about(&["the old store at server/keys cannot be opened", "leave --over out"]);
    assert_eq!(files(&world.path("empty")), before);
    over("server/coordinator.redb");
    assert!(world.path("empty/coordinator.redb").exists());
}

#[test]
fn nothing_is_imported_over_a_store() {
    let world = World::new();
    world.init();
    export(&world, "archive").event("exported");
    let before = fs::read(world.path("server/coordinator.redb")).unwrap();
    let refused = import(&world, "archive", "server");
    assert_eq!(refused.code, Some(1));
    assert_eq!(refused.events().last().unwrap()["code"], "store-exists");
    with_passphrase(&world, &["admin", "import", "archive", "--data", "server"], CLOSED).failed_about(&[
        "there is a store at",
        "coordinator.redb",
        "move the store away first",
    ]);
    assert_eq!(fs::read(world.path("server/coordinator.redb")).unwrap(), before);
    let again = export(&world, "archive");
    assert_eq!(again.events().last().unwrap()["code"], "archive", "{}", again.out);
}

#[test]
fn an_archive_that_does_not_open_or_is_damaged_leaves_nothing() {
    let world = World::new();
    world.init();
    export(&world, "archive").event("exported");
    bare_copy(&world, "empty");
    let before = files(&world.path("empty"));
    let import = |file: &str, passphrase: &str| {
        let said = with_passphrase(&world, &["admin", "import", file, "--data", "empty"], passphrase);
        assert_eq!(files(&world.path("empty")), before);
        said
    };
    import("archive", "another passphrase").failed_about(&["the passphrase does not open archive"]);
    import("nowhere", CLOSED).failed_about(&["there is no nowhere"]);
    import("empty/keys", CLOSED).failed_about(&["damaged or is no archive"]);

    let whole = fs::read(world.path("archive")).unwrap();
    for (name, bytes) in [
        ("cut", whole[..whole.len() - 1].to_vec()),
        ("short", whole[..whole.len() / 2].to_vec()),
        ("long", [whole.as_slice(), b"x"].concat()),
        ("changed", {
            let mut changed = whole.clone();
            let middle = changed.len() / 2;
            changed[middle] ^= 1;
            changed
        }),
    ] {
        fs::write(world.path(name), bytes).unwrap();
        import(name, CLOSED).failed_about(&[name, "nothing was changed"]);
    }
}

#[test]
fn an_archive_needs_the_key_of_its_own_store() {
    let world = World::new();
    world.init();
    export(&world, "archive").event("exported");
    bare_copy(&world, "empty");
    let other = World::new();
    other.init();
    fs::copy(other.path("server/keys"), world.path("empty/keys")).unwrap();
    let before = files(&world.path("empty"));
    let arguments = ["admin", "import", "archive", "--data", "empty"];
    with_passphrase(&world, &arguments, CLOSED).failed_about(&["key-1", "put back the key file"]);
    assert_eq!(files(&world.path("empty")), before);
    fs::remove_file(world.path("empty/keys")).unwrap();
    let said = with_passphrase(&world, &arguments, CLOSED);
    assert!(said.out.contains("the key file that holds key-1"), "{}", said.out);
    said.failed_about(&["put the key file back"]);
}

#[test]
fn an_import_that_was_killed_is_cleared_away_by_the_next() {
    let world = World::new();
    world.init();
    export(&world, "archive").event("exported");
    bare_copy(&world, "empty");
    fs::write(world.path("empty/coordinator.redb.importing"), "half a store").unwrap();
    import(&world, "archive", "empty").event("imported");
    assert_eq!(
        files(&world.path("empty")),
        ["admin.token", "channel.key", "coordinator.redb", "keys", "maany.toml"]
    );
}

#[test]
fn an_export_makes_no_store_and_takes_no_short_passphrase() {
    let world = World::new();
    world.init();
    bare_copy(&world, "empty");
    with_passphrase(&world, &["admin", "export", "archive", "--data", "empty"], CLOSED)
        .failed_about(&["there is no store at"]);
    assert!(!world.path("empty/coordinator.redb").exists());
    with_passphrase(&world, &["admin", "export", "archive", "--data", "server"], "short")
        .failed_about(&["at least 8 characters"]);
    world
        .run(&["admin", "export", "archive", "--data", "server"])
        .failed_about(&["there is no archive passphrase", "MAANY_ARCHIVE_PASSPHRASE"]);
    assert!(!world.path("archive").exists());
    let bad = world.run(&["admin", "export", "archive", "--recipient", "age1nobody", "--data", "server"]);
    assert_eq!(bad.code, Some(2), "{}", bad.err);
}

/// The recipient and its identity are those of the tests of the age crate, known to everybody.
#[test]
fn an_archive_may_be_encrypted_to_a_recipient() {
    const RECIPIENT: &str = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";
    const IDENTITY: &str = "AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33";
    let world = World::new();
    world.init();
    let arguments = ["admin", "export", "archive", "--recipient", RECIPIENT, "--data", "server", "--json"];
    world.run(&arguments).event("exported");
    bare_copy(&world, "empty");
    world
        .run(&["admin", "import", "archive", "--data", "empty"])
        .failed_about(&["encrypted to an age recipient", "--identity-file"]);
    fs::write(world.path("identity"), format!("{IDENTITY}\n")).unwrap();
    fs::set_permissions(world.path("identity"), Permissions::from_mode(0o644)).unwrap();
    let arguments =
        ["admin", "import", "archive", "--identity-file", "identity", "--data", "empty", "--json"];
    let loose = world.run(&arguments);
    assert_eq!(loose.events().last().unwrap()["code"], "archive");
    fs::set_permissions(world.path("identity"), Permissions::from_mode(0o600)).unwrap();
    world.run(&arguments).event("imported");
}
