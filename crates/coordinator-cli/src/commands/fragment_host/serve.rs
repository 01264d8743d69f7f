//! `maany fragment-host serve`: the fragment host, until it is told to stop.

use maany_coordinator::fragment_host::{FragmentHost, HostLimits};
use maany_coordinator::{ApiKeyAuthenticator, ApiKeys};
use serde_json::json;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

use super::folder::HostData;
use crate::cli::fragment_host::Serve;
use crate::commands::serve::{Advertised, until_stopped};
use crate::error::CliError;
use crate::logging;
use crate::output::Output;
use crate::process::Stop;

pub(super) async fn run(args: Serve, output: &mut Output) -> Result<(), CliError> {
    let data = HostData::open(args.data.path)?;
    let vault = data.open_vault().await?;
    let keys = Arc::new(ApiKeys::load(vault.clone()).await?);
    let limits = HostLimits::default();
    let host = FragmentHost::new(vault, Arc::new(ApiKeyAuthenticator::new(keys))).with_limits(limits);
    let listening = host.bind(args.listen).await?;
    let address = listening.local_addr();

    logging::start(output.mode());
    let _advertised = Advertised::new(data.listening(), address)?;
    let stop = Stop::listen()?;
    let url = format!("http://{address}");
    output.say("listening", json!({"url": url, "address": address}), |page| {
        page.line(&format!("listening on {url}"))
    })?;
    let shutdown = CancellationToken::new();
    let serving = listening.serve(shutdown.clone());
    until_stopped(serving, shutdown, stop, limits.drain.as_secs(), output).await
}
