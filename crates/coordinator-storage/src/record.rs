//! What the vault stores: typed, versioned records, written field by field.
//!
//! The first byte of every record is its format number. Golden files under `tests/golden/` pin the bytes.

mod api_key;
mod audit;
pub(crate) mod canary;
pub(crate) mod channel_key;
pub(crate) mod codec;
mod devices;
mod forgotten;
mod fragment;
mod guard;
mod key_id;
mod request;
mod share;
mod step_up;
#[cfg(test)]
mod tests;
mod used_id;
mod wallet;

pub use api_key::{ADMIN_SCOPE, ApiKeyRecord};
pub use audit::AuditRow;
pub use codec::Record;
pub use devices::{Devices, IdentityKey, MAX_REVOKED};
pub use forgotten::ForgottenRecord;
pub use fragment::FragmentRecord;
pub use guard::{GuardKey, GuardRecord};
pub use key_id::KeyIdRecord;
pub use request::{ReservedCoin, SignRequestRecord};
pub use share::ShareRecord;
pub use step_up::StepUpRecord;
pub use used_id::UsedIdRecord;
pub use wallet::{BackupRule, Standing, WalletRecord, WalletState};
