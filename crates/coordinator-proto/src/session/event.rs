//! What a verb's machine is told: an input after the shell has sorted it. Frames come only to a machine that waits for
//! the peer, answers only to one that asked.

use super::{
    AbortClass, Admission, EngineOutput, MadeBackup, ProvenAdmission, Receipt, Refusal, SessionError,
    StoreFault, Waiting,
};
use crate::backup_share::BackupShare;
use crate::close::CloseCode;
use crate::control::{Control, SignatureBytes};
use crate::hello::Hello;
use crate::ids::ShareId;
use crate::proof::Proof;

pub(super) enum Event {
    Text(Vec<u8>),
    Control(Control),
    Engine(Vec<u8>),
    Closed(Option<CloseCode>),
    Admitted(Box<Admission>),
    AdmittedProven(Box<ProvenAdmission>),
    Refused(Refusal),
    Proved(Box<Proof>),
    Stepped {
        outbound: Option<Vec<u8>>,
        output: EngineOutput,
    },
    EngineFailed(AbortClass),
    EngineUnavailable,
    Peeked {
        frame: Vec<u8>,
        share: Option<ShareId>,
    },
    Stored,
    BackupStored(Receipt),
    SignatureStored(SignatureBytes),
    Confirmed([u8; 33]),
    StoreFailed(StoreFault),
    BackupMade(Option<Box<BackupShare>>),
    DocumentMade(Option<MadeBackup>),
    /// The deadline of this state has passed.
    Expired,
    /// The session cannot go on, for a reason outside this state.
    Trouble(SessionError),
}

impl Event {
    /// Whether it answers what the engine was asked.
    pub(super) const fn is_engines(&self) -> bool {
        matches!(
            self,
            Self::Stepped { .. } | Self::EngineFailed(_) | Self::EngineUnavailable | Self::Peeked { .. }
        )
    }

    /// The error of an event that a state does not list.
    pub(super) fn unexpected(self, state: &'static str, waiting: Waiting) -> SessionError {
        let misuse = |input| SessionError::Misuse { state, input };
        match self {
            Self::Text(text) if Hello::is_hello(&text) => SessionError::SecondHello,
            Self::Text(_) => SessionError::OutOfTurn { state, input: "text" },
            Self::Control(control) => SessionError::OutOfTurn { state, input: control.name() },
            Self::Engine(_) => SessionError::OutOfTurn { state, input: "engine" },
            Self::Closed(code) => SessionError::Closed { code },
            Self::Expired => SessionError::Deadline { waiting },
            Self::Trouble(error) => error,
            Self::Admitted(_) => misuse("admitted"),
            Self::AdmittedProven(_) => misuse("admitted proven"),
            Self::Refused(_) => misuse("refused"),
            Self::Proved(_) => misuse("proved"),
            Self::Stepped { .. } => misuse("engine stepped"),
            Self::EngineFailed(_) => misuse("engine failed"),
            Self::EngineUnavailable if waiting == Waiting::Engine => SessionError::EngineUnavailable,
            Self::EngineUnavailable => misuse("engine unavailable"),
            Self::Peeked { .. } => misuse("peeked"),
            Self::Stored => misuse("stored"),
            Self::BackupStored(_) => misuse("backup stored"),
            Self::SignatureStored(_) => misuse("signature stored"),
            Self::Confirmed(_) => misuse("confirmed"),
            Self::StoreFailed(_) => misuse("store failed"),
            Self::BackupMade(_) => misuse("backup made"),
            Self::DocumentMade(_) => misuse("document made"),
        }
    }
}
