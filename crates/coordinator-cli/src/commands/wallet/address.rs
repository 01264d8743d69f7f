//! `maany wallet address`: where a wallet is paid to, derived on this device alone.

use maany_coordinator::WalletInfo;
use maany_coordinator::cosmos::{Address, Hrp};
use maany_coordinator::storage::record::WalletState;
use serde_json::json;

use super::{opened, state};
use crate::chains;
use crate::cli::wallet::{KeyPlace, ShowAddress};
use crate::error::CliError;
use crate::output::Output;

pub(super) async fn run(args: ShowAddress, output: &mut Output) -> Result<(), CliError> {
    let device = opened::to_read(args.folder, output).await?;
    let wallet = device.wallet(&args.wallet).await.map_err(CliError::device("reading the wallet"))?;
    if wallet.state == WalletState::Provisional {
        // Nobody may pay to a key that the server has not committed to.
        return Err(CliError::device("showing the address")(not_in_use(&wallet)));
    }
    let (key, address) = at(&wallet, &args.key, args.chain_id.as_deref())?;
    let fields = json!({
        "wallet": wallet.wallet.to_string(),
        "path": args.key.path.to_string(),
        "publicKey": hex::encode(key),
        "address": address.as_str(),
    });
    output.say("address", fields, |page| page.line(address.as_str()))?;
    Ok(())
}

/// The key at this place, 33-byte compressed SEC1, and its address.
pub(super) fn at(
    wallet: &WalletInfo,
    place: &KeyPlace,
    chain_id: Option<&str>,
) -> Result<([u8; 33], Address), CliError> {
    let child = wallet.child(&place.path).map_err(CliError::device("deriving the key"))?;
    let hrp = match &place.hrp {
        Some(hrp) => *hrp,
        None => Hrp::parse(chains::defaults(chain_id.unwrap_or_default()).hrp)?,
    };
    let key = *child.as_bytes();
    Ok((key, Address::from_public_key(&key, &hrp)?))
}

fn not_in_use(wallet: &WalletInfo) -> maany_coordinator::DeviceError {
    maany_coordinator::DeviceError::NotInUse(state(wallet.state))
}
