//! Rows about parts and about what a day has room for.
use serde_json::{Value, json};

use super::{Fact, Row, Understood, object};
use crate::{clock::Timestamp, imports::shapes::When};

/// `parts_orders.csv`: one line of an order.
pub(super) fn part_line(row: &Row<'_>) -> Option<Understood> {
    let order = row.required("order_no");
    let part_no = row.required("part_no");
    let line = row.key("line_no").or_else(|| part_no.clone());
    let status = row.status();
    let state = status.as_ref().map_or("", |(_, ours)| ours.as_str()).to_owned();
    let qty = row.number("qty_ordered");
    if qty.is_none_or(|qty| qty <= 0.0) && row.text("qty_ordered").is_none_or(|text| text.starts_with('0')) {
        row.wrong("qty_ordered", "must be more than 0");
    }
    // A day without a time is the day as the dealership has it.
    let eta = row.when("eta").map(|when| match when {
        When::Day(day) => json!(day.to_string()),
        when => row.stamp(when.moment(row.zone)),
    });
    let one = object([
        ("line_ref", line.clone().map(Value::from)),
        ("part_no", part_no.clone().map(Value::from)),
        ("name", row.text("part_name").or(part_no).map(Value::from)),
        ("qty", qty.map(Value::from)),
        ("eta", eta.clone()),
        ("unit_value", row.number("unit_value").map(Value::from)),
    ]);
    let customer = row.key("customer_no").map(|reference| json!({"ref": reference}));
    let ordered = object([
        ("order_ref", order.clone().map(Value::from)),
        ("ro_ref", row.key("ro_no").map(Value::from)),
        ("customer", customer),
        ("order_type", row.text("order_type").map(Value::from)),
        ("ordered_at", row.at("ordered_at").map(|at| row.stamp(at))),
        ("lines", Some(vec![one].into())),
    ]);
    let change = |at: Option<Timestamp>, qty: Option<f64>, more: Option<(&str, Value)>| {
        let mut data = object([
            ("order_ref", order.clone().map(Value::from)),
            ("line_ref", line.clone().map(Value::from)),
            ("at", row.or_when(at)),
            ("qty", qty.map(Value::from)),
        ]);
        if let Some((key, value)) = more {
            data[key] = value;
        }
        data
    };
    let mut facts = vec![Fact { kind: "parts.ordered", data: ordered }];
    let (received, received_at, issued_at) = (row.number("qty_received"), row.at("received_at"), row.at("issued_at"));
    let came = received.is_some_and(|n| n > 0.0) || received_at.is_some();
    match state.as_str() {
        "backordered" if !came => {
            facts.push(Fact { kind: "parts.backordered", data: change(None, None, eta.map(|eta| ("eta", eta))) });
        }
        _ if came || matches!(state.as_str(), "received" | "partial" | "issued") => {
            // The total to date; a word alone means all of it.
            let total = received.filter(|n| *n > 0.0).or(qty.filter(|_| state != "partial"));
            if total.is_none() {
                row.warn("qty_received", "is empty for what came in part: passed over");
            } else {
                facts.push(Fact { kind: "parts.received", data: change(received_at, total, None) });
            }
        }
        _ => {}
    }
    match state.as_str() {
        "returned" => facts.push(Fact { kind: "parts.returned", data: change(None, None, None) }),
        "cancelled" => facts.push(Fact { kind: "parts.cancelled", data: change(None, None, None) }),
        "unobtainable" => {
            let reason = ("reason", json!("unobtainable"));
            facts.push(Fact { kind: "parts.cancelled", data: change(None, None, Some(reason)) });
        }
        _ if issued_at.is_some() || state == "issued" => {
            facts.push(Fact { kind: "parts.issued", data: change(issued_at, qty, None) });
        }
        _ => {}
    }
    let reference = format!("{}/{}", order?, line?);
    Some(Understood { reference, facts, status, ..Understood::default() })
}

/// `capacity.csv`.
pub(super) fn capacity(row: &Row<'_>) -> Option<Understood> {
    let date = row.when("date").map(|when| when.date(row.zone).to_string());
    if date.is_none() && row.text("date").is_none() {
        row.wrong("date", "is empty");
    }
    let hours = row.number("available_hours");
    if hours.is_none() && row.text("available_hours").is_none() {
        row.wrong("available_hours", "is empty");
    }
    let team = row.text("team");
    let reference = format!("{}/{}", date.clone()?, team.clone().unwrap_or_default());
    let data = object([
        ("date", date.map(Value::from)),
        ("team", team.map(Value::from)),
        ("available_hours", hours.map(Value::from)),
        ("booked_hours", row.number("booked_hours").map(Value::from)),
    ]);
    Some(Understood { reference, facts: vec![Fact { kind: "capacity.set", data }], ..Understood::default() })
}
