//! What may follow a commit: the device leaves one backup fragment, and the server erases the share before the new one as
//! soon as it may. The key is in use on both sides by now, so that nothing here can make the session fail.

mod device;
mod server;

pub(super) use device::DeviceBackup;
pub(super) use server::{Closed, Names, ServerBackup};

use super::{Effect, Outbox, SessionError};
use crate::close::CloseCode;

/// Closes in good order.
pub(super) fn finish(out: &mut Outbox) {
    out.push(Effect::Close(CloseCode::Finished));
}

/// Closes for `error`, unless the peer has gone.
pub(super) fn finish_for(error: &SessionError, out: &mut Outbox) {
    if !error.is_closed_by_peer() {
        out.push(Effect::Close(match error {
            SessionError::Deadline { .. } => CloseCode::Finished,
            other => other.close_code(),
        }));
    }
}
