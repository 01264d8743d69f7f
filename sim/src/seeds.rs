//! Seeds that once failed: every run of many begins with them.

/// A seed that once failed.
pub(crate) struct Found {
    pub(crate) seed: u64,
    /// What it has found.
    pub(crate) what: &'static str,
    /// Whether its people do not contend for sequences: it was found before they did, and keeps the plan that found something.
    is_older: bool,
}

/// Each with what it found.
pub(crate) const FOUND: &[Found] = &[
    older(57, "a phone that was lost ended the restore of its wallet, by signing"),
    older(
        496,
        "a backup was made of a share that the server had left, as the phone had lost the write that follows it",
    ),
    older(182, "a server that lost the commit of a new wallet refused requests until a session settled it"),
    older(2406, "such a server refused a restore, too, whose owner had the backup and the code"),
    older(
        865,
        "a server that lost the commit of a refresh took no backup of the new share until a session settled it",
    ),
    older(3663, "a coordinator that had lost its part of a backup was believed to have it"),
    older(3742, "the same"),
    Found {
        seed: 4342,
        what: "a server that had lost the decision of a restore was met by the phone before: the wallet is restored once more",
        is_older: false,
    },
    older(4000, "it did not replay: tasks of a dying server were dropped in an order that no seed draws"),
];

const fn older(seed: u64, what: &'static str) -> Found {
    Found { seed, what, is_older: true }
}

/// What the seed has found, where it once failed.
pub(crate) fn found(seed: u64) -> Option<&'static str> {
    FOUND.iter().find(|found| found.seed == seed).map(|found| found.what)
}

/// Whether the seed was found before people contended for sequences.
pub(crate) fn is_older_than_contests(seed: u64) -> bool {
    FOUND.iter().any(|found| found.seed == seed && found.is_older)
}
