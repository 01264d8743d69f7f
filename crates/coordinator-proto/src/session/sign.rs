//! Signing. In the older profile the server speaks first, and its first frame names the share that it signs with; in
//! protocol 2 the two sides agree on the share before, and the device speaks first. The server's last message is the
//! finished signature, which leaves only after it is stored. An abort before that is provably unsigned.

mod device;
mod server;

/// Whether the signature is all that the server says at the end, or is followed by what the session has come to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Profile {
    Plain,
    Proven,
}

pub(super) use device::SignDevice;
pub(super) use server::SignServer;
