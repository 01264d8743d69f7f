//! One node: a bounded request and a bounded answer, without redirects, proxies and retries.

use std::sync::OnceLock;

use reqwest::{Method, Response, StatusCode, Url};

use super::answer::{self, Status};
use super::error::NodeError;
use crate::Cause;
use crate::visible::Visible;

/// Largest answer that is read, in bytes. A block's worth of balances fits; a hostile stream does not.
pub(super) const ANSWER: usize = 4 * 1024 * 1024;
/// Characters of a refusal's message that are kept.
const WORDS: usize = 2_000;

/// A node's REST address.
pub(super) struct Endpoint {
    base: Url,
    host: String,
    /// The chain that it said it is of.
    pub(super) chain: OnceLock<String>,
}

/// What is asked of a node.
pub(super) struct Question {
    /// What it is called in an error.
    pub(super) name: &'static str,
    pub(super) path: Vec<String>,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Option<Vec<u8>>,
}

impl Question {
    /// A question at this path, its parts divided by `/`.
    pub(super) fn get(name: &'static str, path: &str) -> Self {
        let path = path.split('/').map(str::to_owned).collect();
        Self { name, path, query: Vec::new(), body: None }
    }

    /// The same with one more part of the path, whatever characters it has.
    pub(super) fn part(mut self, part: &str) -> Self {
        self.path.push(part.to_owned());
        self
    }

    /// The same with a query.
    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.query.push((name, value.to_owned()));
        self
    }

    /// The same as a POST of JSON.
    pub(super) fn post(self, body: &serde_json::Value) -> Self {
        Self { body: Some(body.to_string().into_bytes()), ..self }
    }
}

impl Endpoint {
    /// Reads an address: a scheme, a host, maybe a port and a path.
    pub(super) fn parse(text: &str) -> Result<Self, NodeError> {
        let base = Url::parse(text).map_err(|_| NodeError::endpoint(text))?;
        let scheme = base.scheme() == "http";
        let plain = base.username().is_empty() && base.password().is_none();
        let bare = base.query().is_none() && base.fragment().is_none();
        let host = base.host_str().filter(|host| !host.is_empty() && scheme && plain && bare);
        let host = host.ok_or_else(|| NodeError::endpoint(text))?;
        let host = base.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        Ok(Self { host, base, chain: OnceLock::new() })
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// The whole body of a good answer.
    pub(super) async fn ask(
        &self,
        client: &reqwest::Client,
        question: &Question,
    ) -> Result<Vec<u8>, NodeError> {
        let method = if question.body.is_some() { Method::POST } else { Method::GET };
        let mut request = client.request(method, self.url(question)?);
        if let Some(body) = &question.body {
            request = request.header("content-type", "application/json").body(body.clone());
        }
        let response = request.send().await.map_err(|error| self.unreachable(error))?;
        let status = response.status();
        let body = self.body(response).await?;
        if status.is_success() { Ok(body) } else { Err(self.refusal(status, &body, question)) }
    }

    fn url(&self, question: &Question) -> Result<Url, NodeError> {
        let mut url = self.base.clone();
        {
            let mut path = url.path_segments_mut().map_err(|()| NodeError::endpoint(&self.host))?;
            path.pop_if_empty().extend(&question.path);
        }
        if !question.query.is_empty() {
            url.query_pairs_mut().extend_pairs(question.query.iter().map(|(name, value)| (*name, value)));
        }
        Ok(url)
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, NodeError> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.unreachable(error))? {
            if body.len() + chunk.len() > ANSWER {
                return Err(NodeError::TooLarge { host: self.host.clone(), limit: ANSWER });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn refusal(&self, status: StatusCode, body: &[u8], question: &Question) -> NodeError {
        let busy = matches!(status.as_u16(), 429 | 502..=504);
        match answer::json::<Status>(body) {
            // 4 deadline exceeded, 8 resource exhausted, 14 unavailable: the node's state, not the question's fault.
            Ok(Status { code: 4 | 8 | 14, .. }) => self.unavailable(status),
            Ok(Status { code, message }) if !busy => {
                let cut: String = message.chars().take(WORDS).collect();
                NodeError::Refused { code, message: Visible(&cut).to_string() }
            }
            _ if busy || status.is_server_error() => self.unavailable(status),
            Err(source) => NodeError::Malformed { host: self.host.clone(), question: question.name, source },
            Ok(_) => self.unavailable(status),
        }
    }

    fn unavailable(&self, status: StatusCode) -> NodeError {
        NodeError::Unavailable { host: self.host.clone(), status: status.as_u16() }
    }

    fn unreachable(&self, error: reqwest::Error) -> NodeError {
        let unsent = error.is_connect() || error.is_builder();
        // The URL may hold a provider's API key.
        let source = Cause::from(error.without_url());
        NodeError::Unreachable { host: self.host.clone(), unsent, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_maybe_a_path() {
        for good in ["http://localhost:1317", "http://[::1]:1317/", "http://node.example/cosmos/rest"] {
            assert!(Endpoint::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "localhost:1317",
            "ws://host",
            "http://",
            "http://a:b@host",
            "http://host?key=1",
            "http://host#x",
        ] {
            assert!(matches!(Endpoint::parse(bad), Err(NodeError::Endpoint { .. })), "{bad}");
        }
    }

    #[test]
    fn nothing_of_a_question_leaves_its_part_of_the_path() {
        let endpoint = Endpoint::parse("http://host:1/base/").unwrap();
        let question = Question::get("it", "cosmos/x").part("../a?b#c/d").with("denom", "ibc/A&B=C");
        let url = endpoint.url(&question).unwrap();
        assert_eq!(url.as_str(), "http://host:1/base/cosmos/x/..%2Fa%3Fb%23c%2Fd?denom=ibc%2FA%26B%3DC");
    }
}
