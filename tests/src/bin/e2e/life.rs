//! A wallet's life through the command line.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use maany_coordinator::storage::{FileKeyProvider, RedbStore, Role, Vault};
use maany_coordinator::{ApiKeys, Scopes};
use maany_tests::Failure;
use serde_json::{Value, json};

use crate::binary::{Device, Maany, Server};
use crate::witnesses;
use maany_tests::tally::Tally;

/// The chain of every transaction here; the policy that `init` writes allows it.
pub(crate) const CHAIN: &str = "cosmoshub-4";

/// The key id of the wallet for first-generation devices.
pub(crate) const OLDER: &str = "older";

/// Makes the server's folder; gives the first API key.
pub(crate) fn init(maany: &Maany, tally: &mut Tally) -> Result<String, Failure> {
    let made = maany.event(&["init", "--data", "server", "--chain-id", CHAIN], "initialised")?;
    tally.passed("init makes a server folder and shows the first API key");
    text(&made, "apiKey")
}

/// Makes a key for another owner, as a host application would: over the store, while no server runs.
pub(crate) fn second_owner(maany: &Maany) -> Result<String, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let folder = maany.place("server");
        let keys = Arc::new(FileKeyProvider::open(&folder.join("keys"))?);
        let store = Arc::new(RedbStore::open(folder.join("coordinator.redb")).await?);
        let keys = ApiKeys::load(Vault::open(store, keys, Role::Server).await?).await?;
        let key = keys.create("default", "somebody-else", Scopes::DEVICE).await?;
        Ok(key.token.dangerous_expose().to_owned())
    })
}

/// A wallet as the command line shows it.
pub(crate) struct Made {
    pub(crate) wallet: String,
    pub(crate) public_key: String,
    pub(crate) address: String,
    /// The number of the account's next transaction.
    pub(crate) sequence: AtomicU64,
}

/// DKG, and the address.
pub(crate) fn create(device: &Device<'_>, tally: &mut Tally) -> Result<Made, Failure> {
    let made = device.event(&["create", "--key-id", "savings"], "wallet-created")?;
    tally.passed("wallet create runs DKG over the socket");
    let create = ["create", "--key-id", "savings", "--json"];
    let second = device.beside("second-device").command(&create).output()?;
    tally.check("a second DKG for an existing key id is refused", || {
        crate::binary::expect_failure(&second, &["key id"])
    });
    let again = device.command(&create).output()?;
    tally.check("the device that has it is told which wallet it is, and runs no DKG", || {
        crate::binary::expect_failure(&again, &["already", &text(&made, "wallet")?])
    });
    let shown = device.event(&["address", "savings", "--hrp", "cosmos"], "address")?;
    tally.passed("wallet address shows the address");
    Ok(Made {
        wallet: text(&made, "wallet")?,
        public_key: text(&made, "publicKey")?,
        address: text(&shown, "address")?,
        sequence: AtomicU64::new(0),
    })
}

/// A wallet for devices of the first generation, which prove no identity.
pub(crate) fn create_older(device: &Device<'_>, tally: &mut Tally) -> Result<Made, Failure> {
    let made = device.event(&["create", "--key-id", OLDER, "--older-profile"], "wallet-created")?;
    tally.passed("wallet create runs DKG in the older profile too");
    let shown = device.event(&["address", OLDER, "--hrp", "cosmos"], "address")?;
    Ok(Made {
        wallet: text(&made, "wallet")?,
        public_key: text(&made, "publicKey")?,
        address: text(&shown, "address")?,
        sequence: AtomicU64::new(0),
    })
}

/// One signature in each mode, checked by CosmJS.
pub(crate) fn sign_and_witness(
    device: &Device<'_>,
    made: &Made,
    node: &Path,
    when: &str,
    tally: &mut Tally,
) -> Result<(), Failure> {
    for mode in ["direct", "amino-json"] {
        // A doc that is signed is given back: only another sequence makes the two sides sign again.
        let sequence = &made.sequence.fetch_add(1, Ordering::Relaxed).to_string();
        let arguments = [
            "sign",
            "savings",
            "--chain-id",
            CHAIN,
            "--to",
            &made.address,
            "--amount",
            "1uatom",
            "--fee",
            "5uatom",
            "--gas",
            "100000",
            "--account-number",
            "0",
            "--sequence",
            sequence,
            "--memo",
            "a <b> & c",
            "--mode",
            mode,
        ];
        let signed = device.event(&arguments, "signed")?;
        let report = json!({
            "pubkey": made.public_key,
            "hrp": "cosmos",
            "address": made.address,
            "mode": mode,
            "signDoc": text(&signed, "signDoc")?,
            "signature": text(&signed, "signature")?,
            "txRaw": text(&signed, "txBytes")?,
            "tx": {
                "chainId": CHAIN,
                "accountNumber": "0",
                "sequence": sequence,
                "messages": [{
                    "from": made.address,
                    "to": made.address,
                    "amounts": [{ "denom": "uatom", "amount": "1" }],
                }],
                "fee": { "amounts": [{ "denom": "uatom", "amount": "5" }], "gas": "100000" },
                "memo": "a <b> & c",
            },
        });
        tally.check(&format!("CosmJS agrees with address, bytes and signature, {mode}, {when}"), || {
            witnesses::cosmjs(node, &report)
        });
    }
    Ok(())
}

/// Refresh, backup, loss, restore, and a signature after each.
pub(crate) fn refresh_backup_restore(
    maany: &Maany,
    device: &Device<'_>,
    server: &Server,
    token: &str,
    made: &Made,
    node: &Path,
    tally: &mut Tally,
) -> Result<(), Failure> {
    let refreshed = device.event(&["refresh", "savings"], "refreshed")?;
    tally.check("a refresh keeps the key and moves the epoch", || {
        expect(&refreshed, "publicKey", &json!(made.public_key))?;
        expect(&refreshed, "epoch", &json!(2))
    });
    sign_and_witness(device, made, node, "after a refresh", tally)?;
    let backed_up = device.event(&["backup", "savings", "--out", "fragments"], "backed-up")?;
    let file = backed_up["files"][0].as_str().ok_or("backup names no file")?.to_owned();
    let refused = maany.device("new-phone", &server.url, token);
    let restore = ["restore", &file, "--from-server", &made.wallet];
    let mut wrong = refused.command(&restore);
    let wrong = wrong.env("MAANY_STEP_UP", "00000000-00000000-00000000-00000000").output()?;
    tally.check("a restore without the operator's code is refused", || {
        crate::binary::expect_failure(&wrong, &[])
    });
    let step_up = maany.event(&["admin", "step-up", &made.wallet, "--data", "server"], "step-up")?;
    let code = text(&step_up, "code")?;
    let output = refused.command(&restore).arg("--json").env("MAANY_STEP_UP", &code).output()?;
    let restored = crate::binary::event(&output, "restored")?;
    tally.check("a restore from two of three fragments keeps the key and moves the epoch", || {
        expect(&restored, "publicKey", &json!(made.public_key))?;
        expect(&restored, "epoch", &json!(3))
    });
    sign_and_witness(&refused, made, node, "after a restore", tally)?;
    let arguments = [
        "sign",
        "savings",
        "--chain-id",
        CHAIN,
        "--to",
        &made.address,
        "--amount",
        "1uatom",
        "--account-number",
        "0",
        "--sequence",
        "1000",
        "--json",
    ];
    let old = device.command(&arguments).output()?;
    tally.check("the lost device signs no more", || crate::binary::expect_failure(&old, &[]));
    tally.check("the server still serves after all of it", || server.serves());
    Ok(())
}

/// A text field of an event.
pub(crate) fn text(event: &Value, field: &str) -> Result<String, Failure> {
    event[field].as_str().map(String::from).ok_or_else(|| format!("there is no {field} in {event}").into())
}

fn expect(event: &Value, field: &str, want: &Value) -> Result<(), Failure> {
    if event[field] == *want {
        Ok(())
    } else {
        Err(format!("{field} is {}, not {want}", event[field]).into())
    }
}
