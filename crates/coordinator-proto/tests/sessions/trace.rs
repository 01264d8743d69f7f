//! The invariants of the order of effects, checked on every input and effect of every test.

use maany_coordinator_proto::control::What;
use maany_coordinator_proto::session::{Effect, EngineOutput, Input, Write};
use maany_coordinator_proto::{CloseCode, Control, Frame, classify};

use crate::engine::Role;

/// What a side has seen and done.
#[derive(Debug)]
pub(crate) struct Trace {
    role: Role,
    /// One word for each input and effect.
    pub(crate) log: Vec<String>,
    admitted: bool,
    ready: bool,
    open: Option<&'static str>,
    writing: Option<&'static str>,
    durable: Vec<&'static str>,
    signature_made: bool,
    abort_owed: bool,
    closed: bool,
    finished: bool,
}

impl Trace {
    pub(crate) fn new(role: Role) -> Self {
        Self {
            role,
            log: Vec::new(),
            admitted: false,
            ready: false,
            open: None,
            writing: None,
            durable: Vec::new(),
            signature_made: false,
            abort_owed: false,
            closed: false,
            finished: false,
        }
    }

    pub(crate) fn input(&mut self, input: &Input) {
        self.log.push(format!("< {}", input.name()));
        match input {
            Input::Admitted(_) | Input::AdmittedProven(_) => self.admitted = true,
            Input::EngineStepped { output: EngineOutput::Signature, .. } => self.signature_made = true,
            Input::Stored | Input::BackupStored(_) | Input::SignatureStored(_) | Input::Confirmed { .. } => {
                self.durable.extend(self.writing.take())
            }
            Input::StoreFailed(_) => self.writing = None,
            _ => {}
        }
        match input {
            Input::Admitted(_)
            | Input::AdmittedProven(_)
            | Input::Proved(_)
            | Input::SignatureStored(_)
            | Input::Confirmed { .. }
            | Input::DocumentMade(_)
            | Input::Refused(_)
            | Input::EngineStepped { .. }
            | Input::EngineFailed(_)
            | Input::EngineUnavailable
            | Input::Peeked { .. }
            | Input::Stored
            | Input::BackupStored(_)
            | Input::StoreFailed(_)
            | Input::BackupMade(_) => self.open = None,
            Input::Text(_)
            | Input::Binary(_)
            | Input::PeerClosed(_)
            | Input::PeerFault(_)
            | Input::Tick
            | Input::Cancel => {}
        }
    }

    pub(crate) fn effect(&mut self, effect: &Effect) {
        self.log.push(Self::word(effect));
        assert!(!self.finished, "nothing after finish: {effect:?}");
        assert!(
            !self.closed || matches!(effect, Effect::Finish(_) | Effect::Store(Write::Abort(_))),
            "nothing but finish and an abort's record after close: {effect:?}"
        );
        let is_request = matches!(
            effect,
            Effect::Admit(_)
                | Effect::StartEngine(_)
                | Effect::RunEngine(_)
                | Effect::Peek(_)
                | Effect::AdmitProven(..)
                | Effect::Prove(_)
                | Effect::MakeBackup(_)
                | Effect::MakeDocument(_)
                | Effect::Store(_)
        );
        if is_request {
            assert!(self.open.is_none(), "one thing at a time: {effect:?} while {:?} is open", self.open);
            self.open = Some(effect.name());
        }
        match effect {
            Effect::Admit(_) | Effect::AdmitProven(..) => {
                assert!(!self.admitted && !self.ready, "admission is asked for once")
            }
            Effect::Ready => {
                assert!(self.admitted && !self.ready, "ready once, after admission");
                self.ready = true;
            }
            Effect::StartEngine(_) => {
                assert!(self.role == Role::Device || self.ready, "no engine before the admission");
            }
            Effect::Store(write) => {
                assert!(self.role == Role::Device || self.admitted, "no write before the admission");
                self.abort_owed |= matches!(write, Write::Abort(_));
                self.writing = Some(Self::kind(write));
            }
            Effect::SendBinary(frame) => self.sending(frame),
            Effect::Close(code) => {
                self.closed = true;
                let is_told = *code != CloseCode::Internal;
                assert!(
                    !self.abort_owed || !is_told || self.durable.contains(&"abort"),
                    "an abort is durable before it is told"
                );
            }
            Effect::Finish(_) => self.finished = true,
            Effect::SendText(_)
            | Effect::RunEngine(_)
            | Effect::Peek(_)
            | Effect::Prove(_)
            | Effect::MakeBackup(_)
            | Effect::MakeDocument(_) => {}
        }
    }

    fn sending(&self, frame: &[u8]) {
        let is_durable = |kind| self.durable.contains(&kind);
        match classify(frame).expect("a well-formed frame") {
            Frame::Control(Control::Prepared { .. }) => {
                assert!(
                    is_durable("provisional") || is_durable("pending"),
                    "prepared only when it is durable"
                );
            }
            Frame::Control(Control::BackupStored { .. }) => {
                assert!(is_durable("confirm"), "a document is acknowledged only when it is durable");
            }
            Frame::Control(Control::Ready { .. }) => {
                assert!(self.admitted, "nobody is ready before the admission");
            }
            Frame::Control(Control::Proof { .. }) => {
                assert!(self.durable.is_empty(), "the proof comes first")
            }
            Frame::Control(Control::Done(What::Signature(_))) if self.signature_made => {
                assert!(is_durable("signature"), "a signature leaves only when it is durable");
            }
            Frame::Control(Control::Done(What::Created { .. } | What::Renewed { .. })) => {
                assert!(is_durable("confirm"), "the result is told when it is durable");
            }
            Frame::Control(Control::Commit { .. } | Control::Committed { .. }) => {
                assert!(is_durable("promote"), "the decision is told only when it is durable");
            }
            Frame::Engine(_) if self.role == Role::Server && self.signature_made => {
                assert!(is_durable("signature"), "a signature leaves only when it is durable");
            }
            Frame::Engine(_)
            | Frame::Control(
                Control::Status { .. }
                | Control::Holding { .. }
                | Control::Backup { .. }
                | Control::Done(_)
                | Control::Error { .. },
            ) => {}
        }
    }

    fn kind(write: &Write) -> &'static str {
        match write {
            Write::Provisional(_) => "provisional",
            Write::DropProvisional(_) => "drop provisional",
            Write::Pending(_) => "pending",
            Write::Promote(_) => "promote",
            Write::DropPending(_) => "drop pending",
            Write::EraseRetired(_) => "erase retired",
            Write::Signature => "signature",
            Write::Backup(_) => "backup",
            Write::Abort(_) => "abort",
            Write::Reconcile(_) => "reconcile",
            Write::Freeze(_) => "freeze",
            Write::Confirm { .. } => "confirm",
        }
    }

    fn word(effect: &Effect) -> String {
        match effect {
            Effect::Store(write) => format!("store {}", Self::kind(write)),
            Effect::SendBinary(frame) => match classify(frame) {
                Ok(Frame::Control(control)) => format!("send {}", control.name()),
                _ => "send engine".to_owned(),
            },
            Effect::Close(code) => format!("close {}", code.as_u16()),
            other => other.name().to_owned(),
        }
    }
}
