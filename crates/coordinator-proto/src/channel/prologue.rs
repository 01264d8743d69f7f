//! What both sides mix into the handshake before its first message: the hello's fields. A hello that was changed on
//! its way gives another prologue, and the handshake fails.

use zeroize::Zeroizing;

use crate::hello::Hello;

/// What every prologue begins with.
pub const PROLOGUE_LABEL: &[u8] = b"maany-coordinator/2";

/// The prologue of this hello: the label, then for each of `sessionId`, `role`, `token`, `intent`, `keyId`, `sessionIdHint`,
/// `requestId`, `stepUp` and `resume` one byte 0 where it is absent, or one byte 1, its length in bytes (u32, big-endian)
/// and its text as in the JSON value.
///
/// # Security
/// It holds the token.
#[must_use]
pub fn prologue(hello: &Hello) -> Zeroizing<Vec<u8>> {
    let request_id = hello.named_request().map(|id| id.to_string());
    let resume = hello.resume().map(hex::encode);
    let fields: [Option<&str>; 9] = [
        Some(hello.session_id().as_str()),
        Some("device"),
        hello.token().map(|token| token.dangerous_expose()),
        Some(hello.intent().as_str()),
        hello.key_id().map(|id| id.as_str()),
        hello.session_id_hint().map(|id| id.as_str()),
        request_id.as_deref(),
        hello.step_up().map(|code| code.dangerous_expose()),
        resume.as_deref(),
    ];
    let length = |field: &Option<&str>| 1 + field.map_or(0, |text| 4 + text.len());
    // Room from the start: a buffer that grew would leave a token behind.
    let mut bytes =
        Zeroizing::new(Vec::with_capacity(PROLOGUE_LABEL.len() + fields.iter().map(length).sum::<usize>()));
    bytes.extend_from_slice(PROLOGUE_LABEL);
    for field in fields {
        match field {
            None => bytes.push(0),
            Some(text) => {
                bytes.push(1);
                // Every field is bounded by the hello's 8 KiB.
                bytes.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
                bytes.extend_from_slice(text.as_bytes());
            }
        }
    }
    bytes
}
