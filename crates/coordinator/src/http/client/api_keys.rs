//! The API keys of a running server, with an operator's token.

use reqwest::Method;

use super::{ClientError, HttpClient, PAGES, carrier::Request, json, wire};

impl HttpClient {
    /// The keys that the server accepts, by their public parts.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn api_keys(&self) -> Result<Vec<wire::ApiKey>, ClientError> {
        let mut keys = Vec::new();
        let mut url = self.url(&["v1", "admin", "api-keys"])?;
        for _ in 0..PAGES {
            let page: wire::ApiKeys = json(&self.send(Request::get(url.clone())).await?)?;
            keys.extend(page.keys);
            match page.next {
                Some(next) => url.query_pairs_mut().clear().append_pair("after", &next),
                None => return Ok(keys),
            };
        }
        Err(ClientError::TooLarge)
    }

    /// Revokes the key with this public part: it works no more when this returns.
    ///
    /// # Errors
    /// [`ClientError`]; status 404 where there is no such key.
    pub async fn revoke_api_key(&self, id: &str) -> Result<(), ClientError> {
        let url = self.url(&["v1", "admin", "api-keys", "revoke"])?;
        let body = wire::RevokeApiKey { id: id.to_owned() };
        self.send(Request::new(Method::POST, url).json(&body)?).await.map(drop)
    }
}
