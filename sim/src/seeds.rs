//! Seeds that once failed: every run of many begins with them.

/// Each with what it found.
pub(crate) const FOUND: &[(u64, &str)] = &[
    (57, "a phone that was lost ended the restore of its wallet, by signing"),
    (
        496,
        "a backup was made of a share that the server had left, as the phone had lost the write that follows it",
    ),
    (182, "a server that lost the commit of a new wallet refuses requests until a session settles it"),
    (2406, "such a server refuses a restore, too"),
    (865, "the same, where the server had lost the write: it takes the backup once a session has settled it"),
];
