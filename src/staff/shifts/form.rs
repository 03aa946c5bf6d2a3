//! The part of a person's form that tells when they work, when they are away and who stands in for them.
use maud::{Markup, html};
use serde_json::{Map, Value, json};

use super::{Shifts, written};
use crate::{
    console::Visitor,
    dealerships::{WEEKDAYS, written as written_hours},
    http::public::Form,
    staff::Staff,
};

/// `people`: whom the dealership has.
pub(in crate::staff) fn fields(visitor: &Visitor, edited: Option<&Staff>, people: &[Staff]) -> Markup {
    let w = visitor.words;
    let shifts = edited.map(|person| person.shifts.clone()).unwrap_or_default();
    let week = serde_json::to_value(&shifts.week).unwrap_or_default();
    let substitute = edited.and_then(|person| person.substitute.as_deref());
    let is_choice = |other: &&Staff| {
        edited.is_none_or(|person| person.id != other.id)
            && (other.active || substitute == Some(other.reference.as_str()))
    };
    html! {
        fieldset {
            legend { (w.t("people-shifts")) }
            p class="muted small" { (w.t("people-shifts-lead")) }
            @for day in WEEKDAYS { label class="row" { span { (w.code("day", day)) } input name={ "hours_" (day) } maxlength="100" value=(written_hours(&week[day])); } }
        }
        label { (w.t("people-away")) textarea name="away" rows="3" class="code" { (days(&shifts)) } }
        p class="muted small" { (w.t("people-away-lead")) }
        label { (w.t("people-substitute")) select name="substitute" {
            option value="" { (w.t("people-nobody")) }
            @for other in people.iter().filter(is_choice) {
                option value=(other.reference) selected[substitute == Some(other.reference.as_str())] { (other.name.as_deref().unwrap_or(&other.reference)) }
            }
        } }
    }
}

/// What `PUT /v1/staff/{ref}` takes as `shifts`, out of the form.
pub(in crate::staff) fn read(form: &Form) -> Value {
    let hours = |day: &'static str| Some((day.to_owned(), written::hours(form.get(&format!("hours_{day}"))?)));
    let week: Map<String, Value> = WEEKDAYS.into_iter().filter_map(hours).collect();
    json!({"week": week, "away": form.get("away").map(written::away)})
}

/// One stretch a line: `2026-03-09..2026-03-13`, or a day alone.
fn days(shifts: &Shifts) -> String {
    let line = |away: &super::Away| {
        if away.from == away.to { away.from.to_string() } else { format!("{}..{}", away.from, away.to) }
    };
    shifts.away.iter().map(line).collect::<Vec<_>>().join("\n")
}
