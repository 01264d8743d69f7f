//! Arbitrary data signed with an account's key (ADR-036 of the Cosmos SDK), as wallets ask for it to prove an account: a type of its own.
//!
//! The bytes are an Amino JSON sign doc of one message, `sign/MsgSignData`, for no chain, with no fee, account number 0 and sequence 0. No chain runs
//! such a doc. That it is never taken for a transaction is kept from both sides: this parser takes nothing else, and no parser of transactions takes this
//! message, in whatever doc it stands.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};

use crate::amino::canonical;
use crate::amino::object::Object;
use crate::sign_doc::bounded;
use crate::visible::Visible;
use crate::{AccountKey, Address, CosmosError, KeyType};

/// The Amino type of the message.
pub(crate) const AMINO_TYPE: &str = "sign/MsgSignData";
/// The name of the doc in errors.
const PART: &str = "arbitrary data doc";

/// A parsed doc of arbitrary data, with the bytes that it was parsed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArbitraryDoc {
    bytes: Vec<u8>,
    signer: Address,
    data: Vec<u8>,
}

impl ArbitraryDoc {
    /// The text of the mode, where a transaction's doc has that of its [`crate::SignMode`].
    pub const MODE: &'static str = "adr-036";

    /// The doc in which this account signs this data.
    ///
    /// # Errors
    /// [`CosmosError::TooLarge`].
    pub fn new(signer: &Address, data: &[u8]) -> Result<Self, CosmosError> {
        Self::parse(&canonical(&doc(signer, data))?)
    }

    /// Parses a doc. There is one spelling for an account and its data; any other bytes are refused.
    ///
    /// # Errors
    /// [`CosmosError`], naming what is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, CosmosError> {
        bounded(bytes)?;
        let value: Value = serde_json::from_slice(bytes)
            .map_err(|e| CosmosError::Malformed { part: PART, source: Some(Box::new(e)) })?;
        let (signer, data) = content(&value)?;
        // Made anew from what is shown: there is nothing in the doc besides.
        if canonical(&doc(&signer, &data))? != bytes {
            return Err(CosmosError::NotCanonical { part: PART });
        }
        Ok(Self { bytes: bytes.to_vec(), signer, data })
    }

    /// The bytes that are signed: those that were parsed.
    pub fn sign_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The account that signs.
    pub fn signer(&self) -> &Address {
        &self.signer
    }

    /// What is signed.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// What is signed, where it is text.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.data).ok()
    }

    /// The 32 bytes that a key (33-byte compressed SEC1) signs. The signer's address tells how the chain of the account hashes: SHA-256, or Keccak-256
    /// where it is the key's address on a chain with an EVM.
    ///
    /// # Errors
    /// [`CosmosError::PublicKey`]; [`CosmosError::OtherAccount`] where the signer is no account of this key.
    pub fn digest(&self, public_key: &[u8; 33]) -> Result<[u8; 32], CosmosError> {
        for kind in [KeyType::Secp256k1, KeyType::CosmosEvm] {
            if AccountKey::new(kind, *public_key)?.account() == *self.signer.as_bytes() {
                return Ok(kind.digest(&self.bytes));
            }
        }
        Err(CosmosError::OtherAccount)
    }
}

impl fmt::Display for ArbitraryDoc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "arbitrary data, no transaction")?;
        writeln!(f, "signer     {}", self.signer)?;
        match self.text() {
            Some(text) => write!(f, "data       \"{}\"", Visible(text)),
            None => write!(f, "data       {} bytes, base64 {}", self.data.len(), STANDARD.encode(&self.data)),
        }
    }
}

/// `{"signer", "data" (base64), "text"}`; the text is absent where the data is none.
impl Serialize for ArbitraryDoc {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("mode", Self::MODE)?;
        map.serialize_entry("signer", &self.signer)?;
        map.serialize_entry("data", &STANDARD.encode(&self.data))?;
        if let Some(text) = self.text() {
            map.serialize_entry("text", text)?;
        }
        map.end()
    }
}

fn doc(signer: &Address, data: &[u8]) -> Value {
    json!({
        "account_number": "0",
        "chain_id": "",
        "fee": { "amount": [], "gas": "0" },
        "memo": "",
        "msgs": [{
            "type": AMINO_TYPE,
            "value": { "data": STANDARD.encode(data), "signer": signer.as_str() },
        }],
        "sequence": "0",
    })
}

fn content(value: &Value) -> Result<(Address, Vec<u8>), CosmosError> {
    let mut doc = Object::new(PART, value)?;
    let [message] = doc.list("msgs")? else {
        return Err(CosmosError::BadField { part: PART, field: "msgs" });
    };
    let mut message = Object::new(PART, message)?;
    if message.text("type")? != AMINO_TYPE {
        return Err(CosmosError::BadField { part: PART, field: "type" });
    }
    let mut value = Object::new(PART, message.value("value")?)?;
    let signer = Address::parse(value.text("signer")?)?;
    let data = STANDARD.decode(value.text("data")?);
    let data = data.map_err(|_| CosmosError::BadField { part: PART, field: "data" })?;
    Ok((signer, data))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Hrp, SignDoc, SignMode};

    fn signer() -> Address {
        Address::from_bytes(&[7; 20], &Hrp::parse("cosmos").unwrap()).unwrap()
    }

    #[test]
    fn what_is_made_is_read_back() {
        let long = vec![0xff; 40_000];
        for data in [&b""[..], b"hello", "\u{202e}\n".as_bytes(), &[0, 159], &long] {
            let doc = ArbitraryDoc::new(&signer(), data).unwrap();
            let read = ArbitraryDoc::parse(doc.sign_bytes()).unwrap();
            assert_eq!((read.data(), read.signer()), (data, &signer()));
            assert_eq!(read, doc);
        }
        assert!(matches!(ArbitraryDoc::new(&signer(), &vec![0; 50_000]), Err(CosmosError::TooLarge { .. })));
    }

    #[test]
    fn it_is_no_transaction_and_no_transaction_is_it() {
        let doc = ArbitraryDoc::new(&signer(), b"hello").unwrap();
        assert!(SignDoc::parse(SignMode::Direct, doc.sign_bytes()).is_err());
        assert!(matches!(
            SignDoc::parse(SignMode::AminoJson, doc.sign_bytes()),
            Err(CosmosError::ArbitraryInTransaction)
        ));
        // The message in a doc that a chain could be asked to run.
        let text = String::from_utf8(doc.sign_bytes().to_vec()).unwrap();
        let text = text.replace(r#""chain_id":"""#, r#""chain_id":"cosmoshub-4""#);
        assert!(matches!(
            SignDoc::parse(SignMode::AminoJson, text.as_bytes()),
            Err(CosmosError::ArbitraryInTransaction)
        ));
        assert!(matches!(ArbitraryDoc::parse(text.as_bytes()), Err(CosmosError::NotCanonical { .. })));
    }

    #[test]
    fn every_other_spelling_is_refused() {
        let doc = ArbitraryDoc::new(&signer(), b"hello").unwrap();
        let text = String::from_utf8(doc.sign_bytes().to_vec()).unwrap();
        for (from, to) in [
            (r#""account_number":"0""#, r#""account_number":"1""#),
            (r#""sequence":"0""#, r#""sequence":"1""#),
            (r#""memo":"""#, r#""memo":"x""#),
            (r#""gas":"0""#, r#""gas":"1""#),
            (r#""amount":[]"#, r#""amount":[{"amount":"1","denom":"uatom"}]"#),
            (r#""data":"aGVsbG8=""#, r#""data":"aGVsbG8""#),
            (r#""sequence":"0"}"#, r#""sequence":"0","timeout_height":"1"}"#),
            ("{\"account", "{ \"account"),
        ] {
            assert!(text.contains(from), "{from}");
            assert!(ArbitraryDoc::parse(text.replace(from, to).as_bytes()).is_err(), "{to}");
        }
        let two = text.replace("\"msgs\":[", "\"msgs\":[{\"type\":\"sign/MsgSignData\",\"value\":{}},");
        assert!(matches!(ArbitraryDoc::parse(two.as_bytes()), Err(CosmosError::BadField { .. })));
    }

    #[test]
    fn the_digest_is_that_of_the_signers_chain_and_of_no_stranger() {
        // The generator point of secp256k1 (SEC 2, 2.4.1), the public key of the secret 1.
        let key = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
        let key: [u8; 33] = hex::decode(key).unwrap().try_into().unwrap();
        for kind in [KeyType::Secp256k1, KeyType::Injective] {
            let own = AccountKey::new(kind, key).unwrap().address(&Hrp::parse("inj").unwrap()).unwrap();
            let doc = ArbitraryDoc::new(&own, b"hello").unwrap();
            assert_eq!(doc.digest(&key).unwrap(), kind.digest(doc.sign_bytes()));
        }
        let other = ArbitraryDoc::new(&signer(), b"hello").unwrap();
        assert!(matches!(other.digest(&key), Err(CosmosError::OtherAccount)));
    }

    #[test]
    fn hidden_characters_are_shown() {
        let doc = ArbitraryDoc::new(&signer(), "a\u{202e}b\n".as_bytes()).unwrap();
        assert!(doc.to_string().ends_with("\"a\\u{202e}b\\n\""), "{doc}");
        let doc = ArbitraryDoc::new(&signer(), &[0xff]).unwrap();
        assert!(doc.to_string().ends_with("1 bytes, base64 /w=="), "{doc}");
    }
}
