//! Text of a stranger made safe to show: whatever does not draw a mark of its own, or changes how its neighbours are drawn, is written as an escape.
//!
//! The ranges are the control (`Cc`), format (`Cf`), line and paragraph separator and space (`Z*`) characters of Unicode 16 other than the ASCII space, and the letters
//! that draw nothing (Hangul fillers, blank Braille pattern, variation selectors, combining grapheme joiner). A backslash is doubled, so that no escape can be forged.

use std::fmt::{self, Write};

/// Shows a text with every invisible or direction-changing character escaped as `\u{..}`.
pub(crate) struct Visible<'a>(pub(crate) &'a str);

impl fmt::Display for Visible<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                '\\' => f.write_str("\\\\")?,
                '"' => f.write_str("\\\"")?,
                _ if hidden(c) => write!(f, "\\u{{{:x}}}", u32::from(c))?,
                _ => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// Shows JSON as it stands, on one line. Its strings already escape quotes and backslashes, so that an escape written here cannot be one of theirs:
/// JSON has none with a brace.
pub(crate) struct Inline<'a>(pub(crate) &'a str);

impl fmt::Display for Inline<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            if hidden(c) {
                write!(f, "\\u{{{:x}}}", u32::from(c))?;
            } else {
                f.write_char(c)?;
            }
        }
        Ok(())
    }
}

/// The first 64 characters of a text, made visible.
pub(crate) fn excerpt(text: &str) -> String {
    let cut: String = text.chars().take(64).collect();
    let dots = if cut.len() < text.len() { "..." } else { "" };
    format!("{}{dots}", Visible(&cut))
}

fn hidden(c: char) -> bool {
    c.is_control()
        || (c != ' ' && c.is_whitespace())
        || matches!(u32::from(c),
            0x00ad | 0x034f | 0x0600..=0x0605 | 0x061c | 0x06dd | 0x070f | 0x0890..=0x0891 | 0x08e2
            | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f | 0x2028..=0x202e
            | 0x2060..=0x206f | 0x2800 | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xfffb
            | 0x110bd | 0x110cd | 0x13430..=0x1343f | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a
            | 0xe0000..=0xe0fff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bidi_marks_and_controls_are_visible() {
        let text = "pay\u{202e}ecila\u{2066}\u{200f}\u{0}\u{7f}\u{85}\n\u{2028}\u{feff}\u{e0041}\u{a0}";
        let shown = Visible(text).to_string();
        assert_eq!(
            shown,
            "pay\\u{202e}ecila\\u{2066}\\u{200f}\\u{0}\\u{7f}\\u{85}\\n\\u{2028}\\u{feff}\\u{e0041}\\u{a0}"
        );
    }

    #[test]
    fn an_escape_cannot_be_forged() {
        assert_eq!(Visible("\\u{202e} \"x\"").to_string(), "\\\\u{202e} \\\"x\\\"");
    }

    #[test]
    fn plain_text_of_any_script_stays() {
        for text in ["thanks for lunch", "\u{17c}\u{f3}\u{142}w", "\u{5e9}\u{5dc}\u{5d5}\u{5dd}", "\u{1f600}"]
        {
            assert_eq!(Visible(text).to_string(), text);
        }
    }

    #[test]
    fn an_excerpt_is_short() {
        assert_eq!(excerpt(&"x".repeat(100)), format!("{}...", "x".repeat(64)));
        assert_eq!(excerpt("abc"), "abc");
    }
}
