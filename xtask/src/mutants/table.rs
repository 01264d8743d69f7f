//! The hardenings, and what removes each.

use super::Mutant;

mod backup;
mod channel;
mod generation;
mod guard;
mod session;
mod signing;

/// All mutants, by the module that they are about.
pub(super) fn mutants() -> impl Iterator<Item = &'static Mutant> {
    [
        channel::MUTANTS,
        generation::MUTANTS,
        signing::MUTANTS,
        session::MUTANTS,
        backup::MUTANTS,
        guard::MUTANTS,
    ]
    .into_iter()
    .flatten()
}
