//! The report as a table: one line for each number, and for each that it falls into.
use super::{Figure, Number, Report, Row};
use crate::reports::table::Table;

/// The numbers of every dealership of the report.
pub fn csv(report: &Report) -> String {
    let names =
        ["definition", "month", "dealership", "number", "unit", "by", "of", "value", "low", "high", "n", "verdict"];
    let mut table = Table::of(names);
    for shop in &report.dealerships {
        for number in &shop.numbers {
            let head = [report.definition.clone(), report.month.to_string(), shop.code.clone()];
            line(&mut table, &head, number, ("", ""), &number.figure);
            for (name, value) in &number.figure.more {
                let figure = Figure { value: Some(*value), n: number.figure.n, ..Figure::default() };
                line(&mut table, &head, number, ("part", name), &figure);
            }
            for (by, figures) in
                [("advisor", &number.advisors), ("service_type", &number.service_types), ("kind", &number.kinds)]
            {
                for (of, figure) in figures {
                    line(&mut table, &head, number, (by, of), figure);
                }
            }
            for past in &number.months {
                let figure = Figure { value: past.value, n: past.n, ..Figure::default() };
                line(&mut table, &head, number, ("month", &past.month.to_string()), &figure);
            }
        }
    }
    table.text()
}

fn line(table: &mut Table, head: &[String; 3], number: &Number, (by, of): (&str, &str), figure: &Figure) {
    let shown = |value: Option<f64>| value.map(|value| format!("{value:.1}")).unwrap_or_default();
    let word = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let verdict = if by.is_empty() { word(serde_json::json!(number.verdict)) } else { String::new() };
    let unit = word(serde_json::json!(number.unit));
    let cells = [
        number.name.word(),
        &unit,
        by,
        of,
        &shown(figure.value),
        &shown(figure.low),
        &shown(figure.high),
        &figure.n.to_string(),
        &verdict,
    ];
    table.line(head.iter().map(String::as_str).chain(cells));
}

/// The rows of one number.
pub fn rows(rows: &[Row]) -> String {
    let mut table = Table::of(["id", "ref", "at", "advisor", "service_type", "kind", "counted", "part", "whole"]);
    for row in rows {
        let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let cells = [
            row.id.clone(),
            row.reference.clone(),
            row.at.to_string(),
            text(&row.advisor),
            text(&row.service_type),
            text(&row.kind),
            if row.is_counted { "yes" } else { "no" }.to_owned(),
            number(row.part),
            number(row.whole),
        ];
        table.line(cells.iter().map(String::as_str));
    }
    table.text()
}
