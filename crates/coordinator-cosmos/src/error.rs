//! The one error type of the crate.
//!
//! Whose fault: always that of whoever made the bytes or the argument, for nothing here does I/O. May it be retried: never, the same input fails
//! again. What may the peer hear: all of it, for a text holds fixed words, numbers and short excerpts of the input with control and bidi
//! characters made visible, and nothing that the input did not hold.

use thiserror::Error;

/// The cause beneath an error, kept opaque so that no version of a dependency shows in this crate's API.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What is wrong with a key, an address, a coin or a sign doc.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CosmosError {
    /// The 33 bytes are not a compressed SEC1 point of secp256k1.
    #[error("public key is not a compressed secp256k1 point")]
    PublicKey,
    /// The word names no key type of this crate.
    #[error("key type {excerpt} is not one of secp256k1, ethermint, injective and cosmos-evm")]
    KeyType {
        /// The word, cut at 64 characters, control and bidi characters made visible.
        excerpt: String,
    },
    /// The signature is malformed or does not verify under the key.
    #[error("signature does not verify under the key")]
    Signature,
    /// The multisig account's key, or the set of signatures for it, makes no sense.
    #[error("multisig account: {0}")]
    Multisig(&'static str),
    /// A sign mode that chains know and this crate does not.
    #[error("sign mode {0} is not supported")]
    UnsupportedMode(&'static str),
    /// The account that is to sign is not one of the key's.
    #[error("the account that is to sign is not one of the key's")]
    OtherAccount,
    /// A message that signs arbitrary data (ADR-036) stands in the sign doc of a transaction.
    #[error("a message of arbitrary data stands in a transaction's sign doc")]
    ArbitraryInTransaction,
    /// The human-readable part is empty, longer than 83 characters, upper-case or not printable ASCII.
    #[error("address prefix is not 1 to 83 lower-case printable ascii characters")]
    Hrp {
        /// What bech32 says, absent where the case is the fault.
        #[source]
        source: Option<Cause>,
    },
    /// The address is not lower-case bech32 with a good checksum.
    #[error("address is not lower-case bech32 with a good checksum")]
    Address {
        /// What bech32 says, absent where the text is not the canonical form of its bytes.
        #[source]
        source: Option<Cause>,
    },
    /// The address holds no bytes or more than 255, the bound of the Cosmos SDK.
    #[error("address holds {0} bytes, not 1 to 255")]
    AddressLength(usize),
    /// The address belongs to another chain's prefix.
    #[error("address has the prefix {found}, not {expected}")]
    AddressPrefix {
        /// The prefix that was asked for.
        expected: String,
        /// The prefix that the address has.
        found: String,
    },
    /// The amount has a sign, a leading zero, another character than a digit, or does not fit 256 bits.
    #[error("amount is not a decimal integer below 2^256 without sign and leading zeros")]
    Amount,
    /// The sum of amounts does not fit 256 bits.
    #[error("sum of amounts does not fit 256 bits")]
    AmountOverflow,
    /// The denom does not match `[a-zA-Z][a-zA-Z0-9/:._-]{2,127}`.
    #[error("denom is not 3 to 128 characters of the denom alphabet")]
    Denom,
    /// The coins to send are none, or one of them is zero or named twice.
    #[error("coins to send are none, or one is zero or named twice")]
    Coins,
    /// The document is over its size limit.
    #[error("sign doc is {len} bytes, over the limit of {limit}")]
    TooLarge {
        /// Bytes found.
        len: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// The part does not decode at all.
    #[error("{part} does not decode")]
    Malformed {
        /// The name of the part.
        part: &'static str,
        /// What the decoder says, absent where the shape is the fault.
        #[source]
        source: Option<Cause>,
    },
    /// The protobuf part has a field that this crate does not know. It would be signed without being shown.
    #[error("{part} has the unknown field {number}")]
    UnknownField {
        /// The name of the protobuf message.
        part: &'static str,
        /// The field number.
        number: u64,
    },
    /// The JSON part has a key that this crate does not know. It would be signed without being shown.
    #[error("{part} has the unknown key {key}")]
    UnknownKey {
        /// The name of the JSON object.
        part: &'static str,
        /// The key, cut at 64 characters, control and bidi characters made visible.
        key: String,
    },
    /// The part decodes, but encoding it again gives other bytes.
    #[error("{part} is not in its canonical form")]
    NotCanonical {
        /// The name of the part.
        part: &'static str,
    },
    /// Messages are nested deeper than is looked at.
    #[error("messages are nested deeper than {limit}")]
    TooDeep {
        /// The depth allowed.
        limit: usize,
    },
    /// The part lacks something that it must have.
    #[error("{part} lacks {field}")]
    Missing {
        /// The name of the part.
        part: &'static str,
        /// The name of what is missing.
        field: &'static str,
    },
    /// A field has a value that it cannot have.
    #[error("{part} has a bad {field}")]
    BadField {
        /// The name of the part.
        part: &'static str,
        /// The name of the field.
        field: &'static str,
    },
    /// A protobuf type url is not `/` and a full message name, or an amino type name is empty or claims to be a type that this crate decodes.
    #[error("message type {excerpt} is malformed")]
    MessageType {
        /// The type, cut at 64 characters, control and bidi characters made visible.
        excerpt: String,
    },
}
