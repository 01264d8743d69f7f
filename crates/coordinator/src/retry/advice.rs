//! Which failed attempts are worth repeating.
//!
//! The answer depends on what failed, on how far the session had come and on the intent: a handshake that the
//! server calls malformed will be malformed again, while a frame damaged on the way ends one session only.

use maany_coordinator_proto::Intent;

/// How far a session had come when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Until the first frame of the engine: connecting, hello, admission.
    Handshake,
    /// Engine frames go back and forth; nothing of this session is on disk.
    Rounds,
    /// This side has sent what lets the other finish, so the other may have finished.
    Committing,
}

/// What ended an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The server could not be reached, or refused the upgrade.
    Unreachable,
    /// The connection ended without a close code.
    Lost,
    /// The other side closed with this code.
    Closed(u16),
    /// A deadline of this side passed.
    Deadline,
    /// The other side said why it ends the session, and whether another try may help.
    Told {
        /// Whether it may.
        retryable: bool,
    },
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    /// Give up: the same attempt would fail the same way.
    Never,
    /// Try again in a new session, after the next delay.
    Retry,
    /// The result may exist: ask for it over HTTP before a new session, which may not be needed.
    AskFirst,
}

impl Failure {
    /// What to do after this failure of a session with this intent.
    #[must_use]
    pub fn advice(self, intent: Intent, stage: Stage) -> Advice {
        match self {
            Self::Unreachable => Advice::Retry,
            Self::Lost | Self::Deadline | Self::Told { retryable: true } => after_loss(intent, stage),
            Self::Told { retryable: false } => Advice::Never,
            Self::Closed(code) => after_close(code, intent, stage),
        }
    }
}

fn after_close(code: u16, intent: Intent, stage: Stage) -> Advice {
    match code {
        // Finished, although this side was not: the server has the signature already.
        1000 if intent == Intent::Sign => Advice::AskFirst,
        // Going away, an internal fault, a restart, overload (RFC 6455, section 7.4.1 and IANA's registry), our
        // deadline and our internal fault: nothing that this side did.
        1001 | 1011..=1013 | 4408 | 4500 => after_loss(intent, stage),
        // A frame that did not verify. In the handshake it was this side's own doing, later perhaps the wire's.
        1002 if stage > Stage::Handshake => after_loss(intent, stage),
        // Busy; for DKG also an id that is taken, which waiting does not change.
        4409 if intent != Intent::Dkg => Advice::Retry,
        4429 => Advice::Retry,
        // Malformed, too long, not authenticated, not allowed, quarantined, and every code that is not ours.
        _ => Advice::Never,
    }
}

/// After a loss in the commit, a DKG may have made a wallet and a sign request may have its signature. A refresh
/// or restore needs no question: its next session begins by comparing what both sides hold.
fn after_loss(intent: Intent, stage: Stage) -> Advice {
    match (stage, intent) {
        (Stage::Committing, Intent::Dkg | Intent::Sign) => Advice::AskFirst,
        _ => Advice::Retry,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTENTS: [Intent; 4] = [Intent::Dkg, Intent::Sign, Intent::Refresh, Intent::Restore];
    const STAGES: [Stage; 3] = [Stage::Handshake, Stage::Rounds, Stage::Committing];

    #[test]
    fn a_refusal_is_never_repeated() {
        for code in [1003, 1007, 1009, 4401, 4403, 4404, 4423, 4999] {
            for (intent, stage) in INTENTS.into_iter().flat_map(|i| STAGES.map(|s| (i, s))) {
                assert_eq!(
                    Failure::Closed(code).advice(intent, stage),
                    Advice::Never,
                    "{code} {intent:?} {stage:?}"
                );
            }
        }
    }

    #[test]
    fn a_malformed_handshake_is_not_repeated_but_a_damaged_frame_is() {
        let closed = Failure::Closed(1002);
        assert_eq!(closed.advice(Intent::Sign, Stage::Handshake), Advice::Never);
        assert_eq!(closed.advice(Intent::Sign, Stage::Rounds), Advice::Retry);
    }

    #[test]
    fn a_loss_in_the_commit_asks_before_it_runs_a_second_ceremony() {
        for failure in [Failure::Lost, Failure::Deadline, Failure::Closed(4408), Failure::Closed(1001)] {
            for intent in [Intent::Sign, Intent::Dkg] {
                assert_eq!(failure.advice(intent, Stage::Committing), Advice::AskFirst);
            }
            for intent in [Intent::Refresh, Intent::Restore] {
                assert_eq!(failure.advice(intent, Stage::Committing), Advice::Retry);
            }
        }
        assert_eq!(Failure::Closed(1000).advice(Intent::Sign, Stage::Handshake), Advice::AskFirst);
    }

    #[test]
    fn what_the_server_says_of_another_try_is_taken_for_it() {
        for (intent, stage) in INTENTS.into_iter().flat_map(|i| STAGES.map(|s| (i, s))) {
            assert_eq!(Failure::Told { retryable: false }.advice(intent, stage), Advice::Never);
            let lost = Failure::Lost.advice(intent, stage);
            assert_eq!(Failure::Told { retryable: true }.advice(intent, stage), lost);
        }
    }

    #[test]
    fn a_busy_wallet_is_tried_again_and_a_taken_key_id_is_not() {
        assert_eq!(Failure::Closed(4409).advice(Intent::Refresh, Stage::Handshake), Advice::Retry);
        assert_eq!(Failure::Closed(4409).advice(Intent::Dkg, Stage::Handshake), Advice::Never);
        assert_eq!(Failure::Closed(4429).advice(Intent::Dkg, Stage::Handshake), Advice::Retry);
        assert_eq!(Failure::Unreachable.advice(Intent::Dkg, Stage::Handshake), Advice::Retry);
    }
}
