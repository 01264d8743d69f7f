//! The one spelling of a JSON value that a chain signs: keys sorted by their bytes, no space, and the escapes of Go's `encoding/json`.
//!
//! Go escapes `<`, `>`, `&`, U+2028 and U+2029 besides what JSON demands. CosmJS leaves U+2028 and U+2029 as they are; a chain would
//! refuse the signature over such a doc, and so does the comparison with this form. Backspace and form feed are `\b` and `\f`, as Go
//! writes them since 1.22 and CosmJS always has.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::CosmosError;

/// Encodes a value canonically.
///
/// The order of keys is made here, whatever order `serde_json` keeps: a dependency may switch its `preserve_order` on.
pub(crate) fn canonical(value: &Value) -> Result<Vec<u8>, CosmosError> {
    let mut out = String::new();
    write(value, &mut out)?;
    Ok(out.into_bytes())
}

fn write(value: &Value, out: &mut String) -> Result<(), CosmosError> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => {
            let text = number.to_string();
            if !is_integer(&text) {
                return Err(CosmosError::BadField { part: "sign doc", field: "number" });
            }
            out.push_str(&text);
        }
        Value::String(text) => string(text, out),
        Value::Array(values) => {
            out.push('[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(value, out)?;
            }
            out.push(']');
        }
        Value::Object(map) => {
            let sorted: BTreeMap<&str, &Value> = map.iter().map(|(k, v)| (k.as_str(), v)).collect();
            out.push('{');
            for (index, (key, value)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                string(key, out);
                out.push(':');
                write(value, out)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

fn string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}

/// Amino JSON has no fractions, and 0 has no sign.
fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let leading = digits.starts_with('0') && text != "0";
    !digits.is_empty() && !leading && digits.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spell(text: &str) -> String {
        String::from_utf8(canonical(&serde_json::from_str(text).unwrap()).unwrap()).unwrap()
    }

    #[test]
    fn keys_are_sorted_by_bytes_whatever_order_they_came_in() {
        assert_eq!(
            spell(r#"{ "b": 1, "a": {"z":[],"B":null}, "\u00e9": true }"#),
            "{\"a\":{\"B\":null,\"z\":[]},\"b\":1,\"\u{e9}\":true}"
        );
    }

    #[test]
    fn escapes_are_those_of_go() {
        let text = r#""\u003c\u003e\u0026\u2028\u2029\b\f\n\r\t\u0000\u001f\u007f\"\\\/\u00e9""#;
        assert_eq!(
            spell(text),
            "\"\\u003c\\u003e\\u0026\\u2028\\u2029\\b\\f\\n\\r\\t\\u0000\\u001f\u{7f}\\\"\\\\/\u{e9}\""
        );
    }

    #[test]
    fn fractions_and_exponents_are_refused() {
        for bad in ["1.5", "1e5", "-0.0", "1.0", "18446744073709551616e1"] {
            let value: Value = serde_json::from_str(bad).unwrap();
            assert!(canonical(&value).is_err(), "{bad}");
        }
        for good in ["0", "-1", "18446744073709551615"] {
            assert_eq!(spell(good), good);
        }
    }
}
