//! The facts of a letter, gathered from what a notice is about; and the calendar entry that goes with it.
use jiff::SignedDuration;

use super::{
    playbook::Kind,
    store::Due,
    visit::{AppointmentLetter, Dealer, Visit},
    wording::Person,
};
use crate::{
    channels::email::{Address, Entry, Method},
    clock::Timestamp,
    dealerships::Dealership,
    messages::Envelope,
};

/// Which letters carry a calendar file, and what it asks.
pub(super) fn invites(kind: &Kind) -> Option<Method> {
    match kind.name.as_str() {
        "appointment.confirmation" | "appointment.change" => Some(Method::Request),
        "appointment.cancellation" => Some(Method::Cancel),
        _ => None,
    }
}

/// What a letter about an appointment may say; None while it has no start.
pub(super) fn visit(due: &Due, dealership: &Dealership, method: Option<Method>) -> Option<Visit> {
    let previous = due.detail.get("previous_start_at").and_then(|at| at.as_str()).and_then(|at| at.parse().ok());
    let names = |services: &sqlx::types::Json<Vec<serde_json::Value>>| {
        services.iter().filter_map(|service| Some(service.get("name")?.as_str()?.to_owned())).collect()
    };
    Some(Visit {
        person: Person {
            name: due.name.clone().unwrap_or_default(),
            salutation: due.salutation.clone(),
            company: due.customer_kind.as_deref() == Some("company"),
        },
        dealer: Dealer {
            name: dealership.name.clone(),
            department: dealership.department.clone(),
            phone: dealership.phone.clone(),
            address: dealership.address.clone(),
            email: dealership.email.clone(),
            region: dealership.region.clone(),
            advisor_fallback: dealership.advisor_fallback.clone(),
            sms_signature: dealership.sms_signature.clone(),
            zone: dealership.zone.clone(),
        },
        advisor: due.advisor.clone().unwrap_or_default(),
        start_at: due.start_at?,
        end_at: due.end_at,
        previous_start_at: previous,
        plate: due.plate.clone(),
        model_code: due.model_code.clone(),
        model_year: due.model_year.and_then(|year| i16::try_from(year).ok()),
        services: due.services.as_ref().map(names).unwrap_or_default(),
        reference: due.subject_ref.clone(),
        conditional: false,
        calendar: method.is_some(),
        links: None,
    })
}

/// The appointment as an entry for the reader's calendar: one UID for life, our revision as its SEQUENCE.
pub(super) fn invite(
    due: &Due,
    visit: &Visit,
    letter: &AppointmentLetter,
    envelope: &Envelope,
    to: &str,
    method: Method,
    now: Timestamp,
) -> String {
    let lines = [
        letter.vehicle_and_plate.clone(),
        letter.service.clone(),
        Some(letter.advisor_line.clone()),
        Some(letter.phone.clone()),
    ];
    let entry = Entry {
        uid: format!("{}@{}", due.subject_id, envelope.message_id_domain),
        sequence: u32::try_from(due.revision.unwrap_or(due.subject_revision)).unwrap_or(u32::MAX),
        method,
        stamp: now,
        start: visit.start_at,
        end: visit
            .end_at
            .filter(|end| *end > visit.start_at)
            .unwrap_or_else(|| visit.start_at.plus(SignedDuration::from_hours(1))),
        summary: letter
            .service_brief
            .as_ref()
            .map_or_else(|| letter.dealer.clone(), |service| format!("{} · {service}", letter.dealer)),
        description: lines.into_iter().flatten().collect::<Vec<_>>().join("\n"),
        location: letter.address.clone(),
        organizer: envelope.from.clone(),
        attendee: Address { name: envelope.to_name.clone(), address: to.to_owned() },
        url: None,
    };
    entry.ics()
}
