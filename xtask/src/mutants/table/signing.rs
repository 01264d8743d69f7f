//! Signatures, aborts and shares.

use crate::mutants::{Edit, Mutant};

const ABORT: &str = "crates/mpc-core/src/dkls23/abort.rs";
const ERROR: &str = "crates/mpc-core/src/error.rs";
const KEY_SHARE: &str = "crates/mpc-core/src/key_share.rs";
const SIGNER: &str = "crates/mpc-core/src/dkls23/signer.rs";
const SIGN: &str = "crates/mpc-core/src/dkls23/sign.rs";
const SERVER: &str = "crates/mpc-core/src/dkls23/sign/server.rs";
const DEVICE: &str = "crates/mpc-core/src/dkls23/sign/device.rs";
const SESSION: &str = "crates/mpc-core/src/dkls23/session.rs";
const PARTY: &str = "crates/mpc-core/src/dkls23/party.rs";
const SIGNATURE: &str = "crates/mpc-core/src/signature.rs";
const CORE: &str = "crates/mpc-core/src/key_share/core.rs";
const PATH: &str = "crates/mpc-core/src/path.rs";

pub(in crate::mutants) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "abort: a ban is class C",
        edits: &[Edit {
            file: ABORT,
            text: "        AbortKind::BanCounterparty(_) => AbortClass::C,",
            replacement: "        AbortKind::BanCounterparty(_) => AbortClass::B,",
        }],
        red: &[
            "lib dkls23::abort::tests::every_reason_has_its_class",
            "engine hardening_sign::peer_that_the_engine_bans_is_class_c_and_gets_no_answer",
        ],
    },
    Mutant {
        name: "abort: our own state is never blamed on the peer",
        edits: &[Edit {
            file: ABORT,
            text: "        | R::PhaseCalledOutOfOrder { .. } => AbortClass::Freeze,",
            replacement: "        | R::PhaseCalledOutOfOrder { .. } => AbortClass::C,",
        }],
        red: &["lib dkls23::abort::tests::every_reason_has_its_class"],
    },
    Mutant {
        name: "abort: state drift is nobody's cheating",
        edits: &[Edit {
            file: ABORT,
            text: "R::SessionBindingMismatch { .. } => AbortClass::A,",
            replacement: "R::SessionBindingMismatch { .. } => AbortClass::B,",
        }],
        red: &[
            "lib dkls23::abort::tests::every_reason_has_its_class",
            "engine hardening_sign::sides_that_differ_in_anything_bound_do_not_sign",
        ],
    },
    Mutant {
        name: "abort: a signature that does not come together is class C",
        edits: &[Edit {
            file: ABORT,
            text: "        | R::ZeroDenominator => AbortClass::C,",
            replacement: "        | R::ZeroDenominator => AbortClass::B,",
        }],
        red: &[
            "lib dkls23::abort::tests::every_reason_has_its_class",
            "engine hardening_sign::signature_that_does_not_come_together_from_authentic_frames_is_class_c",
        ],
    },
    Mutant {
        name: "abort: a forged final signature is class C",
        edits: &[Edit {
            file: ERROR,
            text: "            Self::InvalidSignature => AbortClass::C,",
            replacement: "            Self::InvalidSignature => AbortClass::B,",
        }],
        red: &["engine hardening_sign::device_takes_no_signature_that_does_not_verify"],
    },
    Mutant {
        name: "sign: s is made low",
        edits: &[Edit { file: SIGNER, text: "let normalize = true;", replacement: "let normalize = false;" }],
        red: &["engine hardening_sign::every_signature_is_low_s"],
    },
    Mutant {
        name: "sign: nothing leaves unverified",
        edits: &[Edit {
            file: SIGNER,
            text: "if !signature.verify(public_key, digest) || signature.recover(digest) != Some(*public_key) {",
            replacement: "if false {",
        }],
        red: &["engine hardening_sign::device_takes_no_signature_that_does_not_verify"],
    },
    Mutant {
        name: "sign: the recovery id is verified",
        edits: &[Edit {
            file: SIGNER,
            text: "if !signature.verify(public_key, digest) || signature.recover(digest) != Some(*public_key) {",
            replacement: "if !signature.verify(public_key, digest) {",
        }],
        red: &["engine hardening_sign::device_takes_no_signature_that_does_not_verify"],
    },
    Mutant {
        name: "sign: a high s is refused",
        edits: &[Edit {
            file: SIGNATURE,
            text: "if inner.normalize_s() != inner {",
            replacement: "if false {",
        }],
        red: &["lib signature::tests::what_is_not_low_s_is_no_signature"],
    },
    Mutant {
        name: "sign: the server's last message never leaves",
        edits: &[
            Edit {
                file: SERVER,
                text: "        let outbound = channel.seal(&multiply)?;\n",
                replacement: "        let outbound = channel.seal(&(multiply, opened.message().clone()))?;\n",
            },
            Edit {
                file: DEVICE,
                text: "        let theirs: TransmitPhase2to3<Secp256k1> = channel.open(inbound)?;\n",
                replacement: "        type Last = dkls23_secp256k1::protocols::signing::Broadcast3to4<Secp256k1>;\n        let (theirs, _): (TransmitPhase2to3<Secp256k1>, Last) = channel.open(inbound)?;\n",
            },
        ],
        red: &["engine hardening_sign::servers_last_message_never_leaves"],
    },
    Mutant {
        name: "sign: the id holds the server's nonce",
        edits: &[Edit {
            file: SESSION,
            text: "        .part(server_nonce)\n",
            replacement: "        .part(&[server_nonce.len() as u8])\n",
        }],
        red: &["engine hardening_sign::sides_that_differ_in_anything_bound_do_not_sign"],
    },
    Mutant {
        name: "sign: the id holds the device's nonce",
        edits: &[Edit { file: SESSION, text: "        .part(&context.session)\n", replacement: "" }],
        red: &["engine hardening_sign::sides_that_differ_in_anything_bound_do_not_sign"],
    },
    Mutant {
        name: "sign: the id holds the sign bytes",
        edits: &[Edit { file: SESSION, text: "        .part(&context.sign_bytes)\n", replacement: "" }],
        red: &["engine hardening_sign::sides_that_differ_in_anything_bound_do_not_sign"],
    },
    Mutant {
        name: "sign: the id holds the chain id",
        edits: &[Edit { file: SESSION, text: "        .part(&context.chain_id)\n", replacement: "" }],
        red: &["engine hardening_sign::sides_that_differ_in_anything_bound_do_not_sign"],
    },
    Mutant {
        name: "sign: the id holds the path",
        edits: &[Edit { file: SESSION, text: "        .part(&context.path.to_bytes())\n", replacement: "" }],
        red: &["engine hardening_sign::sides_that_differ_in_anything_bound_do_not_sign"],
    },
    Mutant {
        name: "sign: the id holds the request id",
        edits: &[Edit { file: SESSION, text: "        .part(&context.request_id)\n", replacement: "" }],
        red: &["engine hardening_sign::sides_that_differ_in_anything_bound_do_not_sign"],
    },
    Mutant {
        name: "sign: a server's nonce that is known stands",
        edits: &[Edit {
            file: DEVICE,
            text: "if signing.context.server_nonce.is_some_and(|known| known != nonce) {",
            replacement: "if false {",
        }],
        red: &["engine hardening_sign::device_that_knows_the_servers_nonce_takes_no_other"],
    },
    Mutant {
        name: "sign: a restored share refreshes first",
        edits: &[Edit { file: SIGN, text: "if !share.can_sign() {", replacement: "if false {" }],
        red: &["engine hardening_refresh::restored_share_cannot_sign_and_a_refresh_makes_it_whole"],
    },
    Mutant {
        name: "sign: a share signs in its own role",
        edits: &[Edit { file: PARTY, text: "if share.role() != role {", replacement: "if false {" }],
        red: &["engine hardening_sign::share_of_the_other_role_is_refused"],
    },
    Mutant {
        name: "sign: hardened paths are refused by name",
        edits: &[Edit {
            file: PATH,
            text: "if step & HARDENED != 0 || digits.len() != part.len() {",
            replacement: "if step & HARDENED != 0 {",
        }],
        red: &[
            "lib path::tests::a_hardened_step_has_its_own_error_which_says_what_works",
            "engine derivation::hardened_path_is_refused_with_its_own_error",
        ],
    },
    Mutant {
        name: "share: it is the image's own",
        edits: &[Edit { file: CORE, text: "if image != Ok(own) {", replacement: "if false {" }],
        red: &["engine shares::import_refuses_every_inconsistency_of_the_core"],
    },
    Mutant {
        name: "share: both lie on a line through the key",
        edits: &[Edit {
            file: CORE,
            text: "if !on_one_line(&parts.public_key, &parts.verifying_shares) {",
            replacement: "if false {",
        }],
        red: &[
            "engine shares::import_refuses_every_inconsistency_of_the_core",
            "engine shares::slim_share_refuses_what_does_not_hold_together",
        ],
    },
    Mutant {
        name: "share: equal shares are refused",
        edits: &[Edit { file: CORE, text: "    if device == server {\n", replacement: "    if false {\n" }],
        red: &["engine shares::core_of_equal_shares_is_refused"],
    },
    Mutant {
        name: "share: state of another generation is refused",
        edits: &[Edit {
            file: PARTY,
            text: "if session_id.first_chunk() != Some(&core.share_id().tag) {",
            replacement: "if false {",
        }],
        red: &[
            "engine shares::import_refuses_engine_state_of_another_shape",
            "engine shares::import_refuses_every_inconsistency_of_the_core",
        ],
    },
    Mutant {
        name: "share: Debug shows no secret",
        edits: &[Edit {
            file: KEY_SHARE,
            text: "f.debug_struct(\"KeyShare\").finish_non_exhaustive()",
            replacement: "f.debug_struct(\"KeyShare\").field(\"secret\", self.core.dangerous_expose_secret()).finish()",
        }],
        red: &["engine shares::debug_shows_no_secret"],
    },
];
