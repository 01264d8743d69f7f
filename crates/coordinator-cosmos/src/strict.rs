//! Protobuf decoding that loses nothing: unknown fields are found and named, and what decodes must encode to the same bytes.
//!
//! prost drops the fields that it does not know, so a doc could ask a chain for more than is shown. Each message therefore has a shape here,
//! the numbers of its fields. The comparison after that also catches fields out of order, default values on the wire, repeated scalars and
//! overlong varints, all of which ADR-027 of the Cosmos SDK forbids in what is signed.

use prost::Message;

use crate::CosmosError;

/// Messages nest no deeper than this; prost has its own limit of 100.
const MAX_DEPTH: usize = 16;

/// The fields of a protobuf message.
pub(crate) struct Shape {
    name: &'static str,
    fields: &'static [(u64, Option<&'static Shape>)],
}

const ANY: Shape = Shape { name: "Any", fields: &[(1, None), (2, None)] };
const COIN: Shape = Shape { name: "Coin", fields: &[(1, None), (2, None)] };
const TIMESTAMP: Shape = Shape { name: "Timestamp", fields: &[(1, None), (2, None)] };
const BIT_ARRAY: Shape = Shape { name: "CompactBitArray", fields: &[(1, None), (2, None)] };
const SINGLE: Shape = Shape { name: "ModeInfo.Single", fields: &[(1, None)] };
static MULTI: Shape =
    Shape { name: "ModeInfo.Multi", fields: &[(1, Some(&BIT_ARRAY)), (2, Some(&MODE_INFO))] };
static MODE_INFO: Shape = Shape { name: "ModeInfo", fields: &[(1, Some(&SINGLE)), (2, Some(&MULTI))] };
static SIGNER_INFO: Shape =
    Shape { name: "SignerInfo", fields: &[(1, Some(&ANY)), (2, Some(&MODE_INFO)), (3, None)] };
const FEE: Shape = Shape { name: "Fee", fields: &[(1, Some(&COIN)), (2, None), (3, None), (4, None)] };

/// `cosmos.tx.v1beta1.SignDoc`.
pub(crate) static SIGN_DOC: Shape =
    Shape { name: "SignDoc", fields: &[(1, None), (2, None), (3, None), (4, None)] };
/// `cosmos.tx.v1beta1.TxBody`.
pub(crate) static TX_BODY: Shape = Shape {
    name: "TxBody",
    fields: &[
        (1, Some(&ANY)),
        (2, None),
        (3, None),
        (4, None),
        (5, Some(&TIMESTAMP)),
        (1023, Some(&ANY)),
        (2047, Some(&ANY)),
    ],
};
/// `cosmos.tx.v1beta1.AuthInfo` without the tip, which no chain honours any more.
pub(crate) static AUTH_INFO: Shape =
    Shape { name: "AuthInfo", fields: &[(1, Some(&SIGNER_INFO)), (2, Some(&FEE))] };
/// `cosmos.crypto.secp256k1.PubKey`.
pub(crate) static PUB_KEY: Shape = Shape { name: "PubKey", fields: &[(1, None)] };
/// `cosmos.bank.v1beta1.MsgSend`.
pub(crate) static MSG_SEND: Shape =
    Shape { name: "MsgSend", fields: &[(1, None), (2, None), (3, Some(&COIN))] };

/// Decodes a message of which nothing is lost.
pub(crate) fn decode<M: Message + Default>(bytes: &[u8], shape: &Shape) -> Result<M, CosmosError> {
    let message = M::decode(bytes)
        .map_err(|e| CosmosError::Malformed { part: shape.name, source: Some(Box::new(e)) })?;
    scan(bytes, shape, MAX_DEPTH)?;
    if message.encode_to_vec() != bytes {
        return Err(CosmosError::NotCanonical { part: shape.name });
    }
    Ok(message)
}

/// Walks the fields of a message and those of the messages inside it.
fn scan(mut bytes: &[u8], shape: &Shape, depth: usize) -> Result<(), CosmosError> {
    let malformed = || CosmosError::Malformed { part: shape.name, source: None };
    let depth = depth.checked_sub(1).ok_or_else(malformed)?;
    while !bytes.is_empty() {
        let tag = varint(&mut bytes).ok_or_else(malformed)?;
        let number = tag >> 3;
        let Some((_, inner)) = shape.fields.iter().find(|(known, _)| *known == number) else {
            return Err(CosmosError::UnknownField { part: shape.name, number });
        };
        let payload = match tag & 7 {
            0 => varint(&mut bytes).map(|_| &[][..]),
            1 => take(&mut bytes, 8),
            2 => varint(&mut bytes).and_then(|n| take(&mut bytes, usize::try_from(n).ok()?)),
            5 => take(&mut bytes, 4),
            _ => None,
        }
        .ok_or_else(malformed)?;
        if let Some(inner) = inner {
            scan(payload, inner, depth)?;
        }
    }
    Ok(())
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (head, tail) = bytes.split_at_checked(count)?;
    *bytes = tail;
    Some(head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto;

    fn body(bytes: &[u8]) -> Result<proto::TxBody, CosmosError> {
        decode(bytes, &TX_BODY)
    }

    #[test]
    fn an_unknown_field_is_named_at_any_depth() {
        assert!(matches!(body(&[0x32, 0]), Err(CosmosError::UnknownField { part: "TxBody", number: 6 })));
        // messages[0] = Any { 3: "" }
        assert!(matches!(
            body(&[0x0a, 2, 0x1a, 0]),
            Err(CosmosError::UnknownField { part: "Any", number: 3 })
        ));
        // fee.amount[0] has field 9; tip is field 3 of AuthInfo
        let auth = decode::<proto::AuthInfo>(&[0x12, 4, 0x0a, 2, 0x4a, 0], &AUTH_INFO);
        assert!(matches!(auth, Err(CosmosError::UnknownField { part: "Coin", number: 9 })));
        let tip = decode::<proto::AuthInfo>(&[0x1a, 0], &AUTH_INFO);
        assert!(matches!(tip, Err(CosmosError::UnknownField { part: "AuthInfo", number: 3 })));
    }

    #[test]
    fn every_second_spelling_of_a_message_is_refused() {
        let cases: [(&str, &[u8]); 5] = [
            ("default value on the wire", &[0x12, 0]),
            ("fields out of order", &[0x18, 1, 0x12, 1, b'a']),
            ("scalar given twice", &[0x18, 1, 0x18, 2]),
            ("overlong varint", &[0x18, 0x81, 0]),
            ("overlong length", &[0x12, 0x81, 0, b'a']),
        ];
        for (name, bytes) in cases {
            assert!(matches!(body(bytes), Err(CosmosError::NotCanonical { part: "TxBody" })), "{name}");
        }
        assert_eq!(body(&[0x12, 1, b'a', 0x18, 1]).unwrap().timeout_height, 1);
    }

    #[test]
    fn deep_nesting_is_refused() {
        // ModeInfo { multi: Multi { mode_infos: [ModeInfo { .. }] } }, forty levels.
        let mut mode = Vec::new();
        for _ in 0..40 {
            let mut outer = vec![0x12, u8::try_from(mode.len()).unwrap()];
            outer.extend_from_slice(&mode);
            mode = outer;
        }
        let mut info =
            vec![0x0a, u8::try_from(mode.len() + 2).unwrap(), 0x12, u8::try_from(mode.len()).unwrap()];
        info.extend_from_slice(&mode);
        assert!(matches!(decode::<proto::AuthInfo>(&info, &AUTH_INFO), Err(CosmosError::Malformed { .. })));
    }
}
