//! How many durable writes each verb may cost, and how many it did.

use maany_tests::report::say;

use crate::trouble::Side;

/// What each verb may write: the server, the device. A signature is one write when it is asked for and one when it is made
/// (recovery.md, "Signing exactly once"); a backup is no ceremony, and has no limit.
const MOST: [(&str, [u64; 2]); 4] =
    [("dkg", [3, 2]), ("sign", [2, 0]), ("refresh", [3, 2]), ("restore", [3, 2])];

/// Says what each verb wrote, and whether none wrote more than it may.
pub(crate) fn judge(counted: &[(&'static str, [u64; 2])]) -> bool {
    let mut kept = true;
    for (verb, writes) in counted {
        let limits = MOST.iter().find(|(name, _)| name == verb);
        for (index, side) in Side::BOTH.into_iter().enumerate() {
            let found = writes[index];
            let verdict = match limits.map(|(_, most)| most[index]) {
                None => "no limit".to_owned(),
                Some(most) if found <= most => format!("at most {most}"),
                Some(most) => {
                    kept = false;
                    format!("at most {most}: TOO MANY")
                }
            };
            say(format_args!("durable writes: {verb} on the {side} {found} ({verdict})"));
        }
    }
    kept
}
