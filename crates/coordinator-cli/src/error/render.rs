//! An error on the terminal, or as the last line for a machine.

use anstyle::{AnsiColor, Style};
use serde_json::json;
use std::error::Error;
use std::io::{self, Write};

use super::CliError;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const LABEL: Style = Style::new().bold();

/// Writes the error: to standard error for people, to standard output for machines.
pub(crate) fn report(error: &CliError, json: bool) -> io::Result<()> {
    if json {
        let causes: Vec<String> = causes(error).collect();
        let line = json!({
            "event": "error",
            "code": error.code(),
            "message": error.to_string(),
            "causes": causes,
            "help": error.help(),
        });
        writeln!(anstream::stdout(), "{line}")
    } else {
        write_lines(&mut anstream::stderr(), error)
    }
}

fn write_lines(out: &mut impl Write, error: &CliError) -> io::Result<()> {
    writeln!(out, "{ERROR}error:{ERROR:#} {error}")?;
    for cause in causes(error) {
        writeln!(out, "  {LABEL}why:{LABEL:#} {}", cause.trim_end().replace('\n', "\n       "))?;
    }
    if let Some(help) = error.help() {
        writeln!(out, "  {LABEL}what to do:{LABEL:#} {help}")?;
    }
    Ok(())
}

/// What is below the error, without what says the same as the line above it.
fn causes(error: &CliError) -> impl Iterator<Item = String> {
    let mut above = error.to_string();
    std::iter::successors(error.source(), |&cause| cause.source()).filter_map(move |cause| {
        let text = cause.to_string();
        let is_news = text != above;
        above.clone_from(&text);
        is_news.then_some(text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use maany_coordinator::storage::{KeyError, StoreError};
    use std::path::PathBuf;

    fn lines(error: &CliError) -> String {
        let mut out = anstream::StripStream::new(Vec::new());
        write_lines(&mut out, error).unwrap();
        String::from_utf8(out.into_inner()).unwrap()
    }

    #[test]
    fn an_error_says_what_why_and_what_to_do() {
        let error = CliError::Store(StoreError::WrongKey { key_id: "k1".into() });
        assert_eq!(
            lines(&error),
            "error: the store cannot be used\n  \
             why: the key provider's keys do not open this store (sealed under key k1)\n  \
             what to do: this is another store's key: put back the key file (or variable) that this store was made with\n"
        );
    }

    #[test]
    fn a_cause_that_says_the_same_is_said_once() {
        let source = io::Error::new(io::ErrorKind::NotFound, "no such file");
        let error = CliError::Store(StoreError::Key(KeyError::Io { path: PathBuf::from("/d/keys"), source }));
        let text = lines(&error);
        assert_eq!(text.matches("no such file").count(), 1, "{text}");
        assert!(text.contains("put the key file back"), "{text}");
    }
}
