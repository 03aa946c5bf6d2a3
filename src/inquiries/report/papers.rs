//! The report on the promise as a table, a row for each promise, and as a page to print.
use maud::{Markup, html};
use serde_json::Value;

use super::super::proof::{Numbers, Report};
use crate::reports::{paper, table::Table};

/// The columns of a row, as the sealed file names them.
const COLUMNS: [&str; 12] = [
    "ref",
    "channel",
    "received_at",
    "due_at",
    "answered_at",
    "in_time",
    "answered_by",
    "reply_written_at",
    "human_reply_at",
    "bounces",
    "message_key",
    "inquiry",
];

/// Every promise of these reports, for a spreadsheet.
pub fn csv(reports: &[Report]) -> String {
    let mut table = Table::of(["dealership", "month"].into_iter().chain(COLUMNS));
    for report in reports {
        for row in report.rows() {
            let cells: Vec<String> = COLUMNS.iter().map(|column| cell(&row[*column])).collect();
            let head = [report.dealership.as_str(), report.month.as_str()];
            table.line(head.into_iter().chain(cells.iter().map(String::as_str)));
        }
    }
    table.text()
}

/// The numbers of these reports, and what was not answered in time.
pub fn html(reports: &[Report]) -> String {
    let month = reports.first().map(|report| report.month.as_str()).unwrap_or_default();
    let note = html! {
        "Every inquiry is due 24 hours after it came (BR-01). Answered: a substantive reply that a provider took (BR-02). "
        "The sealed file has the evidence of each: aftercare report sla --format sealed."
    };
    let body = html! { @for report in reports { (section(report)) } };
    paper::page("en", &format!("The 24-hour promise {month}"), &note, &body)
}

fn section(report: &Report) -> Markup {
    let Numbers { received, answered_in_time, breached, waiting, by_approved_answer, median_minutes, p90_minutes } =
        &report.numbers;
    let minutes = |minutes: Option<i64>| minutes.map_or_else(|| "–".to_owned(), |minutes| format!("{minutes} min"));
    let late: Vec<Value> = report.rows().filter(|row| row["in_time"] == Value::Bool(false)).collect();
    html! {
        h2 { (report.dealership) }
        table {
            tr { td { "Received" } td.n { (received) } }
            tr { td { "Answered in time" } td.n { (answered_in_time) } }
            tr { td { "of these by an approved answer" } td.n { (by_approved_answer) } }
            tr { td { "Not in time" } td.n { (breached) } }
            tr { td { "Neither answered nor due yet" } td.n { (waiting) } }
            tr { td { "First response, median" } td.n { (minutes(*median_minutes)) } }
            tr { td { "First response, 90 % within" } td.n { (minutes(*p90_minutes)) } }
        }
        section {
            h3 { "Not in time" }
            @if late.is_empty() { p.note { "None." } } @else {
                table {
                    tr { th { "Inquiry" } th { "Received" } th { "Due" } th { "Answered" } }
                    @for row in &late { tr { @for column in ["ref", "received_at", "due_at", "answered_at"] { td { (cell(&row[column])) } } } }
                }
            }
        }
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
