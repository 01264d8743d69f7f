//! The hardenings, and what removes each.

use super::Mutant;

mod backup;
mod session;

/// All mutants, by the module that they are about.
pub(super) fn mutants() -> impl Iterator<Item = &'static Mutant> {
    [backup::MUTANTS, session::MUTANTS].into_iter().flatten()
}
