//! Persons and vehicles as they travel inside events.
use std::collections::HashSet;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{facts::Home, fields::Fields};
use crate::{
    calendar::DailyWindow,
    customers::{
        Address, Fact, Kind, Need, Person,
        consent::{Action, Source, actions::Said},
        email::{self, Email},
        phone::{self, Phone},
        vehicles::{Sighting, people::Role},
    },
    notices::ChannelName,
};

/// Reads `customer` of an event's data; `None` when it is absent or has a fault.
pub(super) fn person(data: &Fields<'_>, home: Home<'_>) -> Option<Person> {
    person_in(&data.object("customer")?, home)
}

/// The same of the object itself.
fn person_in(fields: &Fields<'_>, home: Home<'_>) -> Option<Person> {
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
    let call_hours = fields.line("call_hours");
    if call_hours.as_deref().is_some_and(|hours| hours.parse::<DailyWindow>().is_err()) {
        fields.fault("call_hours", "not_hours", "must be a window like 18:00-20:00");
    }
    let phones = phones(fields, home);
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
        preferred_channel: preferred_channel(fields),
        call_hours,
        vip: fields.flag("vip"),
        needs: needs(fields),
        consents: consents(fields),
        phones,
    })
}

/// A blank number is passed over: forms send the fields that nobody filled in.
fn phones(customer: &Fields<'_>, home: Home<'_>) -> Option<Vec<Address>> {
    let mut seen = HashSet::new();
    let mut addresses = Vec::new();
    for entry in customer.objects("phones")? {
        let label = entry.line("label");
        let Some(typed) = entry.string("number") else { continue };
        match phone::read(typed, home.region) {
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
    vehicle_in(&data.object("vehicle")?)
}

fn vehicle_in(fields: &Fields<'_>) -> Option<Sighting> {
    let (vin, plate) = (fields.line("vin"), fields.line("plate"));
    let (model_code, model_year) = (fields.line("model_code"), fields.count("model_year"));
    let mut sighting = Sighting::of(vin.as_deref(), plate.as_deref())?;
    (sighting.model_code, sighting.model_year) = (model_code, model_year);
    (sighting.odometer, sighting.next_service_km) = (fields.count("odometer"), fields.count("next_service_km"));
    sighting.next_service_at = fields.time("next_service_at");
    Some(sighting)
}

/// One of the words that our own types are read from; another is a fault that names them.
fn word<T: DeserializeOwned>(fields: &Fields<'_>, key: &str, words: &'static str) -> Option<T> {
    let text = fields.line(key)?;
    let found = serde_json::from_value(Value::String(text)).ok();
    if found.is_none() {
        fields.fault(key, "unknown_value", words);
    }
    found
}

/// The words of what they need help with; each once.
fn needs(fields: &Fields<'_>) -> Option<Vec<Need>> {
    let told = fields.lines("needs")?;
    if told.iter().any(|word| Need::ALL.iter().all(|need| need.word() != word)) {
        fields.fault("needs", "unknown_value", "must be a list of mobility, language and transport");
    }
    Some(Need::ALL.into_iter().filter(|need| told.iter().any(|word| word == need.word())).collect())
}

fn preferred_channel(fields: &Fields<'_>) -> Option<ChannelName> {
    word(fields, "preferred_channel", "must be email, sms, wechat or call")
}

/// What they agreed to or took back; each says when, because a ledger without times proves nothing.
fn consents(fields: &Fields<'_>) -> Vec<Said> {
    let read = |entry: &Fields<'_>| {
        let purpose = "must be service, followup, survey, marketing, recording or oem_sharing";
        let purpose = entry.require("purpose", word(entry, "purpose", purpose));
        let at = entry.require("at", entry.time("at"));
        let action = word(entry, "action", "must be grant or revoke").unwrap_or(Action::Grant);
        let channel = word(entry, "channel", "must be email, sms, wechat or call");
        let source = word(entry, "source", "must be form, reply, call, import, event, one_click or provider_block");
        Some(Said {
            purpose: purpose?,
            at: at?,
            action,
            channel,
            source: source.unwrap_or(Source::Event),
            evidence: entry.line("evidence"),
            text_version: entry.line("text_version"),
        })
    };
    fields.objects("consents").unwrap_or_default().iter().filter_map(read).collect()
}

/// The words of a role at a car.
const ROLES: &str = "must be owner, driver or payer";
/// So many people has a car at most.
const MOST_USERS: usize = 20;

/// `users`: the people of the car, each a person with their `role`. None where nothing is said of them.
fn users(data: &Fields<'_>, home: Home<'_>) -> Option<Vec<(Role, Person)>> {
    let told = data.objects("users")?;
    if told.len() > MOST_USERS {
        data.fault("users", "too_many", format!("a car has {MOST_USERS} people at most"));
        return None;
    }
    let read = |user: &Fields<'_>| {
        let (role, person) = (user.require("role", word(user, "role", ROLES)), person_in(user, home));
        Some((role?, person?))
    };
    Some(told.iter().filter_map(read).collect())
}

type Read = fn(&Fields<'_>, Home<'_>) -> Option<Fact>;

/// Reads events about people and vehicles by themselves. Their fields stand in `data` itself, or in `data.customer` and
/// `data.vehicle` as in every other event.
pub(super) fn fact(kind: &str) -> Option<Read> {
    Some(match kind {
        "customer.upserted" => |data, home| {
            Some(Fact::Upserted(if data.has("customer") { person(data, home)? } else { person_in(data, home)? }))
        },
        "customer.merged" => |data, _| {
            let (reference, into) =
                (data.require("ref", data.line("ref")), data.require("into_ref", data.line("into_ref")));
            let (reference, into) = (reference?, into?);
            if reference == into {
                data.fault("into_ref", "merged_into_itself", "must be another ref");
                return None;
            }
            Some(Fact::Merged { reference, into })
        },
        "vehicle.upserted" => |data, home| {
            let (sighting, mut owner) = (sighting(data)?, person(data, home));
            let mut users = users(data, home);
            // The owner may stand among the people of the car, or as its customer as ever.
            let owners = users.iter_mut().flat_map(|users| users.extract_if(.., |(role, _)| *role == Role::Owner));
            owner = owners.map(|(_, person)| person).last().or(owner);
            let users = users.filter(|users| !users.is_empty() || data.items("users").is_some_and(<[_]>::is_empty));
            Some(Fact::VehicleUpserted { sighting, owner, users })
        },
        "ownership.ended" => |data, home| {
            let sighting = sighting(data)?;
            Some(match word(data, "role", ROLES) {
                None | Some(Role::Owner) => Fact::OwnershipEnded { sighting },
                Some(role) => Fact::RoleEnded { sighting, role, person: person(data, home) },
            })
        },
        "campaign.vehicle_open" => |data, _| {
            let (sighting, number) = (sighting(data), data.require("campaign_no", data.line("campaign_no")));
            let name = data.line("name").or_else(|| data.line("campaign_name"));
            Some(Fact::CampaignOpened { sighting: sighting?, number: number?, name })
        },
        "campaign.closed" | "campaign.vehicle_closed" => |data, _| {
            let (sighting, number) = (sighting(data), data.require("campaign_no", data.line("campaign_no")));
            Some(Fact::CampaignClosed { sighting: sighting?, number: number? })
        },
        _ => return None,
    })
}

fn sighting(data: &Fields<'_>) -> Option<Sighting> {
    let found = if data.has("vehicle") { vehicle(data) } else { vehicle_in(data) };
    data.require("vin", found)
}
