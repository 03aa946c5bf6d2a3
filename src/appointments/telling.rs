//! What others are told of an appointment: its line in the record, and the fact that raises and withdraws notices.
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::{Appointment, store::Held};
use crate::{
    clock::Timestamp,
    dealerships::Dealership,
    id::Id,
    notices::{
        SubjectKind,
        actions::{Heard, Subject},
        grammar::{Facts, Flag, Moment},
    },
    timeline::Entry,
};

/// A line about this appointment, at step 1 of the service journey.
pub(super) fn line(id: Id<Entry>, appointment: &Appointment, what: &str, at: Timestamp) -> Entry {
    let mut line = Entry::new(id, appointment.dealership_id, at, what);
    line.step = Some(1);
    line.customer_id = appointment.customer_id;
    line.vehicle_id = appointment.vehicle_id;
    line.appointment_id = Some(appointment.id);
    line
}

/// What happened to it at `at`, as its notices hear it.
pub(super) fn heard(event_type: &'static str, dealership: &Arc<Dealership>, held: &Held, at: Timestamp) -> Heard {
    let appointment = &held.appointment;
    // A move is a booking anew: who moves it to tomorrow needs no reminder of it today.
    let booked_at = appointment.booked_at.filter(|_| event_type != "appointment.rescheduled").unwrap_or(at);
    let facts = Facts::default()
        .at(Moment::StartAt, appointment.start_at)
        .at(Moment::EndAt, appointment.end_at)
        .at(Moment::BookedAt, booked_at)
        .at(Moment::OccurredAt, at)
        .flag(Flag::Conditional, appointment.is_conditional())
        .flag(Flag::IsComeback, appointment.is_comeback)
        .flag(Flag::BookedByCustomer, appointment.booked_by.as_deref().map(|by| by == "customer"));
    let customer_zone = held.customer_zone.as_deref().and_then(|zone| TimeZone::get(zone).ok());
    let subject = Subject {
        kind: SubjectKind::Appointment,
        id: appointment.id.to_string(),
        reference: appointment.reference.clone(),
        revision: appointment.revision,
    };
    Heard {
        customer_id: appointment.customer_id,
        advisor_id: appointment.advisor_id,
        source: appointment.source.clone(),
        facts,
        reader_zone: customer_zone.unwrap_or_else(|| dealership.zone.clone()),
        // BR-66: what happened before the dealership went live is on record, and raises nothing.
        quietly: dealership.live_from.is_some_and(|live| at < live),
        ..Heard::new(event_type, dealership, subject)
    }
}
