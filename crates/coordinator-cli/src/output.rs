//! What a command tells: every event once, as a line of JSON for machines or as text for people.
//!
//! Results go to standard output. Colours are only where a terminal is (anstream also heeds NO_COLOR and CLICOLOR_FORCE).

pub(crate) mod page;
pub(crate) mod progress;

use serde_json::{Map, Value};
use std::io::{self, Write};

pub(crate) use page::Page;

/// Where a command's events go.
pub(crate) struct Output<W = anstream::Stdout> {
    mode: Mode,
    out: W,
}

/// Who reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Text,
    Json,
}

impl Output {
    pub(crate) fn new(mode: Mode) -> Self {
        Self { mode, out: anstream::stdout() }
    }
}

impl<W: Write> Output<W> {
    pub(crate) fn mode(&self) -> Mode {
        self.mode
    }

    /// Tells one event. `fields` is a JSON object; `text` writes the same for people.
    pub(crate) fn say(
        &mut self,
        event: &str,
        fields: Value,
        text: impl FnOnce(&mut Page<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        match self.mode {
            Mode::Text => text(&mut Page::new(&mut self.out))?,
            Mode::Json => {
                let mut line = Map::from_iter([("event".to_owned(), Value::from(event))]);
                if let Value::Object(fields) = fields {
                    line.extend(fields);
                }
                writeln!(self.out, "{}", Value::Object(line))?;
            }
        }
        self.out.flush()
    }

    /// The last line of a command that did what it was asked for.
    pub(crate) fn done(&mut self) -> io::Result<()> {
        self.say("done", Value::Null, |_| Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(mode: Mode) -> String {
        let mut output = Output { mode, out: Vec::new() };
        output
            .say("wallet", json!({"id": "ab", "epoch": 1}), |page| page.fact("wallet", "ab"))
            .and_then(|()| output.done())
            .unwrap();
        String::from_utf8(output.out).unwrap()
    }

    #[test]
    fn machines_get_one_object_a_line() {
        let lines: Vec<Value> =
            told(Mode::Json).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines, [json!({"event": "wallet", "id": "ab", "epoch": 1}), json!({"event": "done"})]);
    }

    #[test]
    fn people_get_text() {
        assert!(told(Mode::Text).contains("wallet"));
        assert!(!told(Mode::Text).contains('{'));
    }
}
