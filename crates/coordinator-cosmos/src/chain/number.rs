//! A JSON number as a plain decimal. Gas prices stand in files as numbers, and no float may come near what they cost.

/// The decimal of a number's shortest text, without an exponent: `2.5e-3` becomes `0.0025`.
pub(super) fn plain(number: &serde_json::Number) -> Option<String> {
    let text = number.to_string();
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        None => (text.as_str(), 0),
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
    };
    if mantissa.starts_with('-') || exponent.abs() > 40 {
        return None;
    }
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let point = i32::try_from(whole.len()).ok()? + exponent;
    let padding = |count: i32| "0".repeat(usize::try_from(count).unwrap_or_default());
    let length = i32::try_from(digits.len()).ok()?;
    let plain = if point <= 0 {
        format!("0.{}{digits}", padding(-point))
    } else if point >= length {
        format!("{digits}{}", padding(point - length))
    } else {
        let (whole, fraction) = digits.split_at(usize::try_from(point).ok()?);
        format!("{whole}.{fraction}")
    };
    let plain = if plain.contains('.') { plain.trim_end_matches('0').trim_end_matches('.') } else { &plain };
    let whole = plain.split('.').next().unwrap_or_default();
    let cut = whole.trim_start_matches('0').len();
    let zeros = whole.len() - cut;
    // One zero stays before a point.
    let skip = if cut == 0 { zeros.saturating_sub(1) } else { zeros };
    Some(plain[skip..].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_number_is_one_decimal() {
        for (json, text) in [
            ("0", "0"),
            ("0.025", "0.025"),
            ("2.5e-2", "0.025"),
            ("1e-7", "0.0000001"),
            ("500000000", "500000000"),
            ("5e8", "500000000"),
            ("1.0", "1"),
            ("160000000.5", "160000000.5"),
            ("1e20", "100000000000000000000"),
        ] {
            let number: serde_json::Number = serde_json::from_str(json).unwrap();
            assert_eq!(plain(&number).as_deref(), Some(text), "{json}");
        }
        for bad in ["-1", "-0.5", "1e300", "1e-300"] {
            let number: serde_json::Number = serde_json::from_str(bad).unwrap();
            assert_eq!(plain(&number), None, "{bad}");
        }
    }
}
