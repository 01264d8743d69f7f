//! The device's and the operator's side of a fragment host.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use maany_coordinator_proto::{KeyId, StepUp};
use reqwest::Method;
use zeroize::Zeroizing;

use super::{ClientError, HttpClient, carrier::Request, json};
use crate::http::{
    fragment_host::{AGE, CODE, RECIPIENT},
    wire,
};

impl HttpClient {
    /// Leaves a fragment document with a fragment host.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn hold_fragment(
        &self,
        id: &KeyId,
        document: &[u8],
    ) -> Result<wire::HeldFragment, ClientError> {
        self.protected()?;
        let body = wire::NewHeldFragment { fragment: STANDARD.encode(document) };
        let url = self.url(&["fragments", id.as_str()])?;
        let answer = self.send(Request::new(Method::POST, url).json(&body)?).await;
        // The copy inside the HTTP client is beyond reach; ours is not.
        drop(Zeroizing::new(body.fragment));
        json(&answer?)
    }

    /// Has a fragment host release the latest fragment, encrypted to a key that exists for this call alone.
    ///
    /// # Errors
    /// [`ClientError`]; status 404 for a wrong code as for an unknown id, [`ClientError::Malformed`] for an answer
    /// that is not encrypted to that key.
    pub async fn release_fragment(
        &self,
        id: &KeyId,
        code: &StepUp,
    ) -> Result<Zeroizing<Vec<u8>>, ClientError> {
        self.protected()?;
        let identity = age::x25519::Identity::generate();
        let request = Request::get(self.url(&["fragments", id.as_str()])?)
            .header(CODE, code.dangerous_expose())
            .header(RECIPIENT, &identity.to_public().to_string());
        let answer: wire::ReleasedFragment = json(&self.send(request).await?)?;
        if answer.encryption.as_deref() != Some(AGE) {
            return Err(ClientError::Malformed);
        }
        let sealed = STANDARD.decode(answer.fragment).map_err(|_| ClientError::Malformed)?;
        age::decrypt(&identity, &sealed).map(Zeroizing::new).map_err(|_| ClientError::Malformed)
    }

    /// Makes a release, with the token of the fragment host's operator.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn create_release(&self, new: &wire::NewRelease) -> Result<wire::Release, ClientError> {
        self.post(&["v1", "admin", "release"], new).await
    }

    /// Has a fragment host remove a fragment, with the token of its operator.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn drop_held_fragment(
        &self,
        which: &wire::DropFragment,
    ) -> Result<wire::DroppedFragment, ClientError> {
        self.post(&["v1", "admin", "drop"], which).await
    }
}
