//! The server of a run: a real one over a disk that outlives it, and its operator.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use maany_coordinator::auth::{ApiKeyAuthenticator, ApiKeys, Scopes};
use maany_coordinator::engine_pool::EnginePool;
use maany_coordinator::proto::{Limits, WalletId};
use maany_coordinator::server::{ReadySession, SessionHandler};
use maany_coordinator::step_up::StepUps;
use maany_coordinator::{AllowList, AllowListConfig, Server, ServerLimits};
use maany_coordinator_storage::record::{AuditRow, SignRequestRecord, WalletRecord};
use maany_coordinator_storage::{Owner, Role, Row, ShareStore, StaticKeyProvider, Vault};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use crate::Failure;
use crate::disk::{Disk, Opened};
use crate::gate::{Gate, Last, Sockets};
use crate::order;
use crate::sabotage::Sabotage;
use crate::toy::Toy;
use crate::trace::Trace;

const TENANT: &str = "simulation";
/// An operator who gets no answer asks again later.
const PATIENCE: Duration = Duration::from_secs(2);

/// Sessions end soon here, so that little of a run is waiting.
pub(crate) fn limits() -> Limits {
    Limits {
        hello_deadline: Duration::from_secs(2),
        step_deadline: Duration::from_secs(3),
        session_deadline: Duration::from_secs(10),
        backup_window: Duration::from_secs(3),
        ..Limits::default()
    }
}

/// The server's house. Clones are the same.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) disk: Disk,
    engine: Arc<Toy>,
    trace: Trace,
    seen: Arc<Mutex<Seen>>,
    vault: Arc<Mutex<Option<Vault>>>,
    sockets: Arc<Mutex<Sockets>>,
}

/// What the watch at the server has seen.
#[derive(Clone, Copy, Default)]
pub(crate) struct Seen {
    /// Sessions that were admitted.
    pub(crate) sessions: u64,
    /// The longest of them, from there to its end.
    pub(crate) longest: Duration,
}

impl Site {
    /// A new server, with an API key for each of these owners.
    pub(crate) fn found(
        engine: Arc<Toy>,
        trace: Trace,
        sabotage: Sabotage,
        owners: &[String],
    ) -> Result<(Self, Vec<String>), Failure> {
        let disk = Disk::sabotaged(sabotage);
        let tokens = futures::executor::block_on(async {
            let keys = ApiKeys::load(vault(disk.open()).await?).await?;
            let mut tokens = Vec::new();
            for owner in owners {
                let key = keys.create(TENANT, owner, Scopes::DEVICE).await?;
                tokens.push(key.token.dangerous_expose().to_owned());
            }
            Ok::<_, Failure>(tokens)
        })?;
        disk.close();
        let site = Self {
            disk,
            engine,
            trace,
            seen: Arc::default(),
            vault: Arc::default(),
            sockets: Arc::default(),
        };
        Ok((site, tokens))
    }

    /// Runs the server until its process ends.
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let sockets = Sockets::default();
        *self.sockets.lock().unwrap_or_else(PoisonError::into_inner) = sockets.clone();
        let _last = Last(sockets.clone());
        let vault = vault(self.disk.open()).await?;
        let keys = Arc::new(ApiKeys::load(vault.clone()).await?);
        let server = Server::builder()
            .vault(vault.clone())
            .authenticator(Arc::new(ApiKeyAuthenticator::new(keys)))
            .policy(Arc::new(AllowList::try_from(rules())?))
            .engine(Arc::clone(&self.engine) as _)
            .limits(ServerLimits { session: limits(), ..ServerLimits::default() })
            .shared_pool(Arc::new(EnginePool::inline()))
            .session_handler(Arc::new(Watch { trace: self.trace.clone(), seen: Arc::clone(&self.seen) }))
            .build()?;
        let listening = server.listen_on(Gate::open(sockets).await?).await?;
        *self.slot() = Some(vault);
        self.trace.say("server: serves");
        listening.serve(CancellationToken::new()).await;
        Ok(())
    }

    /// The process is about to end.
    pub(crate) fn die(&self) {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner).die();
    }

    /// The process has ended.
    pub(crate) fn end(&self) {
        *self.slot() = None;
        self.disk.close();
    }

    pub(crate) fn trace(&self) -> &Trace {
        &self.trace
    }

    pub(crate) fn seen(&self) -> Seen {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A step-up code, as the operator makes it; none while no server runs.
    pub(crate) async fn step_up(&self, wallet: &WalletId) -> Result<String, Failure> {
        let vault = self.slot().clone().ok_or("no server runs")?;
        let wallet = maany_coordinator_storage::WalletId::from_bytes(*wallet.as_bytes());
        let ups = StepUps::new(vault);
        let made = timeout(PATIENCE, ups.create(wallet, "operator")).await??;
        Ok(made.code.dangerous_expose().to_owned())
    }

    /// The server's row of an owner's wallet.
    pub(crate) async fn row(
        &self,
        owner: &str,
        wallet: &WalletId,
    ) -> Result<Option<Row<WalletRecord>>, Failure> {
        let vault = self.slot().clone().ok_or("no server runs")?;
        let wallet = maany_coordinator_storage::WalletId::from_bytes(*wallet.as_bytes());
        Ok(timeout(PATIENCE, vault.wallet(&Owner::new(TENANT, owner), wallet)).await??)
    }

    /// A sign request of an owner, as the server has it.
    pub(crate) async fn request(
        &self,
        owner: &str,
        request: &[u8; 16],
    ) -> Result<Option<Row<SignRequestRecord>>, Failure> {
        let vault = self.slot().clone().ok_or("no server runs")?;
        let request = maany_coordinator_storage::RequestId::from_bytes(*request);
        Ok(timeout(PATIENCE, vault.request(&Owner::new(TENANT, owner), request)).await??)
    }

    /// The same when the simulation has ended: it has no clock.
    pub(crate) async fn last_request(
        &self,
        owner: &str,
        request: &[u8; 16],
    ) -> Result<Option<Row<SignRequestRecord>>, Failure> {
        let vault = self.slot().clone().ok_or("no server runs")?;
        let request = maany_coordinator_storage::RequestId::from_bytes(*request);
        Ok(vault.request(&Owner::new(TENANT, owner), request).await?)
    }

    /// Every row of the audit log. For when the simulation has ended: it has no clock.
    pub(crate) async fn audit(&self) -> Result<Vec<AuditRow>, Failure> {
        let vault = self.slot().clone().ok_or("no server runs")?;
        let mut rows = Vec::new();
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = vault.audit(after.as_deref(), 200).await?;
            rows.extend(page.rows);
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(rows),
            }
        }
    }

    fn slot(&self) -> MutexGuard<'_, Option<Vault>> {
        self.vault.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn vault(store: Opened) -> Result<Vault, Failure> {
    let key = StaticKeyProvider::new("server", Zeroizing::new([0x5e; 32]))?;
    Ok(Vault::open(store as Arc<dyn ShareStore>, Arc::new(key), Role::Server).await?)
}

fn rules() -> AllowListConfig {
    let maxima = || [(order::DENOM.to_owned(), "1000".to_owned())].into();
    AllowListConfig {
        chains: vec![order::CHAIN.to_owned()],
        messages: vec![maany_coordinator_cosmos::MsgSend::TYPE_URL.to_owned()],
        max_per_tx: maxima(),
        max_fee: maxima(),
        ..AllowListConfig::default()
    }
}

/// Runs every session, and measures it.
struct Watch {
    trace: Trace,
    seen: Arc<Mutex<Seen>>,
}

#[async_trait]
impl SessionHandler for Watch {
    async fn ready(&self, session: ReadySession) {
        let context = session.context();
        let what = format!("{} {:?}", context.principal.owner, context.intent);
        self.trace.say(format_args!("server: {what}"));
        let started = Instant::now();
        let outcome = match session.run().await {
            Ok(_) => "finished".to_owned(),
            Err(error) => error.to_string(),
        };
        let took = started.elapsed();
        self.trace.say(format_args!("server: {what}, {outcome}"));
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.sessions += 1;
        seen.longest = seen.longest.max(took);
    }
}
