//! `aftercare ingest`: files by the same road.
use std::process::Output;

use super::door::{Door, booked, with};

async fn ingest(door: &Door, file: &str, text: &str) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join(file), text).expect("written");
    tokio::process::Command::new(env!("CARGO_BIN_EXE_aftercare"))
        .args(["ingest", file])
        .current_dir(folder.path())
        .env("AFTERCARE__DATABASE__URL", &door.temp.url)
        .env("AFTERCARE_TEST_CLOCK", "")
        .output()
        .await
        .expect("the program runs")
}

fn words(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test]
async fn a_file_is_taken_line_by_line_and_bad_lines_are_named() {
    let door = Door::open().await;
    let good = |id: &str| booked(id, "10:00").to_string();
    let letters = with(booked("e3", "10:00"), "/data/customer/phones/0/number", "CALL ME".into());
    let reused = with(booked("e1", "10:00"), "/data/channel", "web".into());
    let lines = [
        "\u{feff}".to_owned() + &good("e1"),
        String::new(),
        "{".to_owned(),
        letters.to_string(),
        reused.to_string(),
        good("e2"),
        good("e1"),
    ];
    let done = ingest(&door, "day.jsonl", &lines.join("\n")).await;
    assert_eq!(done.status.code(), Some(3), "{}", words(&done.stderr));
    assert_eq!(words(&done.stdout), "2 accepted, 0 stored for a later version, 1 duplicates, 3 rejected\n");
    let said = words(&done.stderr);
    assert!(said.contains("day.jsonl:3: the body is not JSON"), "{said}");
    assert!(said.contains("day.jsonl:4: /data/customer/phones/0/number must hold digits only"), "{said}");
    assert!(said.contains("day.jsonl:5: the id e1"), "{said}");
    assert!(!said.contains("CALL ME"), "what was typed is in no message: {said}");
    assert_eq!(door.count("events").await, 2);

    let again = ingest(&door, "day.jsonl", &good("e2")).await;
    assert_eq!((again.status.code(), words(&again.stdout).starts_with("0 accepted")), (Some(0), true));
    let missing = tokio::process::Command::new(env!("CARGO_BIN_EXE_aftercare"))
        .args(["ingest", "/nowhere.jsonl"])
        .env("AFTERCARE__DATABASE__URL", &door.temp.url)
        .output()
        .await
        .expect("the program runs");
    assert_eq!(missing.status.code(), Some(2));
}

#[tokio::test]
async fn the_sample_day_is_taken_whole() {
    let door = Door::open().await;
    let day = include_str!("../../data/day.jsonl")
        .lines()
        .filter(|line| line.contains("\"gz-tianhe\"") || line.contains("\"la-torrance\""));
    let day: Vec<&str> = day.collect();
    let done = ingest(&door, "day.jsonl", &day.join("\n")).await;
    assert_eq!(done.status.code(), Some(0), "{}", words(&done.stderr));
    assert_eq!(door.count("events").await, i64::try_from(day.len()).expect("few"));
    let appointments: usize = day.iter().filter(|line| line.contains("\"appointment.booked\"")).count();
    assert_eq!(door.count("appointments").await, i64::try_from(appointments).expect("few"));
    assert_eq!(door.lines("customer.phone_invalid").await, Vec::<String>::new(), "every number of the sample is one");
}
