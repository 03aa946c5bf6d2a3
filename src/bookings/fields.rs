//! What was typed on the booking page: read again and again until it is booked, and then made the data of the booking.
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{calendar::local_moment, clock::Timestamp, customers::Customer, http::Error};

/// The fields of the form by their names; a GET carries them too, so that the page works without script.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields(pub(super) Vec<(String, String)>);

impl Fields {
    /// The value of that name; blank counts as absent.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }
    /// The same, as a field shows it.
    pub(super) fn shown(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }
    /// The codes of the warnings that were on the page when it was sent.
    pub(super) fn seen(&self) -> Vec<&str> {
        self.shown("seen").split(',').filter(|code| !code.is_empty()).collect()
    }

    /// The booking, as `POST /v1/appointments` takes it. `customer` is the one who was found; without one, a new one.
    ///
    /// # Errors
    /// The time is none.
    pub(super) fn data(&self, customer: Option<&Customer>, zone: &jiff::tz::TimeZone) -> Result<Value, Error> {
        let start = self.start(zone)?;
        let hours = self.get("hours").and_then(|hours| hours.replace(',', ".").parse::<f64>().ok());
        let minutes = hours.map(|hours| SignedDuration::try_from_secs_f64(hours * 3600.0).unwrap_or_default());
        let customer = if let Some(known) = customer {
            json!({ "ref": known.reference })
        } else {
            let numbers = [("phone", "mobile"), ("phone2", "home")].into_iter();
            let numbers = numbers.filter_map(|(field, label)| Some((self.get(field)?, label)));
            let phones: Vec<Value> = numbers.map(|(number, label)| json!({"number": number, "label": label})).collect();
            json!({"name": self.get("name"), "salutation": self.get("salutation"), "language": self.get("language"),
                "email": self.get("email"), "phones": phones})
        };
        let mut data = json!({"start_at": start.to_string(), "customer": without_blanks(customer)});
        if let Some(minutes) = minutes.filter(SignedDuration::is_positive) {
            data["end_at"] = json!(start.plus(minutes).to_string());
        }
        if self.get("service").is_some() || self.get("code").is_some() {
            let service = json!({"code": self.get("code"), "name": self.get("service"), "hours": hours});
            data["services"] = json!([without_blanks(service)]);
        }
        for (name, key) in [("words", "customer_words"), ("advisor", "advisor_ref")] {
            if let Some(typed) = self.get(name) {
                data[key] = json!(typed);
            }
        }
        if self.get("comeback").is_some() {
            data["is_comeback"] = json!(true);
        }
        if self.get("no_parts").is_some() {
            data["parts_ready"] = json!(false);
        }
        let vehicle = match self.get("car").and_then(|car| car.split_once(':')) {
            Some((kind @ ("vin" | "plate"), value)) => json!({ kind: value }),
            _ => {
                json!({"plate": self.get("plate"), "model_code": self.get("model"), "model_year": self.get("year").and_then(|year| year.parse::<i64>().ok())})
            }
        };
        let vehicle = without_blanks(vehicle);
        if vehicle["plate"].is_string() || vehicle["vin"].is_string() {
            data["vehicle"] = vehicle;
        }
        Ok(data)
    }

    fn start(&self, zone: &jiff::tz::TimeZone) -> Result<Timestamp, Error> {
        let chosen = self.get("slot").filter(|slot| *slot != "other").and_then(|slot| slot.parse().ok());
        let typed = || self.get("start").and_then(|typed| typed.parse().ok()).map(|at| local_moment(at, zone));
        chosen.or_else(typed).ok_or_else(|| Error::invalid("/start_at", "not_a_time", "must be a day and a time"))
    }
}

fn without_blanks(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(fields.into_iter().filter(|(_, value)| !value.is_null()).collect()),
        value => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(fields: &[(&str, &str)]) -> Fields {
        Fields(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn what_was_typed_becomes_a_booking_on_the_dealerships_clock() {
        let zone = jiff::tz::TimeZone::get("Asia/Shanghai").expect("a zone");
        let fields = typed(&[
            ("phone", "139 0000 1234"),
            ("name", "王芳"),
            ("start", "2026-03-07T09:30"),
            ("hours", "1,5"),
            ("service", "40,000 km"),
            ("plate", "粤A12345"),
            ("seen", "spacing,load"),
        ]);
        let data = fields.data(None, &zone).expect("a booking");
        assert_eq!(data["start_at"], "2026-03-07T01:30:00.000000Z");
        assert_eq!(data["end_at"], "2026-03-07T03:00:00.000000Z");
        assert_eq!(data["services"], json!([{"name": "40,000 km", "hours": 1.5}]));
        assert_eq!(data["vehicle"], json!({"plate": "粤A12345"}));
        assert_eq!(data["customer"]["phones"][0]["number"], "139 0000 1234");
        assert!(data["customer"].get("email").is_none());
        assert_eq!(fields.seen(), ["spacing", "load"]);
        assert!(typed(&[("start", "tomorrow")]).data(None, &zone).is_err());
        // A time that was chosen from those that can be given counts; of another one, what was typed.
        for (slot, start) in [("2026-03-07T05:30:00Z", "2026-03-07T05:30"), ("other", "2026-03-07T01:30")] {
            let fields = typed(&[("slot", slot), ("start", "2026-03-07T09:30")]);
            assert_eq!(fields.data(None, &zone).expect("a booking")["start_at"], format!("{start}:00.000000Z"));
        }
    }
}
