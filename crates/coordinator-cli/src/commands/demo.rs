//! `maany demo`: a wallet's whole life in one process, over a real WebSocket, with the real engine and stores on disk.
//!
//! This file runs the story and stops at the first step that does not go as expected; what each step does is in
//! `demo/story.rs`. It calls the facade only, as an application would.

mod chapters;
mod error;
mod story;
mod transaction;
mod verification;
mod world;

use std::{fs::Permissions, future::Future, os::unix::fs::PermissionsExt, path::Path, time::Instant};

use tokio::signal::unix::{SignalKind, signal};

pub(crate) use self::error::DemoError;
use self::{error::StepError, story::Story, world::World};
use crate::timeline::{Chapter, Reader, Timeline, Told};

/// Runs the demo in a temporary folder, which is gone afterwards.
///
/// # Errors
/// [`DemoError::Step`] at the first step that does not go as expected.
pub(crate) async fn run(json: bool) -> Result<(), DemoError> {
    let reader = if json { Reader::Machine } else { Reader::Person };
    let system = |doing| move |source| DemoError::System { doing, source };
    let signals = system("listening for signals");
    let mut terminate = signal(SignalKind::terminate()).map_err(signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(signals)?;
    // It is removed on every way out of here.
    let folder =
        tempfile::Builder::new().prefix("maany-demo-").permissions(Permissions::from_mode(0o700)).tempdir();
    let folder = folder.map_err(system("making a temporary folder"))?;
    let mut telling = Telling(Timeline::begin(reader));
    tokio::select! {
        result = Box::pin(tell(&mut telling, folder.path())) => result?,
        _ = terminate.recv() => return Err(DemoError::Interrupted),
        _ = interrupt.recv() => return Err(DemoError::Interrupted),
    }
    folder.close().map_err(system("removing the temporary folder"))?;
    telling.0.end(SUMMARY).map_err(DemoError::Output)
}

async fn tell(telling: &mut Telling, folder: &Path) -> Result<(), DemoError> {
    telling
        .0
        .prose("The life of a wallet whose key never exists in one place", INTRODUCTION)
        .map_err(DemoError::Output)?;

    let world = telling.step(&chapters::SERVER, story::server(folder)).await?;
    let result = live(telling, &world).await;
    world.end().await;
    result
}

async fn live(telling: &mut Telling, world: &World) -> Result<(), DemoError> {
    use chapters as c;

    let phone = telling.step(&c::DKG, story::dkg(world)).await?;
    let mut tale = Story::new(world, phone);
    telling.step(&c::ADDRESS, tale.address()).await?;
    let open = telling.step(&c::REQUEST, tale.request()).await?;
    let signed = telling.step(&c::SIGNATURE, tale.signature(&open)).await?;
    telling.step(&c::VERIFICATION, tale.verification(&open, &signed)).await?;

    telling.step(&c::THEFT, tale.theft()).await?;
    telling.step(&c::REFRESH, tale.refresh()).await?;
    telling.step(&c::NEW_SHARES, tale.signature_anew()).await?;
    telling.step(&c::OLD_SHARE, tale.old_share_is_refused()).await?;

    let fragments = telling.step(&c::BACKUP, tale.backup()).await?;
    telling.step(&c::LOSS, tale.loss()).await?;
    let code = telling.step(&c::STEP_UP, tale.step_up()).await?;
    telling.step(&c::RESTORE, tale.restore(&fragments, &code)).await?;
    telling.step(&c::RESTORED, tale.signature_anew()).await
}

/// The timeline, and how a step gets into it.
struct Telling(Timeline);

impl Telling {
    async fn step<T>(
        &mut self,
        chapter: &'static Chapter,
        work: impl Future<Output = Result<Told<T>, StepError>>,
    ) -> Result<T, DemoError> {
        let started = Instant::now();
        match Box::pin(work).await {
            Ok(told) => self.0.tell(chapter, started.elapsed(), told).map_err(DemoError::Output),
            Err(source) => {
                self.0.fail(chapter).map_err(DemoError::Output)?;
                Err(DemoError::Step { number: self.0.steps(), name: chapter.name, source })
            }
        }
    }
}

const INTRODUCTION: &[&str] = &[
    "One process plays both parties: a server, and a device such as a phone. Each holds one share of a key; neither",
    "can sign alone, and no message ever carries a share. The two talk over a real WebSocket on loopback, with the real",
    "engine (DKLs23), and keep their shares sealed on disk, in a temporary folder. No chain is asked anything and",
    "nothing is broadcast. Times are from a call to its result; bytes are the device's.",
];

const SUMMARY: &[&str] = &[
    "One key and one address from beginning to end, through three generations of shares, and three signatures, each",
    "checked with k256, which knows nothing of shares. A stolen copy of the device did not sign after the refresh,",
    "and a lost device's wallet came back from two of three fragments. Nothing is left on the disk.",
];
