//! The tag of a frame: HMAC-SHA256 under a key that both parties derive from their pair seed.
//!
//! One flipped bit on the line would otherwise look to the engine like a cheating peer. The tag is
//! checked before the engine runs, so what reaches the engine is the peer's own.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::error::EngineError;
use crate::role::Role;
use crate::share_id::ShareId;

/// Length of a tag in bytes.
pub(crate) const TAG_LEN: usize = 32;

const DOMAIN: &[u8] = b"maany-mpc/frame-tag/1";

/// What the tag keys of one generation of shares are derived from. Secret; zeroized on drop.
pub(crate) struct TagKeys {
    // Behind a pointer: moving a value leaves its bytes where it was.
    seed: Box<Zeroizing<[u8; 32]>>,
    wallet: Vec<u8>,
    share_id: ShareId,
}

impl TagKeys {
    pub(crate) fn new(seed: Zeroizing<[u8; 32]>, wallet: &[u8], share_id: ShareId) -> Self {
        Self { seed: Box::new(seed), wallet: wallet.to_vec(), share_id }
    }

    /// The tag of `sender`'s frame (header and payload) in this session.
    pub(crate) fn tag(&self, session: &[u8; 32], sender: Role, frame: &[u8]) -> [u8; TAG_LEN] {
        self.mac(session, sender, frame).finalize().into_bytes().into()
    }

    /// Checks a tag in constant time.
    pub(crate) fn verify(
        &self,
        session: &[u8; 32],
        sender: Role,
        frame: &[u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), EngineError> {
        self.mac(session, sender, frame).verify_slice(tag).map_err(|_| EngineError::BadTag)
    }

    fn mac(&self, session: &[u8; 32], sender: Role, frame: &[u8]) -> Hmac<Sha256> {
        let mut key = Zeroizing::new([0; 32]);
        let wallet_len = (self.wallet.len() as u64).to_be_bytes();
        let share_id = self.share_id.to_bytes();
        let direction = [sender.party_index()];
        Hkdf::<Sha256>::new(Some(DOMAIN), &**self.seed)
            .expand_multi_info(&[&wallet_len, &self.wallet, &share_id, session, &direction], &mut *key)
            .expect("32 bytes are within what HKDF-SHA256 can give");
        let mut mac = Hmac::<Sha256>::new_from_slice(&*key).expect("HMAC takes a key of any length");
        mac.update(frame);
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(seed: u8, wallet: &[u8], epoch: u64) -> TagKeys {
        TagKeys::new(Zeroizing::new([seed; 32]), wallet, ShareId { epoch, tag: [0; 16] })
    }

    #[test]
    fn a_tag_holds_for_one_seed_wallet_share_session_direction_and_frame() {
        let tag = keys(1, b"w", 1).tag(&[3; 32], Role::Device, b"frame");
        let accepts = |keys: TagKeys, session: u8, sender, frame: &[u8]| {
            keys.verify(&[session; 32], sender, frame, &tag).is_ok()
        };
        assert!(accepts(keys(1, b"w", 1), 3, Role::Device, b"frame"));
        assert!(!accepts(keys(2, b"w", 1), 3, Role::Device, b"frame"));
        assert!(!accepts(keys(1, b"v", 1), 3, Role::Device, b"frame"));
        assert!(!accepts(keys(1, b"w", 2), 3, Role::Device, b"frame"));
        assert!(!accepts(keys(1, b"w", 1), 4, Role::Device, b"frame"));
        assert!(!accepts(keys(1, b"w", 1), 3, Role::Server, b"frame"));
        assert!(!accepts(keys(1, b"w", 1), 3, Role::Device, b"frame."));
    }
}
