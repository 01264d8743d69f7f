//! `maany fragment-host`: a third party's server, which holds one fragment of each backup.

mod add_owner;
mod discard;
mod folder;
mod init;
mod release;
mod serve;

use maany_coordinator::{Scope, Scopes};

use crate::cli::fragment_host::{Admin, FragmentHost};
use crate::error::CliError;
use crate::output::Output;

/// The tenant of every owner: a fragment host has one.
const TENANT: &str = "default";

pub(super) async fn run(command: FragmentHost, output: &mut Output) -> Result<(), CliError> {
    match command {
        FragmentHost::Init(args) => init::run(args, output).await,
        FragmentHost::Serve(args) => serve::run(args, output).await,
        FragmentHost::Admin(Admin::Release(args)) => release::run(args, output).await,
        FragmentHost::Admin(Admin::Drop(args)) => discard::run(args, output).await,
        FragmentHost::Admin(Admin::AddOwner(args)) => add_owner::run(args, output).await,
    }
}

/// What an owner's API key may do here.
fn owners() -> Scopes {
    Scopes::from([Scope::Backup, Scope::Restore])
}
