//! Persons and vehicles as they travel inside events.
use std::collections::HashSet;

use super::fields::Fields;
use crate::customers::{
    Address, Kind, Person,
    email::{self, Email},
    phone::{self, Phone},
    vehicles::Sighting,
};

/// Reads `customer` of an event's data; `None` when it is absent or has a fault.
pub(super) fn person(data: &Fields<'_>, region: Option<&str>) -> Option<Person> {
    let fields = data.object("customer")?;
    let kind = match fields.line("kind").as_deref() {
        None => None,
        Some("person") => Some(Kind::Person),
        Some("company") => Some(Kind::Company),
        Some(_) => {
            fields.fault("kind", "unknown_value", "must be person or company");
            None
        }
    };
    let time_zone = fields.line("time_zone");
    if time_zone.as_deref().is_some_and(|zone| jiff::tz::TimeZone::get(zone).is_err()) {
        fields.fault("time_zone", "unknown_time_zone", "must be a name of the IANA database, like Asia/Shanghai");
    }
    let phones = phones(&fields, region);
    let email = fields.line("email").map(|typed| match email::read(&typed) {
        Email::Good(address) => Address::good(address),
        Email::Bad { typed, reason } => Address { value: typed, label: None, invalid: Some(reason) },
    });
    let good = |a: &&Address| a.invalid.is_none();
    let by_address = || {
        let phone = phones.iter().flatten().find(good).map(|a| format!("phone:{}", a.value));
        phone.or_else(|| email.iter().find(good).map(|a| format!("email:{}", a.value)))
    };
    let reference = if fields.is_blank("ref") { by_address() } else { fields.line("ref") };
    let reference = fields.require("ref", reference)?;
    Some(Person {
        reference,
        kind,
        name: fields.line("name"),
        salutation: fields.line("salutation"),
        language: fields.line("language"),
        time_zone,
        email,
        wechat_openid: fields.line("wechat_openid").map(Address::good),
        phones,
    })
}

/// A blank number is passed over: forms send the fields that nobody filled in.
fn phones(customer: &Fields<'_>, region: Option<&str>) -> Option<Vec<Address>> {
    let mut seen = HashSet::new();
    let mut addresses = Vec::new();
    for entry in customer.objects("phones")? {
        let label = entry.line("label");
        let Some(typed) = entry.string("number") else { continue };
        match phone::read(typed, region) {
            Ok(Phone::Good(value)) => addresses.push(Address { value, label, invalid: None }),
            Ok(Phone::Bad { typed, .. }) if typed.is_empty() => {}
            Ok(Phone::Bad { typed, reason }) => addresses.push(Address { value: typed, label, invalid: Some(reason) }),
            Err(error) => entry.fault("number", "phone_letters", error.to_string()),
        }
    }
    addresses.retain(|a| seen.insert(a.value.clone()));
    Some(addresses)
}

/// Reads `vehicle` of an event's data; `None` when there is none that could be known again.
pub(super) fn vehicle(data: &Fields<'_>) -> Option<Sighting> {
    let fields = data.object("vehicle")?;
    let (vin, plate) = (fields.line("vin"), fields.line("plate"));
    let (model_code, model_year) = (fields.line("model_code"), fields.count("model_year"));
    let mut sighting = Sighting::of(vin.as_deref(), plate.as_deref())?;
    (sighting.model_code, sighting.model_year) = (model_code, model_year);
    Some(sighting)
}
