//! What the tasks print.

use std::error::Error as StdError;
use std::fmt::{Display, Write as _};
use std::io::Write as _;
use std::time::Duration;

/// A line on standard output. A closed pipe is not an error.
pub(crate) fn say(line: impl Display) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// An error with its causes on standard error.
pub(crate) fn complain(error: &dyn StdError) {
    let mut text = format!("error: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(text, "\n  because: {cause}");
        source = cause.source();
    }
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// A table with its columns aligned; the first row is the head.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for (number, row) in rows.iter().enumerate() {
        let line: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        let _ = writeln!(text, "  {}", line.join("  ").trim_end());
        if number == 0 {
            let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
            let _ = writeln!(text, "  {}", rule.join("  "));
        }
    }
    text
}

/// `83.2 s`, or `4 min 12 s` from two minutes on.
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 120 {
        format!("{}.{} s", seconds, time.subsec_millis() / 100)
    } else {
        format!("{} min {} s", seconds / 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_under_a_rule() {
        let rows =
            [vec!["step".into(), "time".into()], vec!["fmt".into(), "1.0 s".into()], vec!["e2e".into()]];
        assert_eq!(table(&rows), "  step  time\n  ----  -----\n  fmt   1.0 s\n  e2e\n");
    }

    #[test]
    fn long_times_are_in_minutes() {
        assert_eq!(duration(Duration::from_millis(83_250)), "83.2 s");
        assert_eq!(duration(Duration::from_secs(252)), "4 min 12 s");
    }
}
