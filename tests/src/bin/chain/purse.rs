//! An MPC wallet with an account: it prepares with the node, signs with the server, and sends.

use std::sync::Arc;
use std::time::Duration;

use maany_coordinator::proto::RequestId;
use maany_coordinator::{SignOrder, WalletInfo};
use maany_coordinator_cosmos::node::{Included, NodeClient, NodeError, TxOrder};
use maany_coordinator_cosmos::{Address, Denom, Hrp, Msg, MultisigKey, SignMode, TxDraft, TxRaw};
use maany_mpc_core::DerivationPath;
use maany_tests::chain::{CHAIN, DENOM, GAS_PRICE, PREFIX};
use maany_tests::{Failure, Holder};

/// How long a block may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A wallet and its account.
#[derive(Clone)]
pub(crate) struct Purse {
    pub(crate) holder: Holder,
    pub(crate) wallet: WalletInfo,
    pub(crate) address: Address,
    pub(crate) node: Arc<NodeClient>,
}

impl Purse {
    pub(crate) fn new(holder: Holder, wallet: WalletInfo, node: Arc<NodeClient>) -> Result<Self, Failure> {
        let address = Address::from_public_key(wallet.public_key.as_bytes(), &Hrp::parse(PREFIX)?)?;
        Ok(Self { holder, wallet, address, node })
    }

    /// What the account has, in the chain's denom.
    pub(crate) async fn balance(&self) -> Result<u128, Failure> {
        let amount = self.node.balance(&self.address, &Denom::parse(DENOM)?).await?;
        amount.to_u128().ok_or_else(|| "a balance over 128 bits".into())
    }

    /// A transaction of these messages, as the node says that it can run now.
    pub(crate) async fn prepare(
        &self,
        mode: SignMode,
        messages: Vec<Msg>,
        granter: Option<Address>,
    ) -> Result<TxDraft<Msg>, Failure> {
        Ok(self
            .node
            .prepare(TxOrder {
                from: self.address.clone(),
                public_key: self.wallet.public_key.to_bytes(),
                mode,
                messages,
                memo: "a <memo> & more \u{2028}".to_owned(),
                gas_price: format!("{GAS_PRICE}{DENOM}").parse()?,
                gas: None,
                granter,
                timeout_height: None,
            })
            .await?)
    }

    /// Two parties sign it. Gives what is to be broadcast, and the sign request.
    pub(crate) async fn sign(
        &self,
        mode: SignMode,
        draft: &TxDraft<Msg>,
    ) -> Result<(TxRaw, RequestId), Failure> {
        let order = order(mode, draft.sign_doc(mode)?.sign_bytes());
        let signed = self.holder.device()?.sign(&self.wallet.wallet, &order).await?.value;
        Ok((draft.tx_raw(mode, &signed.signature.to_bytes())?, signed.request))
    }

    /// The same in the place of an earlier request of the same sequence.
    pub(crate) async fn sign_replacing(
        &self,
        mode: SignMode,
        draft: &TxDraft<Msg>,
        replaced: RequestId,
    ) -> Result<(TxRaw, RequestId), Failure> {
        let order = order(mode, draft.sign_doc(mode)?.sign_bytes());
        let device = self.holder.device()?;
        let signed = device.sign_replacing(&self.wallet.wallet, &order, replaced).await?.value;
        Ok((draft.tx_raw(mode, &signed.signature.to_bytes())?, signed.request))
    }

    /// Two parties sign the Amino JSON doc of a multisig account, of which the wallet is a member; gives `r || s`.
    pub(crate) async fn sign_as_member(
        &self,
        sign_doc: &[u8],
        account: &MultisigKey,
    ) -> Result<[u8; 64], Failure> {
        let order = order(SignMode::AminoJson, sign_doc);
        let device = self.holder.device()?;
        let done = device.sign_as_member(&self.wallet.wallet, &order, account).await?;
        Ok(done.value.signature.to_bytes())
    }

    /// Hands it to the node and waits for its block.
    pub(crate) async fn send(&self, tx: &TxRaw) -> Result<Included, NodeError> {
        self.node.broadcast_and_wait(tx, PATIENCE).await
    }

    /// All of it; gives the fee that was paid and where it was included.
    pub(crate) async fn transact(
        &self,
        mode: SignMode,
        messages: Vec<Msg>,
        granter: Option<Address>,
    ) -> Result<(u128, Included), Failure> {
        let draft = self.prepare(mode, messages, granter).await?;
        let (tx, _) = self.sign(mode, &draft).await?;
        let included = self.send(&tx).await?;
        Ok((fee(&draft)?, included))
    }
}

fn order(mode: SignMode, sign_doc: &[u8]) -> SignOrder {
    SignOrder { chain_id: CHAIN.to_owned(), path: DerivationPath::root(), mode, sign_doc: sign_doc.to_vec() }
}

/// What a transaction pays.
pub(crate) fn fee(draft: &TxDraft<Msg>) -> Result<u128, Failure> {
    let [coin] = draft.fee.amounts.as_slice() else { return Err("a fee of one coin was expected".into()) };
    coin.amount.to_u128().ok_or_else(|| "a fee over 128 bits".into())
}
