//! Locked wallets, with an operator's token.

use maany_coordinator_proto::WalletId;

use super::{ClientError, HttpClient, PAGES, carrier::Request, json, wire};
use crate::quarantine::Forgotten;

impl HttpClient {
    /// The locked wallets of all owners; and how many wallets cannot be read.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn locked_wallets(&self) -> Result<(Vec<wire::LockedWallet>, u64), ClientError> {
        let (mut wallets, mut damaged) = (Vec::new(), 0);
        let mut url = self.url(&["v1", "admin", "quarantine"])?;
        for _ in 0..PAGES {
            let page: wire::LockedWallets = json(&self.send(Request::get(url.clone())).await?)?;
            wallets.extend(page.wallets);
            damaged += page.damaged;
            match page.next {
                Some(next) => url.query_pairs_mut().clear().append_pair("after", &next),
                None => return Ok((wallets, damaged)),
            };
        }
        Err(ClientError::TooLarge)
    }

    /// Makes the code that admits the session that leads a locked wallet out, and accepts what the wallet may have signed in
    /// a time that is forgotten, where `forgotten` says so.
    ///
    /// # Errors
    /// [`ClientError`]; status 409 where the wallet is not locked, or something is forgotten and not accepted.
    pub async fn clear_quarantine(
        &self,
        wallet: WalletId,
        forgotten: Forgotten,
    ) -> Result<wire::Clearance, ClientError> {
        let body = wire::NewClearance {
            wallet_id: wallet.to_string(),
            accept_forgotten: forgotten == Forgotten::Accept,
        };
        self.post(&["v1", "admin", "quarantine", "clear"], &body).await
    }
}
