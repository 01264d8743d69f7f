//! What lies on a disk, and what was there before the last write: a crash may find that one missing.

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Disk<T> {
    pub(crate) now: T,
    before: T,
}

impl<T: Copy + PartialEq> Disk<T> {
    pub(crate) const fn new(now: T) -> Self {
        Self { now, before: now }
    }

    pub(crate) const fn write(&mut self, value: T) {
        *self = Self { now: value, before: self.now };
    }

    /// The disk without its last write; none where there is none to lose.
    pub(crate) fn without_last(self) -> Option<Self> {
        (self.now != self.before).then_some(Self::new(self.before))
    }
}
