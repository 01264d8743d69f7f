//! Writing a JSON object field by field, in the order of the wire format.

use zeroize::Zeroizing;

/// An object under construction. The buffer is wiped when it is dropped and when it grows.
pub(crate) struct ObjectWriter {
    text: Zeroizing<String>,
}

impl ObjectWriter {
    pub(crate) fn new() -> Self {
        Self { text: Zeroizing::new(String::from("{")) }
    }

    pub(crate) fn text(mut self, name: &'static str, value: &str) -> Self {
        self.name(name);
        self.reserve(value.len().saturating_mul(6) + 2);
        self.text.push('"');
        for character in value.chars() {
            match character {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                control if u32::from(control) < 0x20 => {
                    self.text.push_str("\\u00");
                    for shift in [4, 0] {
                        let digit = (u32::from(control) >> shift) & 15;
                        self.text.push(char::from_digit(digit, 16).unwrap_or('0'));
                    }
                }
                plain => self.text.push(plain),
            }
        }
        self.text.push('"');
        self
    }

    pub(crate) fn number(mut self, name: &'static str, value: u64) -> Self {
        let digits = value.to_string();
        self.name(name);
        self.reserve(digits.len());
        self.text.push_str(&digits);
        self
    }

    pub(crate) fn object(mut self, name: &'static str, value: Self) -> Self {
        let inner = value.finish();
        self.name(name);
        self.reserve(inner.len());
        self.text.push_str(&inner);
        self
    }

    pub(crate) fn finish(mut self) -> Zeroizing<String> {
        self.reserve(1);
        self.text.push('}');
        self.text
    }

    fn name(&mut self, name: &'static str) {
        self.reserve(name.len() + 4);
        if self.text.len() > 1 {
            self.text.push(',');
        }
        self.text.push('"');
        self.text.push_str(name);
        self.text.push_str("\":");
    }

    /// Makes room by copying to a larger buffer, so that the smaller one is wiped and not left to the allocator.
    fn reserve(&mut self, more: usize) {
        let needed = self.text.len() + more;
        if needed > self.text.capacity() {
            let mut larger = Zeroizing::new(String::with_capacity(needed.saturating_mul(2)));
            larger.push_str(&self.text);
            self.text = larger;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_their_order_and_texts_are_escaped() {
        let inner = ObjectWriter::new().text("x", "a\"b\\c\nd\u{1f}é");
        let text = ObjectWriter::new().number("n", 7).object("o", inner).text("e", "").finish();
        assert_eq!(&**text, r#"{"n":7,"o":{"x":"a\"b\\c\u000ad\u001fé"},"e":""}"#);
        let read: serde_json::Value = serde_json::from_str(&text).expect("json");
        assert_eq!(read["o"]["x"], "a\"b\\c\nd\u{1f}é");
    }

    #[test]
    fn an_object_without_fields_is_empty() {
        assert_eq!(&**ObjectWriter::new().finish(), "{}");
    }
}
