//! What the dealership's page shows and what comes back from it: the stored and the typed, and one body of both. Pure.
use jiff::{civil::DateTime, tz::TimeZone};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::{
    calendar::local_moment,
    console::Words,
    dealerships::{
        Dealership,
        hours::{WEEKDAYS, read_written, written},
        rules::{self, Rule},
    },
    http::{Error, Fault, public::Form},
    id::hex,
};

/// The code of a form that was filled in over what somebody else has changed since.
pub(super) const CHANGED_MEANWHILE: &str = "changed_meanwhile";

/// A dealership as it is stored, and what somebody has typed over it.
pub(super) struct Sheet<'a> {
    pub(super) it: &'a Dealership,
    pub(super) typed: Option<&'a Form>,
}

impl<'a> Sheet<'a> {
    pub(super) fn of(it: &'a Dealership) -> Self {
        Self { it, typed: None }
    }
    /// What a field shows: what was typed, else what is stored.
    pub(super) fn shown(&self, name: &str, stored: &str) -> String {
        self.typed.and_then(|form| form.typed(name)).unwrap_or(stored).to_owned()
    }
    pub(super) fn is_ticked(&self, name: &str, stored: bool) -> bool {
        self.typed.map_or(stored, |form| form.get(name).is_some())
    }
    /// Which state of it the page shows: sent back with the form.
    pub(super) fn seen(&self) -> String {
        seen(self.it)
    }
}

fn seen(it: &Dealership) -> String {
    let said = serde_json::to_vec(it).unwrap_or_default();
    hex(&Sha256::digest(said)[..8])
}

/// The name of a rule's field.
pub(super) fn name_of(rule: &Rule) -> String {
    let (group, key) = rule.place();
    format!("rules.{group}.{key}")
}

/// Since when it is live, on its own clock and as a field takes it.
pub(super) fn live_from(it: &Dealership) -> String {
    it.live_from.map(|at| at.in_zone(&it.zone).strftime("%Y-%m-%dT%H:%M").to_string()).unwrap_or_default()
}

/// What the form makes of it. Fields that it does not have, and rules that nobody knows here, stay as they are.
///
/// # Errors
/// Everything that is wrong, with its pointer; 409 where the page showed another state than the one that is stored.
pub(super) fn changed(before: &Dealership, form: &Form) -> Result<Dealership, Error> {
    if form.get("seen").is_some_and(|shown| shown != seen(before)) {
        return Err(Error::Conflict(CHANGED_MEANWHILE, "somebody has changed the dealership meanwhile".to_owned()));
    }
    let mut body = serde_json::to_value(before).unwrap_or_default();
    for name in ["name", "department", "phone", "address", "advisor_fallback"] {
        body[name] = json!(form.get(name).unwrap_or_default());
    }
    for name in ["email", "sms_signature"] {
        body[name] = json!(form.get(name));
    }
    for name in ["region", "time_zone", "locale"] {
        if let Some(typed) = form.typed(name) {
            body[name] = json!(typed);
        }
    }
    // Its seconds are not shown: what was not touched stays to the second, whatever becomes of the zone.
    if let Some(typed) = form.typed("live_from").filter(|typed| *typed != live_from(before)) {
        let zone = form.get("time_zone").and_then(|name| TimeZone::get(name).ok());
        let zone = zone.as_ref().unwrap_or(&before.zone);
        body["live_from"] = match typed.parse::<DateTime>() {
            Ok(day_and_time) => json!(local_moment(day_and_time, zone)),
            Err(_) if typed.is_empty() => Value::Null,
            Err(_) => json!(typed),
        };
    }
    let day = |day: &str| read_written(form.get(&format!("hours_{day}")).unwrap_or_default());
    let days: Map<String, Value> = WEEKDAYS.into_iter().map(|name| (name.to_owned(), day(name))).collect();
    body["opening_hours"] = Value::Object(days);
    body["holidays"] = read_holidays(form.get("holidays").unwrap_or_default());
    body["shadow"] = json!(form.get("shadow").is_some());
    let mut faults = typed_rules(&mut body["rules"], form);
    match Dealership::parse(before.id, &before.code, "", body) {
        Ok(wanted) if faults.is_empty() => Ok(wanted),
        Ok(_) => Err(Error::Invalid(faults)),
        Err(more) => {
            faults.extend(more);
            Err(Error::Invalid(faults))
        }
    }
}

/// Puts the rules that were typed among those that are stored.
fn typed_rules(stored: &mut Value, form: &Form) -> Vec<Fault> {
    let mut faults = Vec::new();
    for rule in &rules::ALL {
        // A browser ends the lines of a field its own way.
        let Some(typed) = form.typed(&name_of(rule)).map(|typed| typed.replace("\r\n", "\n")) else { continue };
        if typed == rule.written(stored) {
            continue;
        }
        match rule.read(&typed) {
            Ok(value) => rule.put(stored, value),
            Err((code, message)) => {
                let (group, key) = rule.place();
                faults.push(Fault { pointer: format!("/rules/{group}/{key}"), code, message });
            }
        }
    }
    faults
}

/// One fault in the reader's language: which field, and why.
pub(super) fn said(w: Words, fault: &Fault) -> String {
    let mut path = fault.pointer.split('/').skip(1);
    let field = match (path.next().unwrap_or_default(), path.next(), path.next()) {
        ("rules", Some(group), Some(key)) => {
            format!("{}, {}", w.code("rules", group), w.code("rule", &format!("{group}.{key}")))
        }
        ("opening_hours", Some(day), _) => format!("{}, {}", w.t("settings-hours"), w.code("day", day)),
        ("holidays", Some(at), _) => {
            w.ta("settings-holidays-line", &[("n", (at.parse::<i64>().unwrap_or_default() + 1).into())])
        }
        (name, ..) => w.code("settings", name),
    };
    let known = format!("settings-wrong-{}", fault.code.replace('_', "-"));
    let place = |rule: &&Rule| fault.pointer == format!("/rules/{}/{}", rule.place().0, rule.place().1);
    let why = match rules::ALL.iter().find(place) {
        Some(Rule::Whole(whole)) => {
            w.ta("settings-wrong-number", &[("n", whole.least.into()), ("m", whole.most.into())])
        }
        _ if w.knows(&known) => w.t(&known),
        _ => fault.message.clone(),
    };
    format!("{field}: {why}")
}

/// One day a line: `2026-02-17 春节`, or with its hours at the end, `2026-02-14 09:00-12:00 补班`.
pub(super) fn holidays(list: &Value) -> String {
    let days = list.as_array().into_iter().flatten();
    let line = |day: &Value| {
        let open = written(&day["open"]);
        let parts = [day["date"].as_str().unwrap_or_default(), open.as_str(), day["name"].as_str().unwrap_or_default()];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    };
    days.map(line).collect::<Vec<_>>().join("\n")
}

fn read_holidays(text: &str) -> Value {
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        let date = words.next()?.to_owned();
        let (open, name): (Vec<&str>, Vec<&str>) =
            words.partition(|word| word.len() == 11 && word.contains(':') && word.contains('-'));
        Some(json!({ "date": date, "name": name.join(" "), "open": read_written(&open.join(" ")) }))
    };
    text.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_written_as_people_write_them() {
        let split = json!([["09:00", "12:00"], ["13:30", "18:00"]]);
        assert_eq!(written(&split), "09:00-12:00 13:30-18:00");
        assert_eq!(read_written("09:00-12:00, 13:30–18:00"), split);
        assert_eq!(read_written(""), json!([]));
        let days = json!([{"date": "2026-02-14", "name": "补班", "open": [["09:00", "12:00"]]}, {"date": "2026-02-17", "name": "春节", "open": []}]);
        assert_eq!(holidays(&days), "2026-02-14 09:00-12:00 补班\n2026-02-17 春节");
        assert_eq!(read_holidays(&holidays(&days)), days);
    }
}
