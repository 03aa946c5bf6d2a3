//! Who is told when while a clock runs (BR-03 to BR-05): pure, planned once with the clock.
use std::collections::BTreeMap;

use jiff::SignedDuration;

use crate::{calendar::Shop, clock::Timestamp, config::Inquiries};

/// One step of the escalation; its word is the key of its clock row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The internal target: 30 opening minutes.
    Owner,
    /// Two opening hours.
    Manager,
    Half,
    ThreeQuarters,
    /// 90 %: with no owner the manager gets it, with a draft.
    Draft,
    /// Two hours before it is due.
    LastCall,
    /// It came after the day's sweep and falls due before the doors have been open again for an hour.
    Arrival,
    Breach,
    /// Four hours after.
    After,
}

impl Step {
    pub const ALL: [Self; 9] = [
        Self::Owner,
        Self::Manager,
        Self::Half,
        Self::ThreeQuarters,
        Self::Draft,
        Self::LastCall,
        Self::Arrival,
        Self::Breach,
        Self::After,
    ];
    pub fn word(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Manager => "manager",
            Self::Half => "half",
            Self::ThreeQuarters => "three_quarters",
            Self::Draft => "draft",
            Self::LastCall => "last_call",
            Self::Arrival => "arrival",
            Self::Breach => "breach",
            Self::After => "after",
        }
    }
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.word() == word)
    }
    /// Who is told.
    pub fn readers(self) -> Readers {
        let (owner, managers, directors) = match self {
            Self::Owner | Self::Half => (Owner::Alone, false, false),
            Self::ThreeQuarters => (Owner::WithSubstitute, false, false),
            Self::LastCall | Self::Arrival => (Owner::Alone, true, false),
            Self::Manager | Self::Draft => (Owner::Untold, true, false),
            Self::Breach | Self::After => (Owner::Alone, true, true),
        };
        Readers { owner, managers, directors }
    }
}

/// How far the owner is told of a step. Who is away is told nothing: their substitute is, and where nobody stands in, the
/// managers are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Owner {
    #[default]
    Untold,
    Alone,
    /// So that a second one knows of it: the substitute, and where there is none, the managers.
    WithSubstitute,
}

/// Who is told of a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Readers {
    pub owner: Owner,
    pub managers: bool,
    pub directors: bool,
}

/// When a step is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned {
    pub step: Step,
    pub at: Timestamp,
}

/// The steps of a clock that was opened at `opened_at`, in their order. A warning that would fall outside opening hours
/// comes before the doors close, never later; of warnings at one moment the last and strongest is given. What happened while
/// nobody was told (an import) is left out.
pub fn plan(opened_at: Timestamp, due_at: Timestamp, shop: &Shop, rules: &Inquiries, now: Timestamp) -> Vec<Planned> {
    let promised = due_at.since(opened_at);
    let share = |hundredths: i32| opened_at.plus(promised * hundredths / 100);
    let warnings = [
        (Step::Owner, shop.open_for(opened_at, rules.owner_after.signed())),
        (Step::Manager, shop.open_for(opened_at, rules.manager_after.signed())),
        (Step::Half, Some(share(50))),
        (Step::ThreeQuarters, Some(share(75))),
        (Step::Draft, Some(share(90))),
        (Step::LastCall, Some(due_at.minus(SignedDuration::from_hours(2)))),
        (Step::Arrival, on_arrival(opened_at, due_at, shop, rules).then_some(opened_at)),
    ];
    let mut strongest: BTreeMap<Timestamp, Step> = BTreeMap::new();
    for (step, at) in warnings {
        let Some(at) = at.filter(|at| *at < due_at) else { continue };
        let at = if step == Step::Arrival { at } else { while_open(at, opened_at, shop, rules) };
        let kept = strongest.entry(at).or_insert(step);
        *kept = (*kept).max(step);
    }
    let mut steps: Vec<Planned> = strongest.into_iter().map(|(at, step)| Planned { step, at }).collect();
    // What was missed before we heard of it is not told one by one: only the last of it still is.
    let missed = steps.iter().filter(|planned| planned.at < now).count();
    steps.drain(..missed.saturating_sub(1));
    if due_at <= now {
        steps.clear();
    }
    steps.push(Planned { step: Step::Breach, at: due_at });
    steps.push(Planned { step: Step::After, at: due_at.plus(SignedDuration::from_hours(4)) });
    steps
}

/// `at` itself while the doors are open; else the hour before they close, or the question's own time when that is later.
fn while_open(at: Timestamp, opened_at: Timestamp, shop: &Shop, rules: &Inquiries) -> Timestamp {
    if shop.is_open_at(at) {
        return at;
    }
    match shop.last_open_moment(at) {
        Some(closing) => closing.minus(rules.sweep_before.signed()).max(opened_at),
        None => at,
    }
}

/// The sweep of the day cannot see it any more, and it falls due before the doors have been open again for an hour (BR-04).
fn on_arrival(opened_at: Timestamp, due_at: Timestamp, shop: &Shop, rules: &Inquiries) -> bool {
    let sweep_is_over = match shop.next_day_end(opened_at) {
        Some(end) => opened_at >= end.minus(rules.sweep_before.signed()) || !shop.is_open_at(opened_at),
        None => true,
    };
    sweep_is_over && falls_due_before_we_are_back(due_at, opened_at, shop)
}

/// Whether `due_at` comes before the doors have been open again for an hour, once they close after `at`.
pub fn falls_due_before_we_are_back(due_at: Timestamp, at: Timestamp, shop: &Shop) -> bool {
    let closes = if shop.is_open_at(at) { shop.next_day_end(at).unwrap_or(at) } else { at };
    let back = shop.next_opening(closes.minus(SignedDuration::from_micros(1)));
    back.is_none_or(|back| due_at < back.plus(SignedDuration::from_hours(1)))
}

/// When the list before closing is made next, later than `after`.
pub fn next_sweep(after: Timestamp, shop: &Shop, rules: &Inquiries) -> Option<Timestamp> {
    let before = rules.sweep_before.signed();
    let end = shop.next_day_end(after.plus(before))?;
    Some(end.minus(before))
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn shop() -> Shop {
        let day = r#"[["09:00","12:00"],["13:30","18:00"]]"#;
        let week =
            format!(r#"{{"mon":{day},"tue":{day},"wed":{day},"thu":{day},"fri":{day},"sat":[["09:00","18:00"]]}}"#);
        Shop {
            zone: TimeZone::get("Asia/Shanghai").expect("a zone"),
            opening_hours: serde_json::from_str(&week).expect("hours"),
            holidays: Vec::new(),
        }
    }
    fn at(local: &str) -> Timestamp {
        format!("2026-03-{local}:00+08:00").parse().expect("a time")
    }
    fn steps(opened: &str) -> Vec<String> {
        let opened = at(opened);
        let due = opened.plus(SignedDuration::from_hours(24));
        let show = |planned: Planned| {
            let local = planned.at.in_zone(&shop().zone).strftime("%d %H:%M").to_string();
            format!("{local} {}", planned.step.word())
        };
        plan(opened, due, &shop(), &Inquiries::default(), opened).into_iter().map(show).collect()
    }

    #[test]
    fn a_saturday_evening_is_warned_of_before_closing() {
        assert_eq!(steps("07T17:50"), ["07 17:50 arrival", "08 17:50 breach", "08 21:50 after"]);
        assert_eq!(steps("07T16:00"), ["07 16:30 owner", "07 17:00 last_call", "08 16:00 breach", "08 20:00 after"]);
        // The doors are closed, and will have been open for an hour when it is due: no alarm on arrival.
        assert_eq!(steps("08T10:00"), ["08 10:00 last_call", "09 09:30 owner", "09 10:00 breach", "09 14:00 after"]);
    }

    #[test]
    fn a_weekday_goes_step_by_step() {
        // What would fall into the break at noon or into the night comes an hour before the doors close.
        assert_eq!(
            steps("02T10:00"),
            ["02 10:30 owner", "02 11:00 manager", "02 17:00 last_call", "03 10:00 breach", "03 14:00 after"]
        );
    }

    #[test]
    fn the_sweep_is_an_hour_before_the_day_ends() {
        let rules = Inquiries::default();
        for (after, sweep) in [("02T10:00", "02T17:00"), ("02T17:00", "03T17:00"), ("07T17:50", "09T17:00")] {
            assert_eq!(next_sweep(at(after), &shop(), &rules), Some(at(sweep)), "{after}");
        }
    }
}
