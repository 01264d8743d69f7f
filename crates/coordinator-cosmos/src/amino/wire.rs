//! The fields of one encoded message, gathered by number, and the writing of them. What a field means is the tables' matter.

use std::collections::BTreeMap;

use prost::encoding::{decode_varint, encode_varint};

use crate::CosmosError;
use crate::schema::MessageSchema;

/// What stands on the wire for a field once.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item<'a> {
    /// A varint.
    Number(u64),
    /// A length and so many bytes.
    Bytes(&'a [u8]),
}

/// The fields of a message. Wire types that no message of the tables has are refused, and so is a field that its table does not name.
pub(super) fn fields<'a>(
    schema: &'static MessageSchema,
    mut bytes: &'a [u8],
) -> Result<BTreeMap<u32, Vec<Item<'a>>>, CosmosError> {
    let malformed = || CosmosError::Malformed { part: schema.name, source: None };
    let mut found: BTreeMap<u32, Vec<Item<'a>>> = BTreeMap::new();
    while !bytes.is_empty() {
        let tag = decode_varint(&mut bytes).map_err(|_| malformed())?;
        let number = tag >> 3;
        let known = u32::try_from(number).ok().filter(|number| schema.field(*number).is_some());
        let known = known.ok_or(CosmosError::UnknownField { part: schema.name, number })?;
        let item = match tag & 7 {
            0 => Item::Number(decode_varint(&mut bytes).map_err(|_| malformed())?),
            2 => {
                let length = decode_varint(&mut bytes).map_err(|_| malformed())?;
                let length = usize::try_from(length).map_err(|_| malformed())?;
                let (head, tail) = bytes.split_at_checked(length).ok_or_else(malformed)?;
                bytes = tail;
                Item::Bytes(head)
            }
            _ => return Err(malformed()),
        };
        found.entry(known).or_default().push(item);
    }
    Ok(found)
}

/// The varints of a packed list.
pub(super) fn packed(mut bytes: &[u8]) -> Option<Vec<u64>> {
    let mut numbers = Vec::new();
    while !bytes.is_empty() {
        numbers.push(decode_varint(&mut bytes).ok()?);
    }
    Some(numbers)
}

/// Appends a varint field.
pub(super) fn put_number(number: u32, value: u64, out: &mut Vec<u8>) {
    encode_varint(u64::from(number) << 3, out);
    encode_varint(value, out);
}

/// Appends a field of bytes.
pub(super) fn put_bytes(number: u32, value: &[u8], out: &mut Vec<u8>) {
    encode_varint(u64::from(number) << 3 | 2, out);
    // A length of memory fits 64 bits.
    encode_varint(value.len() as u64, out);
    out.extend_from_slice(value);
}
