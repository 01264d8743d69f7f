//! A protobuf timestamp as RFC 3339 text in UTC, `2026-01-31T23:59:59.5Z`.

/// The bounds of `google.protobuf.Timestamp`, seconds of 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z.
const SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

/// The text of a timestamp, nanoseconds without trailing zeros; none where it is out of bounds.
pub(crate) fn rfc3339(seconds: i64, nanos: i32) -> Option<String> {
    if !SECONDS.contains(&seconds) || !(0..1_000_000_000).contains(&nanos) {
        return None;
    }
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let mut text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    if nanos > 0 {
        let fraction = format!(".{:09}", nanos);
        text.push_str(fraction.trim_end_matches('0'));
    }
    text.push('Z');
    Some(text)
}

/// Year, month and day of a count of days since 1970-01-01, in the proleptic Gregorian calendar. Years are counted from March, so that
/// the leap day is a year's last.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// The count of days from 1970-01-01 to a date, in the same calendar.
pub(crate) fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted = (month + 9) % 12;
    let day_of_year = (153 * shifted + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(seconds: i64, nanos: i32) -> Option<String> {
        rfc3339(seconds, nanos)
    }

    #[test]
    fn seconds_become_a_date() {
        assert_eq!(text(0, 0).unwrap(), "1970-01-01T00:00:00Z");
        assert_eq!(text(951_782_400, 500_000_000).unwrap(), "2000-02-29T00:00:00.5Z");
        assert_eq!(text(4_107_542_399, 1).unwrap(), "2100-02-28T23:59:59.000000001Z");
        assert_eq!(text(4_107_542_400, 0).unwrap(), "2100-03-01T00:00:00Z");
        assert_eq!(text(-1, 0).unwrap(), "1969-12-31T23:59:59Z");
        assert_eq!(text(*SECONDS.start(), 0).unwrap(), "0001-01-01T00:00:00Z");
        assert_eq!(text(*SECONDS.end(), 0).unwrap(), "9999-12-31T23:59:59Z");
    }

    #[test]
    fn what_is_no_timestamp_is_refused() {
        for (seconds, nanos) in [(i64::MAX, 0), (i64::MIN, 0), (0, -1), (0, 1_000_000_000)] {
            assert!(text(seconds, nanos).is_none());
        }
    }
}
