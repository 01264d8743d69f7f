//! What every router of this crate needs before it looks at what is asked: who may ask, how much, and for how long.

use std::sync::Arc;

use super::state::HttpLimits;
use crate::{auth::Authenticator, telemetry::Telemetry};

/// Tokens, bounds and counts of one listener. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Gate {
    /// Turns bearer tokens into principals.
    pub(crate) authenticator: Arc<dyn Authenticator>,
    /// Where answers and refused tokens are counted.
    pub(crate) telemetry: Telemetry,
    /// Bounds of a request.
    pub(crate) limits: HttpLimits,
}
