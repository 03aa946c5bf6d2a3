//! The SQL that tells somebody everything that is kept of them, a JSON object a row.
use serde_json::Value;
use sqlx::types::Json;

use crate::{
    customers::Customer,
    db::{Result, Sql, Tx},
    id::Id,
};

/// `name: (columns) [json columns] from, condition`: `$1` is the customer. A column of JSON is text on `SQLite` and is told as what it is.
macro_rules! told {
    ($name:literal, ($($column:ident),+), [$($json:ident),*], $from:literal) => {
        (
            $name,
            Sql {
                sqlite: concat!("SELECT json_object(", $("'", stringify!($column), "', x.", stringify!($column), ", ",)+
                    $("'", stringify!($json), "', json(x.", stringify!($json), "), ",)* "'table', '", $name, "') FROM ", $from, " ORDER BY x.id LIMIT 10000"),
                postgres: concat!("SELECT jsonb_build_object(", $("'", stringify!($column), "', x.", stringify!($column), ", ",)+
                    $("'", stringify!($json), "', x.", stringify!($json), ", ",)* "'table', '", $name, "') FROM ", $from, " ORDER BY x.id LIMIT 10000"),
            },
        )
    };
}

const EVERYTHING: &[(&str, Sql)] = &[
    told!("customers", (id, ref, kind, name, salutation, language, time_zone, preferred_channel, call_hours, vip, heard_at, created_at), [needs],
        "customers x WHERE x.id = $1 OR x.merged_into = $1"),
    told!("contact_points", (id, type, value, label, source, validity, invalid_reason, added_at, removed_at), [],
        "contact_points x WHERE x.customer_id IN (SELECT id FROM customers WHERE id = $1 OR merged_into = $1)"),
    told!(
        "vehicles",
        (id, vin, plate, model_code, model_year, odometer, next_service_at, next_service_km),
        [],
        "vehicles x WHERE x.owner_id = $1"
    ),
    told!(
        "vehicle_people",
        (vehicle_id, plate, model_code, role, since_at, ended_at),
        [],
        "(SELECT p.vehicle_id AS id, p.vehicle_id, v.plate, v.model_code, p.role, p.since_at, p.ended_at FROM vehicle_people p
            JOIN vehicles v ON v.id = p.vehicle_id WHERE p.customer_id = $1) x WHERE true"
    ),
    told!(
        "consents",
        (id, channel, purpose, action, source, evidence, text_version, at),
        [],
        "consents x WHERE x.customer_id IN (SELECT id FROM customers WHERE id = $1 OR merged_into = $1)"
    ),
    told!(
        "suppressions",
        (id, address, channel, scope, reason, until_at, created_at, lifted_at),
        [],
        "suppressions x WHERE x.customer_id = $1"
    ),
    told!("appointments", (id, ref, state, start_at, end_at, booked_at, channel, customer_words, cancel_reason, wishes, created_at), [services, parts_required],
        "appointments x WHERE x.customer_id = $1"),
    told!("repair_orders", (id, ref, state, opened_at, promised_at, delivered_at, signed_at, signed_by, odometer, total), [jobs],
        "repair_orders x WHERE x.customer_id = $1"),
    told!(
        "work_items",
        (id, code, name, severity, amount, decision, decided_at, decided_by, decided_via, reason),
        [],
        "work_items x JOIN repair_orders o ON o.id = x.repair_order_id WHERE o.customer_id = $1"
    ),
    told!("parts_orders", (id, ref, ordered_at, eta, complete_at), [], "parts_orders x WHERE x.customer_id = $1"),
    told!("inquiries", (id, ref, channel, state, topic, sender, received_at, answered_at), [preferred_times], "inquiries x WHERE x.customer_id = $1"),
    told!(
        "inquiry_entries",
        (id, author, channel, at, sender, topic, body),
        [],
        "inquiry_entries x JOIN inquiries i ON i.id = x.inquiry_id WHERE i.customer_id = $1"
    ),
    told!(
        "messages",
        (id, channel, to_address, locale, state, reason, created_at, accepted_at),
        [],
        "messages x WHERE x.customer_id = $1"
    ),
    told!(
        "message_texts",
        (message_id, subject, body),
        [],
        "(SELECT t.message_id AS id, t.message_id, t.subject, t.body FROM message_texts t JOIN messages m ON m.id = t.message_id WHERE m.customer_id = $1) x WHERE true"
    ),
    told!(
        "inbound_messages",
        (id, from_address, class, received_at),
        [],
        "inbound_messages x WHERE x.customer_id = $1"
    ),
    told!(
        "inbound_texts",
        (id, from_address, body, received_at, taken_for),
        [],
        "inbound_texts x WHERE x.customer_id = $1"
    ),
    told!(
        "call_attempts",
        (id, number, started_at, ended_at, outcome, reached, note, recording_url),
        [answers],
        "call_attempts x WHERE x.customer_id = $1"
    ),
    told!("surveys", (id, ref, state, delivered_at, invited_at, completed_at), [], "surveys x WHERE x.customer_id = $1"),
    told!(
        "survey_responses",
        (id, mode, overall, recommend, effort, comment, answered_at),
        [answers],
        "survey_responses x WHERE x.customer_id = $1"
    ),
    told!("cases", (id, ref, state, words, score, raised_at, resolution, compensation), [], "cases x WHERE x.customer_id = $1"),
    told!(
        "case_notes",
        (id, at, what, note),
        [],
        "case_notes x JOIN cases c ON c.id = x.case_id WHERE c.customer_id = $1"
    ),
    told!(
        "parts_questions",
        (id, asked_at, name, question, answered_at, note),
        [],
        "parts_questions x JOIN appointments a ON a.id = x.appointment_id WHERE a.customer_id = $1"
    ),
    told!(
        "assists",
        (id, subject_type, asked_at, asked_of, words, answered_at, answer),
        [],
        "assists x JOIN (SELECT id FROM appointments WHERE customer_id = $1 UNION ALL SELECT id FROM repair_orders WHERE customer_id = $1
            UNION ALL SELECT id FROM inquiries WHERE customer_id = $1 UNION ALL SELECT id FROM cases WHERE customer_id = $1) t ON t.id = x.subject_id"
    ),
    told!(
        "timeline",
        (id, at, what, reason),
        [detail],
        "timeline x WHERE x.customer_id IN (SELECT id FROM customers WHERE id = $1 OR merged_into = $1)"
    ),
];

/// By table, the rows of each in the order in which they were made; ten thousand of each at most.
pub(in crate::rights) async fn everything(
    tx: &mut Tx,
    customer: Id<Customer>,
) -> Result<Vec<(&'static str, Vec<Value>)>> {
    let mut told = Vec::with_capacity(EVERYTHING.len());
    for (name, statement) in EVERYTHING {
        let rows: Vec<(Json<Value>,)> = tx.sql(*statement).bind(customer).all().await?;
        let rows = rows.into_iter().map(|(row,)| row.0).map(without_table).collect();
        told.push((*name, rows));
    }
    Ok(told)
}

/// The word that closes the list of columns says nothing.
fn without_table(mut row: Value) -> Value {
    if let Some(row) = row.as_object_mut() {
        row.remove("table");
    }
    row
}
