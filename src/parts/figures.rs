//! How well expected days are named: what came in against the first day that was said (seed §1, 精确地预计零件承诺达到时间).
//! Pure.
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::{clock::Timestamp, surveys::statistics::quantile};

/// Days by which parts came later than the first day named; earlier is negative.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Accuracy {
    /// How many lines.
    pub n: usize,
    pub median: f64,
    /// Nine of ten are no later.
    pub p90: f64,
}

/// Of pairs (first day named, day received), counted in whole days of the dealership's calendar. `None` without any.
pub fn eta_accuracy(pairs: impl IntoIterator<Item = (Timestamp, Timestamp)>, zone: &TimeZone) -> Option<Accuracy> {
    let day = |at: Timestamp| at.in_zone(zone).date();
    let late = |(eta, received)| {
        f64::from(i32::try_from(day(received).duration_since(day(eta)).as_hours() / 24).unwrap_or(i32::MAX))
    };
    let mut days: Vec<f64> = pairs.into_iter().map(late).collect();
    days.sort_by(f64::total_cmp);
    Some(Accuracy { n: days.len(), median: quantile(&days, 0.5)?, p90: quantile(&days, 0.9)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: &str) -> Timestamp {
        format!("{day}+08:00").parse().expect("a time")
    }

    #[test]
    fn acceptance_30_median_and_p90_days_from_the_first_day_named_to_the_arrival() {
        let zone = TimeZone::get("Asia/Shanghai").expect("a zone");
        let eta = at("2026-03-10T18:00:00");
        let pairs = |days: &[i64]| {
            let came = |days: &i64| at("2026-03-10T09:10:00").plus(jiff::SignedDuration::from_hours(24 * days));
            days.iter().map(|days| (eta, came(days))).collect::<Vec<_>>()
        };
        let accuracy = eta_accuracy(pairs(&[0, 0, 0, 1, 2, 2, 3, -1, 5, 10, 0]), &zone).expect("figures");
        assert_eq!(accuracy, Accuracy { n: 11, median: 1.0, p90: 5.0 });
        let two = eta_accuracy(pairs(&[0, 3]), &zone).expect("figures");
        assert!((two.median - 1.5).abs() < 1e-9 && (two.p90 - 2.7).abs() < 1e-9);
        assert_eq!(eta_accuracy(pairs(&[]), &zone), None);
    }
}
