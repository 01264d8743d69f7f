//! Key generation and complete refresh: what the engine's crate accepts and the wrapper does not.

use crate::mutants::{Edit, Mutant};

const GENERATION: &str = "crates/mpc-core/src/dkls23/generation.rs";
const CONTRIBUTION: &str = "crates/mpc-core/src/dkls23/contribution.rs";
const DKG: &str = "crates/mpc-core/src/dkls23/dkg.rs";
const REFRESH: &str = "crates/mpc-core/src/dkls23/refresh.rs";
const SESSION: &str = "crates/mpc-core/src/dkls23/session.rs";
const TRIAL: &str = "crates/mpc-core/src/dkls23/trial.rs";
const WIRE: &str = "crates/mpc-core/src/dkls23/wire.rs";
const WIPE: &str = "crates/mpc-core/src/dkls23/wipe.rs";

pub(in crate::mutants) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "dkg: a copied nonce is refused",
        edits: &[Edit {
            file: GENERATION,
            text: "        check_not_copied(&ours, &theirs, Contribution::Nonce)?;\n",
            replacement: "",
        }],
        red: &["engine hardening_dkg::copied_nonce_is_refused"],
    },
    Mutant {
        name: "dkg: the copy-cat is refused",
        edits: &[Edit {
            file: GENERATION,
            text: "    check_not_copied(&ours.proof, &theirs.proof, Contribution::ProofCommitment)?;\n",
            replacement: "",
        }],
        red: &[
            "engine hardening_dkg::copied_proof_commitment_is_refused",
            "engine hardening_refresh::copied_correction_is_refused",
        ],
    },
    Mutant {
        name: "dkg: a copied seed commitment is refused",
        edits: &[Edit {
            file: GENERATION,
            text: "    check_not_copied(&ours.seed.commitment, &theirs.seed.commitment, Contribution::SeedCommitment)?;\n",
            replacement: "",
        }],
        red: &["engine hardening_dkg::copied_seed_commitment_is_refused"],
    },
    Mutant {
        name: "dkg: a copied chain code commitment is refused",
        edits: &[Edit {
            file: GENERATION,
            text: "            check_not_copied(&ours.cc_commitment, &theirs.cc_commitment, Contribution::ChainCodeCommitment)\n",
            replacement: "            let _ = (ours, theirs);\n            Ok(())\n",
        }],
        red: &["engine hardening_dkg::copied_chain_code_commitment_is_refused"],
    },
    Mutant {
        name: "dkg: the zero chain code is refused",
        edits: &[Edit { file: CONTRIBUTION, text: "if *chain_code == [0; 32] {", replacement: "if false {" }],
        red: &["lib dkls23::contribution::tests::the_zero_chain_code_is_refused"],
    },
    Mutant {
        name: "dkg: equal points are refused",
        edits: &[Edit {
            file: CONTRIBUTION,
            text: "        return Err(EngineError::Trivial(what));\n    }\n    if ours == theirs {",
            replacement: "        return Err(EngineError::Trivial(what));\n    }\n    if false {",
        }],
        red: &["lib dkls23::contribution::tests::equal_points_and_the_identity_are_refused_on_either_side"],
    },
    Mutant {
        name: "dkg: the identity is refused",
        edits: &[Edit {
            file: CONTRIBUTION,
            text: "if is_identity(ours) || is_identity(theirs) {",
            replacement: "if false {",
        }],
        red: &[
            "lib dkls23::contribution::tests::equal_points_and_the_identity_are_refused_on_either_side",
            "engine hardening_dkg::peer_share_of_zero_is_refused",
            "engine hardening_dkg::identity_as_base_ot_point_is_refused",
        ],
    },
    Mutant {
        name: "refresh: an unchanged share is refused",
        edits: &[Edit {
            file: GENERATION,
            text: "    check_points(&ours.proof.point, &theirs.proof.point, Contribution::Point)?;\n",
            replacement: "",
        }],
        red: &[
            "engine hardening_refresh::refresh_that_changes_no_share_is_refused",
            "engine hardening_dkg::peer_share_of_zero_is_refused",
        ],
    },
    Mutant {
        name: "dkg: the identity as a base OT point is refused",
        edits: &[Edit {
            file: GENERATION,
            text: "    check_points(&ot_point(ours), &ot_point(theirs), Contribution::OtPoint)?;\n",
            replacement: "    let _ = ot_point;\n",
        }],
        red: &["engine hardening_dkg::identity_as_base_ot_point_is_refused"],
    },
    Mutant {
        name: "dkg: challenges of the share proof are four bytes",
        edits: &[Edit { file: GENERATION, text: "    check_challenges(&theirs.proof)?;\n", replacement: "" }],
        red: &["engine hardening_dkg::share_proof_with_a_short_challenge_is_refused"],
    },
    Mutant {
        name: "dkg: challenges of the base OT proof are four bytes",
        edits: &[Edit {
            file: GENERATION,
            text: "    check_challenges(&theirs.multiplication.dlog_proof)?;\n",
            replacement: "",
        }],
        red: &["engine hardening_dkg::base_ot_proof_with_short_challenges_is_refused"],
    },
    Mutant {
        name: "dkg: nothing is revealed early",
        edits: &[
            Edit {
                file: WIRE,
                text: "    pub(super) proof: [u8; 32],\n",
                replacement: "    pub(super) proof: [u8; 32],\n    pub(super) early: DLogProof<Secp256k1>,\n",
            },
            Edit {
                file: DKG,
                text: "            proof: proof.commitment,\n",
                replacement: "            proof: proof.commitment,\n            early: proof.proof.clone(),\n",
            },
            Edit {
                file: REFRESH,
                text: "Commitments { index: proof.index, proof: proof.commitment,",
                replacement: "Commitments { index: proof.index, early: proof.proof.clone(), proof: proof.commitment,",
            },
        ],
        red: &["engine hardening_dkg::commitments_go_out_without_what_they_commit_to"],
    },
    Mutant {
        name: "dkg: an index that lies is refused",
        edits: &[Edit { file: WIRE, text: "if named != index(role) {", replacement: "if false {" }],
        red: &[
            "engine hardening_dkg::index_that_lies_is_refused_wherever_it_stands",
            "engine hardening_sign::index_that_lies_in_a_signature_is_refused",
        ],
    },
    Mutant {
        name: "dkg: both sides confirm the same",
        edits: &[Edit {
            file: TRIAL,
            text: "if !bool::from(theirs.confirmation.ct_eq(&expected)) {",
            replacement: "if false {",
        }],
        red: &[
            "engine hardening_dkg::confirmation_of_something_else_is_refused",
            "engine hardening_dkg::tampered_multiplication_nonce_is_found_by_the_confirmation",
            "engine hardening_refresh::wrong_base_share_is_found_by_the_confirmation",
        ],
    },
    Mutant {
        name: "dkg: the confirmation covers the transcript",
        edits: &[Edit {
            file: TRIAL,
            text: "        .part(transcript)\n        .part(share.public_key().as_bytes())\n        .part(&share.chain_code())",
            replacement: "        .part(share.public_key().as_bytes())\n        .part(&share.chain_code())",
        }],
        red: &["engine hardening_dkg::tampered_multiplication_nonce_is_found_by_the_confirmation"],
    },
    Mutant {
        name: "dkg: no key without a test signature",
        edits: &[Edit {
            file: TRIAL,
            text: "        opened.assemble(open)?;\n",
            replacement: "        let _ = (opened, open);\n",
        }],
        red: &["engine hardening_dkg::test_signature_that_does_not_verify_gives_no_key"],
    },
    Mutant {
        name: "refresh: a wrong base share is found by the test signature",
        edits: &[Edit {
            file: TRIAL,
            text: "        Ok(send_and_wait(outbound, AwaitMultiplication { channel, share, multiplied }))",
            replacement: "        drop((outbound, channel, multiplied));\n        Ok(Step::Done { output: share, outbound: None })",
        }],
        red: &[
            "engine hardening_refresh::wrong_base_share_behind_the_right_confirmation_is_found_by_the_test_signature",
            "engine hardening_dkg::peer_that_cannot_sign_with_its_new_share_gets_no_key",
        ],
    },
    Mutant {
        name: "refresh: the confirmation covers the verifying shares",
        edits: &[Edit {
            file: TRIAL,
            text: "        .part(device.as_bytes())\n        .part(server.as_bytes())\n",
            replacement: "        .part(&device.as_bytes()[..0])\n        .part(&server.as_bytes()[..0])\n",
        }],
        red: &["engine hardening_refresh::wrong_base_share_is_found_by_the_confirmation"],
    },
    Mutant {
        name: "refresh: verifying shares move by the proof points",
        edits: &[Edit {
            file: REFRESH,
            text: "(old.to_projective() + correction)",
            replacement: "(old.to_projective() + correction - correction)",
        }],
        red: &["engine honest::a_refresh_keeps_the_key_and_changes_everything_else"],
    },
    Mutant {
        name: "dkg: the test signature's frames are tagged under the new seed",
        edits: &[Edit {
            file: TRIAL,
            text: "    channel.rekey(TagKeys::new(party::pair_seed(&party), key_id, share.share_id()));\n",
            replacement: "    let _ = key_id;\n",
        }],
        red: &["engine hardening_dkg::peer_written_from_the_documents_makes_a_key_with_ours"],
    },
    Mutant {
        name: "refresh: the OT set-up is made anew",
        edits: &[Edit {
            file: REFRESH,
            text: "        let verifying_shares = self.moved(ours, theirs)?;\n",
            replacement: "        let mut party = party;\n        party.mul_senders = self.party.mul_senders.clone();\n        party.mul_receivers = self.party.mul_receivers.clone();\n        let verifying_shares = self.moved(ours, theirs)?;\n",
        }],
        red: &["engine hardening_refresh::refresh_replaces_every_part_of_the_engine_state"],
    },
    Mutant {
        name: "refresh: frames are tagged under the old seed",
        edits: &[Edit {
            file: REFRESH,
            text: "        Some(TagKeys::new(party::pair_seed(&self.party), &self.context.wallet, self.shares))",
            replacement: "        None",
        }],
        red: &["engine hardening_refresh::refresh_frames_are_tagged_under_the_old_seed"],
    },
    Mutant {
        name: "session: nonces are fresh",
        edits: &[Edit {
            file: SESSION,
            text: "    getrandom::fill(&mut nonce).map_err(EngineError::Randomness)?;\n",
            replacement: "    nonce[0] = 1;\n",
        }],
        red: &["engine honest::session_ids_of_equal_contexts_differ"],
    },
    Mutant {
        name: "session: ids come from both nonces",
        edits: &[Edit {
            file: SESSION,
            text: "        .part(device)\n        .part(server)\n",
            replacement: "        .part(&[device.len() as u8, server.len() as u8])\n",
        }],
        red: &["engine frames::frame_of_another_session_is_refused"],
    },
    Mutant {
        name: "session: sides in different sessions do not meet",
        edits: &[Edit {
            file: SESSION,
            text: "        .part(&[operation.to_byte()])\n        .part(session)\n",
            replacement: "        .part(&[operation.to_byte(), session.is_empty() as u8])\n",
        }],
        red: &["engine hardening_refresh::sides_in_different_sessions_do_not_refresh"],
    },
    Mutant {
        name: "state: round state is wiped when it goes",
        edits: &[Edit { file: WIPE, text: "        self.0.wipe();\n", replacement: "" }],
        red: &["lib dkls23::wipe::tests::dropping_wipes"],
    },
    Mutant {
        name: "state: OT choices are wiped",
        edits: &[Edit { file: WIPE, text: "        self.correlation.zeroize();\n", replacement: "" }],
        red: &["lib dkls23::wipe::tests::every_secret_of_the_round_state_is_wiped"],
    },
];
