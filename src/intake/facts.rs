//! The catalogue: which types of events are known, and the typed facts that their data become (`inputs.md` F2).
use super::{
    fields::Fields,
    people::{person, vehicle},
};
use crate::appointments::{self, Booking, Occasion, Said, Service};

/// What an event of a known type says; every value is already right.
#[derive(Clone, Debug)]
pub enum Fact {
    Appointment(appointments::Fact),
}

/// Whose desk a fact concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    Appointments,
}

impl Fact {
    pub fn room(&self) -> Room {
        match self {
            Self::Appointment(_) => Room::Appointments,
        }
    }
    /// The sender's name for the advisor whom it names.
    pub fn advisor_ref(&self) -> Option<&str> {
        match self {
            Self::Appointment(fact) => fact.advisor_ref(),
        }
    }
}

/// Reads the data of an event. `None` when its type is not known to this version, or when a fault was added. `region` is
/// the dealership's, for phone numbers.
pub fn read(kind: &str, data: &Fields<'_>, region: Option<&str>) -> Option<Fact> {
    let said: fn(&Fields<'_>, Option<&str>) -> Option<Said> = match kind {
        "appointment.booked" => |data, region| Some(Said::Booked(booking(data, region)?)),
        "appointment.rescheduled" => |data, region| Some(Said::Rescheduled(booking(data, region)?)),
        "appointment.confirmed" => |data, _| Some(Said::Confirmed(occasion(data)?)),
        "appointment.cancelled" => |data, _| Some(Said::Cancelled(occasion(data)?)),
        "appointment.arrived" => |data, _| Some(Said::Arrived(occasion(data)?)),
        "appointment.no_show" => |data, _| Some(Said::NoShow(occasion(data)?)),
        "appointment.completed" => |data, _| Some(Said::Completed(occasion(data)?)),
        _ => return None,
    };
    let reference = data.require("ref", data.line("ref"));
    let revision = data.count("revision");
    let said = said(data, region);
    Some(Fact::Appointment(appointments::Fact { reference: reference?, revision, said: said? }))
}

fn booking(data: &Fields<'_>, region: Option<&str>) -> Option<Booking> {
    let start_at = data.require("start_at", data.time("start_at"));
    let end_at = data.time("end_at");
    if let (Some(start_at), Some(end_at)) = (start_at, end_at)
        && end_at < start_at
    {
        data.fault("end_at", "ends_before_it_starts", "must not be before start_at");
    }
    let customer = data.require("customer", person(data, region));
    let booking = Booking {
        end_at,
        booked_at: data.time("booked_at"),
        booked_by: data.line("booked_by").or_else(|| data.line("by")),
        channel: data.line("channel"),
        advisor_ref: data.line("advisor_ref"),
        services: services(data),
        customer_words: data.prose("customer_words"),
        is_comeback: data.flag("is_comeback"),
        parts_required: data.items("parts_required").map(<[_]>::to_vec),
        vehicle: vehicle(data),
        start_at: start_at?,
        customer: customer?,
    };
    Some(booking)
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
