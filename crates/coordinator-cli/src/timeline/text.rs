//! Times, sizes, words and lines as the timeline shows them.

use std::time::Duration;

/// `public key` as `publicKey`.
pub(super) fn key(name: &str) -> String {
    let mut key = String::with_capacity(name.len());
    let mut upper = false;
    for c in name.chars() {
        match c {
            ' ' => upper = true,
            c if upper => {
                key.extend(c.to_uppercase());
                upper = false;
            }
            c => key.push(c),
        }
    }
    key
}

/// Milliseconds with three decimals.
pub(super) fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// Breaks a line at spaces; what has none stays whole. What follows a break is set in by two columns.
pub(super) fn wrap(line: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in line.split_inclusive(' ') {
        let last = lines.last_mut().expect("there is one from the start");
        if !last.trim().is_empty() && last.chars().count() + word.trim_end().chars().count() > width {
            last.truncate(last.trim_end().len());
            lines.push(format!("  {word}"));
        } else {
            last.push_str(word);
        }
    }
    lines
}

pub(super) fn shown_time(duration: Duration) -> String {
    if duration >= Duration::from_secs(1) {
        format!("{:.2} s", duration.as_secs_f64())
    } else if duration >= Duration::from_millis(10) {
        format!("{} ms", duration.as_millis())
    } else {
        format!("{:.1} ms", duration.as_secs_f64() * 1e3)
    }
}

pub(super) fn shown_bytes(bytes: u64) -> String {
    if bytes < 1024 {
        format!("{bytes} B")
    } else {
        format!("{}.{} KiB", bytes / 1024, bytes % 1024 * 10 / 1024)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_are_short() {
        let time = |micros| shown_time(Duration::from_micros(micros));
        assert_eq!(
            [time(0), time(1_240), time(45_900), time(1_234_567)],
            ["0.0 ms", "1.2 ms", "45 ms", "1.23 s"]
        );
        let bytes = [0, 1023, 1024, 1536, 303_000].map(shown_bytes);
        assert_eq!(bytes, ["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "295.8 KiB"]);
    }

    #[test]
    fn a_long_line_is_broken_at_spaces_and_nothing_is_lost() {
        assert_eq!(wrap("short", 10), ["short"]);
        assert_eq!(wrap("one two three", 8), ["one two", "  three"]);
        assert_eq!(wrap("a  column kept", 20), ["a  column kept"]);
        assert_eq!(wrap("0123456789abcdef 1", 8), ["0123456789abcdef", "  1"]);
        assert_eq!(wrap("", 8), [""]);
    }
}
