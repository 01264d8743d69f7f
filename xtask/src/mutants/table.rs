//! The hardenings, and what removes each.

use super::Mutant;

mod backup;

/// All mutants, in the order of the design.
pub(super) const MUTANTS: &[Mutant] = backup::MUTANTS;
