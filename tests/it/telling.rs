//! What a command says when its reader has gone, and when there is no room for its words.
use std::{
    fs::File,
    io::pipe,
    process::{Command, Output, Stdio},
};

fn config_to(out: impl Into<Stdio>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aftercare"));
    command.arg("config").stdout(out).stderr(Stdio::piped()).output().expect("the program starts")
}

#[test]
fn a_reader_who_has_seen_enough_is_no_fault() {
    let (reader, writer) = pipe().expect("a pipe");
    drop(reader);
    let done = config_to(writer);
    assert_eq!(String::from_utf8_lossy(&done.stderr), "");
    assert!(done.status.success(), "{}", done.status);
}

#[test]
fn a_disk_without_room_is_a_fault_that_is_told() {
    let done = config_to(File::create("/dev/full").expect("Linux has it"));
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(said.contains("not all of it could be written to standard output"), "{said}");
    assert_eq!(done.status.code(), Some(1), "{said}");
}
