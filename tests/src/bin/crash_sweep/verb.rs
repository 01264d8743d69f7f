//! What the device is doing when the trouble comes, in which variant.

use std::fmt;

use maany_coordinator::SignOrder;
use maany_coordinator::WalletInfo;
use maany_coordinator::engine::DerivationPath;
use maany_coordinator_cosmos::SignMode;
use maany_tests::{Failure, order};

use crate::wire::Place;

/// A verb, with its variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Verb {
    Dkg,
    Sign(Ask),
    /// A signature whose connection was cut there already, and which the device carries on by itself.
    Resume(Ask, Place),
    Refresh,
    Backup(Split),
    Restore,
}

/// How a signature is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Ask {
    pub(crate) form: Form,
    pub(crate) key: Key,
    pub(crate) again: Again,
}

/// The encoding of what is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Form {
    Direct,
    Amino,
}

/// Which key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Root,
    Child,
}

/// How the device asks after the trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Again {
    /// By the id of the request, where it was heard.
    ById,
    /// For the same doc, as if for the first time.
    ByDoc,
}

/// How a backup is split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Split {
    TwoOfThree,
    ThreeOfFour,
}

impl Verb {
    /// Its name in the figures.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Dkg => "dkg",
            Self::Sign(_) => "sign",
            Self::Resume(_, _) => "resume",
            Self::Refresh => "refresh",
            Self::Backup(_) => "backup",
            Self::Restore => "restore",
        }
    }

    /// Whether the engine makes shares in it, which costs most of a second.
    pub(crate) fn makes_shares(&self) -> bool {
        matches!(self, Self::Dkg | Self::Refresh | Self::Restore)
    }
}

impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = match self.form {
            Form::Direct => "direct",
            Form::Amino => "amino",
        };
        let key = match self.key {
            Key::Root => "root",
            Key::Child => "child",
        };
        let again = match self.again {
            Again::ById => "by-id",
            Again::ByDoc => "by-doc",
        };
        write!(f, "{form}-{key}-{again}")
    }
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TwoOfThree => "2-of-3",
            Self::ThreeOfFour => "3-of-4",
        })
    }
}

impl Ask {
    /// The transaction of this sequence number.
    pub(crate) fn order(self, wallet: &WalletInfo, sequence: u64) -> Result<SignOrder, Failure> {
        let mode = match self.form {
            Form::Direct => SignMode::Direct,
            Form::Amino => SignMode::AminoJson,
        };
        self.sends("1", wallet, sequence, mode)
    }

    /// Another transaction of the same sequence number, in the other encoding.
    pub(crate) fn rival(self, wallet: &WalletInfo, sequence: u64) -> Result<SignOrder, Failure> {
        let mode = match self.form {
            Form::Direct => SignMode::AminoJson,
            Form::Amino => SignMode::Direct,
        };
        self.sends("2", wallet, sequence, mode)
    }

    fn sends(
        self,
        amount: &str,
        wallet: &WalletInfo,
        sequence: u64,
        mode: SignMode,
    ) -> Result<SignOrder, Failure> {
        let path = match self.key {
            Key::Root => DerivationPath::root(),
            Key::Child => "m/0/7".parse()?,
        };
        Ok(SignOrder { path: path.clone(), ..order::send(&wallet.child(&path)?, amount, sequence, mode)? })
    }
}
