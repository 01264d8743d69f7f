//! Medians and percentiles of what was measured.

use std::time::Duration;

/// The median: for an even count the mean of the two in the middle. `NaN` of nothing.
#[must_use]
pub fn median(samples: &[f64]) -> f64 {
    let sorted = sorted(samples);
    let middle = sorted.len() / 2;
    match sorted.get(middle) {
        None => f64::NAN,
        Some(upper) if sorted.len() % 2 == 1 => *upper,
        Some(upper) => (sorted[middle - 1] + upper) / 2.0,
    }
}

/// The nearest-rank percentile, `percent` from 1 to 100. `NaN` of nothing.
#[must_use]
pub fn percentile(samples: &[f64], percent: usize) -> f64 {
    let sorted = sorted(samples);
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or(f64::NAN)
}

/// Durations in milliseconds.
#[must_use]
pub fn millis(durations: &[Duration]) -> Vec<f64> {
    durations.iter().map(|duration| duration.as_secs_f64() * 1e3).collect()
}

/// The quotient of each pair, first by second.
#[must_use]
pub fn ratios(pairs: &[(f64, f64)]) -> Vec<f64> {
    pairs.iter().map(|(one, other)| one / other).collect()
}

fn sorted(samples: &[f64]) -> Vec<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_and_not_the_mean() {
        assert_eq!(median(&[9.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 100.0]), 3.0);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn a_percentile_is_one_of_the_samples() {
        let samples: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(percentile(&samples, 95), 95.0);
        assert_eq!(percentile(&[7.0, 8.0], 95), 8.0);
        assert_eq!(percentile(&[7.0, 8.0], 50), 7.0);
        assert!(percentile(&[], 95).is_nan());
    }

    #[test]
    fn pairs_are_divided_one_by_one() {
        assert_eq!(ratios(&[(3.0, 2.0), (1.0, 4.0)]), [1.5, 0.25]);
    }
}
