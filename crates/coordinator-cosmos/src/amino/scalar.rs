//! Texts whose Amino JSON differs from what stands on the wire: fixed-point numbers, durations, times, and the names of oneofs.

use crate::proto::Timestamp;
use crate::timestamp;

/// The digits after the point of a fixed-point number (`math.LegacyDec`).
const PLACES: usize = 18;
/// More digits than any fixed-point number of the SDK has (315 bits).
const MAX_DIGITS: usize = 100;

/// A whole number of 10^-18, as a chain writes it with its point. Nothing on the wire is written as `0`.
pub(super) fn dec_to_json(wire: &str) -> Option<String> {
    if wire.is_empty() {
        return Some("0".to_owned());
    }
    let (sign, digits) = signed(wire)?;
    if digits.len() > MAX_DIGITS || (digits.len() > 1 && digits.starts_with('0')) {
        return None;
    }
    let padded = format!("{digits:0>width$}", width = PLACES + 1);
    let (whole, rest) = padded.split_at(padded.len() - PLACES);
    Some(format!("{sign}{whole}.{rest}"))
}

/// Back from the form with a point.
pub(super) fn dec_from_json(text: &str) -> Option<String> {
    if text == "0" {
        return Some(String::new());
    }
    let (sign, digits) = signed(text)?;
    let (whole, rest) = digits.split_once('.')?;
    if whole.is_empty() || rest.len() != PLACES || whole.len() > MAX_DIGITS {
        return None;
    }
    let all = format!("{whole}{rest}");
    let digits = all.trim_start_matches('0');
    if digits.is_empty() { Some("0".to_owned()) } else { Some(format!("{sign}{digits}")) }
}

fn signed(text: &str) -> Option<(&str, &str)> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let good = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    good.then(|| (&text[..text.len() - digits.len()], digits))
}

/// A duration as the nanoseconds that Go counts in 64 bits.
pub(super) fn duration_to_json(seconds: i64, nanos: i32) -> Option<String> {
    seconds.checked_mul(1_000_000_000)?.checked_add(i64::from(nanos)).map(|total| total.to_string())
}

/// Seconds and nanoseconds, both of one sign.
pub(super) fn duration_from_json(text: &str) -> Option<(i64, i32)> {
    let total: i64 = text.parse().ok()?;
    let nanos = i32::try_from(total % 1_000_000_000).ok()?;
    Some((total / 1_000_000_000, nanos))
}

/// A time of RFC 3339 in UTC, back from the one spelling that a chain writes.
pub(super) fn time_from_json(text: &str) -> Option<Timestamp> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let mut date = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let (clock, fraction) = time.split_once('.').unwrap_or((time, ""));
    let mut clock = clock.splitn(3, ':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || fraction.len() > 9 {
        return None;
    }
    let nanos = if fraction.is_empty() { 0 } else { format!("{fraction:0<9}").parse().ok()? };
    let seconds = timestamp::days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    let time = Timestamp { seconds, nanos };
    // A day or an hour that does not exist comes back as another.
    let same = timestamp::rfc3339(time.seconds, time.nanos).is_some_and(|again| again == text);
    same.then_some(time)
}

/// The key of a oneof in Amino JSON: its name in upper camel case.
pub(super) fn camel(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut upper = true;
    for c in name.chars() {
        if c == '_' {
            upper = true;
        } else if upper {
            out.push(c.to_ascii_uppercase());
            upper = false;
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_point_number_has_eighteen_places() {
        for (wire, json) in [
            ("", "0"),
            ("0", "0.000000000000000000"),
            ("1", "0.000000000000000001"),
            ("100000000000000000", "0.100000000000000000"),
            ("-1234567890123456789", "-1.234567890123456789"),
            ("25000000000000000000", "25.000000000000000000"),
        ] {
            assert_eq!(dec_to_json(wire).unwrap(), json);
            assert_eq!(dec_from_json(json).unwrap(), wire);
        }
        for bad in ["01", "1.0", "x", "-", "+1"] {
            assert!(dec_to_json(bad).is_none() || bad == "1.0", "{bad}");
        }
        for bad in ["1", "1.0", ".000000000000000000", "1.0000000000000000000", ""] {
            assert!(dec_from_json(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_duration_is_nanoseconds_of_one_sign() {
        for (seconds, nanos, json) in [(3600, 0, "3600000000000"), (-1, -5, "-1000000005"), (0, 7, "7")] {
            assert_eq!(duration_to_json(seconds, nanos).unwrap(), json);
            assert_eq!(duration_from_json(json).unwrap(), (seconds, nanos));
        }
        assert!(duration_to_json(i64::MAX, 0).is_none());
    }

    #[test]
    fn a_time_is_read_back_or_refused() {
        for (text, seconds, nanos) in [
            ("1970-01-01T00:00:00Z", 0, 0),
            ("2000-02-29T00:00:00.5Z", 951_782_400, 500_000_000),
            ("2100-03-01T00:00:00.000000001Z", 4_107_542_400, 1),
            ("0001-01-01T00:00:00Z", -62_135_596_800, 0),
        ] {
            assert_eq!(time_from_json(text), Some(Timestamp { seconds, nanos }), "{text}");
        }
        for bad in [
            "2001-02-29T00:00:00Z",
            "2000-02-29T24:00:00Z",
            "2000-02-29T00:00:00.50Z",
            "2000-02-29T00:00:00+00:00",
            "2000-2-29T00:00:00Z",
            "",
        ] {
            assert!(time_from_json(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_oneof_is_named_in_camel_case() {
        assert_eq!((camel("validators").as_str(), camel("one_of_two").as_str()), ("Validators", "OneOfTwo"));
    }
}
