//! How many durable writes each verb may cost, and how many it did.

use maany_tests::report::say;

use crate::trouble::Side;

/// What each verb may write, and what it must not write more than until it keeps that: the server, the device. A signature is
/// one write when it is asked for and one when it is made (recovery.md, "Signing exactly once").
const MOST: [(&str, [u64; 2], [u64; 2]); 4] = [
    ("dkg", [3, 2], [3, 2]),
    ("sign", [2, 0], [2, 0]),
    // The older profile uses its session id up, and erases the retired share, in writes of their own; a restore its code too.
    ("refresh", [3, 2], [4, 2]),
    ("restore", [3, 2], [5, 2]),
];

/// Says what each verb wrote, and whether none wrote more than before.
pub(crate) fn judge(counted: &[(&'static str, [u64; 2])]) -> bool {
    let mut kept = true;
    for (verb, writes) in counted {
        let limits = MOST.iter().find(|(name, _, _)| name == verb);
        for (index, side) in Side::BOTH.into_iter().enumerate() {
            let found = writes[index];
            let verdict = match limits.map(|(_, aim, most)| (aim[index], most[index])) {
                None => "no limit".to_owned(),
                Some((aim, _)) if found <= aim => format!("at most {aim}"),
                Some((aim, most)) if found <= most => format!("at most {aim} is to be reached"),
                Some((_, most)) => {
                    kept = false;
                    format!("at most {most}: TOO MANY")
                }
            };
            say(format_args!("durable writes: {verb} on the {side} {found} ({verdict})"));
        }
    }
    kept
}
