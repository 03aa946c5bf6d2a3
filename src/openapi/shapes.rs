//! Schemas as tables: a line for each field, what it may be, and what it means.
use maud::{Markup, html};
use serde_json::Value;

use super::outline::text;

/// Deeper than any of ours goes without a name of its own.
const DEEPEST: usize = 4;

/// What a value may be, in a few words; a named shape is a link.
pub(super) fn kind(schema: &Value) -> Markup {
    if let Some(to) = schema["$ref"].as_str() {
        let name = to.rsplit('/').next().unwrap_or_default();
        return html! { a href={ "#shape-" (name) } { (name) } };
    }
    if let Some(one_of) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        return html! { @for (n, one) in one_of.iter().enumerate() { @if n > 0 { " or " } (kind(one)) } };
    }
    if let Some(word) = schema["const"].as_str() {
        return html! { code { (word) } };
    }
    if let Some(words) = schema["enum"].as_array() {
        return html! { @for (n, word) in words.iter().enumerate() { @if n > 0 { ", " } code { (bare(word)) } } };
    }
    let words: Vec<&str> = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    html! {
        @for (n, word) in words.iter().enumerate() {
            @if n > 0 { " or " }
            @match *word {
                "array" => { "list of " (kind(&schema["items"])) }
                "object" if schema["additionalProperties"].is_object() => { "object of " (kind(&schema["additionalProperties"])) }
                "string" => (format(schema)),
                other => (other),
            }
        }
        @if words.is_empty() { "anything" }
        (limits(schema))
    }
}

fn bare(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn format(schema: &Value) -> &str {
    match schema["format"].as_str() {
        Some("date-time") => "time",
        Some(other) => other,
        None if schema["contentEncoding"] == "base64" => "Base64",
        None => match schema["pattern"].as_str() {
            Some(pattern) if pattern.ends_with("_[0-9a-f]{32}$") => "id",
            _ => "text",
        },
    }
}

fn limits(schema: &Value) -> String {
    let number = |key: &str| schema[key].as_f64();
    match (number("minimum"), number("maximum"), number("maxLength")) {
        (Some(least), Some(most), _) => format!(", {least} to {most}"),
        (Some(least), None, _) => format!(", from {least}"),
        (None, Some(most), _) => format!(", to {most}"),
        (_, _, Some(most)) => format!(", to {most} characters"),
        _ => String::new(),
    }
}

/// The fields of a shape, those inside a field under its name.
pub(super) fn fields(schema: &Value) -> Markup {
    let mut rows = Vec::new();
    collect(schema, "", 0, &mut rows);
    html! {
        @if rows.is_empty() {
            p { (kind(schema)) }
        } @else {
            div.wide tabindex="0" role="group" aria-label="Fields" {
                table {
                    thead { tr { th scope="col" { "Field" } th scope="col" { "What" } th scope="col" { "Meaning" } } }
                    tbody { @for row in &rows { (row) } }
                }
            }
        }
    }
}

fn collect(schema: &Value, before: &str, depth: usize, rows: &mut Vec<Markup>) {
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        rows.push(html! {
            tr {
                td { code { (before) (name) } @if required.contains(&name.as_str()) { span.required { " required" } } }
                td { (kind(field)) }
                td { (prose(text(&field["description"]))) }
            }
        });
        let (inside, mark) = if field["items"].is_object() { (&field["items"], "[].") } else { (field, ".") };
        if depth < DEEPEST {
            collect(inside, &format!("{before}{name}{mark}"), depth + 1, rows);
        }
    }
}

/// Text in which `code` stands between backticks.
pub(super) fn prose(text: &str) -> Markup {
    html! {
        @for (n, part) in text.split('`').enumerate() {
            @if n % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}
