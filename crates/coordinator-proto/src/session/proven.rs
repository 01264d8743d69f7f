//! How a session of protocol 2 begins, before its verb: the device proves who it is and what it holds, the two sides
//! reconcile what an earlier session left between them, and the server says that the verb may begin.
//!
//! ```text
//! device PROOF -> server verifies -> host admits -> reconcile, one write where there is something to settle -> READY
//!   -> device settles its own, one write where there is something to settle -> the verb
//! ```
//!
//! A device that holds nothing unsettled sends its first message of a signature in the flight of its proof.

mod admission;
mod device;
mod server;

pub use admission::{Asked, ProvenAdmission, ProvenFacts};
pub(super) use device::{DeviceBegun, DeviceOpening};
pub(super) use server::{ServerBegun, ServerOpening};
