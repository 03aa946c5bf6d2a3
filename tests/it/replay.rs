//! A recorded day on a virtual clock: the plan as it is printed, and what an independent script makes of the same day.
use std::{
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use crate::need::{need, python};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");

/// Runs the real program; it has no database, no provider and no clock but its own.
fn replay(file: &Path, more: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    let setup = format!("{DATA}/dealerships.toml");
    let done = Command::new(env!("CARGO_BIN_EXE_aftercare"))
        .args(["replay".as_ref(), file.as_os_str()])
        .args(["--setup", &setup])
        .args(more)
        .current_dir(folder.path())
        .output()
        .expect("the program runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    done
}

fn day() -> std::path::PathBuf {
    Path::new(DATA).join("day.jsonl")
}

/// The plan of the whole day with its column *why*. The texts have snapshots of their own, and are left out.
#[test]
fn the_plan_of_a_day_says_why_and_a_script_of_its_own_comes_to_the_same() {
    let printed = String::from_utf8(replay(&day(), &[]).stdout).expect("UTF-8");
    let header = "at\twhat\tkind\tsubject\treader\tway\tmeant for\twhy\ttext";
    assert_eq!(printed.lines().next(), Some(header));
    for line in printed.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        assert_eq!(columns.len(), 9, "{line}");
        assert!(columns[7].len() > 1, "no reason: {line}");
    }
    let plan: Vec<&str> = printed.lines().filter_map(|line| Some(line.rsplit_once('\t')?.0)).collect();
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!("the_plan_of_a_day", plan.join("\n")) });
    if need("python3", "the oracle of a day") {
        judged_well(&printed);
    }
}

/// `tests/data/day_oracle.py` recomputes time and channel of every line.
fn judged_well(printed: &str) {
    let mut oracle = Command::new(python())
        .args([format!("{DATA}/day_oracle.py"), format!("{DATA}/day.jsonl"), format!("{DATA}/dealerships.toml")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the oracle");
    oracle.stdin.take().expect("a pipe").write_all(printed.as_bytes()).expect("written");
    let judged = oracle.wait_with_output().expect("its judgement");
    assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stdout));
    let counted = String::from_utf8_lossy(&judged.stderr).into_owned();
    assert!(counted.contains("438 notices of 24 kinds recomputed, 0 differences"), "{counted}");
}

#[test]
fn the_same_day_is_the_same_plan_byte_for_byte_and_a_part_of_it_is_a_part_of_the_plan() {
    let folder = tempfile::tempdir().expect("a folder");
    let morning = folder.path().join("morning.jsonl");
    let events = std::fs::read_to_string(day()).expect("the day");
    let first: Vec<&str> = events.lines().take(30).collect();
    std::fs::write(&morning, first.join("\n")).expect("written");
    let until = ["--until", "2026-03-04T20:00:00+08:00"];
    let (once, again) = (replay(&morning, &until), replay(&morning, &until));
    assert_eq!(once.stdout, again.stdout);
    let from = ["--from", "2026-03-03T12:00:00+08:00", "--until", "2026-03-04T20:00:00+08:00"];
    let part = replay(&morning, &from).stdout;
    let (whole, part) = (String::from_utf8_lossy(&once.stdout), String::from_utf8_lossy(&part));
    let (header, rest) = part.split_once('\n').expect("a header");
    assert!(whole.starts_with(header) && whole.ends_with(rest) && rest.len() < whole.len() - header.len() - 1);
    assert!(!rest.is_empty());
}
