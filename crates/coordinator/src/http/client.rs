//! The device's side of the HTTP routes: small, bounded, without TLS and without redirects.
//!
//! The token goes to the configured server and nowhere else: redirects are not followed and proxies of the
//! environment are not used. It retries nothing; [`ClientError::is_retryable`] says what may be.

mod api_keys;
mod carrier;
mod error;
mod fragment_host;
mod quarantine;

use std::{net::IpAddr, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use maany_coordinator_proto::{KeyId, Recovery, RequestId, Token, WalletId, proof::Proof};
use reqwest::{Method, Url};
use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use self::carrier::{Carrier, Request};
pub use self::error::ClientError;
use super::wire;
use crate::network::Connect;

/// Characters of a server's message that are shown.
const WORDS: usize = 500;
/// Pages of a wallet list that are read.
const PAGES: usize = 1000;

/// A client for one server and one token. Cheap to clone.
#[derive(Clone)]
pub struct HttpClient {
    carrier: Carrier,
    base: Url,
    token: Arc<Token>,
}

impl std::fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpClient").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

impl HttpClient {
    /// A client for the server at `url`, which starts with `ws://` or `http://` and names host and port only.
    ///
    /// # Errors
    /// [`ClientError::Url`].
    pub fn new(url: &str, token: Arc<Token>) -> Result<Self, ClientError> {
        Ok(Self { carrier: Carrier::tcp()?, base: base(url)?, token })
    }

    /// The same over streams of the host's own; the address names the server in every request.
    #[must_use]
    pub fn over(self, network: Arc<dyn Connect>) -> Self {
        Self { carrier: Carrier::Over(network), ..self }
    }

    /// Whether the server is on this machine, so that nothing between here and there can listen.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = self.base.host_str().unwrap_or_default();
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        address.map_or_else(|_| host.eq_ignore_ascii_case("localhost"), |address| address.is_loopback())
    }

    /// Whether nobody can listen on the way to the server: it is on this machine, or the host's own streams are private.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.is_loopback() || self.carrier.is_private()
    }

    /// A fragment, or the code that releases one, goes to nobody over a connection that others can listen on.
    fn protected(&self) -> Result<(), ClientError> {
        if self.is_private() { Ok(()) } else { Err(ClientError::Unprotected) }
    }

    /// Makes a sign request.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn create_sign_request(
        &self,
        new: &wire::NewSignRequest,
    ) -> Result<wire::SignRequest, ClientError> {
        self.post(&["v1", "sign-requests"], new).await
    }

    /// Shows a sign request.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn sign_request(&self, id: RequestId) -> Result<wire::SignRequest, ClientError> {
        self.get(&["v1", "sign-requests", &id.to_string()]).await
    }

    /// The owner's wallets.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn wallets(&self) -> Result<Vec<wire::Wallet>, ClientError> {
        let mut wallets = Vec::new();
        let mut url = self.url(&["v1", "wallets"])?;
        for _ in 0..PAGES {
            let page: wire::Wallets = json(&self.send(Request::get(url.clone())).await?)?;
            wallets.extend(page.wallets);
            match page.next {
                Some(next) => url.query_pairs_mut().clear().append_pair("after", &next),
                None => return Ok(wallets),
            };
        }
        Err(ClientError::TooLarge)
    }

    /// One wallet, by its key id or its wallet id; `None` where the owner has none of that name.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn wallet(&self, name: &KeyId) -> Result<Option<wire::Wallet>, ClientError> {
        match self.get(&["v1", "wallets", name.as_str()]).await {
            Err(ClientError::Refused { status: 404, .. }) => Ok(None),
            answer => answer.map(Some),
        }
    }

    /// The stored part of a wallet's backup, while the operator's grant is open.
    ///
    /// # Errors
    /// [`ClientError`]; status 404 where there is no grant, no backup or no such wallet.
    pub async fn recovery(&self, name: &KeyId) -> Result<Recovery, ClientError> {
        self.protected()?;
        let url = self.url(&["wallets", name.as_str(), "recovery"])?;
        let bytes = self.send(Request::get(url)).await?;
        Recovery::parse(&bytes).map_err(|_| ClientError::Malformed)
    }

    /// Leaves a fragment document with the coordinator. `acknowledged` counts the fragments that have reached their
    /// holders, this one included. The wallet's enrolled device proves the [`maany_coordinator_proto::proof::Deposit`].
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn put_fragment(
        &self,
        name: &KeyId,
        document: &[u8],
        acknowledged: u8,
        proof: Option<&Proof>,
    ) -> Result<wire::StoredFragment, ClientError> {
        self.protected()?;
        let proof = proof.map(wire::DepositProof::of);
        let body = wire::NewFragment { document: STANDARD.encode(document), acknowledged, proof };
        let url = self.url(&["v1", "wallets", name.as_str(), "fragment"])?;
        let answer = self.send(Request::new(Method::PUT, url).json(&body)?).await;
        // The copy inside the HTTP client is beyond reach; ours is not.
        drop(Zeroizing::new(body.document));
        json(&answer?)
    }

    /// Makes a step-up code, with an operator's token.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn create_step_up(&self, wallet: WalletId) -> Result<wire::StepUp, ClientError> {
        self.post(&["v1", "admin", "step-up"], &wire::NewStepUp { wallet_id: wallet.to_string() }).await
    }

    async fn get<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, ClientError> {
        json(&self.send(Request::get(self.url(path)?)).await?)
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &[&str],
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        json(&self.send(Request::new(Method::POST, self.url(path)?).json(body)?).await?)
    }

    /// Sends a request with the token, and gives the body of an answer that says success.
    async fn send(&self, request: Request) -> Result<Zeroizing<Vec<u8>>, ClientError> {
        let (status, body) = self.carrier.exchange(request, &self.token).await?;
        if status.is_success() {
            return Ok(body);
        }
        let error: wire::Error = serde_json::from_slice(&body).map_err(|_| ClientError::Malformed)?;
        // An id that is none is not passed on: it would be shown.
        let request = error.request.filter(|id| RequestId::from_hex(id).is_ok());
        let error =
            wire::Error { code: plain(&error.code), message: plain(&error.message), request, ..error };
        Err(ClientError::Refused { status: status.as_u16(), error })
    }

    fn url(&self, path: &[&str]) -> Result<Url, ClientError> {
        // Both are key ids by their alphabet, and in a URL they are something else.
        if path.iter().any(|segment| matches!(*segment, "." | "..")) {
            return Err(ClientError::Name);
        }
        let mut url = self.base.clone();
        url.path_segments_mut().map_err(|()| ClientError::Url)?.clear().extend(path);
        Ok(url)
    }
}

fn base(url: &str) -> Result<Url, ClientError> {
    let authority =
        url.strip_prefix("ws://").or_else(|| url.strip_prefix("http://")).ok_or(ClientError::Url)?;
    let base = Url::parse(&format!("http://{authority}")).map_err(|_| ClientError::Url)?;
    let is_bare = matches!(base.path(), "" | "/")
        && base.query().is_none()
        && base.fragment().is_none()
        && base.username().is_empty()
        && base.password().is_none();
    if is_bare { Ok(base) } else { Err(ClientError::Url) }
}

/// A server's words as they may be shown: a terminal obeys control characters, and a line break begins a line that looks
/// like ours. Bidirectional marks and other characters without a picture go too.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .take(WORDS)
        .map(|c| if c.is_control() || is_format(c) { char::REPLACEMENT_CHARACTER } else { c })
        .collect()
}

/// The general category Cf as far as it changes how a line reads (Unicode 16, UAX #9 and #44).
const fn is_format(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, ClientError> {
    serde_json::from_slice(body).map_err(|_| ClientError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(url: &str) -> Result<HttpClient, ClientError> {
        HttpClient::new(url, Arc::new(Token::new("id.secret").unwrap()))
    }

    #[test]
    fn the_websocket_address_is_the_http_address() {
        for url in ["ws://127.0.0.1:8080", "http://127.0.0.1:8080/"] {
            let client = client(url).unwrap();
            let made = client.url(&["v1", "wallets", "my:key.1"]).unwrap();
            assert_eq!(made.as_str(), "http://127.0.0.1:8080/v1/wallets/my:key.1");
        }
    }

    #[test]
    fn an_address_that_promises_tls_or_holds_more_than_host_and_port_is_refused() {
        for url in
            ["wss://h", "https://h", "h:8080", "", "ws://", "ws://h/x", "ws://u:p@h", "ws://h?q", "ws://h#f"]
        {
            assert!(matches!(client(url), Err(ClientError::Url)), "{url}");
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for near in
            ["ws://127.0.0.1:1", "ws://127.8.8.8", "ws://[::1]:9", "ws://localhost:8080", "ws://LOCALHOST"]
        {
            assert!(client(near).unwrap().is_loopback(), "{near}");
        }
        for far in [
            "ws://10.0.0.1",
            "ws://localhost.example.org",
            "ws://[::2]",
            "ws://0.0.0.0:1",
            "ws://127.0.0.1.example",
        ] {
            assert!(!client(far).unwrap().is_loopback(), "{far}");
        }
    }

    #[test]
    fn a_name_cannot_climb_out_of_its_path() {
        let client = client("ws://127.0.0.1:8080").unwrap();
        for name in [".", ".."] {
            assert!(matches!(client.url(&["v1", "wallets", name]), Err(ClientError::Name)));
        }
    }

    #[test]
    fn a_servers_words_cannot_steer_a_terminal() {
        assert_eq!(
            plain("no\n\u{1b}[2Jwhat to do: pay\u{202e}"),
            "no\u{fffd}\u{fffd}[2Jwhat to do: pay\u{fffd}"
        );
        assert_eq!(plain(&"x".repeat(9_000)).len(), WORDS);
    }

    #[test]
    fn the_token_is_not_in_the_debug_text() {
        assert!(!format!("{:?}", client("ws://h:1").unwrap()).contains("secret"));
    }
}
