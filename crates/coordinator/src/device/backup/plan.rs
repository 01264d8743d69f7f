//! Who holds the fragments of a wallet's backup.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use maany_coordinator_proto::Token;
use maany_mpc_core::backup::{BackupError, Threshold};

/// The most holders of one backup.
const HOLDERS: usize = 16;
/// The longest folder or address, in bytes.
const PLACE: usize = 4096;

/// Who holds one fragment. It may hold an API key: its `Debug` shows what [`HolderKind`] shows.
pub enum Holder {
    /// The coordinator, which keeps it sealed. Every backup has this holder, once: its receipt is what lets the share
    /// before this one go.
    Coordinator,
    /// A file of mode 0600 in this folder, for its holder to take away.
    Folder(PathBuf),
    /// A person, to whom it is shown or printed.
    ByHand,
    /// A fragment host, a third party's.
    FragmentHost {
        /// Its address, `http://host:port`.
        url: String,
        /// The API key that it gave the wallet's owner.
        key: Token,
    },
}

/// The same without its secret, to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HolderKind {
    /// See [`Holder::Coordinator`].
    Coordinator,
    /// See [`Holder::Folder`].
    Folder(PathBuf),
    /// See [`Holder::ByHand`].
    ByHand,
    /// See [`Holder::FragmentHost`]: its address.
    FragmentHost(String),
}

impl Holder {
    /// Who it is, without what a fragment host was given to know its owner by.
    #[must_use]
    pub fn kind(&self) -> HolderKind {
        match self {
            Self::Coordinator => HolderKind::Coordinator,
            Self::Folder(path) => HolderKind::Folder(path.clone()),
            Self::ByHand => HolderKind::ByHand,
            Self::FragmentHost { url, .. } => HolderKind::FragmentHost(url.clone()),
        }
    }
}

impl fmt::Debug for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind().fmt(f)
    }
}

impl fmt::Display for HolderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Coordinator => f.write_str("the server"),
            Self::Folder(path) => write!(f, "a file in {}", path.display()),
            Self::ByHand => f.write_str("a person, by hand"),
            Self::FragmentHost(url) => write!(f, "the fragment host at {url}"),
        }
    }
}

/// Why holders make no plan.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The threshold does not go with that many holders.
    #[error(transparent)]
    Threshold(#[from] BackupError),
    /// The coordinator is not among the holders, or more than once.
    #[error("the coordinator holds one fragment of every backup, and no more than one")]
    Coordinator,
    /// A fragment host holds one fragment of a wallet.
    #[error("a fragment host holds one fragment of a wallet: name each host once")]
    SameHost,
    /// Too many holders.
    #[error("a backup has at most {HOLDERS} fragments")]
    TooMany,
    /// A folder or an address that cannot be remembered.
    #[error("a holder's folder or address is longer than {PLACE} bytes, or the folder is not absolute")]
    Place,
}

/// Who holds what of a wallet's backup, and how many of them restore it. Holder number `i` has fragment `i`, counted from
/// 1; the coordinator is the first.
#[derive(Debug)]
pub struct BackupPlan {
    threshold: Threshold,
    holders: Vec<Holder>,
}

impl BackupPlan {
    /// A plan by which any `t` of the holders restore. The coordinator may stand anywhere in the list; it becomes the
    /// first.
    ///
    /// # Errors
    /// [`PlanError`].
    pub fn new(t: u8, mut holders: Vec<Holder>) -> Result<Self, PlanError> {
        if holders.len() > HOLDERS {
            return Err(PlanError::TooMany);
        }
        let n = u8::try_from(holders.len()).map_err(|_| PlanError::TooMany)?;
        let threshold = Threshold::new(t, n)?;
        // A stable sort: the others keep their order.
        holders.sort_by_key(|holder| !matches!(holder, Holder::Coordinator));
        if holders.iter().filter(|holder| matches!(holder, Holder::Coordinator)).count() != 1 {
            return Err(PlanError::Coordinator);
        }
        let mut hosts: Vec<&str> = Vec::new();
        for holder in &holders {
            match holder {
                Holder::FragmentHost { url, .. } if url.len() > PLACE => return Err(PlanError::Place),
                Holder::FragmentHost { url, .. } => {
                    let url = url.trim_end_matches('/');
                    if hosts.contains(&url) {
                        return Err(PlanError::SameHost);
                    }
                    hosts.push(url);
                }
                Holder::Folder(path) if !is_place(path) => return Err(PlanError::Place),
                Holder::Folder(_) | Holder::Coordinator | Holder::ByHand => {}
            }
        }
        Ok(Self { threshold, holders })
    }

    /// How many of the holders restore, of how many.
    #[must_use]
    pub fn threshold(&self) -> Threshold {
        self.threshold
    }

    /// The holders, in the order of their fragments.
    #[must_use]
    pub fn holders(&self) -> &[Holder] {
        &self.holders
    }
}

/// A folder is found again from whatever folder a later run starts in.
fn is_place(path: &Path) -> bool {
    path.is_absolute() && path.as_os_str().len() <= PLACE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(url: &str) -> Holder {
        Holder::FragmentHost { url: url.to_owned(), key: Token::new("id.canary").unwrap() }
    }

    #[test]
    fn the_coordinator_is_the_first_holder_and_the_only_one_of_its_kind() {
        let plan = BackupPlan::new(2, vec![Holder::ByHand, host("http://h:1"), Holder::Coordinator]).unwrap();
        let kinds: Vec<_> = plan.holders().iter().map(Holder::kind).collect();
        let third = HolderKind::FragmentHost("http://h:1".to_owned());
        assert_eq!(kinds, [HolderKind::Coordinator, HolderKind::ByHand, third]);
        for holders in [vec![Holder::ByHand, Holder::ByHand], vec![Holder::Coordinator, Holder::Coordinator]]
        {
            assert!(matches!(BackupPlan::new(2, holders), Err(PlanError::Coordinator)));
        }
    }

    #[test]
    fn no_one_holder_has_a_threshold() {
        for t in [0, 1] {
            let refused = BackupPlan::new(t, vec![Holder::Coordinator, Holder::ByHand]);
            assert!(matches!(refused, Err(PlanError::Threshold(BackupError::ThresholdTooLow))));
        }
        let twice = vec![Holder::Coordinator, host("http://h:1"), host("http://h:1/")];
        assert!(matches!(BackupPlan::new(2, twice), Err(PlanError::SameHost)));
        let many = std::iter::repeat_with(|| Holder::ByHand).take(HOLDERS).chain([Holder::Coordinator]);
        assert!(matches!(BackupPlan::new(2, many.collect()), Err(PlanError::TooMany)));
    }

    #[test]
    fn a_folder_that_depends_on_where_one_stands_is_refused() {
        let plan = |path: &str| BackupPlan::new(2, vec![Holder::Coordinator, Holder::Folder(path.into())]);
        assert!(plan("/media/stick").is_ok());
        assert!(matches!(plan("fragments"), Err(PlanError::Place)));
        assert!(matches!(plan(&format!("/{}", "x".repeat(PLACE))), Err(PlanError::Place)));
    }

    #[test]
    fn debug_shows_no_key() {
        let plan = BackupPlan::new(2, vec![Holder::Coordinator, host("http://h:1")]).unwrap();
        assert!(!format!("{plan:?}").contains("canary"), "{plan:?}");
    }
}
