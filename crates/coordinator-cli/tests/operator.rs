//! What an operator meets: a new folder, a server, and everything that can be wrong with either.
#![cfg(test)]

#[path = "support/maany.rs"]
mod maany;

use maany::{Server, World, some_file_holds};
use serde_json::Value;
use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

/// Changes a line of the configuration.
fn configure(world: &World, from: &str, to: &str) {
    let path = world.path("server/maany.toml");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{from}");
    fs::write(path, text.replace(from, to)).unwrap();
}

#[test]
fn init_makes_a_private_folder_and_shows_the_key_once() {
    let world = World::new();
    let said = world.run(&["init", "--data", "server", "--chain-id", "cosmoshub-4"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let key =
        said.out.lines().map(str::trim).find(|line| line.split('.').count() == 2 && line.len() > 40).unwrap();
    assert_eq!(said.out.matches(key).count(), 1);
    assert!(!said.err.contains(key));
    for (name, mode) in [
        ("server", 0o700),
        ("server/keys", 0o600),
        ("server/channel.key", 0o600),
        ("server/maany.toml", 0o600),
        ("server/admin.token", 0o600),
        ("server/coordinator.redb", 0o600),
    ] {
        assert_eq!(fs::metadata(world.path(name)).unwrap().permissions().mode() & 0o777, mode, "{name}");
    }
    let secret = key.split('.').nth(1).unwrap();
    assert_eq!(some_file_holds(&world.path("server"), secret.as_bytes()), None);
}

#[test]
fn init_overwrites_nothing() {
    let world = World::new();
    world.init();
    let before = fs::read(world.path("server/keys")).unwrap();
    world
        .run(&["init", "--data", "server"])
        .failed_about(&["is not empty", "what to do: choose a new folder"]);
    assert_eq!(fs::read(world.path("server/keys")).unwrap(), before);
}

#[test]
fn init_that_fails_leaves_the_folder_empty() {
    let world = World::new();
    world
        .run(&["init", "--data", "server", "--chain-id", "two words"])
        .failed_about(&["policy", "two words"]);
    world.run(&["init", "--data", "server", "--owner", "two words"]).failed_about(&["API key", "owner"]);
    assert_eq!(world.path("server").read_dir().unwrap().count(), 0);
    world.init();
}

#[test]
fn serve_says_where_it_listens_and_stops_when_told() {
    for signal in ["-TERM", "-INT"] {
        let world = World::new();
        world.init();
        let server = world.serve();
        assert!(server.url.starts_with("ws://127.0.0.1:"), "{}", server.url);
        assert_eq!(fs::read_to_string(world.path("server/listening")).unwrap(), server.url);
        let (code, rest, _) = server.stop(signal);
        assert_eq!(code, Some(0));
        assert!(rest.ends_with("{\"event\":\"done\"}\n"), "{rest}");
        assert!(!world.path("server/listening").exists());
    }
}

#[test]
fn port_takes_the_place_of_the_configured_port_and_listen_of_both() {
    let world = World::new();
    world.init();
    configure(&world, "127.0.0.1:8080", "127.0.0.1:1");
    let server = Server::of(world.command(&["serve", "--data", "server", "--json"]).env("PORT", "0"));
    assert!(server.url.starts_with("ws://127.0.0.1:") && !server.url.ends_with(":1"), "{}", server.url);
    drop(server);
    let server = Server::of(
        world.command(&["serve", "--data", "server", "--listen", "127.0.0.1:0", "--json"]).env("PORT", "1"),
    );
    drop(server);
    let said: maany::Said =
        world.command(&["serve", "--data", "server"]).env("PORT", "http").output().unwrap().into();
    said.failed_about(&["PORT", "http", "what to do:"]);
}

#[test]
fn a_busy_port_is_named() {
    let world = World::new();
    world.init();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    world.run(&["serve", "--data", "server", "--listen", &address]).failed_about(&[
        &address,
        "another process listens",
        "--listen 127.0.0.1:0",
    ]);
}

#[test]
fn an_address_that_others_reach_needs_the_flag_that_says_insecure() {
    let world = World::new();
    world.init();
    for address in ["0.0.0.0:0", "[::]:0"] {
        world
            .run(&["serve", "--data", "server", "--listen", address])
            .failed_about(&["not a loopback address", "--insecure-plaintext"]);
    }
    let arguments = ["serve", "--data", "server", "--listen", "0.0.0.0:0", "--insecure-plaintext", "--json"];
    let server = Server::of(&mut world.command(&arguments));
    let reachable = fs::read_to_string(world.path("server/listening")).unwrap();
    assert!(
        server.url.starts_with("ws://0.0.0.0:") && reachable.starts_with("ws://127.0.0.1:"),
        "{reachable}"
    );
}

#[test]
fn a_folder_that_is_none_or_open_to_others_is_refused() {
    let world = World::new();
    world.run(&["serve", "--data", "nowhere"]).failed_about(&["there is no nowhere", "maany init"]);
    fs::create_dir(world.path("empty")).unwrap();
    fs::set_permissions(world.path("empty"), Permissions::from_mode(0o700)).unwrap();
    world.run(&["serve", "--data", "empty"]).failed_about(&["has no maany.toml", "maany init"]);
    world.init();
    fs::set_permissions(world.path("server"), Permissions::from_mode(0o750)).unwrap();
    world.run(&["serve", "--data", "server"]).failed_about(&["mode 750", "chmod go-rwx server"]);
}

#[test]
fn a_key_file_that_others_read_or_that_is_anothers_is_refused() {
    let world = World::new();
    world.init();
    let keys = world.path("server/keys");
    fs::set_permissions(&keys, Permissions::from_mode(0o644)).unwrap();
    world.run(&["serve", "--data", "server"]).failed_about(&["mode 644", "chmod 600"]);
    fs::remove_file(&keys).unwrap();
    world.run(&["serve", "--data", "server"]).failed_about(&["keys", "put the key file back"]);
    let other = World::new();
    other.init();
    fs::copy(other.path("server/keys"), &keys).unwrap();
    fs::set_permissions(&keys, Permissions::from_mode(0o600)).unwrap();
    world
        .run(&["serve", "--data", "server"])
        .failed_about(&["do not open this store", "put back the key file"]);
}

#[test]
fn the_channel_key_is_told_by_its_public_half_and_is_the_same_in_every_run() {
    let world = World::new();
    let said = world.run(&["init", "--data", "server", "--json"]);
    let key = said.event("initialised")["channelKey"].as_str().unwrap().to_owned();
    assert_eq!(key.len(), 64);
    let secret = fs::read(world.path("server/channel.key")).unwrap();
    assert_eq!(secret.len(), 33);
    assert!(!hex::encode(&secret).contains(&key));
    for _ in 0..2 {
        let mut command = world.command(&["serve", "--data", "server", "--listen", "127.0.0.1:0", "--json"]);
        let mut server = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
        server.kill().unwrap();
        server.wait().unwrap();
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["channelKey"], *key, "{line}");
    }
    fs::write(world.path("server/channel.key"), [1; 7]).unwrap();
    world
        .run(&["serve", "--data", "server"])
        .failed_about(&["channel.key is damaged", "put channel.key back"]);
    fs::remove_file(world.path("server/channel.key")).unwrap();
    world.run(&["serve", "--data", "server"]).failed_about(&["there is no", "put channel.key back"]);
}

#[test]
fn a_configuration_with_an_unknown_key_or_a_bad_rule_is_refused() {
    for (from, to, words) in [
        ("connections = 12000", "conections = 12000", &["`conections`", "maany.toml"][..]),
        ("connections = 12000", "connections = \"many\"", &["server.connections", "maany.toml"]),
        ("[server]", "[server", &["maany.toml", "line"]),
        ("backend = \"redb\"", "backend = \"tape\"", &["tape"]),
        ("/cosmos.bank.v1beta1.MsgSend", "/cosmos.bank.v1beta1.MsgBurn", &["policy", "MsgBurn"]),
    ] {
        let world = World::new();
        world.init();
        configure(&world, from, to);
        world.run(&["serve", "--data", "server"]).failed_about(words);
    }
}

#[test]
fn one_folder_has_one_server() {
    let world = World::new();
    world.init();
    let _server = world.serve();
    world
        .run(&["serve", "--data", "server", "--listen", "127.0.0.1:0"])
        .failed_about(&["already open", "stop the other process"]);
}

#[test]
fn files_are_a_store_as_well() {
    let world = World::new();
    world.init();
    configure(&world, "backend = \"redb\"", "backend = \"files\"");
    configure(&world, "coordinator.redb", "records");
    world.run(&["serve", "--data", "server"]).failed_about(&["no API key"]);
    assert!(world.path("server/records").is_dir());
}

#[test]
fn a_step_up_code_needs_a_wallet_whether_a_server_runs_or_not() {
    let world = World::new();
    world.init();
    let unknown = "00000000000000000000000000000001";
    let step_up = ["admin", "step-up", unknown, "--data", "server"];
    world.run(&step_up).failed_about(&["no such wallet"]);
    let server = world.serve();
    world.run(&step_up).failed_about(&["no such wallet"]);
    drop(server);
    world
        .run(&["admin", "step-up", "alice", "--data", "server"])
        .failed_about(&["alice", "32 hexadecimal digits"]);
}

#[test]
fn machines_get_the_error_as_the_last_line_of_the_output() {
    let world = World::new();
    let said = world.run(&["serve", "--data", "nowhere", "--json"]);
    assert_eq!((said.code, said.err.as_str()), (Some(1), ""));
    let events = said.events();
    assert_eq!(events.len(), 1);
    assert_eq!((&events[0]["event"], &events[0]["code"]), (&"error".into(), &"data-folder".into()));
    assert!(events[0]["help"].as_str().unwrap().contains("maany init"));
}

#[test]
fn a_command_line_that_makes_no_sense_exits_with_2() {
    let world = World::new();
    for line in
        [&["serv"][..], &["serve", "--listen", "nowhere"], &["wallet"], &["init", "--max-fee", "5"], &[]]
    {
        assert_eq!(world.run(line).code, Some(2), "{line:?}");
    }
    assert_eq!(world.run(&["--help"]).code, Some(0));
}

#[test]
fn an_operator_sees_which_wallets_are_locked_whether_a_server_runs_or_not() {
    let world = World::new();
    let token = world.init();
    let server = world.serve();
    let wallet = |arguments: &[&str]| -> maany::Said {
        let mut command = world.command(&[&["wallet"], arguments].concat());
        command.env("MAANY_TOKEN", &token).env("MAANY_SERVER", &server.url).output().unwrap().into()
    };
    let made = wallet(&["create", "--key-id", "savings", "--data", "phone", "--json"]);
    let made = made.event("wallet-created")["wallet"].as_str().unwrap().to_owned();
    let list = ["admin", "quarantine", "list", "--data", "server", "--json"];
    let clear = ["admin", "quarantine", "clear", &made, "--data", "server"];
    let status = wallet(&["status", "savings", "--data", "phone", "--json"]).event("status");
    assert_eq!((&status["state"], &status["failedChecks"]), (&"active".into(), &0.into()));
    assert_eq!((&status["server"]["state"], &status["server"]["epoch"]), (&"active".into(), &1.into()));
    assert_eq!((&status["cause"], &status["backup"]), (&Value::Null, &Value::Null));
    assert_eq!(world.run(&list).event("locked")["wallets"], serde_json::json!([]));
    world.run(&clear).failed_about(&["not locked", "maany admin step-up"]);
    let nobody = ["admin", "quarantine", "clear", "00000000000000000000000000000001", "--data", "server"];
    world.run(&nobody).failed_about(&["no such wallet"]);
    let url = server.url.clone();
    drop(server);
    assert_eq!(world.run(&list).event("locked")["wallets"], serde_json::json!([]));
    world.run(&clear).failed_about(&["not locked"]);
    world.run(&nobody).failed_about(&["no such wallet"]);
    let mut alone = world.command(&["wallet", "status", "--data", "phone"]);
    let alone: maany::Said =
        alone.env("MAANY_TOKEN", &token).env("MAANY_SERVER", url).output().unwrap().into();
    assert!(alone.out.contains("not known: ") && alone.out.contains("active"), "{} {}", alone.out, alone.err);
}

#[test]
fn an_api_key_is_listed_and_revoked_whether_a_server_runs_or_not() {
    let world = World::new();
    let token = world.init();
    let (id, secret) = token.split_once('.').unwrap();
    let list = ["admin", "api-key", "list", "--data", "server", "--json"];
    let listed = |id: &str| {
        let said = world.run(&list);
        assert!(!said.out.contains(secret));
        let keys = said.event("api-keys")["keys"].as_array().unwrap().clone();
        keys.into_iter().find(|key| key["id"] == id)
    };
    let revoke = ["admin", "api-key", "revoke", id, "--data", "server"];
    assert_eq!(listed(id).unwrap()["owner"], "owner");

    let server = world.serve();
    let wallet = |arguments: &[&str]| -> maany::Said {
        let mut command = world.command(&[&["wallet"], arguments].concat());
        command.env("MAANY_TOKEN", &token).env("MAANY_SERVER", &server.url).output().unwrap().into()
    };
    wallet(&["create", "--key-id", "savings", "--data", "phone", "--json"]).event("wallet-created");
    assert!(listed(id).is_some());
    assert_eq!(world.run(&revoke).code, Some(0));
    wallet(&["refresh", "savings", "--data", "phone"]).failed_about(&["4401"]);
    assert!(listed(id).is_none());
    world.run(&revoke).failed_about(&["no such API key", "maany admin api-key list"]);
    drop(server);
    assert!(listed(id).is_none());
    world.run(&revoke).failed_about(&["no such API key"]);
}

#[test]
fn a_name_is_used_once_and_a_call_that_told_nobody_is_taken_up() {
    let world = World::new();
    let token = world.init();
    let server = world.serve();
    let create = |name: &str| -> maany::Said {
        let mut command = world.command(&["wallet", "create", "--key-id", name, "--data", "phone", "--json"]);
        command.env("MAANY_TOKEN", &token).env("MAANY_SERVER", &server.url).output().unwrap().into()
    };
    let made = create("savings").event("wallet-created");
    let again = create("savings");
    assert_eq!(again.code, Some(1), "{}", again.out);
    let error = again.events().into_iter().find(|event| event["event"] == "error").unwrap();
    assert_eq!(error["code"], "key-id-taken");
    let text = error.to_string();
    assert!(text.contains(made["wallet"].as_str().unwrap()) && text.contains("nothing was made"), "{text}");
    // As if the first call had died before it could say anything.
    fs::write(world.path("phone/creating.savings"), "").unwrap();
    let taken_up = create("savings").event("wallet-created");
    assert_eq!((&taken_up["wallet"], &taken_up["messages"]), (&made["wallet"], &0.into()));
    assert_eq!(create("savings").code, Some(1), "and from then on somebody knows");
    create("other").event("wallet-created");
}
