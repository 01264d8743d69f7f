//! The frame around every engine message: what is refused before the engine runs.

use crate::mutants::{Edit, Mutant};

const CHANNEL: &str = "crates/mpc-core/src/channel.rs";
const TAG: &str = "crates/mpc-core/src/tag.rs";
const ERROR: &str = "crates/mpc-core/src/error.rs";

pub(in crate::mutants) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "frame: a flipped bit never reaches the engine",
        edits: &[Edit {
            file: CHANNEL,
            text: "        keys.verify(session, self.role.peer(), tagged, tag)?;\n",
            replacement: "        let _ = (keys, session, tagged, tag);\n",
        }],
        red: &[
            "engine hardening_sign::flipped_bit_on_the_line_is_class_a_and_never_reaches_the_engine",
            "engine hardening_refresh::refresh_frames_are_tagged_under_the_old_seed",
        ],
    },
    Mutant {
        name: "frame: a bad tag is not held against the peer",
        edits: &[Edit {
            file: ERROR,
            text: "            | Self::BadTag => AbortClass::A,",
            replacement: "             => AbortClass::A,\n            Self::BadTag => AbortClass::B,",
        }],
        red: &["engine hardening_sign::flipped_bit_on_the_line_is_class_a_and_never_reaches_the_engine"],
    },
    Mutant {
        name: "frame: the tag is bound to the wallet",
        edits: &[Edit {
            file: TAG,
            text: "&[&wallet_len, &self.wallet, &share_id, session, &direction]",
            replacement: "&[&wallet_len, &share_id, session, &direction]",
        }],
        red: &["lib tag::tests::a_tag_holds_for_one_seed_wallet_share_session_direction_and_frame"],
    },
    Mutant {
        name: "frame: the tag is bound to the share",
        edits: &[Edit {
            file: TAG,
            text: "&[&wallet_len, &self.wallet, &share_id, session, &direction]",
            replacement: "&[&wallet_len, &self.wallet, session, &direction]",
        }],
        red: &["lib tag::tests::a_tag_holds_for_one_seed_wallet_share_session_direction_and_frame"],
    },
    Mutant {
        name: "frame: the tag is bound to the session",
        edits: &[Edit {
            file: TAG,
            text: "&[&wallet_len, &self.wallet, &share_id, session, &direction]",
            replacement: "&[&wallet_len, &self.wallet, &share_id, &direction]",
        }],
        red: &["lib tag::tests::a_tag_holds_for_one_seed_wallet_share_session_direction_and_frame"],
    },
    Mutant {
        name: "frame: the tag is bound to the direction",
        edits: &[Edit {
            file: TAG,
            text: "&[&wallet_len, &self.wallet, &share_id, session, &direction]",
            replacement: "&[&wallet_len, &self.wallet, &share_id, session]",
        }],
        red: &["lib tag::tests::a_tag_holds_for_one_seed_wallet_share_session_direction_and_frame"],
    },
    Mutant {
        name: "frame: size is capped before anything else",
        edits: &[Edit {
            file: CHANNEL,
            text: "if frame.len() > self.operation.max_message() {",
            replacement: "if false {",
        }],
        red: &["engine frames::frame_above_the_cap_is_refused_before_anything_else"],
    },
    Mutant {
        name: "frame: the engine is checked",
        edits: &[Edit {
            file: CHANNEL,
            text: "if header.engine != self.engine {",
            replacement: "if false {",
        }],
        red: &["engine frames::each_field_of_the_header_is_checked"],
    },
    Mutant {
        name: "frame: the operation is checked",
        edits: &[Edit {
            file: CHANNEL,
            text: "if header.operation != self.operation {",
            replacement: "if false {",
        }],
        red: &[
            "engine frames::each_field_of_the_header_is_checked",
            "engine frames::frame_of_another_epoch_or_operation_is_refused",
        ],
    },
    Mutant {
        name: "frame: our own frames do not come back",
        edits: &[Edit {
            file: CHANNEL,
            text: "if header.sender != self.role.peer() {",
            replacement: "if false {",
        }],
        red: &["engine frames::repeated_reordered_and_reflected_frames_are_refused"],
    },
    Mutant {
        name: "frame: shares of two generations do not meet",
        edits: &[Edit {
            file: CHANNEL,
            text: "(Some(ours), Some(theirs)) if ours != theirs => {",
            replacement: "(Some(ours), Some(theirs)) if ours != theirs && false => {",
        }],
        red: &[
            "engine hardening_refresh::old_share_signs_no_more_with_a_new_one",
            "engine hardening_refresh::stale_backup_is_refused_by_name",
        ],
    },
    Mutant {
        name: "frame: no repetition, no gap",
        edits: &[Edit {
            file: CHANNEL,
            text: "if Some(header.round) != self.received.checked_add(1) {",
            replacement: "if false {",
        }],
        red: &["engine frames::repeated_reordered_and_reflected_frames_are_refused"],
    },
    Mutant {
        name: "frame: another session is another session",
        edits: &[Edit { file: CHANNEL, text: "if header.session != *session {", replacement: "if false {" }],
        red: &["engine frames::frame_of_another_session_is_refused"],
    },
    Mutant {
        name: "frame: no bytes after a payload",
        edits: &[Edit {
            file: CHANNEL,
            text: "    if !rest.is_empty() {\n        return Err(EngineError::Payload);",
            replacement: "    if false {\n        return Err(EngineError::Payload);",
        }],
        red: &["engine hardening_sign::authentic_payload_that_is_too_long_or_too_short_is_class_b"],
    },
];
