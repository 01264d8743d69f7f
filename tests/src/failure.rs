//! Why a run of the harness came to nothing. It is read by people only, so any error will do.

/// Any error, or a sentence.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
