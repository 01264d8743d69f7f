//! What may be signed once: the key under which requests exclude each other. Pure.
//!
//! A transaction takes its account's next sequence, so that of all docs for one sequence a chain runs one; which one is not
//! for whoever broadcasts first to choose. The signer goes in as its key and not as its address: an address has a
//! prefix, and the same account under two prefixes is still one account (docs/adr/0110).

use maany_coordinator_cosmos::{DecodedTx, Signer};
use maany_coordinator_storage::record::GuardKey;
use sha2::{Digest as _, Sha256};

/// The first bytes of what is hashed: no other hash of ours begins so.
const DOMAIN: &[u8] = b"maany guard 1";
/// The guard of an account's sequence.
const SEQUENCE: u8 = 1;
/// The guard of a digest.
const DIGEST: u8 = 2;

/// The guard of a transaction that this signer signs with this key: its chain, account number and sequence. An
/// unordered one has no sequence and may run beside any other; it excludes only itself.
pub(super) fn of_transaction(
    tx: &DecodedTx,
    signer: &Signer,
    public_key: &[u8; 33],
    digest: &[u8; 32],
) -> GuardKey {
    if tx.unordered {
        return of_digest(public_key, digest);
    }
    // All but the last are of a fixed length.
    Sha256::new_with_prefix(DOMAIN)
        .chain_update([SEQUENCE])
        .chain_update(public_key)
        .chain_update(tx.account_number.to_be_bytes())
        .chain_update(signer.sequence.to_be_bytes())
        .chain_update(tx.chain_id.as_bytes())
        .finalize()
        .into()
}

/// The guard of a digest of which nobody knows what it stands for.
pub(super) fn of_digest(public_key: &[u8; 33], digest: &[u8; 32]) -> GuardKey {
    let hash = Sha256::new_with_prefix(DOMAIN).chain_update([DIGEST]);
    hash.chain_update(public_key).chain_update(digest).finalize().into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use maany_coordinator_cosmos::{SignMode, TxDraft};

    use super::*;
    use crate::test_support::{TestKey, draft};

    fn guard(draft: &TxDraft, mode: SignMode) -> GuardKey {
        let doc = draft.sign_doc(mode).unwrap();
        let tx = doc.decoded();
        of_transaction(tx, tx.signer(&draft.public_key).unwrap(), &draft.public_key, &doc.digest())
    }

    #[test]
    fn the_guard_is_the_chain_the_key_the_account_and_the_sequence_and_nothing_else() {
        let own = TestKey::new(1).public();
        let base = draft(own);
        let direct = guard(&base, SignMode::Direct);
        let (other, memo) = (draft(TestKey::new(2).public()), "another".to_owned());
        assert_eq!(guard(&base, SignMode::AminoJson), direct);
        assert_eq!(guard(&TxDraft { memo, ..base.clone() }, SignMode::Direct), direct);
        assert_eq!(guard(&TxDraft { messages: Vec::new(), ..base.clone() }, SignMode::Direct), direct);

        let mut all = BTreeSet::from([direct, guard(&other, SignMode::Direct)]);
        all.insert(guard(&TxDraft { sequence: 5, ..base.clone() }, SignMode::Direct));
        all.insert(guard(&TxDraft { account_number: 4, sequence: 0, ..base.clone() }, SignMode::Direct));
        all.insert(guard(&TxDraft { chain_id: "cosmoshub-5".to_owned(), ..base }, SignMode::Direct));
        all.extend([
            of_digest(&own, &[1; 32]),
            of_digest(&own, &[2; 32]),
            of_digest(&other.public_key, &[1; 32]),
        ]);
        assert_eq!(all.len(), 8);
    }

    #[test]
    fn the_guards_bytes_are_pinned_since_they_are_the_keys_of_stored_rows() {
        let own = TestKey::new(1).public();
        let found = [guard(&draft(own), SignMode::Direct), of_digest(&own, &[7; 32])].map(hex::encode);
        assert_eq!(
            found,
            [
                "005715fe511114e40359f238e53e5ce173825c7911b52652adbbd6d71d919ed9",
                "31143447dde67dd415f07ea6b49e650c202e83d0eaf2b20628a26add783e14b1"
            ]
        );
    }
}
