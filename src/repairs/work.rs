//! Work that a technician found: what it is, how urgent, what the customer said, and when to remind of it. Pure.
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{RepairOrder, Word};
use crate::{
    clock::Timestamp,
    id::{Entity, Id},
};

/// An item of work as an event names it. A decision may name it by its code alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The sender's code, or the name where there is none: one item of a repair order.
    pub code: String,
    pub name: Option<String>,
    pub severity: Option<Severity>,
    pub amount: Option<f64>,
}

/// How urgent work is that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Severity {
    Safety,
    Soon,
    Monitor,
}

impl Severity {
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "safety" => Some(Self::Safety),
            "soon" => Some(Self::Soon),
            "monitor" => Some(Self::Monitor),
            _ => None,
        }
    }
    /// How long after it was declined each reminder comes (`rules.md` A2, 12): safety after 7 days, other work after 30 and
    /// 90; never more than two.
    pub fn reminders(self) -> &'static [SignedDuration] {
        const DAY: i64 = 24;
        const SAFETY: &[SignedDuration] = &[SignedDuration::from_hours(7 * DAY)];
        const OTHER: &[SignedDuration] = &[SignedDuration::from_hours(30 * DAY), SignedDuration::from_hours(90 * DAY)];
        match self {
            Self::Safety => SAFETY,
            Self::Soon | Self::Monitor => OTHER,
        }
    }
}

/// What the customer said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Decision {
    Pending,
    Approved,
    Declined,
    /// Declined, and nobody is to remind them: two reminders are out, or the work is booked.
    Deferred,
}

/// One item of work found on a repair order (`wki_`).
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
pub struct Item {
    pub id: Id<Item>,
    pub repair_order_id: Id<RepairOrder>,
    pub code: String,
    pub name: String,
    pub severity: Severity,
    pub amount: Option<f64>,
    pub decision: Decision,
    pub found_at: Timestamp,
    /// The `time` of the last applied event about it.
    pub heard_at: Timestamp,
    pub decided_at: Option<Timestamp>,
    pub decided_by: Option<String>,
    /// How they said it: `phone`, `counter`, `link`.
    pub decided_via: Option<String>,
    pub reason: Option<String>,
    /// How many reminders there were.
    pub reminded: i64,
    pub booked_at: Option<Timestamp>,
}
impl Entity for Item {
    const PREFIX: &'static str = "wki";
}

impl Item {
    /// When the customer is to be reminded of it next; `None` when never.
    pub(super) fn remind_at(&self) -> Option<Timestamp> {
        if self.decision != Decision::Declined || self.booked_at.is_some() {
            return None;
        }
        let next = usize::try_from(self.reminded).ok()?;
        Some(self.decided_at?.plus(*self.severity.reminders().get(next)?))
    }

    /// The reminder went out at `now`.
    pub(super) fn count_reminder(&mut self) {
        self.reminded += 1;
        if self.remind_at().is_none() {
            self.decision = Decision::Deferred;
        }
    }

    pub(super) fn decide(&mut self, decision: Decision, word: &Word, at: Timestamp) {
        (self.decision, self.decided_at, self.heard_at) = (decision, Some(at), at);
        self.decided_by.clone_from(&word.by);
        self.decided_via.clone_from(&word.via);
        self.reason.clone_from(&word.reason_code);
    }
}

/// When the customer is to be reminded next of anything in `items`.
pub(super) fn next_reminder(items: &[Item]) -> Option<Timestamp> {
    items.iter().filter_map(Item::remind_at).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Ids, Random};

    fn item(severity: Severity) -> Item {
        let at: Timestamp = "2026-03-02T11:00:00+08:00".parse().expect("a time");
        let ids = Ids { clock: crate::clock::Clock::fixed(at), random: Random::seeded(3) };
        Item {
            id: ids.next(),
            repair_order_id: ids.next(),
            code: "BP".to_owned(),
            name: "Brake pads".to_owned(),
            severity,
            amount: None,
            decision: Decision::Declined,
            found_at: at,
            heard_at: at,
            decided_at: Some(at),
            decided_by: None,
            decided_via: None,
            reason: None,
            reminded: 0,
            booked_at: None,
        }
    }
    fn reminders(mut item: Item) -> Vec<String> {
        let mut days = Vec::new();
        while let Some(at) = item.remind_at() {
            days.push(at.to_string()[..10].to_owned());
            item.count_reminder();
        }
        assert_eq!(item.decision, Decision::Deferred);
        days
    }

    #[test]
    fn safety_after_a_week_other_work_after_a_month_and_three_and_never_more() {
        assert_eq!(reminders(item(Severity::Safety)), ["2026-03-09"]);
        assert_eq!(reminders(item(Severity::Soon)), ["2026-04-01", "2026-05-31"]);
        assert_eq!(reminders(item(Severity::Monitor)).len(), 2);
    }

    #[test]
    fn nobody_is_reminded_of_what_was_approved_or_booked() {
        let booked = Item { booked_at: Some(item(Severity::Soon).found_at), ..item(Severity::Soon) };
        assert_eq!(booked.remind_at(), None);
        for decision in [Decision::Pending, Decision::Approved, Decision::Deferred] {
            assert_eq!(Item { decision, ..item(Severity::Safety) }.remind_at(), None);
        }
    }
}
