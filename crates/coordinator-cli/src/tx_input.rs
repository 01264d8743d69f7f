//! A transaction as somebody hands it over: base64, hexadecimal or bytes, from an argument, a file or standard input.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use std::io::Read;
use std::path::Path;

use crate::error::CliError;

/// Far above any chain's limit, and far below what a mistaken file would fill the memory with.
const MOST: usize = 8 * 1024 * 1024;

/// Reads the bytes of a transaction.
pub(crate) fn read(text: Option<&str>, file: Option<&Path>) -> Result<Vec<u8>, CliError> {
    let given = match (text, file) {
        (Some(text), _) => text.as_bytes().to_vec(),
        (None, Some(file)) => {
            let open = std::fs::File::open(file);
            open.and_then(bounded).map_err(|source| CliError::System { doing: "reading the file", source })?
        }
        (None, None) => {
            let all = bounded(std::io::stdin().lock());
            all.map_err(|source| CliError::System { doing: "reading standard input", source })?
        }
    };
    bytes(&given).ok_or(CliError::NotATransaction)
}

fn bounded(from: impl Read) -> std::io::Result<Vec<u8>> {
    let mut read = Vec::new();
    from.take(MOST as u64 + 1).read_to_end(&mut read)?;
    Ok(read)
}

/// What the text encodes, or the bytes themselves where they are no text.
fn bytes(given: &[u8]) -> Option<Vec<u8>> {
    if given.len() > MOST {
        return None;
    }
    let text: Option<String> = std::str::from_utf8(given)
        .ok()
        .map(|text| text.split_whitespace().collect())
        .filter(|text: &String| text.bytes().all(|b| b.is_ascii_graphic()));
    let Some(text) = text else { return Some(given.to_vec()) };
    let digits = text.strip_prefix("0x").unwrap_or(&text);
    let decoded = hex::decode(digits).ok();
    let decoded = decoded.or_else(|| STANDARD.decode(&text).ok()).or_else(|| URL_SAFE.decode(&text).ok());
    decoded.filter(|bytes| !bytes.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_bytes_are_read_from_every_form() {
        // A transaction begins with the tag of its body, a control character, so that its bytes are no text.
        let tx = [0x0a, 0x03, 0xff, 0x00, 0x01, 0x12, 0x00];
        let base64 = STANDARD.encode(tx);
        for form in [
            hex::encode(tx),
            hex::encode_upper(tx),
            format!("0x{}", hex::encode(tx)),
            format!(" {base64}\n"),
            URL_SAFE.encode(tx),
        ] {
            assert_eq!(bytes(form.as_bytes()).unwrap(), tx, "{form}");
        }
        assert_eq!(bytes(&tx).unwrap(), tx);
    }

    #[test]
    fn what_is_none_of_them_is_refused() {
        for bad in ["", " \n", "not base64!", "0x"] {
            assert_eq!(bytes(bad.as_bytes()), None, "{bad:?}");
        }
        assert_eq!(bytes(&vec![0xff; MOST + 1]), None);
    }
}
