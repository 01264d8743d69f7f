//! The session machines: one server and one device machine for each verb (dkg, sign, refresh, restore), as values that
//! are consumed by each step. They decide everything that a session decides, and do nothing: the engine, the store, the
//! socket and the host are [`Effect`]s that a driver carries out, whose results come back as [`Input`]s.
//!
//! # What a driver does
//! It carries out the effects of one step in their order, and feeds what happens back. [`Effect::Admit`],
//! [`Effect::AdmitProven`], [`Effect::Prove`], [`Effect::StartEngine`], [`Effect::RunEngine`], [`Effect::Peek`],
//! [`Effect::MakeBackup`], [`Effect::MakeDocument`] and [`Effect::Store`] are each answered by exactly one input; at most one of them is open at a time. It reads from the peer only while
//! [`ServerSession::read_limit`] gives a size, ticks the machine when [`ServerSession::deadline`] has come, and feeds
//! [`Input::PeerClosed`] once when the peer is gone (a failed send counts). Where a step gives an error the session is
//! over: the effects still in the outbox (at most a [`Effect::Close`]) are carried out, and the error is the result.

mod aborts;
mod admission;
mod backup;
mod clock;
pub mod commit;
mod device;
mod dkg;
mod effect;
mod ending;
mod error;
mod event;
mod inbox;
mod input;
mod proven;
pub mod reconcile;
mod refresh;
mod renewal;
mod restore;
mod rounds;
mod server;
mod shell;
mod sign;

pub use aborts::{AbortLedger, AbortRecord, LedgerError, Verdict};
pub use admission::{Admission, Backup, Refusal, SignFacts, Standing, SteppedUp, WalletFacts};
pub use device::{DeviceHolds, DevicePlan, DeviceSession, LeaveBackup};
pub use effect::{BackupOutcome, Ceremony, Effect, Outbox, Outcome, Pending, Promotion, Provisional, Write};
pub use error::{Blame, Retry, SessionError, Waiting};
pub use input::{AbortClass, EngineOutput, Input, MadeBackup, Receipt, StoreFault};
pub use proven::{Asked, ProvenAdmission, ProvenFacts};
pub use server::ServerSession;
