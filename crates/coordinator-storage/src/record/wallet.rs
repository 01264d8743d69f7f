//! The wallet row: which share counts, in what state the wallet is, and what its backup has reached.

use zeroize::Zeroizing;

use crate::error::Corruption;
use crate::id::{Owner, ShareId, WalletId};
use crate::record::Devices;
use crate::record::codec::{Reader, Record, Writer};
use crate::vault::Role;

/// The state of a wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WalletState {
    /// DKG is stored on this side; the other side has not said so yet.
    Provisional,
    /// It signs.
    Active,
    /// The engine says that the peer cheated.
    Quarantined,
    /// Our own state does not add up.
    Frozen,
    /// It is not used any more.
    Retired,
    /// It came from an archive, and what has happened to it since is not known: whether it was quarantined, or its device
    /// replaced. New shares unlock it, as they do after a quarantine.
    Imported,
}

/// What an erase of a retired share waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BackupRule {
    /// The wallet has no backup.
    None,
    /// A receipt for the active share is needed.
    Required,
    /// A receipt was waived, after step-up.
    Waived,
}

/// The state and the abort ledger, which change together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The wallet's state.
    pub state: WalletState,
    /// The abort ledger, opaque here: versioned bytes of the session machines.
    pub aborts: Vec<u8>,
}

/// One wallet, on one side.
///
/// `wallet`, `owner`, `key_id`, `role`, `engine`, `public_key` and `chain_code` never change after the insert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletRecord {
    /// The wallet's id.
    pub wallet: WalletId,
    /// Whom it belongs to.
    pub owner: Owner,
    /// The id that the device proposed, unique for the owner.
    pub key_id: Option<String>,
    /// Which side this is.
    pub role: Role,
    /// The engine's number.
    pub engine: u8,
    /// The wallet's public key, 33-byte compressed SEC1.
    pub public_key: [u8; 33],
    /// The BIP-32 chain code of the public key.
    pub chain_code: [u8; 32],
    /// State and abort ledger.
    pub standing: Standing,
    /// The share that signs.
    pub active: Option<ShareId>,
    /// The share that a refresh has made and not yet committed.
    pub pending: Option<ShareId>,
    /// The share before the active one, until it may go.
    pub retired: Option<ShareId>,
    /// What an erase of the retired share waits for.
    pub backup_rule: BackupRule,
    /// The share that a complete backup receipt is stored for.
    pub receipt: Option<ShareId>,
    /// The wallet's policy, opaque here: versioned bytes of the facade. On a device, what the facade keeps there.
    pub policy: Vec<u8>,
    /// When the row was made, in milliseconds since 1970-01-01 UTC.
    pub created_ms: u64,
    /// The devices that may speak for the wallet, and that may no more.
    pub device: Devices,
    /// Whether the other side's confirmation of the active share (`COMMITTED`) has arrived.
    pub confirmed: bool,
}

impl WalletState {
    const fn number(self) -> u8 {
        match self {
            Self::Provisional => 1,
            Self::Active => 2,
            Self::Quarantined => 3,
            Self::Frozen => 4,
            Self::Retired => 5,
            Self::Imported => 6,
        }
    }

    fn from_number(number: u8) -> Result<Self, Corruption> {
        match number {
            1 => Ok(Self::Provisional),
            2 => Ok(Self::Active),
            3 => Ok(Self::Quarantined),
            4 => Ok(Self::Frozen),
            5 => Ok(Self::Retired),
            6 => Ok(Self::Imported),
            _ => Err(Corruption::Field("state")),
        }
    }
}

impl BackupRule {
    const fn number(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Required => 1,
            Self::Waived => 2,
        }
    }

    fn from_number(number: u8) -> Result<Self, Corruption> {
        match number {
            0 => Ok(Self::None),
            1 => Ok(Self::Required),
            2 => Ok(Self::Waived),
            _ => Err(Corruption::Field("backup rule")),
        }
    }
}

/// The format before device identities: it ends after `created_ms`.
const WITHOUT_DEVICES: u8 = 1;

impl Record for WalletRecord {
    const FORMAT: u8 = 2;

    fn dangerous_encode(&self) -> Zeroizing<Vec<u8>> {
        let share = |w: Writer, id: ShareId| w.array(id.as_bytes());
        let w = Writer::new(Self::FORMAT, 1280)
            .array(self.wallet.as_bytes())
            .text(&self.owner.tenant)
            .text(&self.owner.owner)
            .option(self.key_id.as_deref(), Writer::text)
            .u8(self.role.number())
            .u8(self.engine)
            .array(&self.public_key)
            .array(&self.chain_code)
            .u8(self.standing.state.number())
            .bytes(&self.standing.aborts)
            .option(self.active, share)
            .option(self.pending, share)
            .option(self.retired, share)
            .u8(self.backup_rule.number())
            .option(self.receipt, share)
            .bytes(&self.policy)
            .u64(self.created_ms);
        self.device.write(w).u8(u8::from(self.confirmed)).finish()
    }

    fn decode(bytes: &[u8]) -> Result<Self, Corruption> {
        let share = |r: &mut Reader<'_>| r.array().map(ShareId::from_bytes);
        let (mut r, format) = Reader::one_of(bytes, WITHOUT_DEVICES..=Self::FORMAT)?;
        let mut record = Self {
            wallet: WalletId::from_bytes(r.array()?),
            owner: Owner { tenant: r.text("tenant")?, owner: r.text("owner")? },
            key_id: r.option("key id", |r| r.text("key id"))?,
            role: Role::from_number(r.u8()?).ok_or(Corruption::Field("role"))?,
            engine: r.u8()?,
            public_key: r.array()?,
            chain_code: r.array()?,
            standing: Standing { state: WalletState::from_number(r.u8()?)?, aborts: r.bytes()?.to_vec() },
            active: r.option("active", share)?,
            pending: r.option("pending", share)?,
            retired: r.option("retired", share)?,
            backup_rule: BackupRule::from_number(r.u8()?)?,
            receipt: r.option("receipt", share)?,
            policy: r.bytes()?.to_vec(),
            created_ms: r.u64()?,
            device: Devices::default(),
            confirmed: false,
        };
        if format > WITHOUT_DEVICES {
            record.device = Devices::read(&mut r)?;
            record.confirmed = match r.u8()? {
                0 => false,
                1 => true,
                _ => return Err(Corruption::Field("confirmed")),
            };
        }
        r.finish()?;
        Ok(record)
    }
}
