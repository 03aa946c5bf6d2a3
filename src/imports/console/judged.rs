//! What a file would bring, or brought, as a person judges it: how it was read, what was understood, what was refused and why.
use std::collections::BTreeMap;

use maud::{Markup, html};

use super::super::Summary;
use crate::console::Words;

/// The most letters of a row that is shown as it was understood.
const LONGEST: usize = 600;

pub(super) fn shown(w: Words, summary: &Summary) -> Markup {
    let understood = summary.rows.saturating_sub(summary.rejected);
    let tiles = [
        ("import-rows-understood", understood, ""),
        ("import-rows-new", summary.new.min(summary.taken), ""),
        ("import-rows-changed", summary.taken.saturating_sub(summary.new), ""),
        ("import-rows-unchanged", summary.unchanged, ""),
        ("import-rows-refused", summary.rejected, if summary.rejected > 0 { "bad" } else { "" }),
    ];
    let delimiter = match summary.delimiter {
        '\t' => w.t("import-tab"),
        other => other.to_string(),
    };
    html! {
        @if summary.is_dry { p class="notice" { (w.t("import-dry")) } }
        div class="tiles" {
            @for (key, rows, tone) in tiles {
                section class="card tile" { h2 { (w.t(key)) } p class={ "big num " (tone) } { (rows) } }
            }
        }
        section class="card" aria-labelledby="read-title" {
            h2 id="read-title" { (w.t("import-read")) }
            dl class="facts" {
                dt { (w.t("import-encoding")) } dd { (summary.encoding) }
                dt { (w.t("import-delimiter")) } dd { code { (delimiter) } }
                dt { (w.t("import-columns")) } dd { @for (theirs, ours) in &summary.columns { span class="tag" { (theirs) @if theirs != ours { " → " (ours) } } " " } }
                @if !summary.unknown_columns.is_empty() {
                    dt { (w.t("import-unknown")) } dd { @for column in &summary.unknown_columns { span class="tag warn" { (column) } " " } }
                }
            }
        }
        (problems(w, "import-refused-why", summary, &summary.reasons))
        (problems(w, "import-warnings", summary, &summary.warnings))
        @if !summary.statuses.is_empty() { (statuses(w, &summary.statuses)) }
        @if !summary.first.is_empty() {
            details class="card" { summary { (w.t("import-first")) }
                @for row in &summary.first { pre lang="en" { (row.chars().take(LONGEST).collect::<String>()) @if row.chars().count() > LONGEST { "…" } } }
            }
        }
    }
}

fn problems(w: Words, title: &str, summary: &Summary, problems: &BTreeMap<(String, String), (u64, u64)>) -> Markup {
    html! {
        @if !problems.is_empty() {
            section class="card" aria-labelledby=(title) {
                h2 id=(title) { (w.t(title)) }
                table class="rows" {
                    thead { tr { th scope="col" { (w.t("import-column")) } th scope="col" { (w.t("col-why")) } th scope="col" { (w.t("import-row-count")) } th scope="col" { (w.t("import-line")) } } }
                    tbody { @for ((column, why), (rows, line)) in problems { tr {
                        td { (written(summary, column)) }
                        td { (reason(w, why)) }
                        td class="num" { (rows) }
                        td class="num" { (line) }
                    } } }
                }
            }
        }
    }
}

fn statuses(w: Words, statuses: &BTreeMap<(String, String), u64>) -> Markup {
    html! {
        section class="card" aria-labelledby="statuses-title" {
            h2 id="statuses-title" { (w.t("import-statuses")) }
            table class="rows" {
                thead { tr { th scope="col" { (w.t("import-theirs")) } th scope="col" { (w.t("import-ours")) } th scope="col" { (w.t("import-row-count")) } } }
                tbody { @for ((ours, theirs), rows) in statuses { tr { td { (theirs) } td { code { (ours) } } td class="num" { (rows) } } } }
            }
        }
    }
}

/// A column as the file calls it.
fn written<'a>(summary: &'a Summary, column: &'a str) -> &'a str {
    summary.columns.iter().find(|(_, ours)| ours == column).map_or(column, |(theirs, _)| theirs.as_str())
}

/// A reason in the reader's language where we have it; what the file says of it stays in English.
fn reason(w: Words, why: &str) -> Markup {
    let key = format!("import-why-{}", slug(why));
    html! { @if w.knows(&key) { (w.t(&key)) } @else { span lang="en" { (why) } } }
}

/// A sentence without its figures and advice, as it stands in the name of a word.
fn slug(why: &str) -> String {
    let sentence = why.split([':', '(']).next().unwrap_or_default().to_lowercase();
    let words: Vec<&str> = sentence.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty()).collect();
    words.join("-")
}

/// Bytes as people say them.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KB", bytes / 1024),
        _ => format!("{}.{} MB", bytes >> 20, (bytes % 1_048_576) * 10 / 1_048_576),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notices::Locale;

    /// The sentences that rows are refused with most often have words in every language.
    #[test]
    fn reasons_are_said_in_the_readers_language() {
        for why in [
            "is empty",
            "is empty, and so are name, mobile and email: whose appointment is it?",
            "is empty, and so is the plate",
            "has 5 cells under 4 headers: is a quote or a delimiter missing?",
            "has no time of day",
            "has a time of day that cannot be read: write 09:30",
            "is no date that can be read: write 2026-03-05 09:30",
            "is a day that there is not",
            "has a year of two digits: write 2026-03-05",
            "may be the day or the month first: say which in the source's mapping (days), or write 2026-03-05",
            "is outside the years 1900 to 2200",
            "must not be negative",
            "must be more than 0",
            "is no number",
            "was rounded by a spreadsheet: format the column as text and export again",
            "is a word that is not known: taken as other",
            "is neither yes nor no: passed over",
            "is empty for what came in part: passed over",
            "must hold digits only, without letters or control characters",
            "other reasons: see each row",
        ] {
            for locale in Locale::ALL {
                assert!(
                    Words(locale).knows(&format!("import-why-{}", slug(why))),
                    "{why} in {}: {}",
                    locale.code(),
                    slug(why)
                );
            }
        }
    }
}
