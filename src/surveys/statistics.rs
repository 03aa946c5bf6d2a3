//! Numbers from small samples: shares, means and net promoter scores, each with its 95 % interval (`satisfaction.md` C2). Pure.
use serde::{Deserialize, Serialize};

/// Two-sided 95 %.
const Z: f64 = 1.96;

/// A number in percent (or points of the NPS) with the interval in which it lies with 95 % confidence, and what it rests on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    pub value: f64,
    pub low: f64,
    pub high: f64,
    /// How many answers.
    pub n: u64,
}

impl Estimate {
    /// Two estimates differ beyond chance when their intervals do not overlap: only then does a trend get its arrow.
    pub fn differs_from(&self, other: &Self) -> bool {
        self.low > other.high || other.low > self.high
    }
    /// Rounded as it is shown: to a tenth.
    #[must_use]
    pub fn shown(self) -> Self {
        Self { value: tenth(self.value), low: tenth(self.low), high: tenth(self.high), n: self.n }
    }
}

/// To one decimal place, never `-0`.
pub fn tenth(value: f64) -> f64 {
    let rounded = (value * 10.0).round() / 10.0;
    if rounded == 0.0 { 0.0 } else { rounded }
}

/// `x` of `n` in percent with its Wilson score interval; none without answers. More than `n` counts as `n`.
pub fn share(x: u64, n: u64) -> Option<Estimate> {
    if n == 0 {
        return None;
    }
    let (x, count) = (as_float(x.min(n)), as_float(n));
    let p = x / count;
    let z2 = Z * Z;
    let below = 1.0 + z2 / count;
    let centre = (p + z2 / (2.0 * count)) / below;
    let half = Z * (p * (1.0 - p) / count + z2 / (4.0 * count * count)).sqrt() / below;
    let (low, high) = ((centre - half).max(0.0), (centre + half).min(1.0));
    Some(Estimate { value: 100.0 * p, low: 100.0 * low, high: 100.0 * high, n })
}

/// The net promoter score: promoters (9 and 10) less detractors (0 to 6) in percent, with the adjusted-Wald interval: three
/// answers are added, three quarters of one to either end, because that does best on small samples. The interval lies around
/// the adjusted score; the value shown is the raw one.
pub fn net_promoters(promoters: u64, passives: u64, detractors: u64) -> Option<Estimate> {
    let n = promoters + passives + detractors;
    if n == 0 {
        return None;
    }
    let raw = 100.0 * (as_float(promoters) - as_float(detractors)) / as_float(n);
    let (adjusted, half) = adjusted_wald(promoters, detractors, n);
    Some(Estimate { value: raw, low: (adjusted - half).max(-100.0), high: (adjusted + half).min(100.0), n })
}

/// The adjusted score and half the width of its interval, in points.
fn adjusted_wald(promoters: u64, detractors: u64, n: u64) -> (f64, f64) {
    let count = as_float(n) + 3.0;
    let (p, d) = ((as_float(promoters) + 0.75) / count, (as_float(detractors) + 0.75) / count);
    let score = p - d;
    let variance = p + d - score * score;
    (100.0 * score, 100.0 * Z * (variance / count).sqrt())
}

/// The mean of some answers; none without answers.
pub fn mean(sum: f64, n: u64) -> Option<f64> {
    (n > 0).then(|| sum / as_float(n))
}

#[expect(clippy::cast_precision_loss, reason = "counts of answers stay far below 2^52")]
pub fn as_float(n: u64) -> f64 {
    n as f64
}

/// The value below which such a share of sorted values lies, between the two nearest ranks, as spreadsheets do.
pub fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = u32::try_from(sorted.len().checked_sub(1)?).ok()?;
    let rank = f64::from(last) * share;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank lies between 0 and the last index"
    )]
    let below = rank.floor() as usize;
    let (low, high) = (sorted.get(below)?, sorted.get(below + 1).or(sorted.get(below))?);
    Some(low + (high - low) * rank.fract())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn vectors(name: &str) -> Vec<Value> {
        let all: Value = serde_json::from_str(include_str!("../../tests/data/vectors.json")).expect("JSON");
        all[name].as_array().expect("vectors").clone()
    }
    fn number(vector: &Value, key: &str) -> f64 {
        vector[key].as_f64().expect("a number")
    }
    fn count(vector: &Value, key: &str) -> u64 {
        vector[key].as_u64().expect("a count")
    }
    fn close(found: f64, expected: f64) -> bool {
        (found - expected).abs() < 0.05 + 1e-9
    }

    #[test]
    fn wilson_as_in_the_vectors() {
        for vector in vectors("wilson95") {
            let found = share(count(&vector, "x"), count(&vector, "n")).expect("answers").shown();
            assert!(
                close(found.low, number(&vector, "lo")) && close(found.high, number(&vector, "hi")),
                "{vector} {found:?}"
            );
        }
    }

    #[test]
    fn net_promoters_as_in_the_vectors() {
        for vector in vectors("nps_adjusted_wald95") {
            let (p, m, d) = (count(&vector, "promoters"), count(&vector, "passives"), count(&vector, "detractors"));
            let found = net_promoters(p, m, d).expect("answers").shown();
            assert!(close(found.value, number(&vector, "raw")), "{vector} {found:?}");
            assert!(close(tenth(adjusted_wald(p, d, p + m + d).0), number(&vector, "adj")), "{vector}");
            assert!(
                close(found.low, number(&vector, "lo")) && close(found.high, number(&vector, "hi")),
                "{vector} {found:?}"
            );
        }
    }

    #[test]
    fn nothing_is_said_of_no_answers() {
        assert_eq!((share(0, 0), net_promoters(0, 0, 0), mean(0.0, 0)), (None, None, None));
    }

    proptest! {
        #[test]
        fn a_share_lies_in_its_interval_and_the_interval_in_the_scale(n in 1u64..5_000, part in 0.0f64..=1.0) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of n")]
            let x = (as_float(n) * part).round() as u64;
            let found = share(x, n).expect("answers");
            prop_assert!(0.0 <= found.low && found.low <= found.value + 1e-9);
            prop_assert!(found.value <= found.high + 1e-9 && found.high <= 100.0);
            // The other half of the answers gives the mirror image.
            let other = share(n - x, n).expect("answers");
            prop_assert!((other.low - (100.0 - found.high)).abs() < 1e-6);
            // More of the same answers never widen it.
            let more = share(2 * x, 2 * n).expect("answers");
            prop_assert!(more.high - more.low <= found.high - found.low + 1e-9);
        }

        #[test]
        fn net_promoters_stay_on_the_scale_and_mirror(p in 0u64..400, m in 0u64..400, d in 0u64..400) {
            prop_assume!(p + m + d > 0);
            let found = net_promoters(p, m, d).expect("answers");
            prop_assert!((-100.0..=100.0).contains(&found.value));
            prop_assert!(-100.0 <= found.low && found.low <= found.high && found.high <= 100.0);
            let mirrored = net_promoters(d, m, p).expect("answers");
            prop_assert!((mirrored.value + found.value).abs() < 1e-9 && (mirrored.low + found.high).abs() < 1e-9);
        }
    }
}
