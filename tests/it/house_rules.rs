//! The rules of the house, checked by reading its source; a violation is named with its file and line.
use crate::source::Source;

/// Rooms that know no business: whoever reads them needs to know nothing else.
const LOW: &[&str] = &["channels", "db", "jobs", "clock", "id", "failpoints"];
/// What every room may use.
const COMMON_GROUND: &[&str] =
    &["app", "config", "clock", "id", "db", "failpoints", "rows", "telemetry", "template", "calendar"];

/// Collects what is wrong, and says all of it at once.
#[derive(Default)]
struct Findings(Vec<String>);

impl Findings {
    fn at(&mut self, source: &Source, line: usize, what: &str) {
        self.0.push(format!("{}:{line}: {what}", source.path));
    }
    fn none(self, rule: &str) {
        assert!(self.0.is_empty(), "{rule}\n{}", self.0.join("\n"));
    }
}

#[test]
fn every_file_opens_with_what_it_is_for() {
    let mut findings = Findings::default();
    for source in Source::all(&["src", "tests", "benches"]) {
        if !source.text.starts_with("//! ") {
            findings.at(&source, 1, "does not open with `//! `");
        }
    }
    findings.none("Open every file with one sentence that says what it is for.");
}

#[test]
fn no_file_is_longer_than_400_lines() {
    let mut findings = Findings::default();
    for source in Source::all(&["src", "tests", "benches"]) {
        let lines = source.text.lines().count();
        if lines > 400 {
            findings.at(&source, lines, "is longer than 400 lines");
        }
    }
    findings.none("Look for the second noun.");
}

#[test]
fn no_file_or_folder_is_a_drawer_for_the_rest() {
    let mut findings = Findings::default();
    for source in Source::all(&["src", "tests", "benches"]) {
        for part in source.path.trim_end_matches(".rs").split('/') {
            if matches!(part, "utils" | "util" | "helpers" | "helper" | "manager" | "common" | "misc") {
                findings.at(&source, 1, "is named after nothing");
            }
        }
    }
    findings.none("Name a file after what it holds.");
}

#[test]
fn only_store_files_and_the_database_hold_sql() {
    let begins = ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "WITH ", "CREATE TABLE ", "PRAGMA "];
    let mut findings = Findings::default();
    for source in Source::all(&["src"]) {
        let may = source.path.ends_with("/store.rs") || source.path.contains("/store/") || source.room() == Some("db");
        for (line, text) in source.product_literals().filter(|_| !may) {
            let inside = text.trim_start_matches(['r', '#', '"']).trim_start();
            if begins.iter().any(|begin| inside.starts_with(begin)) {
                findings.at(&source, *line, "holds SQL");
            }
        }
    }
    findings.none("SQL lives in store.rs (and in db/ and migrations/).");
}

#[test]
fn the_low_rooms_know_no_business() {
    let mut findings = Findings::default();
    for source in Source::all(&["src"]) {
        let room = source.room().unwrap_or_default();
        if !LOW.contains(&room) {
            continue;
        }
        for (line, path) in source.uses() {
            let other = path.split("::").next().unwrap_or_default();
            if other != room && !COMMON_GROUND.contains(&other) {
                findings.at(&source, line, &format!("{room} names crate::{path}"));
            }
        }
    }
    findings.none("channels, db, jobs, clock and id know no business folder.");
}

#[test]
fn a_folder_never_uses_another_folders_store() {
    let sources = Source::all(&["src"]);
    let stores: Vec<&str> = sources.iter().filter(|s| s.path.contains("/store")).filter_map(Source::room).collect();
    let mut findings = Findings::default();
    for source in &sources {
        let room = source.room().unwrap_or_default();
        for (line, path) in source.uses() {
            if path
                .split_once("::store")
                .is_some_and(|(other, rest)| other != room && (rest.is_empty() || rest.starts_with("::")))
            {
                findings.at(source, line, &format!("uses crate::{path}"));
            }
        }
        for (line, text) in source.product_lines() {
            for other in stores.iter().filter(|other| **other != room) {
                if names(text, &format!("{other}::store::")) && !text.contains(&format!("crate::{other}::store")) {
                    findings.at(source, line, &format!("uses {other}::store"));
                }
            }
        }
    }
    findings.none("A folder calls another folder's actions or types, never its store.");
}

#[test]
fn only_the_database_names_sqlite_and_postgresql() {
    // A point in time is written differently into each: its encoding stands beside the type.
    let may = |source: &Source| source.room() == Some("db") || source.path == "src/clock.rs";
    let words = [
        "sqlx::sqlite",
        "sqlx::postgres",
        "sqlx::Sqlite",
        "sqlx::Postgres",
        "sqlx::Pg",
        "SqlitePool",
        "SqliteConnection",
        "PgPool",
        "PgConnection",
        "PgListener",
    ];
    let mut findings = Findings::default();
    for source in Source::all(&["src"]).iter().filter(|source| !may(source)) {
        for (line, text) in source.product_lines() {
            let in_a_group =
                text.contains("sqlx::{") && ["Sqlite", "Postgres", "Pg"].iter().any(|word| text.contains(word));
            if in_a_group || words.iter().any(|word| names(text, word)) {
                findings.at(source, line, "names a type of one database");
            }
        }
    }
    findings.none("Only db/ knows which database it is.");
}

#[test]
fn only_jobs_names_apalis() {
    let mut findings = Findings::default();
    for source in Source::all(&["src"]).iter().filter(|source| source.room() != Some("jobs")) {
        for (line, text) in source.product_lines() {
            if names(text, "apalis") {
                findings.at(source, line, "names apalis");
            }
        }
    }
    findings.none("apalis runs our workers behind jobs/, and nobody else needs to know.");
}

#[test]
fn lints_are_expected_never_allowed() {
    let mut findings = Findings::default();
    for source in Source::all(&["src", "tests", "benches"]) {
        for (n, line) in source.code.lines().enumerate() {
            if line.contains("#[allow") || line.contains("#![allow") {
                findings.at(&source, n + 1, "allows a lint");
            }
        }
    }
    findings.none("Use #[expect(lint, reason = \"…\")]: it says why, and it says when it is no longer needed.");
}

#[test]
fn only_the_clock_knows_what_time_it_is() {
    let words = ["Utc::now", "Local::now", "Timestamp::now", "Zoned::now", "SystemTime::now"];
    let mut findings = Findings::default();
    for source in Source::all(&["src", "tests", "benches"]).iter().filter(|source| source.path != "src/clock.rs") {
        for (n, line) in source.code.lines().enumerate() {
            if words.iter().any(|word| names(line, word)) {
                findings.at(source, n + 1, "reads the system's time");
            }
        }
    }
    findings.none("Time comes in as a parameter, from App's Clock.");
}

/// True when `line` holds `word` as a word of its own, or as the beginning of one.
fn names(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}
