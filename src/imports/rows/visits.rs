//! Rows about appointments and repair orders.
use serde_json::{Value, json};

use super::{Fact, Row, Understood, WHEN, is_empty, object};
use crate::clock::Timestamp;

/// `appointments.csv`. A row without a status is a booking.
pub(super) fn appointment(row: &Row<'_>) -> Option<Understood> {
    let reference = row.required("appointment_no");
    let status = row.status();
    let state = status.as_ref().map_or("booked", |(_, ours)| ours.as_str()).to_owned();
    let (arrived_at, cancelled_at) = (row.at("arrived_at"), row.at("cancelled_at"));
    let booking = booking(row, reference.as_deref());
    let mut facts = Vec::new();
    let is_booking = booking.get("start_at").is_some();
    if is_booking {
        if is_empty(&booking["customer"]) {
            row.wrong("customer_no", "is empty, and so are name, mobile and email: whose appointment is it?");
        }
        let kind = if state == "requested" { "appointment.requested" } else { "appointment.booked" };
        facts.push(Fact { kind, data: booking });
    } else if matches!(state.as_str(), "booked" | "requested" | "confirmed" | "other") && !row.has_said("start_at") {
        row.wrong("start_at", "is empty");
    }
    let told = |at: Option<Timestamp>, reason: Option<String>| {
        object([
            ("ref", reference.clone().map(Value::from)),
            ("at", row.or_when(at)),
            ("reason", reason.map(Value::from)),
        ])
    };
    let cancel_reason = || row.text("cancel_reason");
    let came = arrived_at.is_some() || matches!(state.as_str(), "arrived" | "in_service" | "completed");
    match state.as_str() {
        "cancelled" => facts.push(Fact { kind: "appointment.cancelled", data: told(cancelled_at, cancel_reason()) }),
        "no_show" => facts.push(Fact { kind: "appointment.no_show", data: told(None, None) }),
        "confirmed" if !came => facts.push(Fact { kind: "appointment.confirmed", data: told(None, None) }),
        _ if came => {
            facts.push(Fact { kind: "appointment.arrived", data: told(arrived_at, None) });
            if state == "completed" {
                facts.push(Fact { kind: "appointment.completed", data: told(None, None) });
            }
        }
        _ => {}
    }
    Some(Understood { reference: reference?, facts, status, ..Understood::default() })
}

fn booking(row: &Row<'_>, reference: Option<&str>) -> Value {
    let hours = row.number("booked_hours");
    let mut services: Vec<Value> =
        row.list("service_codes").into_iter().map(|code| json!({"code": code, "name": code})).collect();
    // The hours are of the whole visit.
    match (services.first_mut(), hours) {
        (Some(first), Some(hours)) => first["hours"] = hours.into(),
        (None, Some(hours)) => services.push(json!({"hours": hours})),
        (_, None) => {}
    }
    let vehicle = row.vehicle();
    object([
        ("ref", reference.map(Value::from)),
        ("start_at", row.moment("start_at").map(|at| row.stamp(at))),
        ("end_at", row.moment("end_at").map(|at| row.stamp(at))),
        ("booked_at", row.at("booked_at").map(|at| row.stamp(at))),
        ("customer", Some(row.mentioned())),
        ("vehicle", (!is_empty(&vehicle)).then_some(vehicle)),
        ("advisor_ref", row.key("advisor_no").map(Value::from)),
        ("services", (!services.is_empty()).then(|| services.into())),
        ("is_comeback", row.flag("is_comeback").map(Value::from)),
        ("channel", row.text("channel").map(Value::from)),
        ("customer_words", row.text("customer_words").map(Value::from)),
    ])
}

/// `repair_orders.csv`. The times say how far it is; where a system keeps only a word, the word does.
pub(super) fn repair_order(row: &Row<'_>) -> Option<Understood> {
    let reference = row.required("ro_no");
    let status = row.status();
    let state = status.as_ref().map_or("", |(_, ours)| ours.as_str()).to_owned();
    let opened_at = row.at("opened_at");
    if opened_at.is_none() && !row.has_said("opened_at") {
        row.wrong("opened_at", "is empty");
    }
    let customer = row.mentioned();
    if is_empty(&customer) {
        row.wrong("customer_no", "is empty: whose repair order is it?");
    }
    let jobs: Vec<Value> = row.list("job_types").into_iter().map(|word| json!({"type": word, "name": word})).collect();
    let pay_type =
        row.text("pay_type").map(|word| row.mapping.word("pay_types", &word).map_or(word.clone(), str::to_owned));
    let opened = object([
        ("ref", reference.clone().map(Value::from)),
        ("opened_at", opened_at.map(|at| row.stamp(at))),
        ("promised_at", row.at("promised_at").map(|at| row.stamp(at))),
        ("customer", Some(customer)),
        ("vehicle", Some(row.vehicle())),
        ("advisor_ref", row.key("advisor_no").map(Value::from)),
        ("appointment_ref", row.key("appointment_no").map(Value::from)),
        ("pay_type", pay_type.map(Value::from)),
        ("is_comeback", row.flag("is_comeback").map(Value::from)),
        ("original_ref", row.key("original_ro_no").map(Value::from)),
        ("jobs", (!jobs.is_empty()).then(|| jobs.into())),
        ("odometer_in", row.count("odometer_in").map(Value::from)),
    ]);
    let technicians = row.list("technician_nos");
    let total = row.number("total_amount");
    let step = |at: Option<Timestamp>| {
        object([
            ("ref", reference.clone().map(Value::from)),
            ("at", row.or_when(at)),
            ("technician_refs", (!technicians.is_empty()).then(|| technicians.clone().into())),
            ("total", total.map(Value::from)),
        ])
    };
    let mut facts = Vec::new();
    // An estimate is no order yet.
    if state != "estimate" {
        facts.push(Fact { kind: "repair_order.opened", data: opened });
        let (ready_at, delivered_at, closed_at) = (row.at("ready_at"), row.at("delivered_at"), row.at("closed_at"));
        if ready_at.is_some() || state == "ready" {
            facts.push(Fact { kind: "repair_order.ready", data: step(ready_at) });
        }
        if delivered_at.is_some() || state == "delivered" {
            facts.push(Fact { kind: "repair_order.delivered", data: step(delivered_at) });
        }
        if closed_at.is_some() || matches!(state.as_str(), "closed" | "cancelled") {
            facts.push(Fact { kind: "repair_order.closed", data: step(closed_at) });
        }
    }
    Some(Understood { reference: reference?, facts, status, ..Understood::default() })
}

/// `ro_declined.csv`: work that a technician found and the customer did not want.
pub(super) fn declined(row: &Row<'_>) -> Option<Understood> {
    let ro = row.required("ro_no");
    let name = row.required("item_name");
    let code = row.key("item_code").or_else(|| name.clone());
    let severity = row.text("severity").and_then(|word| {
        let ours = row.mapping.word("severities", &word).map(str::to_owned);
        if ours.is_none() {
            row.warn("severity", "is a word that is not known: taken as soon");
        }
        ours
    });
    let item = object([
        ("code", code.clone().map(Value::from)),
        ("name", name.map(Value::from)),
        ("severity", Some(severity.unwrap_or_else(|| "soon".to_owned()).into())),
        ("amount", row.number("amount").map(Value::from)),
    ]);
    let data = object([
        ("ref", ro.clone().map(Value::from)),
        ("items", Some(vec![item].into())),
        ("reason_code", row.text("reason").map(Value::from)),
        ("at", row.at("declined_at").map_or_else(|| Some(json!(WHEN)), |at| Some(row.stamp(at)))),
    ]);
    let reference = format!("{}/{}", ro?, code?);
    Some(Understood {
        reference,
        facts: vec![Fact { kind: "repair_order.work_declined", data }],
        ..Understood::default()
    })
}

impl Row<'_> {
    /// Something stands there, even if it could not be read: that was said already.
    fn has_said(&self, column: &str) -> bool {
        self.text(column).is_some()
    }
}
