//! The catalogue: which types of events are known, and the typed facts that their data become (`inputs.md` F2).
mod parts;
mod repairs;
mod workshop;

use jiff::tz::TimeZone;

use super::{
    fields::Fields,
    people::{self, person, vehicle},
};
use crate::{
    appointments::{self, Booking, Occasion, Said, Service},
    calls, capacity,
    customers::{self, Person},
    feeds,
    inquiries::{self, Channel, Kind, arrival},
    parts::Fact as PartsFact,
    repairs::Fact as RepairFact,
    rights::Thing,
};

/// What an event of a known type says; every value is already right.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "most facts are bookings, and each lies still in its envelope")]
pub enum Fact {
    Appointment(appointments::Fact),
    Repair(RepairFact),
    Parts(PartsFact),
    /// About a person or a vehicle by themselves.
    Customer(customers::Fact),
    Inquiry(inquiries::Fact),
    Capacity(capacity::Fact),
    /// A source says that it is there.
    Alive(feeds::Alive),
    /// An exchange says how a call went.
    Call(calls::telephony::Ended),
}

/// Whose desk a fact concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    Appointments,
    Repairs,
    Parts,
    Customers,
    Inquiries,
    Capacity,
    Feeds,
    Calls,
}

impl Fact {
    pub fn room(&self) -> Room {
        match self {
            Self::Appointment(_) => Room::Appointments,
            Self::Repair(_) => Room::Repairs,
            Self::Parts(_) => Room::Parts,
            Self::Customer(_) => Room::Customers,
            Self::Inquiry(_) => Room::Inquiries,
            Self::Capacity(_) => Room::Capacity,
            Self::Alive(_) => Room::Feeds,
            Self::Call(_) => Room::Calls,
        }
    }
    /// The person whom a system tells of; a question that somebody asks is their own act and names nobody here.
    pub fn person(&self) -> Option<&Person> {
        match self {
            Self::Appointment(fact) => fact.person(),
            Self::Repair(fact) => fact.person(),
            Self::Parts(fact) => fact.person(),
            Self::Customer(fact) => fact.person(),
            Self::Inquiry(_) | Self::Capacity(_) | Self::Alive(_) | Self::Call(_) => None,
        }
    }
    /// The refs and addresses of everybody whom a system tells of.
    pub fn people(&self) -> Vec<(&str, Vec<&str>)> {
        if let Self::Customer(customers::Fact::Merged { reference, into }) = self {
            return vec![(reference, Vec::new()), (into, Vec::new())];
        }
        self.person().map(|person| (person.reference.as_str(), person.addresses().collect())).into_iter().collect()
    }
    /// The refs and addresses of those who drive the car that it tells of, and of who pays for it.
    pub fn users(&self) -> Vec<(&str, Vec<&str>)> {
        let Self::Customer(fact) = self else { return Vec::new() };
        let users = fact.users().iter();
        users.map(|(_, person)| (person.reference.as_str(), person.addresses().collect())).collect()
    }
    /// The thing that it names where it names nobody: whose it is, is known here alone.
    pub fn thing(&self) -> Option<Thing<'_>> {
        if self.person().is_some() {
            return None;
        }
        match self {
            Self::Appointment(fact) => Some(Thing::Appointment(&fact.reference)),
            Self::Repair(fact) => Some(Thing::RepairOrder(&fact.reference)),
            Self::Parts(fact) => Some(Thing::PartsOrder(&fact.reference)),
            Self::Inquiry(fact) if matches!(fact.told, arrival::Told::Replied(_)) => {
                Some(Thing::Inquiry(&fact.reference))
            }
            Self::Customer(_) | Self::Inquiry(_) | Self::Capacity(_) | Self::Alive(_) | Self::Call(_) => None,
        }
    }
    /// The same without what somebody said in words.
    #[must_use]
    pub fn without_words(&self) -> Self {
        match self.clone() {
            Self::Appointment(fact) => Self::Appointment(fact.without_words()),
            Self::Repair(fact) => Self::Repair(fact.without_words()),
            Self::Parts(fact) => Self::Parts(fact.without_words()),
            Self::Inquiry(mut fact) => {
                if let arrival::Told::Replied(reply) = &mut fact.told {
                    reply.body = None;
                }
                Self::Inquiry(fact)
            }
            other => other,
        }
    }
    /// The same without some of the [`Fact::users`].
    #[must_use]
    pub fn without_users(&self, gone: &[usize]) -> Self {
        match self.clone() {
            Self::Customer(fact) => Self::Customer(fact.without_users(gone)),
            other => other,
        }
    }
    /// The sender's name for the advisor whom it names.
    pub fn advisor_ref(&self) -> Option<&str> {
        match self {
            Self::Appointment(fact) => fact.advisor_ref(),
            Self::Repair(fact) => fact.advisor_ref(),
            Self::Parts(fact) => fact.advisor_ref(),
            Self::Customer(_) | Self::Inquiry(_) | Self::Capacity(_) | Self::Alive(_) | Self::Call(_) => None,
        }
    }
}

/// Where an event's dealership is: what its numbers and days mean. Nothing is known of a dealership that is unknown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Home<'a> {
    /// For phone numbers without a country.
    pub region: Option<&'a str>,
    /// For days without a time.
    pub zone: Option<&'a TimeZone>,
}

/// Reads the data of an event. `None` when its type is not known to this version, or when a fault was added.
pub fn read(kind: &str, data: &Fields<'_>, home: Home<'_>) -> Option<Fact> {
    if kind.starts_with("repair_order.") {
        return repairs::read(kind, data, home).map(Fact::Repair);
    }
    if kind.starts_with("parts.") {
        return parts::read(kind, data, home).map(Fact::Parts);
    }
    if let Some(read) = people::fact(kind) {
        return read(data, home).map(Fact::Customer);
    }
    match kind {
        "inquiry.received" => return question(data, home).map(Fact::Inquiry),
        "inquiry.replied" => return reply(data).map(Fact::Inquiry),
        "capacity.set" => return workshop::capacity(data).map(Fact::Capacity),
        "feed.alive" => return workshop::alive(data).map(Fact::Alive),
        "call.ended" => return call_ended(data).map(Fact::Call),
        _ => {}
    }
    let said: fn(&Fields<'_>, Home<'_>) -> Option<Said> = match kind {
        "appointment.requested" => |data, home| Some(Said::Requested(booking(data, home)?)),
        "appointment.proposed" => |data, home| Some(Said::Proposed(booking(data, home)?)),
        "appointment.booked" => |data, home| Some(Said::Booked(booking(data, home)?)),
        "appointment.rescheduled" => |data, home| Some(Said::Rescheduled(booking(data, home)?)),
        "appointment.confirmed" => |data, _| Some(Said::Confirmed(occasion(data)?)),
        "appointment.cancelled" => |data, _| Some(Said::Cancelled(occasion(data)?)),
        "appointment.arrived" => |data, _| Some(Said::Arrived(occasion(data)?)),
        "appointment.no_show" => |data, _| Some(Said::NoShow(occasion(data)?)),
        "appointment.completed" => |data, _| Some(Said::Completed(occasion(data)?)),
        _ => return None,
    };
    let reference = data.require("ref", data.line("ref"));
    let revision = data.count("revision");
    let said = said(data, home);
    Some(Fact::Appointment(appointments::Fact { reference: reference?, revision, said: said? }))
}

/// `call.ended`: `attempt_ref` is our id of the attempt, which the exchange was given as the channel's.
fn call_ended(data: &Fields<'_>) -> Option<calls::telephony::Ended> {
    let attempt = data.require("attempt_ref", data.line("attempt_ref")).and_then(|text| {
        let attempt = text.parse().ok();
        if attempt.is_none() {
            data.fault("attempt_ref", "not_an_attempt", "must be our id of the attempt, like cla_0199…");
        }
        attempt
    });
    let result = data.require("result", data.line("result")).and_then(|word| {
        let result = calls::TelephonyResult::read(&word);
        if result.is_none() {
            let known = calls::TelephonyResult::ALL.map(calls::TelephonyResult::word).join(", ");
            data.fault("result", "unknown_value", format!("must be one of {known}"));
        }
        result
    });
    let recording_url = data.line("recording_url");
    if recording_url.as_deref().is_some_and(|link| !link.starts_with("https://")) {
        data.fault("recording_url", "not_https", "must be a link that begins with https://");
    }
    let (started_at, answered_at, ended_at) =
        (data.time("started_at"), data.time("answered_at"), data.time("ended_at"));
    Some(calls::telephony::Ended {
        attempt: attempt?,
        result: Some(result?),
        started_at,
        answered_at,
        ended_at,
        recording_url,
    })
}

fn booking(data: &Fields<'_>, home: Home<'_>) -> Option<Booking> {
    let start_at = data.require("start_at", data.time("start_at"));
    let end_at = data.time("end_at");
    if let (Some(start_at), Some(end_at)) = (start_at, end_at)
        && end_at < start_at
    {
        data.fault("end_at", "ends_before_it_starts", "must not be before start_at");
    }
    let customer = data.require("customer", person(data, home));
    let booking = Booking {
        end_at,
        booked_at: data.time("booked_at"),
        booked_by: data.line("booked_by").or_else(|| data.line("by")),
        channel: data.line("channel"),
        advisor_ref: data.line("advisor_ref"),
        services: services(data),
        customer_words: data.prose("customer_words"),
        is_comeback: data.flag("is_comeback"),
        parts_ready: parts_ready(data),
        parts_required: data.items("parts_required").map(<[_]>::to_vec),
        vehicle: vehicle(data),
        start_at: start_at?,
        customer: customer?,
    };
    Some(booking)
}

/// Said of the booking, or known of each part it lists: `{"part_no":"…","available":false}`.
fn parts_ready(data: &Fields<'_>) -> Option<bool> {
    let of_parts = || {
        let parts = data.items("parts_required")?;
        let available: Vec<Option<bool>> = parts.iter().map(|part| part.get("available")?.as_bool()).collect();
        if available.contains(&Some(false)) {
            return Some(false);
        }
        (!parts.is_empty() && available.iter().all(Option::is_some)).then_some(true)
    };
    data.flag("parts_ready").or_else(of_parts)
}

fn services(data: &Fields<'_>) -> Option<Vec<Service>> {
    let services = data.objects("services")?;
    let service = |s: &Fields<'_>| Service { code: s.line("code"), name: s.line("name"), hours: s.quantity("hours") };
    Some(services.iter().map(service).collect())
}

fn occasion(data: &Fields<'_>) -> Option<Occasion> {
    let at = data.require("at", data.time("at"));
    let (by, reason) = (data.line("by"), data.prose("reason"));
    Some(Occasion { at: at?, by, reason })
}

fn channel(data: &Fields<'_>) -> Option<Channel> {
    let word = data.require("channel", data.line("channel"))?;
    let channel = Channel::read(&word);
    if channel.is_none() {
        data.fault("channel", "unknown_value", "must be web, email, wechat, phone, app or sms");
    }
    channel
}

fn question(data: &Fields<'_>, home: Home<'_>) -> Option<inquiries::Fact> {
    let reference = data.require("ref", data.line("ref"));
    let received_at = data.require("received_at", data.time("received_at"));
    let body = data.require("body", data.prose("body"));
    let channel = channel(data);
    let kind = data.line("kind").map(|word| match word.as_str() {
        "question" => Some(Kind::Question),
        "booking" => Some(Kind::Booking),
        "price" => Some(Kind::Price),
        "complaint" => Some(Kind::Complaint),
        "parts" => Some(Kind::Parts),
        _ => {
            data.fault("kind", "unknown_value", "must be question, booking, price, complaint or parts");
            None
        }
    });
    let times = data.items("preferred_times").unwrap_or_default();
    let question = arrival::Question {
        topic: data.line("subject"),
        language: data.line("language"),
        kind: kind.flatten(),
        customer: if data.has("customer") { Some(person(data, home)?) } else { None },
        vehicle: vehicle(data),
        preferred_times: times.iter().filter_map(|time| time.as_str().map(str::to_owned)).take(10).collect(),
        thread: data.line("thread_ref"),
        channel: channel?,
        received_at: received_at?,
        body: body?,
    };
    Some(inquiries::Fact { reference: reference?, told: arrival::Told::Received(Box::new(question)) })
}

fn reply(data: &Fields<'_>) -> Option<inquiries::Fact> {
    let reference = data.require("inquiry_ref", data.line("inquiry_ref"));
    let replied_at = data.require("replied_at", data.time("replied_at"));
    let by = data.require("by", data.line("by"));
    let channel = channel(data);
    // What a program says of itself is no answer (BR-02).
    let kind = data.line("kind");
    let is_automatic =
        matches!(kind.as_deref(), Some("acknowledgement" | "ack" | "auto_reply" | "auto" | "out_of_office"));
    let reply = arrival::Reply {
        is_substantive: !is_automatic && by.as_deref() != Some("system"),
        body: data.prose("body"),
        replied_at: replied_at?,
        by: by?,
        channel: channel?,
    };
    Some(inquiries::Fact { reference: reference?, told: arrival::Told::Replied(reply) })
}
