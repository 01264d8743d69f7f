//! `maany admin`: what an operator does, with the server running or not.

mod api_key;
mod export;
mod import;
mod quarantine;
pub(super) mod running;
pub(super) mod step_up;
mod stopped;

use crate::cli::admin::{Admin, ApiKey, Quarantine};
use crate::error::CliError;
use crate::output::Output;

pub(super) use api_key::OPERATOR;
pub(super) use quarantine::why;

pub(super) async fn run(command: Admin, output: &mut Output) -> Result<(), CliError> {
    match command {
        Admin::StepUp(args) => step_up::run(args, output).await,
        Admin::Export(args) => export::run(args, output).await,
        Admin::Import(args) => import::run(args, output).await,
        Admin::ApiKey(ApiKey::List(args)) => api_key::list(args, output).await,
        Admin::ApiKey(ApiKey::Revoke(args)) => api_key::revoke(args, output).await,
        Admin::ApiKey(ApiKey::Operator(args)) => api_key::operator(args, output).await,
        Admin::Quarantine(Quarantine::List(args)) => quarantine::list(args, output).await,
        Admin::Quarantine(Quarantine::Clear(args)) => quarantine::clear(args, output).await,
    }
}
