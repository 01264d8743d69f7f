//! Text for people: headings, and facts in a column.

use anstyle::{AnsiColor, Color, Style};
use std::io::{self, Write};

const HEADING: Style = Style::new().bold();
const QUIET: Style = Style::new().dimmed();
const CODE: Style = Style::new()
    .fg_color(Some(Color::Ansi(AnsiColor::Black)))
    .bg_color(Some(Color::Ansi(AnsiColor::BrightWhite)));

/// Column in which a fact's value begins.
const FACT: usize = 16;

/// Where text is written.
pub(crate) struct Page<'a> {
    out: &'a mut dyn Write,
}

impl<'a> Page<'a> {
    pub(crate) fn new(out: &'a mut dyn Write) -> Self {
        Self { out }
    }

    /// A heading, with an empty line before it.
    pub(crate) fn heading(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "\n{HEADING}{text}{HEADING:#}")
    }

    /// A name and its value.
    pub(crate) fn fact(&mut self, name: &str, value: &str) -> io::Result<()> {
        writeln!(self.out, "  {QUIET}{name:<FACT$}{QUIET:#}{value}")
    }

    /// A plain line.
    pub(crate) fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{text}")
    }

    /// A QR code, dark on light whatever the terminal's own colours are: a reader needs it so.
    pub(crate) fn code(&mut self, code: &str) -> io::Result<()> {
        code.lines().try_for_each(|line| writeln!(self.out, "{CODE}{line}{CODE:#}"))
    }

    /// A remark.
    pub(crate) fn remark(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "  {QUIET}{text}{QUIET:#}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(write: impl FnOnce(&mut Page<'_>) -> io::Result<()>) -> String {
        let mut out = anstream::StripStream::new(Vec::new());
        write(&mut Page::new(&mut out)).unwrap();
        String::from_utf8(out.into_inner()).unwrap()
    }

    #[test]
    fn colours_are_marked_up_and_can_be_stripped() {
        let mut out = Vec::new();
        Page::new(&mut out).fact("address", "cosmos1").unwrap();
        assert!(String::from_utf8(out).unwrap().contains('\u{1b}'));
        assert_eq!(plain(|page| page.fact("address", "cosmos1")), "  address         cosmos1\n");
    }
}
