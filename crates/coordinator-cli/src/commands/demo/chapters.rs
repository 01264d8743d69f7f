//! The steps of the demo in words: what each is called, and what it is for, for somebody who has never seen the project.

use crate::timeline::Chapter;

pub(super) const SERVER: Chapter = Chapter {
    name: "server",
    title: "The server is ready",
    why: "It holds one share of each wallet, and a policy that says what may be signed at all.",
};
pub(super) const DKG: Chapter = Chapter {
    name: "dkg",
    title: "Device and server make a key together",
    why: "Distributed key generation: each ends with a share of its own; nobody has, or ever had, the key.",
};
pub(super) const ADDRESS: Chapter = Chapter {
    name: "address",
    title: "The key has an address",
    why: "Computed by the device alone. To a chain this is an ordinary account.",
};
pub(super) const REQUEST: Chapter = Chapter {
    name: "sign-request",
    title: "The device asks to sign a transfer",
    why: "The server gets the whole transaction, not a hash: it decodes it, shows it, and asks its policy.",
};
pub(super) const SIGNATURE: Chapter = Chapter {
    name: "signature",
    title: "Both sign it together",
    why: "Each computes the hash itself from the transaction, and uses its own share only.",
};
pub(super) const VERIFICATION: Chapter = Chapter {
    name: "verification",
    title: "The signature holds",
    why: "Checked by an independent library (k256) from the public key, the transaction and 64 bytes.",
};
pub(super) const THEFT: Chapter = Chapter {
    name: "theft",
    title: "A thief copies the device's folder",
    why: "Store and key file, byte for byte: all that the device has. Kept for later.",
};
pub(super) const REFRESH: Chapter = Chapter {
    name: "refresh",
    title: "Device and server refresh their shares",
    why: "Both shares are made anew for the same key: old and new shares do not fit together.",
};
pub(super) const NEW_SHARES: Chapter = Chapter {
    name: "signature-new-shares",
    title: "The new shares sign",
    why: "Same key, same address, the next transfer.",
};
pub(super) const OLD_SHARE: Chapter = Chapter {
    name: "old-share-refused",
    title: "The stolen copy does not sign",
    why: "It is opened as a second device, with a valid token. Old and new shares do not combine: this must fail.",
};
pub(super) const BACKUP: Chapter = Chapter {
    name: "backup",
    title: "The device makes a backup in three fragments",
    why: "Its share is encrypted and the key to it split: any two fragments restore, one alone says nothing.",
};
pub(super) const LOSS: Chapter = Chapter {
    name: "loss",
    title: "The device is lost",
    why: "Its folder is deleted. A new device with an empty store takes its place.",
};
pub(super) const STEP_UP: Chapter = Chapter {
    name: "step-up",
    title: "The operator grants the recovery",
    why: "A single-use code for this one wallet, good for ten minutes; a token alone restores nothing.",
};
pub(super) const RESTORE: Chapter = Chapter {
    name: "restore",
    title: "The wallet is restored from two fragments",
    why: "With a refresh that cannot be skipped, so that the lost device's share becomes worthless as well.",
};
pub(super) const RESTORED: Chapter = Chapter {
    name: "signature-restored",
    title: "The restored wallet signs",
    why: "Same key, same address, with shares of the third generation.",
};
