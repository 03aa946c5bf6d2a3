//! What people here are handed every day: who comes today, what is missing about tomorrow's customers, which parts
//! tomorrow needs (acceptance 12, 23, 29).
use std::{collections::BTreeMap, sync::Arc};

use jiff::civil::Date;
use serde_json::{Value, json};

use super::{
    marks,
    store::{self, day::Visit},
};
use crate::{
    calendar::{days_from, local_moment},
    clock::Timestamp,
    clocks::{Clock, ClockKind},
    db, dealerships,
    dealerships::Dealership,
    desk::Desk,
    id::Id,
    notices::{
        SubjectKind,
        actions::{Heard, Subject, hear},
        words::digest::{Facts, Item, Mark, Who},
    },
    staff::{Staff, standing_in},
};

/// Rung at the hour of a list; on a day on which nobody is here there is none.
pub async fn gather(desk: &mut Desk<'_>, clocks: &[Clock]) -> db::Result<()> {
    for clock in clocks {
        let Some(dealership) = dealerships::actions::find(desk.tx, clock.dealership_id).await?.map(Arc::new) else {
            continue;
        };
        let shop = dealership.shop();
        let today = clock.due_at.in_zone(&shop.zone).date();
        // A list of a day that is over by the time it could be read is of no use to anybody.
        if !shop.is_open_on(today) || desk.now.in_zone(&shop.zone).date() != today {
            continue;
        }
        let day = match clock.kind {
            ClockKind::DayList => today,
            _ => match shop.next_open_day_after(today) {
                Some(next) => next,
                None => continue,
            },
        };
        // Who comes on a day on which we are closed is on the list of the day before it, too.
        let first = if clock.kind == ClockKind::DayList { today } else { days_from(today, 1) };
        let midnight = |date: Date, days| local_moment(days_from(date, days).at(0, 0, 0, 0), &shop.zone);
        let expected = store::day::to_come(desk.tx, dealership.id, (midnight(first, 0), midnight(day, 1))).await?;
        match clock.kind {
            ClockKind::PickList => pick_list(desk, &dealership, day, &expected).await?,
            ClockKind::PreArrival => {
                by_advisor(desk, &dealership, day, &expected, "appointments.pre_arrival_due", missing).await?;
            }
            _ => by_advisor(desk, &dealership, day, &expected, "appointments.day_list_due", arriving).await?,
        }
    }
    Ok(())
}

/// One list for each advisor whom something on it concerns; while they are away it is part of the list of who stands in.
async fn by_advisor(
    desk: &mut Desk<'_>,
    dealership: &Arc<Dealership>,
    day: Date,
    expected: &[Visit],
    event_type: &'static str,
    item: fn(&Visit) -> Option<Item>,
) -> db::Result<()> {
    let mut lists: BTreeMap<Option<Id<Staff>>, Vec<Item>> = BTreeMap::new();
    for visit in expected {
        let Some(item) = item(visit) else { continue };
        let reader = match visit.advisor_id {
            Some(advisor) => Some(standing_in::of(desk, dealership, advisor).await?.reader(advisor)),
            None => None,
        };
        // Who reads it in another's place sees whose customers they are.
        let advisor = visit.advisor.clone().filter(|_| reader != visit.advisor_id);
        lists.entry(reader).or_default().push(Item { advisor, ..item });
    }
    for (advisor_id, items) in lists {
        tell(desk, dealership, event_type, day, advisor_id, items).await?;
    }
    Ok(())
}

async fn pick_list(desk: &mut Desk<'_>, dealership: &Arc<Dealership>, day: Date, expected: &[Visit]) -> db::Result<()> {
    let items: Vec<Item> =
        expected.iter().flat_map(|visit| visit.parts_required.0.iter().map(|part| needed(visit, part))).collect();
    if items.is_empty() {
        return Ok(());
    }
    tell(desk, dealership, "appointments.pick_list_due", day, None, items).await
}

async fn tell(
    desk: &mut Desk<'_>,
    dealership: &Arc<Dealership>,
    event_type: &'static str,
    day: Date,
    advisor_id: Option<Id<Staff>>,
    items: Vec<Item>,
) -> db::Result<()> {
    let subject = Subject {
        kind: SubjectKind::Dealership,
        id: dealership.id.to_string(),
        reference: dealership.code.clone(),
        revision: 0,
    };
    let facts = Facts { date: Some(day), items, ..Facts::default() };
    let heard = Heard {
        advisor_id,
        occasion: Some(day.to_string()),
        detail: json!(facts),
        quietly: dealership.live_from.is_some_and(|live| desk.now < live),
        ..Heard::new(event_type, dealership, subject)
    };
    hear(desk, &heard).await
}

fn visit(visit: &Visit) -> Item {
    Item {
        at: visit.start_at,
        customer: visit.name.clone().map(|name| Who {
            name,
            salutation: visit.salutation.clone(),
            company: visit.customer_kind.as_deref() == Some("company"),
        }),
        plate: visit.plate.clone(),
        model_code: visit.model_code.clone(),
        what: visit.services.iter().filter_map(|service| service.name.clone()).collect(),
        reference: Some(visit.reference.clone()),
        ..Item::default()
    }
}

/// Everybody who comes; the words of the customer beside the work they asked for (acceptance 38).
#[expect(clippy::unnecessary_wraps, reason = "every list says of a visit what it shows, if anything")]
fn arriving(expected: &Visit) -> Option<Item> {
    let mut item = visit(expected);
    item.what.extend(expected.customer_words.clone());
    Some(Item { marks: marks::greeting(expected), ..item })
}

/// Who comes and about whom something is missing.
fn missing(expected: &Visit) -> Option<Item> {
    let marks = marks::missing(expected);
    (!marks.is_empty()).then(|| Item { marks, ..visit(expected) })
}

/// A part as the sender lists it: its name or number, or an object with them.
fn needed(expected: &Visit, part: &Value) -> Item {
    let text = |key: &str| part.get(key).and_then(Value::as_str).map(str::to_owned);
    let name = part.as_str().map(str::to_owned).or_else(|| match (text("part_no"), text("name")) {
        (Some(number), Some(name)) => Some(format!("{number} {name}")),
        (number, name) => number.or(name),
    });
    let is_there = part.get("available").and_then(Value::as_bool);
    Item {
        what: name.into_iter().collect(),
        quantity: Some(part.get("qty").and_then(Value::as_i64).unwrap_or(1)),
        marks: if is_there == Some(false) { vec![Mark::NotInStock] } else { Vec::new() },
        ..visit(expected)
    }
}

/// When a list is read: the hour at which it is made on this wall clock.
pub(crate) fn at(kind: ClockKind) -> Option<(i8, i8)> {
    match kind {
        ClockKind::DayList => Some((8, 30)),
        ClockKind::PickList => Some((16, 0)),
        ClockKind::PreArrival => Some((17, 0)),
        _ => None,
    }
}

/// The next time after `after` at which it is `at` on this dealership's wall clock.
pub(crate) fn next(at: (i8, i8), dealership: &Dealership, after: Timestamp) -> Timestamp {
    let today = after.in_zone(&dealership.zone).date();
    let of = |days| local_moment(days_from(today, days).at(at.0, at.1, 0, 0), &dealership.zone);
    [of(0), of(1)].into_iter().find(|time| *time > after).unwrap_or_else(|| of(2))
}
