//! The facts on record that answer a question; none while they leave a doubt.
use jiff::ToSpan;
use serde_json::Value;

use super::{Topic, texts::Facts};
use crate::{
    appointments,
    clock::Timestamp,
    customers::Customer,
    db::{self, Tx},
    dealerships::Dealership,
    id::Id,
    notices::{Locale, wording, words::customer::opening_hours},
    parts, repairs,
};

/// Days off that are said beside the opening hours.
const HOLIDAYS_WITHIN: i64 = 14;
/// More than so many parts are gone through with a person.
const MOST_PARTS: usize = 5;

/// What answers `topic` for this customer now; None when that is not one plain fact.
pub(super) async fn of(
    tx: &mut Tx,
    topic: Topic,
    (dealership, customer): (&Dealership, Id<Customer>),
    (locale, now): (Locale, Timestamp),
) -> db::Result<Option<Facts>> {
    let facts = Facts {
        dealer: dealership.name.clone(),
        phone: dealership.phone.clone(),
        address: dealership.address.clone(),
        ..Facts::default()
    };
    let when = |at: Timestamp| wording::date_and_time(at.in_zone(&dealership.zone).datetime(), locale);
    Ok(match topic {
        Topic::OpeningHours => {
            let is_open = dealership.opening_hours.as_object().is_some_and(|week| !week.is_empty());
            is_open.then(|| Facts {
                hours: opening_hours(&dealership.opening_hours, locale),
                holidays: holidays(dealership, locale, now),
                ..facts
            })
        }
        Topic::MyBooking => {
            let visits = appointments::actions::of_customer(tx, customer).await?;
            // What is not settled yet is spoken about.
            let unsettled = |state: &str| matches!(state, "requested" | "proposed" | "move_requested");
            let ahead: Vec<_> = visits
                .iter()
                .filter(|visit| unsettled(&visit.state) || matches!(visit.state.as_str(), "booked" | "confirmed"))
                .filter(|visit| visit.start_at.is_none_or(|at| at > now))
                .collect();
            match ahead.as_slice() {
                [one] if !unsettled(&one.state) => {
                    one.start_at.map(|at| Facts { when: when(at), reference: one.reference.clone(), ..facts })
                }
                _ => None,
            }
        }
        Topic::MyCar => {
            let here = repairs::actions::in_the_workshop(tx, customer).await?;
            match here.as_slice() {
                [one] => {
                    let checked = !repairs::waits_for_qc(dealership) || one.qc_at.is_some();
                    let is_ready = one.state == repairs::State::Ready;
                    let promise = one.promised_at.filter(|at| *at > now);
                    // Ready and not checked is not ready; a promise that has passed is no answer.
                    let certain = if is_ready { checked } else { promise.is_some() };
                    certain.then(|| Facts {
                        is_ready,
                        when: promise.map(when).unwrap_or_default(),
                        plate: one.plate.clone().unwrap_or_default(),
                        reference: one.reference.clone(),
                        ..facts
                    })
                }
                _ => None,
            }
        }
        Topic::MyPart => {
            let lines = parts::actions::awaited(tx, customer, MOST_PARTS + 1).await?;
            let said: Option<Vec<String>> = lines.iter().map(|line| part(line, dealership, locale, now)).collect();
            said.filter(|said| !said.is_empty() && said.len() <= MOST_PARTS)
                .map(|said| Facts { parts: said.join("\n"), ..facts })
        }
    })
}

/// `Brake pads: has arrived`; None while nobody knows when it comes.
fn part(line: &parts::actions::Awaited, dealership: &Dealership, locale: Locale, now: Timestamp) -> Option<String> {
    let what = line.name.clone().or_else(|| line.part_no.clone())?;
    if line.state == parts::LineState::Received {
        return Some(format!("{what}: {}", locale.choose("已到货", "has arrived", "入荷済み")));
    }
    let date = line.eta.filter(|at| *at > now).map(|at| wording::date(at.in_zone(&dealership.zone).date(), locale))?;
    Some(match locale {
        Locale::ZhCn => format!("{what}: 预计{date}到货"),
        Locale::En => format!("{what}: expected on {date}"),
        Locale::Ja => format!("{what}: {date}入荷予定"),
    })
}

/// The days off of the next two weeks, one a line.
fn holidays(dealership: &Dealership, locale: Locale, now: Timestamp) -> String {
    let today = now.in_zone(&dealership.zone).date();
    let until = today.saturating_add(HOLIDAYS_WITHIN.days());
    let line = |day: &Value| {
        let date: jiff::civil::Date = day["date"].as_str()?.parse().ok()?;
        let closed = day["open"].as_array().is_none_or(Vec::is_empty);
        (closed && date >= today && date <= until).then(|| {
            format!("{} {}", wording::date(date, locale), day["name"].as_str().unwrap_or_default()).trim().to_owned()
        })
    };
    dealership.holidays.as_array().into_iter().flatten().filter_map(line).collect::<Vec<_>>().join("\n")
}
