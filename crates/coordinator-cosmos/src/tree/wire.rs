//! The wire format of protobuf, read strictly: every varint in its shortest form, every length within what is there.

/// Why bytes cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// They are no protobuf, or not of the expected shape.
    Malformed,
    /// They are, but not as an encoder writes them.
    NotCanonical,
}

/// A varint, at most 64 bits.
pub(super) fn varint(bytes: &mut &[u8]) -> Result<u64, Fault> {
    let mut value = 0u64;
    for shift in (0..70).step_by(7) {
        let (&byte, rest) = bytes.split_first().ok_or(Fault::Malformed)?;
        *bytes = rest;
        let part = u64::from(byte & 0x7f);
        if shift == 63 && part > 1 {
            return Err(Fault::Malformed);
        }
        value |= part << shift;
        if byte < 0x80 {
            // A last byte of zero says nothing, unless it is the only one.
            return if byte == 0 && shift > 0 { Err(Fault::NotCanonical) } else { Ok(value) };
        }
    }
    Err(Fault::Malformed)
}

/// The bytes of a field, as its wire type delimits them.
#[derive(Clone, Copy)]
pub(super) enum Payload<'a> {
    Varint(u64),
    Eight([u8; 8]),
    Delimited(&'a [u8]),
    Four([u8; 4]),
}

/// A field number, its wire type and its payload.
pub(super) fn field<'a>(bytes: &mut &'a [u8]) -> Result<(u32, u8, Payload<'a>), Fault> {
    let tag = varint(bytes)?;
    let number = u32::try_from(tag >> 3).ok().filter(|number| (1..1 << 29).contains(number));
    let number = number.ok_or(Fault::Malformed)?;
    let payload = match tag & 7 {
        0 => (0, Payload::Varint(varint(bytes)?)),
        1 => (1, Payload::Eight(array(bytes)?)),
        2 => {
            let length = usize::try_from(varint(bytes)?).map_err(|_| Fault::Malformed)?;
            let (head, tail) = bytes.split_at_checked(length).ok_or(Fault::Malformed)?;
            *bytes = tail;
            (2, Payload::Delimited(head))
        }
        5 => (5, Payload::Four(array(bytes)?)),
        // Groups: no message of a chain has one.
        _ => return Err(Fault::Malformed),
    };
    Ok((number, payload.0, payload.1))
}

pub(super) fn array<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], Fault> {
    let (head, tail) = bytes.split_first_chunk().ok_or(Fault::Malformed)?;
    *bytes = tail;
    Ok(*head)
}

pub(super) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}
