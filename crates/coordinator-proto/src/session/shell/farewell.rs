//! How a failed session takes leave of the peer. In the older profile with a close code alone; in protocol 2 the server says
//! before it closes what happened, in a frame, and the device hears it.

use crate::control::{Control, ErrorText};
use crate::session::event::Event;
use crate::session::{Effect, Outbox, Refusal, Retry, SessionError};

/// What a side does about the last frame of a session that fails.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::session) enum Farewell {
    /// The connection was closed for something else.
    Over,
    /// The older profile: there is none.
    Silent,
    /// Protocol 2, server: it sends one.
    Tells,
    /// Protocol 2, device: it takes one for the session's end.
    Hears,
}

impl Farewell {
    /// Closes the connection for `error`, unless the peer has done so.
    pub(in crate::session) fn close(self, error: &SessionError, out: &mut Outbox) {
        if error.is_closed_by_peer() || self == Self::Over {
            return;
        }
        if self == Self::Tells {
            out.push(Effect::SendBinary(told(error).to_bytes()));
        }
        out.push(Effect::Close(error.close_code()));
    }

    /// What a frame of the peer means.
    pub(super) fn hear(self, event: Event) -> Event {
        match event {
            Event::Control(Control::Error { code, retryable, message }) if self == Self::Hears => {
                Event::Trouble(SessionError::Told { code, retryable, message })
            }
            event => event,
        }
    }
}

/// The frame. It says no more than the close code does, but where the device's owner can do something about it.
fn told(error: &SessionError) -> Control {
    let retryable = match error {
        // Another try finds another process of this server.
        SessionError::Cancelled => true,
        error => error.retry() == Retry::Later,
    };
    let message = match error {
        SessionError::StaleBackup { .. }
        | SessionError::BackupFirst
        | SessionError::Diverged
        | SessionError::Frozen(_) => ErrorText::new(&error.to_string()),
        SessionError::Refused(
            refusal @ (Refusal::KeyIdTaken | Refusal::WalletBusy | Refusal::TooMany { .. }),
        ) => ErrorText::new(&refusal.to_string()),
        error => ErrorText::new(error.close_code().reason()),
    };
    Control::Error { code: error.close_code().as_u16(), retryable, message }
}
