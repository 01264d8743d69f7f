//! A fragment on paper: its bytes in base32 (RFC 4648, without padding), as text and as a QR code.
//!
//! Base32 is what a QR code's alphanumeric mode holds tightest among the encodings that a person can type: a fragment of
//! 345 bytes is 552 characters, a code of version 13 at the lowest correction level, 77 columns of a terminal with its
//! margin. The longest, with a key id of 128 characters, has 757 and takes version 15.

use data_encoding::BASE32_NOPAD;
use qrcode::render::unicode::Dense1x2;
use qrcode::types::QrError;
use qrcode::{EcLevel, QrCode};
use zeroize::Zeroizing;

/// The text of a document.
pub(crate) fn text(document: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(BASE32_NOPAD.encode(document))
}

/// What a text says; `None` where it is none of ours. Case, spaces and line breaks do not count.
pub(crate) fn read(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let letters = text.iter().filter(|byte| !byte.is_ascii_whitespace()).map(u8::to_ascii_uppercase);
    // Room from the start: growing would leave copies behind.
    let mut plain = Zeroizing::new(Vec::with_capacity(text.len()));
    plain.extend(letters);
    BASE32_NOPAD.decode(&plain).ok().map(Zeroizing::new)
}

/// The text as a QR code, two modules to a character, dark where ink is.
pub(crate) fn qr(text: &str) -> Result<Zeroizing<String>, QrError> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L)?;
    Ok(Zeroizing::new(code.render::<Dense1x2>().build()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use maany_coordinator::engine::backup::{
        BackupContext, Fragment, FragmentDocument, MAX_KEY_ID, Threshold,
    };
    use maany_coordinator::engine::{PublicKey, ShareId};

    /// A document as large as a real one with this key id: a slim share of DKLs23 has 221 bytes of ciphertext.
    fn document(key_id: usize) -> Zeroizing<Vec<u8>> {
        let generator = hex::decode("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798");
        let context = BackupContext {
            wallet: vec![0xff; 16],
            key_id: vec![b'k'; key_id],
            share_id: ShareId { epoch: u64::MAX, tag: [0xff; 16] },
            public_key: PublicKey::from_sec1(&generator.unwrap()).unwrap(),
        };
        let fragment = Fragment::from_bytes(&[3; 33]).unwrap();
        let ciphertext = vec![0xa5; 221];
        let document = FragmentDocument::new(context, Threshold::new(2, 3).unwrap(), ciphertext, fragment);
        document.unwrap().dangerous_to_bytes()
    }

    fn columns(text: &str) -> usize {
        let code = qr(text).unwrap();
        code.lines().map(|line| line.chars().count()).max().unwrap()
    }

    #[test]
    fn a_fragment_fits_a_terminal_of_80_columns_and_the_longest_one_still_is_one_code() {
        let (plain, longest) = (text(&document(0)), text(&document(MAX_KEY_ID)));
        assert_eq!((plain.len(), columns(&plain)), (552, 77));
        assert_eq!((longest.len(), columns(&longest)), (757, 85));
    }

    #[test]
    fn what_is_typed_off_the_paper_is_what_was_printed() {
        let document = document(7);
        let printed = text(&document);
        assert_eq!(read(printed.as_bytes()).unwrap(), document);
        let lines: Vec<String> =
            printed.to_lowercase().as_bytes().chunks(8).map(|c| String::from_utf8_lossy(c).into()).collect();
        assert_eq!(read(lines.join(" \r\n").as_bytes()).unwrap(), document);
        for bad in ["0", "AAAA=", "MZXW6!", "\u{e9}"] {
            assert!(read(bad.as_bytes()).is_none(), "{bad}");
        }
    }
}
