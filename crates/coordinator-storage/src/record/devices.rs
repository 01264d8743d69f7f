//! Which device may speak for a wallet: the identity keys that are enrolled, pending and revoked.
//!
//! Keys are opaque here; whether one signs is the session machines' business.

use crate::error::Corruption;
use crate::record::codec::{Reader, Writer};

/// A device's identity key: P-256, 33-byte compressed SEC1.
pub type IdentityKey = [u8; 33];

/// How many revoked keys a wallet remembers. A key that is forgotten is an unknown one, and refused as well.
pub const MAX_REVOKED: usize = 16;

/// The device identities of a wallet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Devices {
    /// The device that the wallet belongs to; none for a wallet made without a proof of identity.
    pub enrolled: Option<IdentityKey>,
    /// The device whose new share is pending: it is enrolled with the promotion of that share.
    pub pending: Option<IdentityKey>,
    /// Devices that were enrolled before, the newest last; at most [`MAX_REVOKED`].
    pub revoked: Vec<IdentityKey>,
}

impl Devices {
    /// The pending key takes the enrolled one's place, which is revoked. Without a pending key nothing changes.
    pub(crate) fn enrol_pending(&mut self) {
        let Some(new) = self.pending.take() else { return };
        if let Some(old) = self.enrolled.replace(new)
            && old != new
        {
            self.revoked.push(old);
            let surplus = self.revoked.len().saturating_sub(MAX_REVOKED);
            self.revoked.drain(..surplus);
        }
    }

    /// Whether this record could have come about.
    pub(crate) fn is_sound(&self) -> bool {
        self.revoked.len() <= MAX_REVOKED
            && [self.enrolled, self.pending].into_iter().flatten().all(|key| !self.revoked.contains(&key))
    }

    pub(super) fn write(&self, w: Writer) -> Writer {
        let w = w
            .option(self.enrolled.as_ref(), |w, key| w.array(key))
            .option(self.pending.as_ref(), |w, key| w.array(key));
        // The vault writes no record with more than the bound, and decoding refuses one.
        let w = w.u8(u8::try_from(self.revoked.len()).unwrap_or(u8::MAX));
        self.revoked.iter().fold(w, |w, key| w.array(key))
    }

    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, Corruption> {
        let enrolled = r.option("enrolled device", Reader::array)?;
        let pending = r.option("pending device", Reader::array)?;
        let count = usize::from(r.u8()?);
        if count > MAX_REVOKED {
            return Err(Corruption::Field("revoked devices"));
        }
        let revoked = (0..count).map(|_| r.array()).collect::<Result<_, _>>()?;
        Ok(Self { enrolled, pending, revoked })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enrolling_revokes_the_former_key() {
        let mut devices = Devices { enrolled: Some([1; 33]), pending: Some([2; 33]), revoked: vec![] };
        devices.enrol_pending();
        let after = Devices { enrolled: Some([2; 33]), pending: None, revoked: vec![[1; 33]] };
        assert_eq!(devices, after);
        devices.enrol_pending();
        assert_eq!(devices, after, "nothing is pending");
        let mut first = Devices { pending: Some([1; 33]), ..Devices::default() };
        first.enrol_pending();
        assert_eq!(first, Devices { enrolled: Some([1; 33]), ..Devices::default() });
    }

    #[test]
    fn the_newest_revoked_keys_are_remembered() {
        let mut devices = Devices { enrolled: Some([0; 33]), ..Devices::default() };
        for n in 1..=20 {
            devices.pending = Some([n; 33]);
            devices.enrol_pending();
        }
        let expected: Vec<IdentityKey> = (4..20).map(|n| [n; 33]).collect();
        assert_eq!(devices.revoked, expected);
        assert!(devices.is_sound());
        devices.pending = Some([19; 33]);
        assert!(!devices.is_sound(), "a revoked key is pending");
    }
}
