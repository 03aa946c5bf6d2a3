//! Reads what events tell of parts (`inputs.md` F2).
use jiff::civil::Date;

use crate::{
    clock::Timestamp,
    intake::{
        facts::Home,
        fields::Fields,
        people::{person, vehicle},
    },
    parts::{Change, Fact, Order, OrderedLine, Said, What},
};

/// The reason that makes a cancelled line one that cannot be had.
const UNOBTAINABLE: &str = "unobtainable";

/// `None` when the type is none of the parts', or when a fault was added.
pub(super) fn read(kind: &str, data: &Fields<'_>, home: Home<'_>) -> Option<Fact> {
    let said = match kind {
        "parts.ordered" => order(data, home).map(|order| Said::Ordered(Box::new(order))),
        "parts.backordered" => change(data, What::Backordered, home),
        "parts.eta_changed" => change(data, What::EtaChanged, home),
        "parts.received" => change(data, What::Received, home),
        "parts.issued" => change(data, What::Issued, home),
        "parts.returned" => change(data, What::Returned, home),
        "parts.cancelled" => change(data, What::Cancelled, home),
        _ => return None,
    };
    let reference = data.require("order_ref", data.line("order_ref"));
    let revision = data.count("revision");
    Some(Fact { reference: reference?, revision, said: said? })
}

fn order(data: &Fields<'_>, home: Home<'_>) -> Option<Order> {
    let objects = data.require("lines", data.objects("lines"));
    if data.items("lines").is_some_and(<[_]>::is_empty) {
        data.fault("lines", "empty", "must have at least one line");
    }
    let lines: Option<Vec<OrderedLine>> =
        objects.map(|lines| lines.iter().map(|one| line(one, home)).collect::<Vec<_>>())?.into_iter().collect();
    let customer = if data.has("customer") { Some(person(data, home)?) } else { None };
    Some(Order {
        ro_ref: data.line("ro_ref"),
        vehicle: vehicle(data),
        advisor_ref: data.line("advisor_ref"),
        eta: eta(data, "eta", home),
        order_type: data.line("order_type"),
        lines: lines?,
        customer,
    })
}

fn line(line: &Fields<'_>, home: Home<'_>) -> Option<OrderedLine> {
    let reference = line.require("line_ref", line.line("line_ref"));
    let part_no = line.require("part_no", line.line("part_no"));
    let name = line.require("name", line.line("name"));
    let qty = line.require("qty", line.quantity("qty"));
    if qty == Some(0.0) {
        line.fault("qty", "wrong_value", "must be more than 0");
    }
    Some(OrderedLine {
        eta: eta(line, "eta", home),
        unit_value: line.quantity("unit_value"),
        reference: reference?,
        part_no: part_no?,
        name: name?,
        qty: qty?,
    })
}

fn change(data: &Fields<'_>, what: What, home: Home<'_>) -> Option<Said> {
    let line_ref = data.require("line_ref", data.line("line_ref"));
    let at = data.require("at", data.time("at"));
    let reason = data.prose("reason").or_else(|| data.line("reason_code"));
    let what =
        if what == What::Cancelled && reason.as_deref() == Some(UNOBTAINABLE) { What::Unobtainable } else { what };
    // A change of the day that names none takes the old one back.
    let named = eta(data, "eta", home);
    let eta = match what {
        What::EtaChanged | What::Backordered => Some(named),
        _ => named.map(Some),
    };
    let qty = data.quantity("qty");
    let location = data.line("location");
    Some(Said::Line(Change { line_ref: line_ref?, at: at?, what, qty, eta, location, reason }))
}

/// An expected day: a point in time with its offset or, as most systems give it, a day: then noon where the dealership is.
fn eta(data: &Fields<'_>, key: &str, home: Home<'_>) -> Option<Timestamp> {
    let day = data.string(key).filter(|text| text.len() == "2026-03-07".len());
    match (day.and_then(|day| day.parse::<Date>().ok()), home.zone) {
        (Some(day), Some(zone)) => {
            day.at(12, 0, 0, 0).to_zoned(zone.clone()).ok().map(|noon| Timestamp::new(noon.timestamp()))
        }
        _ => data.time(key),
    }
}
