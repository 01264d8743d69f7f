//! Backup fragments.

use crate::mutants::{Edit, Mutant};

const BACKUP: &str = "crates/mpc-core/src/backup.rs";
const CONTEXT: &str = "crates/mpc-core/src/backup/context.rs";
const DOCUMENT: &str = "crates/mpc-core/src/backup/document.rs";
const WIRE: &str = "crates/mpc-core/src/backup/wire.rs";

pub(in crate::mutants) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "backup: a threshold of 1 is refused",
        edits: &[Edit { file: CONTEXT, text: "if t < 2 {", replacement: "if t < 1 {" }],
        red: &[
            "lib backup::tests::one_fragment_never_opens_a_backup",
            "backup impossible_documents_are_refused_at_the_door",
        ],
    },
    Mutant {
        name: "backup: the context is bound to the ciphertext",
        edits: &[Edit {
            file: CONTEXT,
            text: "        self.write(threshold, &mut bytes);\n        bytes\n",
            replacement: "        let _ = threshold;\n        bytes\n",
        }],
        red: &[
            "lib backup::tests::a_backup_opens_only_under_its_own_context",
            "lib backup::tests::a_relabelled_threshold_does_not_open_even_with_enough_fragments",
        ],
    },
    Mutant {
        name: "backup: fields are length-prefixed",
        edits: &[Edit { file: WIRE, text: "    out.push(length);\n", replacement: "    let _ = length;\n" }],
        red: &["lib backup::tests::fields_that_could_run_into_each_other_are_told_apart"],
    },
    Mutant {
        name: "backup: epochs do not mix",
        edits: &[Edit { file: BACKUP, text: "if oldest != newest {", replacement: "if false {" }],
        red: &["lib backup::tests::fragments_of_two_epochs_are_named_as_such"],
    },
    Mutant {
        name: "backup: backups do not mix",
        edits: &[Edit {
            file: BACKUP,
            text: "if !documents.iter().all(|document| document.is_of_same_backup(first)) {",
            replacement: "if false {",
        }],
        red: &["lib backup::tests::fragments_of_two_backups_of_one_epoch_do_not_mix"],
    },
    Mutant {
        name: "backup: a fragment counts once",
        edits: &[Edit {
            file: BACKUP,
            text: "if !seen.insert(document.index()) {",
            replacement: "if !seen.insert(document.index()) && false {",
        }],
        red: &["lib backup::tests::one_fragment_twice_is_not_two_fragments"],
    },
    Mutant {
        name: "backup: the threshold is counted",
        edits: &[Edit {
            file: BACKUP,
            text: "if documents.len() < usize::from(need(first)) {",
            replacement: "if false {",
        }],
        red: &["lib backup::tests::fewer_than_the_threshold_are_counted_and_refused"],
    },
    Mutant {
        name: "backup: a stale epoch is refused by name",
        edits: &[Edit {
            file: BACKUP,
            text: "match backup.epoch.cmp(&active.epoch) {",
            replacement: "match active.epoch.cmp(&active.epoch) {",
        }],
        red: &["lib backup::tests::a_newer_or_older_wallet_refuses_the_backup_by_name"],
    },
    Mutant {
        name: "backup: a rotten document is named",
        edits: &[Edit {
            file: DOCUMENT,
            text: "if self::checksum(body) != *checksum {",
            replacement: "if self::checksum(body) != *checksum && false {",
        }],
        red: &["backup rot_is_told_from_a_foreign_file"],
    },
    Mutant {
        name: "backup: another key's share is not handed out",
        edits: &[Edit {
            file: BACKUP,
            text: "if share.public_key() != context.public_key {",
            replacement: "if false {",
        }],
        red: &[
            "lib backup::tests::a_share_of_another_key_is_not_handed_out",
            "backup_restore a_backup_is_only_made_of_the_share_that_its_context_names",
        ],
    },
    Mutant {
        name: "backup: another generation's share is not handed out",
        edits: &[Edit {
            file: BACKUP,
            text: "if share.share_id() != context.share_id {",
            replacement: "if false {",
        }],
        red: &[
            "lib backup::tests::a_share_of_another_generation_is_not_handed_out",
            "backup_restore a_backup_is_only_made_of_the_share_that_its_context_names",
        ],
    },
];
