//! How a request travels: over connections that the HTTP client keeps open, or over a stream of the host's own, one for each.

use std::{sync::Arc, time::Duration};

use axum::body::Body;
use futures::StreamExt;
use hyper::{
    Response,
    body::Incoming,
    client::conn::http1,
    header::{self, HeaderName},
};
use hyper_util::rt::TokioIo;
use maany_coordinator_proto::Token;
use reqwest::{Method, StatusCode, Url, redirect};
use serde::Serialize;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::ClientError;
use crate::network::Connect;

/// Largest answer that is read, in bytes.
const ANSWER: usize = 1024 * 1024;
/// From the call to the answer: a little more than the server's own deadline.
const DEADLINE: Duration = Duration::from_secs(20);

/// What is asked.
pub(super) struct Request {
    method: Method,
    url: Url,
    headers: Vec<(HeaderName, Zeroizing<String>)>,
    json: Option<Zeroizing<Vec<u8>>>,
}

impl Request {
    pub(super) fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: Vec::new(), json: None }
    }

    pub(super) fn get(url: Url) -> Self {
        Self::new(Method::GET, url)
    }

    pub(super) fn header(mut self, name: HeaderName, value: &str) -> Self {
        self.headers.push((name, Zeroizing::new(value.to_owned())));
        self
    }

    /// # Errors
    /// [`ClientError::Malformed`] for what is no JSON.
    pub(super) fn json(self, body: &(impl Serialize + ?Sized)) -> Result<Self, ClientError> {
        let json = serde_json::to_vec(body).map_err(|_| ClientError::Malformed)?;
        Ok(Self { json: Some(Zeroizing::new(json)), ..self })
    }
}

/// Carries requests to one server. Cheap to clone.
#[derive(Clone)]
pub(super) enum Carrier {
    /// TCP to the address in the request.
    Tcp(reqwest::Client),
    /// The host's own streams.
    Over(Arc<dyn Connect>),
}

impl Carrier {
    pub(super) fn tcp() -> Result<Self, ClientError> {
        reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(DEADLINE)
            .build()
            .map(Self::Tcp)
            .map_err(ClientError::unreachable)
    }

    pub(super) fn is_private(&self) -> bool {
        match self {
            Self::Tcp(_) => false,
            Self::Over(network) => network.is_private(),
        }
    }

    /// Sends the request with this token and reads the whole answer.
    pub(super) async fn exchange(
        &self,
        request: Request,
        token: &Token,
    ) -> Result<(StatusCode, Zeroizing<Vec<u8>>), ClientError> {
        match self {
            Self::Tcp(client) => tcp(client, request, token).await,
            Self::Over(network) => {
                let exchange = over(&**network, request, token);
                timeout(DEADLINE, exchange).await.map_err(ClientError::broken)?
            }
        }
    }
}

async fn tcp(
    client: &reqwest::Client,
    request: Request,
    token: &Token,
) -> Result<(StatusCode, Zeroizing<Vec<u8>>), ClientError> {
    let Request { method, url, headers, json } = request;
    let mut builder = client.request(method, url).bearer_auth(token.dangerous_expose());
    for (name, value) in &headers {
        builder = builder.header(name, value.as_str());
    }
    if let Some(json) = json {
        builder = builder.header(header::CONTENT_TYPE, "application/json").body(json.to_vec());
    }
    let mut response = builder.send().await.map_err(ClientError::unreachable)?;
    let mut body = Zeroizing::new(Vec::new());
    while let Some(chunk) = response.chunk().await.map_err(ClientError::unreachable)? {
        append(&mut body, &chunk)?;
    }
    Ok((response.status(), body))
}

/// One request, one stream: its end is the end of the connection.
async fn over(
    network: &dyn Connect,
    request: Request,
    token: &Token,
) -> Result<(StatusCode, Zeroizing<Vec<u8>>), ClientError> {
    let request = http1_request(request, token)?;
    let stream = network.connect().await.map_err(ClientError::broken)?;
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(ClientError::broken)?;
    let exchange = async move {
        let response = sender.send_request(request).await.map_err(ClientError::broken)?;
        answer(response).await
    };
    let moving = async {
        // Why it ended is said by the exchange, which fails with it.
        let _ = connection.await;
        std::future::pending().await
    };
    tokio::select! {
        biased;
        answer = exchange => answer,
        never = moving => never,
    }
}

fn http1_request(request: Request, token: &Token) -> Result<hyper::Request<Body>, ClientError> {
    let Request { method, url, headers, json } = request;
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let host = match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => return Err(ClientError::Url),
    };
    let bearer = Zeroizing::new(format!("Bearer {}", token.dangerous_expose()));
    let mut builder = hyper::Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, host)
        .header(header::CONNECTION, "close")
        .header(header::AUTHORIZATION, bearer.as_str());
    for (name, value) in &headers {
        builder = builder.header(name, value.as_str());
    }
    let body = match json {
        Some(json) => {
            builder = builder.header(header::CONTENT_TYPE, "application/json");
            Body::from(json.to_vec())
        }
        None => Body::empty(),
    };
    builder.body(body).map_err(|_| ClientError::Url)
}

async fn answer(response: Response<Incoming>) -> Result<(StatusCode, Zeroizing<Vec<u8>>), ClientError> {
    let status = response.status();
    let mut chunks = Body::new(response.into_body()).into_data_stream();
    let mut body = Zeroizing::new(Vec::new());
    while let Some(chunk) = chunks.next().await {
        append(&mut body, &chunk.map_err(ClientError::broken)?)?;
    }
    Ok((status, body))
}

fn append(body: &mut Zeroizing<Vec<u8>>, chunk: &[u8]) -> Result<(), ClientError> {
    if body.len() + chunk.len() > ANSWER {
        return Err(ClientError::TooLarge);
    }
    body.extend_from_slice(chunk);
    Ok(())
}
