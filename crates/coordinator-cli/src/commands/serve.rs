//! `maany serve`: the server, until it is told to stop.

use maany_coordinator::engine::Dkls23;
use maany_coordinator::server::Plaintext;
use maany_coordinator::telemetry::Telemetry;
use maany_coordinator::telemetry::text::TextRecorder;
use maany_coordinator::{AllowList, ApiKeyAuthenticator, ApiKeys, Server, ServerLimits};
use serde_json::json;
use std::env;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

use super::server_store;
use crate::cli::Serve;
use crate::data_folder::ServerData;
use crate::error::CliError;
use crate::output::Output;
use crate::process::Stop;
use crate::settings::Settings;
use crate::{channel_key, logging, private_file};

pub(super) async fn run(args: Serve, output: &mut Output) -> Result<(), CliError> {
    let data = ServerData::open(args.data.path)?;
    let settings = Settings::read(&data.configuration())?;
    let address = address(args.listen, env::var("PORT").ok().as_deref(), settings.server.listen)?;
    let policy = AllowList::try_from(settings.policy.clone())?;
    let vault = server_store::open(&data, &settings).await?;
    let keys = Arc::new(ApiKeys::load(vault.clone()).await?);
    if keys.list().is_empty() {
        return Err(CliError::NoApiKey);
    }
    let channel_key = channel_key::open(&data.channel_key())?;
    let public_key = channel_key.public().to_string();
    let recorder = Arc::new(TextRecorder::default());
    let page = Arc::clone(&recorder);

    let server = Server::builder()
        .vault(vault)
        .authenticator(Arc::new(ApiKeyAuthenticator::new(Arc::clone(&keys))))
        .api_keys(keys)
        .policy(Arc::new(policy))
        .engine(Arc::new(Dkls23))
        .channel_key(channel_key)
        .limits(ServerLimits {
            connections: settings.server.connections,
            drain: Duration::from_secs(settings.server.drain_seconds),
            ..ServerLimits::default()
        })
        .plaintext(if args.insecure_plaintext { Plaintext::SigningOnly } else { Plaintext::LoopbackOnly })
        .telemetry(Telemetry::new(recorder))
        .metrics(Arc::new(move || page.render()))
        .build()?;
    let listening = server.bind(address).await?;
    let address = listening.local_addr();

    logging::start(output.mode());
    let _advertised = Advertised::new(data.listening(), address)?;
    let stop = Stop::listen()?;
    let url = format!("ws://{address}");
    output.say("listening", json!({"url": url, "address": address, "channelKey": public_key}), |page| {
        page.line(&format!("listening on {url}"))?;
        page.line(&format!("channel key {public_key}"))?;
        if address.ip().is_loopback() {
            return Ok(());
        }
        page.remark("not encrypted: from other machines only signing works")
    })?;

    let shutdown = CancellationToken::new();
    let serving = listening.serve(shutdown.clone());
    until_stopped(serving, shutdown, stop, settings.server.drain_seconds, output).await
}

/// Serves until this process is told to stop, drains, and stops at once where it is told a second time.
pub(super) async fn until_stopped(
    serving: impl Future<Output = ()>,
    shutdown: CancellationToken,
    mut stop: Stop,
    drain_seconds: u64,
    output: &mut Output,
) -> Result<(), CliError> {
    tokio::pin!(serving);
    tokio::select! {
        () = &mut serving => return Ok(()),
        () = stop.asked() => shutdown.cancel(),
    }
    output.say("stopping", json!({"drainSeconds": drain_seconds}), |page| {
        page.line("stopping: what is under way may finish; once more stops at once")
    })?;
    tokio::select! {
        () = &mut serving => {}
        () = stop.asked() => {}
    }
    Ok(())
}

/// The argument over PORT over the configuration. PORT replaces the port alone.
fn address(
    argument: Option<SocketAddr>,
    port: Option<&str>,
    configured: SocketAddr,
) -> Result<SocketAddr, CliError> {
    match (argument, port) {
        (Some(address), _) => Ok(address),
        (None, Some(text)) => {
            let port = text.parse().map_err(|_| CliError::Port(text.to_owned()))?;
            Ok(SocketAddr::new(configured.ip(), port))
        }
        (None, None) => Ok(configured),
    }
}

/// The file that tells `maany admin` where the server listens; gone when the server is.
pub(super) struct Advertised(PathBuf);

impl Advertised {
    pub(super) fn new(path: PathBuf, address: SocketAddr) -> Result<Self, CliError> {
        // The store's lock makes this the only server here: what is there was left by one that was killed.
        let _ = std::fs::remove_file(&path);
        private_file::create(&path, format!("ws://{}", reachable(address)).as_bytes())?;
        Ok(Self(path))
    }
}

impl Drop for Advertised {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The address under which this machine itself reaches the server.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_argument_goes_before_port_and_port_before_the_configuration() {
        let at = |text: &str| text.parse::<SocketAddr>().unwrap();
        let configured = at("127.0.0.2:8080");
        assert_eq!(address(None, None, configured).unwrap(), configured);
        assert_eq!(address(None, Some("9000"), configured).unwrap(), at("127.0.0.2:9000"));
        assert_eq!(address(Some(at("127.0.0.1:1")), Some("9000"), configured).unwrap(), at("127.0.0.1:1"));
        for port in ["", "http", "-1", "65536", "80 "] {
            assert!(matches!(address(None, Some(port), configured), Err(CliError::Port(_))), "{port:?}");
        }
    }

    #[test]
    fn a_server_on_all_addresses_is_reached_over_loopback() {
        for (listens, reached) in
            [("0.0.0.0:1", "127.0.0.1:1"), ("[::]:1", "[::1]:1"), ("192.0.2.1:1", "192.0.2.1:1")]
        {
            assert_eq!(reachable(listens.parse().unwrap()).to_string(), reached);
        }
    }
}
