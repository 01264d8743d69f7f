//! The node client against nodes that lie, stall, flood and break off. The nodes are a few lines of HTTP on a real socket.
#![cfg(test)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use maany_coordinator_cosmos::node::{NodeClient, NodeConfig, NodeError};
use maany_coordinator_cosmos::{Address, ChainFault, TxRaw};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What a node does with a request.
#[derive(Clone)]
enum Reply {
    /// A status and a JSON body.
    Json(u16, String),
    /// Bytes without end.
    Flood,
    /// Nothing, ever.
    Silence,
    /// The end of the connection.
    HangUp,
}

type Behaviour = Arc<dyn Fn(&str) -> Reply + Send + Sync>;

/// A node on a free port, and how many requests it has read.
struct Node {
    url: String,
    asked: Arc<AtomicUsize>,
}

impl Node {
    async fn start(behaviour: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let (behaviour, counter): (Behaviour, _) = (Arc::new(behaviour), Arc::clone(&asked));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&behaviour), Arc::clone(&counter)));
            }
        });
        Self { url, asked }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// One request a connection.
async fn serve(mut stream: TcpStream, behaviour: Behaviour, asked: Arc<AtomicUsize>) {
    let Some(line) = request(&mut stream).await else { return };
    asked.fetch_add(1, Ordering::SeqCst);
    match behaviour(&line) {
        Reply::Json(status, body) => {
            let head = format!(
                "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nlocation: http://127.0.0.1:1/\r\n\
                 connection: close\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            // Whoever asked may have gone.
            let _ = stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).await;
        }
        Reply::Flood => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").await;
            while stream.write_all(&[b' '; 65_536]).await.is_ok() {}
        }
        Reply::Silence => std::future::pending().await,
        Reply::HangUp => {}
    }
}

/// The request line, after all of the request was read.
async fn request(stream: &mut TcpStream) -> Option<String> {
    let mut read = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let count = stream.read(&mut chunk).await.ok().filter(|count| *count > 0)?;
        read.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&read).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0_usize) {
            return head.lines().next().map(str::to_owned);
        }
    }
}

fn info(chain: &str) -> Reply {
    Reply::Json(200, format!(r#"{{"default_node_info":{{"network":"{chain}"}}}}"#))
}

/// A node of the right chain that answers everything else so.
async fn node(answer: Reply) -> Node {
    Node::start(move |line| if line.contains("node_info") { info("chain-1") } else { answer.clone() }).await
}

fn client(nodes: &[&str]) -> NodeClient {
    NodeClient::new(NodeConfig {
        endpoints: nodes.iter().map(|url| (*url).to_owned()).collect(),
        chain_id: Some("chain-1".to_owned()),
        timeout: Duration::from_millis(500),
        rounds: 1,
        poll: Duration::from_millis(5),
    })
    .unwrap()
}

/// A port on which nobody listens.
async fn nobody() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

fn height() -> Reply {
    Reply::Json(200, r#"{"block":{"header":{"height":"7"}}}"#.to_owned())
}

fn tx() -> TxRaw {
    TxRaw::assemble(b"body", b"auth", &[[7; 64]])
}

fn result(code: u32, codespace: &str, log: &str) -> Reply {
    let hash = hex::encode_upper(tx().hash());
    Reply::Json(
        200,
        format!(
            r#"{{"tx_response":{{"txhash":"{hash}","height":"9","code":{code},"codespace":"{codespace}","raw_log":"{log}",
                "gas_used":"1","gas_wanted":"2"}}}}"#
        ),
    )
}

fn not_found() -> Reply {
    Reply::Json(404, r#"{"code":5,"message":"tx not found","details":[]}"#.to_owned())
}

#[tokio::test]
async fn a_question_goes_on_to_the_next_node_from_one_that_does_not_answer_well() {
    for bad in [
        Reply::Silence,
        Reply::HangUp,
        Reply::Flood,
        Reply::Json(200, "[]".to_owned()),
        Reply::Json(200, r#"{"block":{"header":{"height":"-7"}}}"#.to_owned()),
        Reply::Json(503, "busy".to_owned()),
        Reply::Json(500, r#"{"code":14,"message":"unavailable"}"#.to_owned()),
        Reply::Json(302, String::new()),
    ] {
        let (bad, good) = (node(bad).await, node(height()).await);
        let client = client(&[&nobody().await, &bad.url, &good.url]);
        assert_eq!(client.height().await.unwrap(), 7);
        // The one that answered is asked first from now on.
        let before = bad.asked();
        assert_eq!(client.height().await.unwrap(), 7);
        assert_eq!(bad.asked(), before);
    }
}

#[tokio::test]
async fn each_kind_of_bad_answer_is_an_error_of_its_own() {
    let ask = async |reply| client(&[&node(reply).await.url]).height().await.unwrap_err();
    assert!(matches!(ask(Reply::Flood).await, NodeError::TooLarge { .. }));
    assert!(matches!(ask(Reply::Silence).await, NodeError::Unreachable { unsent: false, .. }));
    assert!(matches!(ask(Reply::HangUp).await, NodeError::Unreachable { unsent: false, .. }));
    assert!(matches!(ask(Reply::Json(200, "<html>".to_owned())).await, NodeError::Malformed { .. }));
    assert!(matches!(ask(Reply::Json(302, String::new())).await, NodeError::Malformed { .. }));
    assert!(matches!(ask(Reply::Json(502, String::new())).await, NodeError::Unavailable { status: 502, .. }));
    let no = ask(Reply::Json(400, "{\"code\":3,\"message\":\"bad\\u202e\"}".to_owned())).await;
    assert!(matches!(&no, NodeError::Refused { code: 3, message } if message == "bad\\u{202e}"), "{no}");
    let error = client(&[&nobody().await]).height().await.unwrap_err();
    assert!(matches!(error, NodeError::Unreachable { unsent: true, .. }), "{error}");
}

#[tokio::test]
async fn a_refusal_is_an_answer_and_asks_no_other_node() {
    let refusing = node(Reply::Json(500, r#"{"code":2,"message":"insufficient funds"}"#.to_owned())).await;
    let other = node(height()).await;
    let error = client(&[&refusing.url, &other.url]).simulate(&tx()).await.unwrap_err();
    assert!(matches!(error, NodeError::Refused { code: 2, .. }), "{error}");
    assert_eq!(other.asked(), 0);
}

#[tokio::test]
async fn a_node_of_another_chain_is_asked_for_nothing_but_its_name() {
    let other = Node::start(|line| if line.contains("node_info") { info("chain-2") } else { height() }).await;
    let error = client(&[&other.url]).height().await.unwrap_err();
    assert!(matches!(error, NodeError::OtherChain { .. }), "{error}");
    let error = client(&[&other.url]).broadcast(&tx()).await.unwrap_err();
    assert!(matches!(error, NodeError::OtherChain { .. }), "{error}");
    assert_eq!(other.asked(), 2, "its name, twice");
    let good = node(height()).await;
    assert_eq!(client(&[&other.url, &good.url]).height().await.unwrap(), 7);
}

#[tokio::test]
async fn an_account_that_is_not_there_is_no_error() {
    let address = Address::parse("cosmos1mlcvmegfxzjpzfqqdt94dgjpm5e77qumqu7rr5").unwrap();
    let empty = node(Reply::Json(404, r#"{"code":5,"message":"account not found"}"#.to_owned())).await;
    assert_eq!(client(&[&empty.url]).account(&address).await.unwrap(), None);
    // A gateway without the route says 12, not 5: that is no statement about an account.
    let none = node(Reply::Json(501, r#"{"code":12,"message":"Not Implemented"}"#.to_owned())).await;
    assert!(client(&[&none.url]).account(&address).await.is_err());
}

#[tokio::test]
async fn a_list_that_never_ends_ends() {
    let address = Address::parse("cosmos1mlcvmegfxzjpzfqqdt94dgjpm5e77qumqu7rr5").unwrap();
    let page = r#"{"balances":[],"pagination":{"next_key":"AAAA"}}"#;
    let endless = node(Reply::Json(200, page.to_owned())).await;
    let error = client(&[&endless.url]).balances(&address).await.unwrap_err();
    assert!(matches!(error, NodeError::Malformed { question: "balances", .. }), "{error}");
}

#[tokio::test]
async fn a_broadcast_that_may_have_arrived_is_sent_to_no_other_node() {
    for reply in
        [Reply::HangUp, Reply::Silence, Reply::Json(200, "{}".to_owned()), Reply::Json(503, String::new())]
    {
        let (broken, other) = (node(reply).await, node(result(0, "", "")).await);
        let error = client(&[&broken.url, &other.url]).broadcast(&tx()).await.unwrap_err();
        assert!(matches!(&error, NodeError::Undecided { hash, .. } if *hash == tx().hash()), "{error}");
        assert_eq!(other.asked(), 0);
    }
}

#[tokio::test]
async fn a_broadcast_that_never_left_goes_to_the_next_node() {
    let good = node(result(0, "", "")).await;
    assert_eq!(client(&[&nobody().await, &good.url]).broadcast(&tx()).await.unwrap(), tx().hash());
}

#[tokio::test]
async fn an_undecided_broadcast_is_settled_by_waiting_for_its_hash() {
    let looked = AtomicUsize::new(0);
    let node = Node::start(move |line| match line {
        line if line.contains("node_info") => info("chain-1"),
        line if line.starts_with("POST") => Reply::HangUp,
        _ if looked.fetch_add(1, Ordering::SeqCst) < 3 => not_found(),
        _ => result(0, "", ""),
    })
    .await;
    let included = client(&[&node.url]).broadcast_and_wait(&tx(), Duration::from_secs(20)).await.unwrap();
    assert_eq!((included.height, included.error), (9, None));
}

#[tokio::test]
async fn what_a_chain_refuses_has_its_code() {
    let log = "account sequence mismatch, expected 5, got 4: incorrect account sequence";
    let refusing = node(result(32, "sdk", log)).await;
    let error = client(&[&refusing.url]).broadcast(&tx()).await.unwrap_err();
    let NodeError::Chain(error) = error else { panic!("{error}") };
    assert_eq!(error.fault(), ChainFault::WrongSequence { expected: Some(5) });
    // The same in a block.
    let error = client(&[&refusing.url]).wait(tx().hash(), Duration::from_secs(20)).await.unwrap_err();
    assert!(matches!(error, NodeError::Chain(_)), "{error}");
}

#[tokio::test]
async fn the_answer_about_another_transaction_is_none() {
    let lying = node(result(0, "", "")).await;
    let other = TxRaw::assemble(b"other", b"auth", &[[7; 64]]);
    let error = client(&[&lying.url]).broadcast(&other).await.unwrap_err();
    assert!(matches!(error, NodeError::Undecided { .. }), "{error}");
    assert!(client(&[&lying.url]).tx(other.hash()).await.is_err());
}

#[tokio::test]
async fn waiting_ends_at_its_deadline() {
    for reply in [not_found(), Reply::Silence, Reply::HangUp] {
        let node = node(reply).await;
        let error = client(&[&node.url]).wait(tx().hash(), Duration::from_millis(200)).await.unwrap_err();
        assert!(matches!(error, NodeError::NotIncluded { .. }), "{error}");
    }
}
