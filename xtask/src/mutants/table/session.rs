//! What follows from an abort: the engine only returns its ban, the session machines make it last.

use crate::mutants::{Edit, Mutant};

const ABORTS: &str = "crates/coordinator-proto/src/session/aborts.rs";
const SHELL: &str = "crates/coordinator-proto/src/session/shell.rs";

pub(in crate::mutants) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "wallet: a ban is written before it is told, not only returned",
        edits: &[Edit {
            file: SHELL,
            text: ".then_some(Write::Abort(record));",
            replacement: ".then_some(Write::Abort(record)).filter(|_| false);",
        }],
        red: &[
            "sessions aborts::one_class_c_quarantines_at_once",
            "sessions aborts::three_class_b_aborts_quarantine_and_each_is_durable_before_it_is_told",
        ],
    },
    Mutant {
        name: "wallet: one class C quarantines",
        edits: &[Edit {
            file: ABORTS,
            text: "AbortClass::C => (self, Verdict::Quarantine),",
            replacement: "AbortClass::C => (self, Verdict::NotCounted),",
        }],
        red: &[
            "lib session::aborts::tests::one_class_c_quarantines_and_local_trouble_freezes",
            "sessions aborts::one_class_c_quarantines_at_once",
        ],
    },
    Mutant {
        name: "wallet: class B adds up to quarantine",
        edits: &[Edit {
            file: ABORTS,
            text: "let count = self.count(epoch).saturating_add(1);",
            replacement: "let count = 1;",
        }],
        red: &[
            "lib session::aborts::tests::three_class_b_aborts_in_one_epoch_quarantine",
            "sessions aborts::three_class_b_aborts_quarantine_and_each_is_durable_before_it_is_told",
        ],
    },
    Mutant {
        name: "wallet: our own trouble freezes and blames nobody",
        edits: &[Edit {
            file: ABORTS,
            text: "AbortClass::Freeze => (self, Verdict::Freeze),",
            replacement: "AbortClass::Freeze => (self, Verdict::Quarantine),",
        }],
        red: &["sessions aborts::trouble_of_ones_own_freezes_and_blames_nobody_else"],
    },
];
