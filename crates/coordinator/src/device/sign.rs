//! A signature: the request over HTTP, the ceremony over WebSocket, the check on this device.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use maany_coordinator_cosmos::MultisigKey;
use maany_coordinator_proto::{
    Digest, Hello, Intent, RequestId, WalletId,
    session::{DevicePlan, Outcome},
};
use maany_coordinator_storage::record::WalletState;
use maany_mpc_core::{PublicKey, Signature};
use tracing::warn;

use super::{
    ArbitraryOrder, Device, DeviceError, Done, Report, SignOrder, Signed, WalletInfo,
    host::{DeviceHost, Task},
    line::Profile,
    order::Order,
    run::{self, Patience},
};
use crate::{
    http::{client::plain, wire},
    retry::{Advice, Stage},
    time,
};

impl Device {
    /// Makes a sign request and signs it. With a refresh-after rule, shares that are older than the rule says are refreshed
    /// afterwards; a refresh that fails is logged and tried again after the next signature.
    ///
    /// # Errors
    /// [`DeviceError::PolicyRefused`], and whatever a session can fail with.
    pub async fn sign(&self, wallet: &WalletId, order: &SignOrder) -> Result<Done<Signed>, DeviceError> {
        self.sign_order(wallet, &order.into(), None).await
    }

    /// Makes a sign request for arbitrary data and signs it.
    ///
    /// # Errors
    /// As [`Device::sign`].
    pub async fn sign_arbitrary(
        &self,
        wallet: &WalletId,
        order: &ArbitraryOrder,
    ) -> Result<Done<Signed>, DeviceError> {
        self.sign_order(wallet, &order.into(), None).await
    }

    /// As [`Device::sign`], in the place of the live request of the same account and sequence, open or signed.
    ///
    /// # Errors
    /// As [`Device::sign`]; [`DeviceError::Http`] with status 404, 409 or 422 where `replaced` is not that request.
    pub async fn sign_replacing(
        &self,
        wallet: &WalletId,
        order: &SignOrder,
        replaced: RequestId,
    ) -> Result<Done<Signed>, DeviceError> {
        self.sign_order(wallet, &order.into(), Some(replaced)).await
    }

    /// As [`Device::sign`], as a member of this multisig account: the transaction is the account's, in Amino JSON, and the signature one of
    /// those that it takes ([`MultisigKey::tx_raw`]). The members are secp256k1 keys, the wallet's at the order's path among them. The
    /// server's policy has to allow it; an [`AllowList`](crate::AllowList) does not.
    ///
    /// # Errors
    /// As [`Device::sign`].
    pub async fn sign_as_member(
        &self,
        wallet: &WalletId,
        order: &SignOrder,
        account: &MultisigKey,
    ) -> Result<Done<Signed>, DeviceError> {
        let order = Order { member_of: Some(account.clone()), ..order.into() };
        self.sign_order(wallet, &order, None).await
    }

    async fn sign_order(
        &self,
        wallet: &WalletId,
        order: &Order,
        replaced: Option<RequestId>,
    ) -> Result<Done<Signed>, DeviceError> {
        let request = self.ask(wallet, order, replaced).await?;
        let id = RequestId::from_hex(&request.id)?;
        let signed = self.sign_named(wallet, id, order).await?;
        if let Some(age) = self.parts.refresh_after
            && let Err(error) = self.refresh_if_older(wallet, age).await
        {
            warn!(%error, "the refresh after a signature failed");
        }
        Ok(signed)
    }

    /// Asks the server for a sign request, and checks that it means to sign what this device means to sign.
    ///
    /// # Errors
    /// [`DeviceError::PolicyRefused`] with the policy's reason, [`DeviceError::Mismatch`] where the server computed another
    /// digest, [`DeviceError::Http`].
    pub async fn request(
        &self,
        wallet: &WalletId,
        order: &SignOrder,
    ) -> Result<wire::SignRequest, DeviceError> {
        self.ask(wallet, &order.into(), None).await
    }

    /// As [`Device::request`], in the place of the live request of the same account and sequence, open or signed. An open
    /// one ends with that.
    ///
    /// # Errors
    /// As [`Device::request`].
    pub async fn request_replacing(
        &self,
        wallet: &WalletId,
        order: &SignOrder,
        replaced: RequestId,
    ) -> Result<wire::SignRequest, DeviceError> {
        self.ask(wallet, &order.into(), Some(replaced)).await
    }

    async fn ask(
        &self,
        wallet: &WalletId,
        order: &Order,
        replaced: Option<RequestId>,
    ) -> Result<wire::SignRequest, DeviceError> {
        let digest = match order.digest_without_key()? {
            Some(digest) => digest,
            None => {
                let row = self.row(wallet).await?;
                order.digest(&WalletInfo::of(&row)?.child(&order.path)?.to_bytes())?
            }
        };
        let new = wire::NewSignRequest {
            wallet_id: wallet.to_string(),
            chain_id: order.chain_id.clone(),
            path: Some(order.path.to_string()),
            mode: order.mode.to_string(),
            sign_doc: STANDARD.encode(&order.sign_doc),
            replaces: replaced.map(|id| id.to_string()),
            multisig: order.member_of.as_ref().map(|account| wire::Multisig {
                threshold: account.threshold(),
                members: account.members().iter().map(|key| hex::encode(key.as_bytes())).collect(),
            }),
        };
        let view = self.parts.http.create_sign_request(&new).await?;
        if view.status == "refused" {
            let reason = plain(view.verdict.reason.as_deref().unwrap_or_default());
            return Err(DeviceError::PolicyRefused { reason });
        }
        if view.digest != Digest::from_bytes(digest).to_string() {
            return Err(DeviceError::Mismatch("digest"));
        }
        Ok(view)
    }

    /// Signs a request that was made before. Asking again for a request that is signed gives the stored signature.
    ///
    /// # Errors
    /// [`DeviceError::BadSignature`] where what came back does not verify, and whatever a session can fail with.
    pub async fn sign_request(
        &self,
        wallet: &WalletId,
        request: RequestId,
        order: &SignOrder,
    ) -> Result<Done<Signed>, DeviceError> {
        self.sign_named(wallet, request, &order.into()).await
    }

    async fn sign_named(
        &self,
        wallet: &WalletId,
        request: RequestId,
        order: &Order,
    ) -> Result<Done<Signed>, DeviceError> {
        let started = Instant::now();
        let mut report = Report::default();
        let mut patience = Patience::of(&self.parts);
        loop {
            let row = self.row(wallet).await?;
            let info = WalletInfo::of(&row)?;
            let public_key = info.child(&order.path)?;
            let digest = order.digest(&public_key.to_bytes())?;
            let session_id = run::session_id()?;
            let key_id = run::key_id(&row)?;
            let profile = Profile::of(&self.parts, &row).await?;
            let proves = matches!(profile, Profile::Proven(_));
            let names_request = profile.naming_request();
            let (named, key) = (session_id.clone(), key_id.clone());
            let hello = || {
                let token = run::token(&self.parts)?;
                let hello = Hello::sign(named.clone(), key.clone());
                Ok::<_, DeviceError>(names_request(hello, request).with_token(token))
            };
            let plan = DevicePlan::Sign { hello: Box::new(hello()?), holds: run::holds(&row)? };
            let host = DeviceHost {
                parts: Arc::clone(&self.parts),
                session_id,
                key_id: Some(key_id),
                wallet: Some(row),
                task: Task::Sign { order: order.clone(), request: *request.as_bytes(), digest },
                stage: Stage::Handshake,
                documents: Vec::new(),
                profile,
                opened: None,
            };
            let signature = match run::once(&self.parts, host, plan, hello()?, &mut report).await {
                Ok(finished) => match (finished.outcome, finished.signature) {
                    // The engine gives no signature that it has not verified.
                    (Outcome::Signed, Some(signature)) => Some(signature),
                    (Outcome::StoredSignature(stored), _) => {
                        let signature = Signature::from_parts(&stored.r_s, stored.recovery_id);
                        let signature = signature.map_err(|_| DeviceError::BadSignature)?;
                        Some(verified(signature, &public_key, &digest)?)
                    }
                    _ => {
                        let stored = self.stored_signature(request).await?.ok_or(DeviceError::NoResult)?;
                        Some(verified(stored, &public_key, &digest)?)
                    }
                },
                Err(attempt) => {
                    match patience.after(&self.parts, attempt, Intent::Sign, &mut report).await? {
                        // In protocol 2 the next session gives the stored signature, in its channel.
                        Advice::AskFirst if !proves => {
                            let stored = self.stored_signature(request).await?;
                            stored.map(|stored| verified(stored, &public_key, &digest)).transpose()?
                        }
                        Advice::AskFirst | Advice::Retry | Advice::Never => None,
                    }
                }
            };
            if let Some(signature) = signature {
                report.elapsed = started.elapsed();
                let digest = Digest::from_bytes(digest);
                return Ok(Done { value: Signed { request, signature, public_key, digest }, report });
            }
        }
    }

    async fn stored_signature(&self, request: RequestId) -> Result<Option<Signature>, DeviceError> {
        let view = self.parts.http.sign_request(request).await?;
        let (Some(r_s), Some(recovery_id)) = (view.signature, view.recovery_id) else { return Ok(None) };
        let r_s: Option<[u8; 64]> = STANDARD.decode(r_s).ok().and_then(|r_s| r_s.try_into().ok());
        let signature = r_s.and_then(|r_s| Signature::from_parts(&r_s, recovery_id).ok());
        signature.map(Some).ok_or(DeviceError::BadSignature)
    }

    async fn refresh_if_older(&self, wallet: &WalletId, age: Duration) -> Result<(), DeviceError> {
        let row = self.row(wallet).await?;
        let active = row.active.ok_or(DeviceError::NotInUse("without a share"))?;
        let stored = self.parts.vault.share(&row, active).await?;
        let old = time::now_ms().saturating_sub(stored.stored_ms);
        if row.standing.state == WalletState::Active && u128::from(old) >= age.as_millis() {
            self.refresh(wallet).await?;
        }
        Ok(())
    }
}

/// A signature that the server says it has kept, once it has been seen to be one.
fn verified(
    signature: Signature,
    public_key: &PublicKey,
    digest: &[u8; 32],
) -> Result<Signature, DeviceError> {
    if signature.verify(public_key, digest) { Ok(signature) } else { Err(DeviceError::BadSignature) }
}
