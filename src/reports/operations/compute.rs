//! From rows to figures: whole, and by each of what sets them apart. Pure.
use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, ToSpan};

use super::{
    Figure, Kpi, Rule,
    kpi::{Head, Side, Span, Way},
    store::counted::{Lying, Slot, Spanned, Sum},
};
use crate::{
    calendar, capacity,
    clock::Timestamp,
    parts::board::{Ageing, Bucket},
    reports::satisfaction::{actions::Answered, compute::scores},
    surveys::{
        Questionnaires,
        statistics::{Estimate, as_float, quantile, share, tenth},
    },
};

/// Two arrivals further apart than this are of two days, and no gap.
const A_NIGHT: SignedDuration = SignedDuration::from_hours(12);

/// What a number is made from.
#[derive(Debug)]
pub(super) enum Material {
    Sums(Vec<Sum>),
    Spans(Vec<Measured>),
    /// What lies there at this moment.
    Lying(Vec<Lying>, Timestamp),
    Days(Vec<Day>),
    Answers(Vec<Answered>),
}

/// A span as it is held against its limit.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Measured {
    pub(super) slot: Slot,
    /// None while it has not ended, or where there is none.
    pub(super) length: Option<f64>,
    /// None where the row is not counted.
    pub(super) keeps: Option<bool>,
}

/// How full a day was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Day {
    pub(super) date: String,
    pub(super) booked: i64,
    pub(super) available: i64,
}

/// Measures a span and holds it to the limit. One that has not ended, where such count, is counted once its limit has passed at
/// `now`: until then it can still keep it.
pub(super) fn measured(kpi: Kpi, rule: Rule, shop: &calendar::Shop, row: &Spanned, now: Timestamp) -> Measured {
    let Way::Spans { span, side, open_counts, .. } = kpi.way() else {
        return Measured { slot: row.slot.clone(), length: None, keeps: None };
    };
    let ends = row.since.zip(row.until);
    let ends = ends.filter(|(since, until)| kpi != Kpi::ArrivalSpacing || until.since(*since) <= A_NIGHT);
    let limit = rule.limit.unwrap_or(f64::MAX);
    let kept = |since: Timestamp, until: Timestamp| match side {
        Side::AtMost if span == Span::Months => until <= months_after(since, limit, shop),
        Side::AtMost => length(span, shop, since, until) <= limit,
        Side::AtLeast => length(span, shop, since, until) >= limit,
    };
    let keeps = match ends {
        Some((since, until)) => Some(kept(since, until)),
        None => row.since.filter(|since| open_counts && !kept(*since, now)).map(|_| false),
    };
    let length = ends.map(|(since, until)| length(span, shop, since, until));
    Measured { slot: row.slot.clone(), length, keeps }
}

fn months_after(since: Timestamp, months: f64, shop: &calendar::Shop) -> Timestamp {
    #[expect(clippy::cast_possible_truncation, reason = "a definition counts months in small whole numbers")]
    let months = months.clamp(0.0, 1200.0) as i64;
    Timestamp::new(since.in_zone(&shop.zone).saturating_add(months.months()).timestamp())
}

fn length(span: Span, shop: &calendar::Shop, since: Timestamp, until: Timestamp) -> f64 {
    let date = |at: Timestamp| at.in_zone(&shop.zone).date();
    match span {
        // Whole minutes, as the proof of the 24 hours counts them.
        Span::Minutes => whole(until.since(since).as_mins()),
        Span::OpeningMinutes => tenth(shop.open_between(since, until).as_secs_f64() / 60.0),
        Span::Hours => tenth(until.since(since).as_secs_f64() / 3600.0),
        Span::WorkingDays => whole(shop.working_days_between(date(since), date(until))),
        Span::Days | Span::Months => whole(date(until).duration_since(date(since)).as_hours() / 24),
    }
}

fn whole(number: i64) -> f64 {
    f64::from(i32::try_from(number).unwrap_or(if number < 0 { i32::MIN } else { i32::MAX }))
}

/// Which rows a figure is of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Which<'a> {
    All,
    Advisor(&'a str),
    ServiceType(&'a str),
    Kind(&'a str),
}

#[derive(Clone, Copy, Debug)]
enum Axis {
    Advisor,
    ServiceType,
    Kind,
}

impl Axis {
    fn of(self, name: &str) -> Which<'_> {
        match self {
            Self::Advisor => Which::Advisor(name),
            Self::ServiceType => Which::ServiceType(name),
            Self::Kind => Which::Kind(name),
        }
    }
}

impl Which<'_> {
    fn takes(self, advisor: Option<&str>, service_type: Option<&str>, kind: Option<&str>) -> bool {
        match self {
            Self::All => true,
            Self::Advisor(name) => advisor == Some(name),
            Self::ServiceType(name) => service_type == Some(name),
            Self::Kind(name) => kind == Some(name),
        }
    }
    fn takes_slot(self, slot: &Slot) -> bool {
        self.takes(slot.advisor.as_deref(), slot.service_type.as_deref(), slot.kind.as_deref())
    }
}

impl Material {
    /// Leaves only what one advisor served; how full a day was is nobody's own.
    pub(super) fn retain(&mut self, advisor: &str) {
        let is_theirs = |slot: &Slot| slot.advisor.as_deref() == Some(advisor);
        match self {
            Self::Sums(rows) => rows.retain(|row| is_theirs(&row.slot)),
            Self::Spans(rows) => rows.retain(|row| is_theirs(&row.slot)),
            Self::Lying(rows, _) => rows.retain(|row| is_theirs(&row.slot)),
            Self::Days(days) => days.clear(),
            Self::Answers(answers) => answers.retain(|answer| answer.advisor.as_deref() == Some(advisor)),
        }
    }

    /// The figure of some of the rows.
    pub(super) fn figure(&self, kpi: Kpi, which: Which<'_>, questionnaires: &Questionnaires) -> Figure {
        match (self, kpi.way()) {
            (Self::Sums(rows), way) => of_sums(rows.iter().filter(|row| which.takes_slot(&row.slot)), way),
            (Self::Spans(rows), Way::Spans { span, head, .. }) => {
                of_spans(rows.iter().filter(|row| which.takes_slot(&row.slot)), span, head)
            }
            (Self::Lying(rows, at), _) => {
                of_lying(rows.iter().filter(|row| which.takes_slot(&row.slot)).map(|row| (row.at, row.part)), *at)
            }
            (Self::Days(days), _) => of_days(days),
            (Self::Answers(answers), way) => {
                let theirs = answers
                    .iter()
                    .filter(|a| which.takes(a.advisor.as_deref(), a.service_type.as_deref(), Some(a.mode.word())));
                let scores = scores(&theirs.collect::<Vec<_>>(), questionnaires);
                match (way, scores.index) {
                    (Way::Nps, _) => of_estimate(scores.nps),
                    (_, Some(index)) => Figure { value: Some(index.value), n: index.n, ..Figure::default() },
                    (_, None) => Figure::default(),
                }
            }
            (Self::Spans(_), _) => Figure::default(),
        }
    }

    /// The figures by advisor, by kind of work, and by the third of what sets the rows apart.
    pub(super) fn apart(&self, kpi: Kpi, questionnaires: &Questionnaires) -> [BTreeMap<String, Figure>; 3] {
        let mut names: [BTreeSet<String>; 3] = Default::default();
        let mut see = |slot: [Option<&str>; 3]| {
            for (names, name) in names.iter_mut().zip(slot) {
                names.extend(name.map(str::to_owned));
            }
        };
        let mut slot = |slot: &Slot| see([slot.advisor.as_deref(), slot.service_type.as_deref(), slot.kind.as_deref()]);
        match self {
            Self::Sums(rows) => rows.iter().for_each(|row| slot(&row.slot)),
            Self::Spans(rows) => rows.iter().for_each(|row| slot(&row.slot)),
            Self::Lying(rows, _) => rows.iter().for_each(|row| slot(&row.slot)),
            Self::Days(_) => {}
            Self::Answers(rows) => {
                for row in rows {
                    see([row.advisor.as_deref(), row.service_type.as_deref(), Some(row.mode.word())]);
                }
            }
        }
        let [advisors, types, kinds] = names;
        let each = |names: BTreeSet<String>, axis: Axis| {
            let figure = |name: String| (self.figure(kpi, axis.of(&name), questionnaires), name);
            names.into_iter().map(figure).map(|(figure, name)| (name, figure)).collect()
        };
        [each(advisors, Axis::Advisor), each(types, Axis::ServiceType), each(kinds, Axis::Kind)]
    }
}

fn of_estimate(estimate: Option<Estimate>) -> Figure {
    estimate.map_or_else(Figure::default, |Estimate { value, low, high, n }| Figure {
        value: Some(value),
        low: Some(low),
        high: Some(high),
        n,
        more: BTreeMap::new(),
    })
}

fn of_sums<'a>(rows: impl Iterator<Item = &'a Sum>, way: Way) -> Figure {
    let (mut part, mut out_of, mut n) = (0.0, 0.0, 0);
    for row in rows {
        part += row.part;
        out_of += row.whole;
        n += u64::try_from(row.n).unwrap_or(0);
    }
    if way == Way::Share {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sum of ones")]
        return of_estimate(share(part as u64, n).map(Estimate::shown));
    }
    let value = (out_of > 0.0).then(|| tenth(100.0 * part / out_of));
    Figure { value, n, more: BTreeMap::from([("part", tenth(part)), ("whole", tenth(out_of))]), ..Figure::default() }
}

fn of_spans<'a>(rows: impl Iterator<Item = &'a Measured>, span: Span, head: Head) -> Figure {
    let (mut lengths, mut kept, mut n) = (Vec::new(), 0, 0);
    for row in rows {
        lengths.extend(row.length);
        if let Some(keeps) = row.keeps {
            n += 1;
            kept += u64::from(keeps);
        }
    }
    lengths.sort_by(f64::total_cmp);
    let of = |part: f64| if span == Span::Minutes { nearest(&lengths, part) } else { quantile(&lengths, part) };
    let within = share(kept, n).map(Estimate::shown);
    let mut figure = if head == Head::Within {
        of_estimate(within)
    } else {
        Figure { value: of(0.5).map(tenth), n, ..Figure::default() }
    };
    let more = [
        ("median", of(0.5).map(tenth)),
        ("p90", of(0.9).map(tenth)),
        ("least", lengths.first().copied()),
        ("within", within.map(|share| share.value)),
    ];
    figure.more = more.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    figure
}

/// A value that really was one, as the proof of the 24 hours has it.
fn nearest(sorted: &[f64], part: f64) -> Option<f64> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank of a list in memory")]
    let rank = (as_float(sorted.len() as u64) * part).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied()
}

fn of_lying(rows: impl Iterator<Item = (Timestamp, f64)>, at: Timestamp) -> Figure {
    let ageing = Ageing::of(rows, at);
    let buckets = [
        ("0_7", "value_0_7", ageing.week),
        ("8_14", "value_8_14", ageing.fortnight),
        ("15_30", "value_15_30", ageing.month),
        ("over_30", "value_over_30", ageing.older),
    ];
    let n: usize = buckets.iter().map(|(_, _, bucket)| bucket.count).sum();
    let count = |bucket: Bucket| as_float(bucket.count as u64);
    Figure {
        value: (n > 0).then(|| count(ageing.older)),
        n: n as u64,
        more: buckets.iter().flat_map(|(name, value, b)| [(*name, count(*b)), (*value, tenth(b.value))]).collect(),
        ..Figure::default()
    }
}

fn of_days(days: &[Day]) -> Figure {
    let sum = |of: fn(&Day) -> i64| whole(days.iter().map(of).sum());
    let (booked, available) = (sum(|day| day.booked), sum(|day| day.available));
    let over = days.iter().filter(|day| capacity::is_overbooked(day.booked, day.available, capacity::FULL)).count();
    let fullest = days.iter().filter_map(Day::share).max_by(f64::total_cmp);
    let mut more = BTreeMap::from([("days_over", as_float(over as u64)), ("part", booked), ("whole", available)]);
    more.extend(fullest.map(|fullest| ("fullest_day", fullest)));
    Figure {
        value: (available > 0.0).then(|| tenth(100.0 * booked / available)),
        n: days.len() as u64,
        more,
        ..Figure::default()
    }
}

impl Day {
    /// In percent.
    pub(super) fn share(&self) -> Option<f64> {
        (self.available > 0).then(|| tenth(100.0 * whole(self.booked) / whole(self.available)))
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("{text}:00+08:00").parse().expect("a time")
    }

    fn shop() -> calendar::Shop {
        calendar::Shop {
            zone: TimeZone::get("Asia/Shanghai").expect("a zone"),
            opening_hours: serde_json::from_str(r#"{"mon":[["09:00","18:00"]],"tue":[["09:00","18:00"]]}"#)
                .expect("hours"),
            holidays: Vec::new(),
        }
    }

    #[test]
    fn what_has_not_ended_counts_once_its_limit_has_passed() {
        for (kpi, limit, since, still, over) in [
            (Kpi::FillRate, 24.0, "2026-03-02T10:00", "2026-03-03T10:00", "2026-03-03T10:06"),
            // Half an hour of open doors: the night is no part of it.
            (Kpi::PartsNoticeLead, 30.0, "2026-03-02T17:50", "2026-03-03T09:20", "2026-03-03T09:21"),
            (Kpi::Retention, 12.0, "2025-03-31T10:00", "2026-03-31T10:00", "2026-03-31T10:01"),
        ] {
            let rule = Rule { limit: Some(limit), ..Rule::default() };
            let row = |until| Spanned { slot: Slot::default(), since: Some(at(since)), until };
            let open = |now: &str| measured(kpi, rule, &shop(), &row(None), at(now)).keeps;
            assert_eq!((open(since), open(still), open(over)), (None, None, Some(false)), "{kpi:?}");
            let ended = |until: &str| measured(kpi, rule, &shop(), &row(Some(at(until))), at(over)).keeps;
            assert_eq!((ended(still), ended(over)), (Some(true), Some(false)), "{kpi:?}");
        }
    }
}
