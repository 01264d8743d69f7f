//! What goes wrong on a real machine: a busy port, a store in use, a wrong key file, a full disk.

use maany_tests::Failure;

use crate::binary::{self, Maany, Server, expect_failure};
use crate::life::CHAIN;
use maany_tests::tally::Tally;

/// A port that another server listens on.
pub(crate) fn busy_port(maany: &Maany, server: &Server, tally: &mut Tally) -> Result<(), Failure> {
    maany.event(&["init", "--data", "second", "--chain-id", CHAIN], "initialised")?;
    let listen = format!("127.0.0.1:{}", server.port());
    let output = maany.command(&["serve", "--data", "second", "--listen", &listen]).output()?;
    tally.check("a busy port is a clear error", || {
        expect_failure(&output, &[server.port()])?;
        server.serves()
    });
    Ok(())
}

/// A store that another process has open.
pub(crate) fn locked_store(maany: &Maany, tally: &mut Tally) -> Result<(), Failure> {
    let output = maany.command(&["serve", "--data", "server", "--listen", "127.0.0.1:0"]).output()?;
    tally.check("a store that is in use is a clear error", || expect_failure(&output, &["open"]));
    Ok(())
}

/// The key file of another store.
pub(crate) fn wrong_key_file(maany: &Maany, tally: &mut Tally) -> Result<(), Failure> {
    let (server, mixed) = (maany.place("server"), maany.place("mixed"));
    binary::copy(&server, &mixed)?;
    std::fs::copy(maany.place("second/keys"), mixed.join("keys"))?;
    let before = std::fs::read(mixed.join("coordinator.redb"))?;
    let output = maany.command(&["serve", "--data", "mixed", "--listen", "127.0.0.1:0"]).output()?;
    tally.check("a key file that does not open the store is found before anything is served", || {
        expect_failure(&output, &["key"])
    });
    std::fs::copy(server.join("keys"), mixed.join("keys"))?;
    tally.check("with its own key file the same store opens again", || {
        let again = maany.serve("mixed", &[])?;
        again.serves()?;
        again.stop().map(drop)
    });
    tally.check("the store was there all the time", || {
        if before.is_empty() { Err("the store was empty".into()) } else { Ok(()) }
    });
    Ok(())
}

/// Wallets made until the file may grow no more (`RLIMIT_FSIZE` stands for the full disk).
pub(crate) fn full_disk(maany: &Maany, token: &str, tally: &mut Tally) -> Result<(), Failure> {
    /// Wallets after which the store must have met its limit: one takes more than 50 KB.
    const WALLETS: usize = 40;
    let size = std::fs::metadata(maany.place("server/coordinator.redb"))?.len();
    // In blocks of 512 bytes (POSIX, ulimit).
    let limit = format!("ulimit -f {}", size.div_ceil(512));
    let server = Server::of(
        maany.limited(&limit, &["serve", "--data", "server", "--listen", "127.0.0.1:0", "--json"]),
    )?;
    let device = maany.device("crowd", &server.url, token);
    let mut made = Vec::new();
    let mut refused = None;
    for number in 0..WALLETS {
        let key_id = format!("crowd-{number}");
        let output = device.command(&["create", "--key-id", &key_id, "--json"]).output()?;
        if output.status.success() {
            made.push(key_id);
        } else {
            refused = Some(output);
            break;
        }
    }
    tally.check("a full disk fails the operation and the server goes on serving", || {
        let refused = refused.ok_or("the store never met its limit")?;
        expect_failure(&refused, &[])?;
        server.serves()
    });
    let log = server.stop()?;
    tally.check("the log says that there is no room", || {
        if log.contains("no space left") || log.contains("full") { Ok(()) } else { Err(log.into()) }
    });
    let server = maany.serve("server", &[])?;
    let device = maany.device("crowd", &server.url, token);
    tally.check("with room again nothing is lost: the wallets made before sign", || {
        for key_id in made.iter().rev().take(2) {
            let shown = device.event(&["address", key_id, "--hrp", "cosmos"], "address")?;
            let address = crate::life::text(&shown, "address")?;
            let arguments = [
                "sign",
                key_id,
                "--chain-id",
                CHAIN,
                "--to",
                &address,
                "--amount",
                "1uatom",
                "--account-number",
                "0",
                "--sequence",
                "0",
            ];
            device.event(&arguments, "signed")?;
        }
        Ok(())
    });
    server.stop().map(drop)
}
