//! What is asked of every wallet at the end: it signs, whoever has had it before does not, both sides agree, and what was signed
//! is given once more.

use maany_coordinator::WalletInfo;

use super::{Person, device_row};
use crate::Failure;
use crate::disk::Disk;

/// How many signatures are asked for once more.
const ONCE_MORE: usize = 3;

impl Person {
    pub(super) async fn last(&self) -> Result<(), Failure> {
        let wallet = self.wallet()?;
        self.come_back().await?;
        self.sign().await?;
        let signed = self.state().memory.newest(1);
        let (_, signed) = signed.first().ok_or("nothing was signed")?;
        if signed.public_key != wallet.public_key {
            self.broken("it signs with another key");
        }
        let row = device_row(&self.disk(), &wallet.wallet).await?;
        let there = self.0.site.row(&Self::owner(self.0.index), &wallet.wallet).await?;
        let there = there.ok_or("the server has no such wallet")?;
        if row.active != there.active || row.public_key != there.public_key {
            self.broken("the two sides hold shares of different generations");
        }
        self.once_more(&wallet).await?;
        self.only_here(&wallet).await?;
        self.state().is_done = true;
        Ok(())
    }

    /// What the server has signed it gives to who asks by the request, also where another document has taken its place since.
    async fn once_more(&self, wallet: &WalletInfo) -> Result<(), Failure> {
        let device = self.device().await?;
        let newest = self.state().memory.newest(ONCE_MORE);
        let mut forgotten = 0;
        for (order, signed) in newest {
            let row = self.0.site.request(&Self::owner(self.0.index), signed.request.as_bytes()).await?;
            if row.is_none_or(|row| row.signature.is_none()) {
                forgotten += 1;
                continue;
            }
            let again = device.sign_request(&wallet.wallet, signed.request, &order).await?;
            self.state().memory.give(order, again.value);
        }
        self.state().memory.forgotten = forgotten;
        Ok(())
    }

    /// No phone from before a restore signs.
    async fn only_here(&self, wallet: &WalletInfo) -> Result<(), Failure> {
        let before: Vec<Disk> = {
            let state = self.state();
            state.phones.iter().rev().skip(1).cloned().collect()
        };
        for disk in before {
            let order = self.order(wallet, self.sequence(), 1)?;
            let device = self.device_over(&disk).await?;
            if device.sign(&wallet.wallet, &order).await.is_ok() {
                self.broken("a phone signs that the wallet was restored from");
            }
        }
        Ok(())
    }
}
