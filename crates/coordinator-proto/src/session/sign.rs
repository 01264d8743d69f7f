//! Signing, server first: the server's first frame names the share that it signs with, and its last message is the
//! finished signature, which leaves only after it is stored. An abort before that is provably unsigned.

mod device;
mod server;

pub(super) use device::SignDevice;
pub(super) use server::SignServer;
