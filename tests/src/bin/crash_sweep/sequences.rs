//! No sequence of an account that was signed is to be had for another transaction.

use maany_coordinator::{DeviceError, WalletInfo, http::client::ClientError};
use maany_tests::{Failure, Holder};

use crate::verb::Ask;
use crate::world::World;

/// Asks for another transaction of this sequence; says what is wrong where it is not refused.
pub(crate) fn rival(
    world: &World<'_>,
    holder: &Holder,
    wallet: &WalletInfo,
    ask: Ask,
    sequence: u64,
) -> Result<Option<String>, Failure> {
    let order = ask.rival(wallet, sequence)?;
    let asked = holder.device()?;
    Ok(match world.device.run(asked.request(&wallet.wallet, &order))? {
        Err(DeviceError::Http(ClientError::Refused { error, .. })) if error.code == "sequence_taken" => None,
        Err(error) => Some(format!("sequence {sequence}, asked for another transaction: {error}")),
        Ok(request) => Some(format!("sequence {sequence} was given to another transaction: {}", request.id)),
    })
}
