//! What a version of the report counts and holds its numbers to; version 1 is the program's own.
use serde::{Deserialize, Serialize};

use super::{Approval, Figure, Kpi, Verdict};
use crate::clock::Timestamp;

/// A version. It never changes; its approval is added to it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Definition {
    pub version: i64,
    pub numbers: Vec<Defined>,
    /// None of the program's own.
    pub made_at: Option<Timestamp>,
    pub made_by: Option<String>,
    pub approval: Option<Approval>,
}

/// One number in a definition.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Written")]
pub struct Defined {
    pub name: Kpi,
    #[serde(flatten)]
    pub rule: Rule,
}

/// A number as it is written in a definition: a key that is mistyped is refused, because a version never changes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: Kpi,
    limit: Option<f64>,
    least: Option<f64>,
    most: Option<f64>,
}

impl From<Written> for Defined {
    fn from(Written { name, limit, least, most }: Written) -> Self {
        Self { name, rule: Rule { limit, least, most } }
    }
}

/// What a number is held to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Rule {
    /// What a span is held to, in its own measure: minutes, hours, working days, days, months.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
    /// The target: the value is at least this …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub least: Option<f64>,
    /// … and at most this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most: Option<f64>,
}

impl Rule {
    /// Whether anything can be within it.
    pub(super) fn is_possible(self) -> bool {
        let has_room = self.least.zip(self.most).is_none_or(|(least, most)| least <= most);
        has_room && self.limit.is_none_or(|limit| limit >= 0.0)
    }
    /// Amber outside the target on either side.
    pub fn verdict(self, figure: &Figure) -> Option<Verdict> {
        if self.least.is_none() && self.most.is_none() {
            return None;
        }
        let value = figure.value?;
        let is_met = self.least.is_none_or(|least| value >= least) && self.most.is_none_or(|most| value <= most);
        Some(if is_met { Verdict::Green } else { Verdict::Amber })
    }
}

/// Version 1: the seed's numbers and targets, and where the seed is silent those of `domain/rules.md` A5.
pub fn first() -> Definition {
    let rule = |limit, least, most| Rule { limit, least, most };
    let of = |name: Kpi| match name {
        Kpi::AppointmentShare => rule(None, Some(60.0), Some(80.0)),
        Kpi::AppointmentLoad => rule(None, None, Some(80.0)),
        Kpi::ArrivalSpacing => rule(Some(30.0), Some(100.0), None),
        Kpi::BookingWait => rule(Some(3.0), Some(100.0), None),
        Kpi::NoShow => rule(None, None, Some(10.0)),
        Kpi::InquiryReply => rule(None, Some(100.0), None),
        Kpi::PartsNoticeLead => rule(Some(30.0), None, Some(30.0)),
        Kpi::PartsAgeing => rule(None, None, Some(0.0)),
        Kpi::FillRate => rule(Some(24.0), Some(90.0), None),
        Kpi::EtaAccuracy => rule(Some(0.0), None, Some(0.0)),
        Kpi::FollowUpContact => rule(None, Some(70.0), None),
        Kpi::FollowUpOnTime => rule(Some(72.0), Some(95.0), None),
        Kpi::FirstTimeRight => rule(None, Some(88.0), None),
        Kpi::AlertClosure => rule(None, Some(95.0), None),
        Kpi::Retention => rule(Some(12.0), None, None),
        Kpi::Confirmation | Kpi::FirstResponse | Kpi::Csat | Kpi::Nps | Kpi::Index | Kpi::Efficiency => Rule::default(),
    };
    let numbers = Kpi::ALL.into_iter().map(|name| Defined { name, rule: of(name) }).collect();
    Definition { version: 1, numbers, made_at: None, made_by: None, approval: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_appointments_is_green_between_its_bounds_only() {
        let share = first().numbers.into_iter().find(|number| number.name == Kpi::AppointmentShare).expect("there");
        let verdict = |value| share.rule.verdict(&Figure { value, ..Figure::default() });
        for (value, expected) in [
            (58.0, Verdict::Amber),
            (59.9, Verdict::Amber),
            (60.0, Verdict::Green),
            (71.0, Verdict::Green),
            (80.0, Verdict::Green),
            (84.0, Verdict::Amber),
        ] {
            assert_eq!(verdict(Some(value)), Some(expected), "{value}");
        }
        assert_eq!(verdict(None), None, "nothing was counted");
        assert_eq!(Rule::default().verdict(&Figure { value: Some(1.0), ..Figure::default() }), None);
    }
}
