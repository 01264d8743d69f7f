//! The text of a tree: one field a line, indented by depth. A field that is absent is shown with what that means, because an absent limit is no limit.

use std::fmt;

use super::{Any, Content, Message, UnknownField, Value};
use crate::decoded::Hex;
use crate::schema::{Count, EnumSchema, FieldEncoding, FieldSchema, Kind, Scalar};
use crate::visible::{Inline, Visible};
use crate::{Amount, Denom, timestamp};

/// The fields of a message, each on a new line, `depth` steps to the right.
pub(crate) struct Shown<'a> {
    pub(crate) message: &'a Message,
    pub(crate) depth: usize,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut present = self.message.fields.iter().peekable();
        for schema in self.message.schema.fields {
            match present.next_if(|field| field.schema.number == schema.number) {
                Some(field) => field_lines(f, schema, &field.value, self.depth)?,
                None => absent(f, schema, self.depth)?,
            }
        }
        unknown_lines(f, &self.message.unknown, self.depth)
    }
}

fn indent(f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
    write!(f, "\n{:1$}", "", 11 + 2 * depth)
}

fn field_lines(f: &mut fmt::Formatter<'_>, schema: &FieldSchema, value: &Value, depth: usize) -> fmt::Result {
    match value {
        Value::List(items) if items.iter().all(|item| is_coin(item) || is_plain(item)) => {
            indent(f, depth)?;
            write!(f, "{}: ", schema.name)?;
            for (index, item) in items.iter().enumerate() {
                f.write_str(if index > 0 { ", " } else { "" })?;
                inline(f, schema, item)?;
            }
            Ok(())
        }
        Value::List(items) => items.iter().enumerate().try_for_each(|(index, item)| {
            indent(f, depth)?;
            write!(f, "{}[{index}]: ", schema.name)?;
            block(f, schema, item, depth)
        }),
        _ => {
            indent(f, depth)?;
            write!(f, "{}: ", schema.name)?;
            block(f, schema, value, depth)
        }
    }
}

/// A value after its name: on the same line, or below it.
fn block(f: &mut fmt::Formatter<'_>, schema: &FieldSchema, value: &Value, depth: usize) -> fmt::Result {
    match value {
        Value::Message(_) if is_coin(value) => inline(f, schema, value),
        Value::Message(message) => match time(message).or_else(|| duration(message)) {
            Some(text) => f.write_str(&text),
            None if message.fields.is_empty() && message.unknown.is_empty() => f.write_str("empty"),
            None => write!(f, "{}{}", message.schema.short_name(), Shown { message, depth: depth + 1 }),
        },
        Value::Any(any) => any_block(f, any, depth),
        _ => inline(f, schema, value),
    }
}

fn any_block(f: &mut fmt::Formatter<'_>, any: &Any, depth: usize) -> fmt::Result {
    match &any.content {
        Content::Known(message) => {
            write!(f, "{}{}", any.type_url, Shown { message, depth: depth + 1 })?;
        }
        Content::Unknown(bytes) => {
            write!(f, "NOT DECODED {} ({} bytes) {}", Visible(&any.type_url), bytes.len(), Hex(bytes))?;
        }
    }
    unknown_lines(f, &any.unknown, depth + 1)
}

fn inline(f: &mut fmt::Formatter<'_>, schema: &FieldSchema, value: &Value) -> fmt::Result {
    match value {
        Value::Bool(value) => write!(f, "{value}"),
        Value::Int(value) => write!(f, "{value}"),
        Value::Uint(value) => write!(f, "{value}"),
        Value::Float(bits) => write!(f, "{}", f32::from_bits(*bits)),
        Value::Double(bits) => write!(f, "{}", f64::from_bits(*bits)),
        Value::Enum(number) => match schema.kind {
            Kind::Enum(kind) => enumerated(f, kind, *number),
            _ => write!(f, "number {number}"),
        },
        Value::Text(text) => scalar(f, schema.scalar, text),
        Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) if schema.amino_encoding == Some(FieldEncoding::InlineJson) => {
                match serde_json::from_str::<serde::de::IgnoredAny>(text) {
                    Ok(_) => write!(f, "{}", Inline(text)),
                    Err(_) => write!(f, "NOT JSON \"{}\"", Visible(text)),
                }
            }
            Ok(digits) if schema.scalar == Some(Scalar::Dec) => scalar(f, schema.scalar, digits),
            _ => write!(f, "0x{}", Hex(bytes)),
        },
        Value::Message(message) => {
            write!(f, "{} {}", message.text("amount"), message.text("denom"))
        }
        // These have lines of their own.
        Value::Any(_) | Value::List(_) => Ok(()),
    }
}

fn enumerated(f: &mut fmt::Formatter<'_>, kind: &EnumSchema, number: i32) -> fmt::Result {
    match kind.name_of(number) {
        Some(name) => f.write_str(name),
        None => write!(f, "UNKNOWN VALUE {number}"),
    }
}

fn scalar(f: &mut fmt::Formatter<'_>, scalar: Option<Scalar>, text: &str) -> fmt::Result {
    let token = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_/.:".contains(&b));
    match scalar {
        Some(Scalar::Dec) => match decimal(text) {
            Some(shown) => f.write_str(&shown),
            None => write!(f, "\"{}\"", Visible(text)),
        },
        Some(_) if token(text) => f.write_str(text),
        _ => write!(f, "\"{}\"", Visible(text)),
    }
}

/// The fixed-point number of a count of 10^-18: its point moved, zeros at its end dropped, nothing rounded.
fn decimal(text: &str) -> Option<String> {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let digits = format!("{digits:0>19}");
    let (whole, fraction) = digits.split_at(digits.len() - 18);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{sign}{whole}{point}{fraction}"))
}

fn absent(f: &mut fmt::Formatter<'_>, schema: &FieldSchema, depth: usize) -> fmt::Result {
    // Of a oneof only the member that is set is shown.
    if matches!(schema.count, Count::OneOf(_)) {
        return Ok(());
    }
    indent(f, depth)?;
    write!(f, "{}: ", schema.name)?;
    match (schema.count, schema.kind) {
        (Count::Repeated | Count::Map, _) => f.write_str("none"),
        (Count::Optional, _) | (_, Kind::Message(_)) => f.write_str("not set"),
        (_, Kind::Enum(kind)) => enumerated(f, kind, 0),
        (_, Kind::Bool) => f.write_str("false"),
        (_, Kind::String | Kind::Bytes) => f.write_str("empty"),
        _ => f.write_str("0"),
    }
}

fn unknown_lines(f: &mut fmt::Formatter<'_>, unknown: &[UnknownField], depth: usize) -> fmt::Result {
    unknown.iter().try_for_each(|field| {
        indent(f, depth)?;
        write!(f, "UNKNOWN FIELD {} ({} bytes) {}", field.number, field.bytes.len(), Hex(&field.bytes))
    })
}

/// Whether a value is a coin that reads as one: its two fields and nothing else, both good.
fn is_coin(value: &Value) -> bool {
    let Value::Message(message) = value else { return false };
    message.schema.name == "cosmos.base.v1beta1.Coin"
        && message.unknown.is_empty()
        && Amount::parse(message.text("amount")).is_ok()
        && Denom::parse(message.text("denom")).is_ok()
}

fn is_plain(value: &Value) -> bool {
    !matches!(value, Value::Message(_) | Value::Any(_) | Value::List(_))
}

/// A `google.protobuf.Timestamp` as RFC 3339, where it is one and within its bounds.
pub(super) fn time(message: &Message) -> Option<String> {
    if message.schema.name != "google.protobuf.Timestamp" || !message.unknown.is_empty() {
        return None;
    }
    let nanos = i32::try_from(message.int("nanos")).ok()?;
    timestamp::rfc3339(message.int("seconds"), nanos)
}

/// A `google.protobuf.Duration` in seconds, where it is one and its parts agree in sign.
pub(super) fn duration(message: &Message) -> Option<String> {
    if message.schema.name != "google.protobuf.Duration" || !message.unknown.is_empty() {
        return None;
    }
    let (seconds, nanos) = (message.int("seconds"), message.int("nanos"));
    if nanos.abs() >= 1_000_000_000 || (seconds < 0 && nanos > 0) || (seconds > 0 && nanos < 0) {
        return None;
    }
    let sign = if seconds < 0 || nanos < 0 { "-" } else { "" };
    let fraction = format!(".{:09}", nanos.unsigned_abs());
    Some(format!("{sign}{}{}s", seconds.unsigned_abs(), fraction.trim_end_matches('0').trim_end_matches('.')))
}
