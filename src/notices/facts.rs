//! The facts of a letter, gathered from what a notice is about; and the calendar entry that goes with it.
use jiff::SignedDuration;

use super::{
    Class, SubjectKind,
    playbook::Kind,
    readings::Reading,
    store::Due,
    wording::Person,
    words::{About, Dealer, Setting, Words},
};
use crate::{
    channels::email::{Address, Entry, Method},
    clock::Timestamp,
    customers::consent,
    dealerships::Dealership,
    links::{Claim, Purpose},
    messages::Envelope,
};

/// An appointment's page can still be looked at, and moved to a later time by its letter's link.
const AFTER_THE_VISIT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Longer than the 30 days that CAN-SPAM asks for: old mail must be good to leave by.
const LISTS_ARE_LEFT_FOR: SignedDuration = SignedDuration::from_hours(2 * 365 * 24);

/// Which letters carry a calendar file, and what it asks.
pub(super) fn invites(kind: &Kind) -> Option<Method> {
    match kind.name.as_str() {
        "appointment.confirmation" | "appointment.change" => Some(Method::Request),
        "appointment.cancellation" => Some(Method::Cancel),
        _ => None,
    }
}

/// Who writes to whom about what; None while a fact is missing that every letter needs.
pub(super) fn setting(
    due: &Due,
    reading: &Reading,
    dealership: &Dealership,
    method: Option<Method>,
) -> Option<(Setting, About)> {
    let mut about = reading.about.clone()?;
    about.hear(&due.detail);
    if let About::Appointment(facts) = &mut about {
        facts.calendar = method.is_some();
    }
    if let About::Customer(facts) = &mut about {
        facts.opening_hours = dealership.opening_hours.clone();
    }
    let customer = Person {
        name: due.name.clone().unwrap_or_default(),
        salutation: due.salutation.clone(),
        company: due.customer_kind.as_deref() == Some("company"),
    };
    let works_here = due.audience.works_here();
    let colleague = || Person {
        name: due.staff_name.clone().unwrap_or_else(|| dealership.department.clone()),
        salutation: None,
        company: due.staff_name.is_none(),
    };
    let setting = Setting {
        colleague: works_here,
        customer: (works_here && due.customer_id.is_some()).then(|| customer.clone()),
        person: if works_here { colleague() } else { customer },
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
        advisor: reading.advisor.clone().unwrap_or_default(),
        plate: reading.plate.clone(),
        model_code: reading.model_code.clone(),
        model_year: reading.model_year.and_then(|year| i16::try_from(year).ok()),
        reference: due.subject_ref.clone(),
        links: None,
        note: due.detail.get("note").and_then(|note| note.as_str()).map(str::to_owned),
        replies: false,
    };
    Some((setting, about))
}

/// The page on which the reader can act, and until when; none where there is no such page.
pub(super) fn page_of(due: &Due, about: &About) -> Option<(Purpose, Claim)> {
    match about {
        About::Appointment(facts) if !due.audience.works_here() => {
            let expires = facts.start_at.plus(AFTER_THE_VISIT).get().as_second();
            Some((Purpose::Appointment, Claim { subject: due.subject_id.clone(), expires }))
        }
        About::Survey(facts) if due.subject_type == SubjectKind::Survey => {
            let expires = facts.expires_at?.get().as_second();
            Some((Purpose::Survey, Claim { subject: due.subject_id.clone(), expires }))
        }
        _ => None,
    }
}

/// The list that one click leaves (D3); none for what somebody asked for.
pub(super) fn list_of(due: &Due, now: Timestamp) -> Option<Claim> {
    let list = match due.class {
        Class::Marketing => consent::Purpose::Marketing,
        Class::ServiceFollowup => consent::Purpose::Followup,
        Class::Transactional | Class::Safety | Class::Internal => return None,
    };
    let customer = due.customer_id.filter(|_| !due.audience.works_here())?.to_string();
    let expires = now.plus(LISTS_ARE_LEFT_FOR).get().as_second();
    Some(Claim { subject: consent::page::subject(&customer, Some(list)), expires })
}

/// The appointment as an entry for the reader's calendar: one UID for life, our revision as its SEQUENCE. None for what has
/// no place in a calendar.
pub(super) fn invite(
    reading: &Reading,
    about: &About,
    letter: &Words,
    envelope: &Envelope,
    to: &str,
    method: Method,
    now: Timestamp,
) -> Option<String> {
    let (About::Appointment(visit), Some(words)) = (about, letter.appointment()) else {
        return None;
    };
    let lines = [
        letter.vehicle_and_plate.clone(),
        words.service.clone(),
        Some(letter.advisor_line.clone()),
        Some(letter.phone.clone()),
    ];
    let entry = Entry {
        uid: format!("{}@{}", reading.subject_id, envelope.message_id_domain),
        sequence: u32::try_from(reading.revision).unwrap_or(u32::MAX),
        method,
        stamp: now,
        start: visit.start_at,
        end: visit
            .end_at
            .filter(|end| *end > visit.start_at)
            .unwrap_or_else(|| visit.start_at.plus(SignedDuration::from_hours(1))),
        summary: words
            .service_brief
            .as_ref()
            .map_or_else(|| letter.dealer.clone(), |service| format!("{} · {service}", letter.dealer)),
        description: lines.into_iter().flatten().collect::<Vec<_>>().join("\n"),
        location: letter.address.clone(),
        organizer: envelope.from.clone(),
        attendee: Address { name: envelope.to_name.clone(), address: to.to_owned() },
        url: None,
    };
    Some(entry.ics())
}
