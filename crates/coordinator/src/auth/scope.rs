//! What a token may do: one scope for each intent, and those of the HTTP side.

use std::{fmt, str::FromStr};

use maany_coordinator_proto::Intent;
use maany_coordinator_storage::record::ADMIN_SCOPE;

/// One thing that a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Make wallets.
    Dkg,
    /// Make sign requests and sign them.
    Sign,
    /// Refresh the shares of a wallet.
    Refresh,
    /// Restore a wallet. The step-up comes on top.
    Restore,
    /// Store and fetch backup fragments.
    Backup,
    /// Read wallets and sign requests.
    Read,
    /// Operate the server: metrics, step-up codes. It allows none of the above.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 7] =
        [Self::Dkg, Self::Sign, Self::Refresh, Self::Restore, Self::Backup, Self::Read, Self::Admin];

    /// The scope's name, as it stands in key records and configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dkg => "dkg",
            Self::Sign => "sign",
            Self::Refresh => "refresh",
            Self::Restore => "restore",
            Self::Backup => "backup",
            Self::Read => "read",
            Self::Admin => ADMIN_SCOPE,
        }
    }

    /// The scope that a session with this intent needs.
    #[must_use]
    pub const fn of_intent(intent: Intent) -> Self {
        match intent {
            Intent::Dkg => Self::Dkg,
            Intent::Sign => Self::Sign,
            Intent::Refresh => Self::Refresh,
            Intent::Restore => Self::Restore,
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The name is no scope's. The name itself is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown scope: the scopes are dkg, sign, refresh, restore, backup, read and admin")]
pub struct UnknownScope;

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(name: &str) -> Result<Self, UnknownScope> {
        Self::ALL.into_iter().find(|scope| scope.name() == name).ok_or(UnknownScope)
    }
}

/// A set of scopes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Scopes(u8);

impl Scopes {
    /// No scope at all.
    pub const NONE: Self = Self(0);

    /// What an owner's device needs: everything except [`Scope::Admin`].
    pub const DEVICE: Self = Self(
        Scope::Dkg.bit()
            | Scope::Sign.bit()
            | Scope::Refresh.bit()
            | Scope::Restore.bit()
            | Scope::Backup.bit()
            | Scope::Read.bit(),
    );

    /// Whether the scope is in the set.
    #[must_use]
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The scopes of the set, in the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.contains(*scope))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

impl<const N: usize> From<[Scope; N]> for Scopes {
    fn from(scopes: [Scope; N]) -> Self {
        scopes.into_iter().collect()
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Scope::name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_has_its_own_name_and_place() {
        for (n, scope) in Scope::ALL.into_iter().enumerate() {
            assert_eq!(scope.name().parse(), Ok(scope));
            assert_eq!(scope.bit(), 1 << n);
        }
        assert_eq!("root".parse::<Scope>(), Err(UnknownScope));
        assert_eq!("SIGN".parse::<Scope>(), Err(UnknownScope));
    }

    #[test]
    fn each_intent_needs_its_own_scope() {
        let needed = [Intent::Dkg, Intent::Sign, Intent::Refresh, Intent::Restore].map(Scope::of_intent);
        assert_eq!(needed, [Scope::Dkg, Scope::Sign, Scope::Refresh, Scope::Restore]);
        for scope in needed {
            let only = Scopes::from([scope]);
            assert_eq!(only.iter().collect::<Vec<_>>(), [scope]);
        }
    }

    #[test]
    fn a_device_is_not_an_admin_and_an_admin_is_not_a_device() {
        assert!(!Scopes::DEVICE.contains(Scope::Admin));
        let admin = Scopes::from([Scope::Admin]);
        assert!(Scopes::DEVICE.iter().all(|scope| !admin.contains(scope)));
        assert!(Scopes::NONE.is_empty() && !admin.is_empty());
        assert_eq!(format!("{admin:?}"), r#"{"admin"}"#);
    }
}
