//! Durations and sizes as people read them.

use std::fmt;
use std::time::Duration;

/// A duration with three significant digits: `840 µs`, `7.41 ms`, `1.38 s`, `2 min 05 s`.
pub(crate) struct Took(pub(crate) Duration);

impl fmt::Display for Took {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs_f64();
        let text = match seconds {
            s if s < 0.001 => format!("{:.0} µs", s * 1e6),
            s if s < 1.0 => format!("{} ms", three(s * 1e3)),
            s if s < 60.0 => format!("{} s", three(s)),
            _ => format!("{} min {:02} s", self.0.as_secs() / 60, self.0.as_secs() % 60),
        };
        f.pad(&text)
    }
}

/// A size in bytes, in powers of 1024: `96 B`, `1.50 KiB`, `149 KiB`.
pub(crate) struct Bytes(pub(crate) u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.0 as f64;
        let text = match self.0 {
            0..1024 => format!("{} B", self.0),
            1024..1_048_576 => format!("{} KiB", three(bytes / 1024.0)),
            _ => format!("{} MiB", three(bytes / 1_048_576.0)),
        };
        f.pad(&text)
    }
}

fn three(number: f64) -> String {
    let decimals = match number {
        n if n < 10.0 => 2,
        n if n < 100.0 => 1,
        _ => 0,
    };
    format!("{number:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_keep_three_digits_in_the_unit_that_fits() {
        let cases = [
            (840, "840 µs"),
            (7_411, "7.41 ms"),
            (93_200, "93.2 ms"),
            (690_000, "690 ms"),
            (1_381_000, "1.38 s"),
            (125_000_000, "2 min 05 s"),
        ];
        for (micros, text) in cases {
            assert_eq!(Took(Duration::from_micros(micros)).to_string(), text);
        }
    }

    #[test]
    fn sizes_are_in_powers_of_1024() {
        for (bytes, text) in
            [(0, "0 B"), (1023, "1023 B"), (1536, "1.50 KiB"), (152_800, "149 KiB"), (3 << 20, "3.00 MiB")]
        {
            assert_eq!(Bytes(bytes).to_string(), text);
        }
    }
}
