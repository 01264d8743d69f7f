//! The server's side of the handshake, for a new session and for a new socket of a live one.

use maany_coordinator_proto::{
    Hello, Limits, ResumeToken, Welcome, WelcomeLimits,
    channel::{Channel, prologue, respond},
    link::{Frame, FrameKind, HEAD_BYTES, LinkError},
    welcome,
};
use maany_coordinator_transport::{Message, Participant, Transport};
use tokio::time::timeout;
use tracing::debug;
use zeroize::Zeroizing;

use super::{
    AcceptError, ChannelKey, Registry, SecureTransport, key,
    line::{Event, Line},
    registry::{Admittance, Attached, Whose},
};
use crate::{auth::Principal, random};

/// What a server needs to answer hellos of protocol 2.
#[derive(Debug, Clone)]
pub struct Door {
    /// The server's static key.
    pub key: ChannelKey,
    /// Its live sessions.
    pub registry: Registry,
}

impl Door {
    /// A door of a server without sessions.
    #[must_use]
    pub fn new(key: ChannelKey) -> Self {
        Self { key, registry: Registry::default() }
    }
}

/// What became of a hello.
#[derive(Debug)]
pub enum Answer {
    /// A new session.
    Begun(Box<Accepted>),
    /// Its socket went to the live session that it names; there is nothing more to do here.
    Resumed,
}

/// A new session whose channel is open.
#[derive(Debug)]
pub struct Accepted {
    /// Carries the session's messages, across sockets.
    pub transport: SecureTransport,
    /// The hash of the first handshake, which the device's proof signs.
    pub handshake_hash: [u8; 32],
    /// The server's name for the session: 16 random bytes.
    pub session: [u8; 16],
    /// The server's nonce: 32 random bytes.
    pub nonce: [u8; 32],
    /// Where to say that the session was admitted: before that, nothing that it says is kept for a device that lost its socket.
    pub admittance: Admittance,
}

/// Answers a hello of protocol 2 on the socket that it came over, within the hello's deadline.
///
/// # Security
/// `principal` is whom the hello's token speaks for: it must have been authenticated before, so that a stranger causes no
/// computation here.
///
/// # Errors
/// [`AcceptError`]; the socket is closed then, with its code.
pub async fn accept(
    door: &Door,
    raw: Box<dyn Transport>,
    hello: &Hello,
    principal: &Principal,
    limits: &Limits,
) -> Result<Answer, AcceptError> {
    match hello.resume() {
        None => begin(door, raw, hello, principal, limits).await.map(|begun| Answer::Begun(Box::new(begun))),
        Some(session) => resume(door, raw, hello, principal, limits, session).await.map(|()| Answer::Resumed),
    }
}

async fn begin(
    door: &Door,
    mut raw: Box<dyn Transport>,
    hello: &Hello,
    principal: &Principal,
    limits: &Limits,
) -> Result<Accepted, AcceptError> {
    let opened = async {
        let (session, nonce) = (random::bytes()?, random::bytes()?);
        let token: Zeroizing<[u8; ResumeToken::SIZE]> = key::secret()?;
        let said = Welcome {
            session,
            nonce,
            resume_token: ResumeToken::from_bytes(token.clone()),
            limits: WelcomeLimits::from(limits),
        };
        let channel = greet(door, &mut raw, hello, limits, &said).await?;
        Ok((session, nonce, ResumeToken::from_bytes(token), channel))
    };
    let (session, nonce, token, channel) = match opened.await {
        Ok(opened) => opened,
        Err(error) => return Err(refuse(raw, error).await),
    };
    let handshake_hash = *channel.handshake_hash();
    let live = door.registry.enter(session, Whose::of(hello, principal), token);
    let admittance = live.admittance();
    let line = Line::new(raw, Participant::Device, channel);
    let transport = SecureTransport::server(line, live, limits.message_bytes(hello.intent()));
    Ok(Accepted { transport, handshake_hash, session, nonce, admittance })
}

/// A session is looked up before anything is computed, and takes the socket only from one who shows its token. One that is over
/// says its last words once more.
async fn resume(
    door: &Door,
    mut raw: Box<dyn Transport>,
    hello: &Hello,
    principal: &Principal,
    limits: &Limits,
    session: [u8; 16],
) -> Result<(), AcceptError> {
    let Some(live) = door.registry.find(&session, &Whose::of(hello, principal)) else {
        return Err(refuse(raw, AcceptError::NoSession).await);
    };
    let said = Welcome {
        session,
        nonce: [0; 32],
        resume_token: ResumeToken::from_bytes(Zeroizing::new([0; ResumeToken::SIZE])),
        limits: WelcomeLimits::from(limits),
    };
    let channel = match greet(door, &mut raw, hello, limits, &said).await {
        Ok(channel) => channel,
        Err(error) => return Err(refuse(raw, error).await),
    };
    let mut line = Line::new(raw, Participant::Device, channel);
    let shown = timeout(limits.hello_deadline, line.recv(HEAD_BYTES + ResumeToken::SIZE)).await;
    let ack = match shown {
        Err(_) => Err(AcceptError::Deadline),
        Ok(Event::Frame(bytes)) => match Frame::parse(&Zeroizing::new(bytes)) {
            Ok(Frame { kind: FrameKind::Resume, seq: 0, ack, payload }) if live.knows(payload) => Ok(ack),
            Ok(Frame { kind: FrameKind::Resume, seq: 0, .. }) => Err(AcceptError::NoSession),
            Ok(_) => Err(AcceptError::Link(LinkError::Malformed)),
            Err(error) => Err(error.into()),
        },
        Ok(Event::Fault(error)) => Err(AcceptError::Transport(error)),
        Ok(Event::Ended(_) | Event::Lost) => Err(AcceptError::Closed),
    };
    let refused = match ack {
        Ok(ack) => match live.hand_in(Box::new(Attached { line, ack })) {
            Ok(()) => return Ok(()),
            Err(attached) => match door.registry.epilogue(&session) {
                Some(epilogue) => return epilogue.say(*attached).await.map_err(AcceptError::Transport),
                None => (attached.line, AcceptError::NoSession),
            },
        },
        Err(error) => (line, error),
    };
    let (line, error) = refused;
    let code = error.close_code();
    if let Err(error) = line.close(code, code.reason()).await {
        debug!(%error, "close failed");
    }
    Err(error)
}

/// Computes the second message and sends it.
async fn greet(
    door: &Door,
    raw: &mut Box<dyn Transport>,
    hello: &Hello,
    limits: &Limits,
    said: &Welcome,
) -> Result<Channel, AcceptError> {
    let first = hello.noise().ok_or(AcceptError::Protocol)?;
    let ephemeral = key::ephemeral()?;
    let answered = respond(door.key.secret(), ephemeral, &prologue(hello), first, &said.to_payload())?;
    let text = Message::Text(welcome::to_json(&answered.message));
    timeout(limits.hello_deadline, raw.send(Participant::Device, text))
        .await
        .map_err(|_| AcceptError::Deadline)?
        .map_err(AcceptError::Transport)?;
    Ok(answered.channel)
}

async fn refuse(mut raw: Box<dyn Transport>, error: AcceptError) -> AcceptError {
    let code = error.close_code();
    if let Err(error) = raw.close(code, code.reason()).await {
        debug!(%error, "close failed");
    }
    error
}
