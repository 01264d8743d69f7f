//! Random bytes for ids, from the operating system.

/// Fresh random bytes.
///
/// # Errors
/// Where the operating system gives none.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}
