//! What keeps a key from signing two docs of one sequence.

use crate::mutants::{Edit, Mutant};

const GUARD: &str = "crates/coordinator/src/sign_request/guard.rs";
const LIVE: &str = "crates/coordinator/src/sign_request/live.rs";
const CREATION: &str = "crates/coordinator/src/sign_request/creation.rs";
const GUARDS: &str = "crates/coordinator-storage/src/vault/guards.rs";
const REQUESTS: &str = "crates/coordinator-storage/src/vault/requests.rs";

pub(in crate::mutants) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "guard: a request takes it when it is made",
        edits: &[Edit {
            file: REQUESTS,
            text: "        if listing == Listing::Open {\n",
            replacement: "        if false {\n",
        }],
        red: &[
            "vault guards::a_second_request_finds_the_guard_taken_and_writes_nothing",
            "vault guards::of_two_writers_at_once_one_holds_the_guard",
        ],
    },
    Mutant {
        name: "guard: a signed request keeps it",
        edits: &[Edit {
            file: REQUESTS,
            text: "(Some(_), _) => Hold::Signed,",
            replacement: "(Some(_), _) => Hold::Over,",
        }],
        red: &["vault guards::a_guard_is_freed_by_every_end_without_a_signature_and_by_no_other"],
    },
    Mutant {
        name: "guard: an end without a signature frees it",
        edits: &[Edit {
            file: REQUESTS,
            text: "(None, Listing::Closed | Listing::Refused { .. }) => Hold::Over,",
            replacement: "(None, Listing::Closed | Listing::Refused { .. }) => return Err(StoreError::AlreadySigned),",
        }],
        red: &["vault guards::a_guard_is_freed_by_every_end_without_a_signature_and_by_no_other"],
    },
    Mutant {
        name: "guard: it goes back to the signed request",
        edits: &[Edit {
            file: GUARDS,
            text: "held.holder == own => match held.signed {",
            replacement: "held.holder == own => match None {",
        }],
        red: &[
            "vault guards::the_signed_one_behind_a_replacement_gets_the_guard_back_where_that_ends_unsigned",
        ],
    },
    Mutant {
        name: "guard: only its holder is signed",
        edits: &[Edit {
            file: GUARDS,
            text: "(Hold::Open | Hold::Signed, Some(held)) => Err(StoreError::Held { by: held.holder }),",
            replacement: "(Hold::Open | Hold::Signed, Some(_)) => Ok(()),",
        }],
        red: &[
            "vault guards::a_second_request_finds_the_guard_taken_and_writes_nothing",
            "vault guards::a_request_without_its_guard_is_not_signed",
        ],
    },
    Mutant {
        name: "guard: a replaced request ends with the write that replaces it",
        edits: &[Edit {
            file: GUARDS,
            text: "staged.replace(RecordTable::Requests, &key, ending.row.version, &over).await?;",
            replacement: "let _ = (&key, &over);",
        }],
        red: &["vault guards::an_open_request_that_is_replaced_ends_in_the_same_write"],
    },
    Mutant {
        name: "guard: the replaced request is the guard's holder",
        edits: &[Edit {
            file: GUARDS,
            text: "                    && ending.row.request == held.holder\n                    && ending.row.guard == Some(guard)\n",
            replacement: "",
        }],
        red: &["vault guards::a_replacement_of_what_does_not_hold_the_guard_writes_nothing"],
    },
    Mutant {
        name: "replacement: it names the live request",
        edits: &[Edit {
            file: LIVE,
            text: "Some(named) if named == by && holder.wallet == wallet.wallet => {",
            replacement: "Some(_) if holder.wallet == wallet.wallet => {",
        }],
        red: &[
            "lib sign_request::tests::replacement::only_the_live_request_of_the_same_wallet_owner_and_sequence_gives_way",
            "lib sign_request::tests::replacement::a_session_that_was_faster_keeps_its_signature",
            "lib sign_request::tests::never_twice::a_sequence_has_two_signatures_only_where_one_was_named_to_be_replaced",
        ],
    },
    Mutant {
        name: "replacement: without a name there is none",
        edits: &[Edit {
            file: CREATION,
            text: "Place::Taken(by) => return Err(SignRequestError::SequenceTaken { by: *by }),",
            replacement: "Place::Taken(_) => None,",
        }],
        red: &["lib sign_request::tests::guard::another_doc_of_the_same_sequence_names_the_live_one"],
    },
    Mutant {
        name: "replacement: a signed doc is given back",
        edits: &[Edit {
            file: LIVE,
            text: "if row.signature.is_some() && asked.equals(&row) {",
            replacement: "if false {",
        }],
        red: &[
            "lib sign_request::tests::replacement::a_session_that_was_faster_keeps_its_signature",
            "lib sign_request::tests::never_twice::a_sequence_has_two_signatures_only_where_one_was_named_to_be_replaced",
        ],
    },
    Mutant {
        name: "guard: unordered docs have no sequence",
        edits: &[Edit { file: GUARD, text: "    if tx.unordered {\n", replacement: "    if false {\n" }],
        red: &["lib sign_request::tests::guard::unordered_docs_exclude_themselves_alone"],
    },
    Mutant {
        name: "guard: keyed by the sequence",
        edits: &[Edit {
            file: GUARD,
            text: "        .chain_update(signer.sequence.to_be_bytes())\n",
            replacement: "        .chain_update((signer.sequence & 0).to_be_bytes())\n",
        }],
        red: &[
            "lib sign_request::guard::tests::the_guard_is_the_chain_the_key_the_account_and_the_sequence_and_nothing_else",
            "lib sign_request::tests::guard::another_doc_of_the_same_sequence_names_the_live_one",
        ],
    },
];
