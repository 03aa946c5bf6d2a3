//! What a test needs from the machine: without it the test is skipped and says so, except where everything must run.
use std::path::Path;

/// Where `tests/run` puts axe-core, which looks for faults in pages.
pub(crate) const AXE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/axe/axe.min.js");

/// True when `what` is here: a program on the path, `python` with a module, `axe-core`, or `postgresql`, a server named by
/// `TEST_DATABASE_URL`.
///
/// # Panics
/// Under `AFTERCARE_TESTS=all`, which `tests/run` sets: there a skipped test would be a silent hole. While it runs the suite
/// on `SQLite` the value is `all-but-postgresql`.
pub(crate) fn need(what: &str, test: &str) -> bool {
    let here = match what {
        "postgresql" => std::env::var_os("TEST_DATABASE_URL").is_some(),
        "axe-core" => Path::new(AXE).is_file(),
        what => match what.strip_prefix("python ") {
            Some(module) => can_import(module),
            None => is_on_the_path(what),
        },
    };
    if !here {
        let strict = match std::env::var("AFTERCARE_TESTS").as_deref() {
            Ok("all") => true,
            Ok("all-but-postgresql") => what != "postgresql",
            _ => false,
        };
        assert!(!strict, "{test} needs {what}, and AFTERCARE_TESTS lets nothing be skipped");
        let line = format!("SKIPPED {test}: {what} is not here\n");
        let _ = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
    }
    here
}

/// The Python of the tests' own modules where `tests/run` has made it, else the machine's.
pub(crate) fn python() -> &'static str {
    const OWN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/venv/bin/python");
    if Path::new(OWN).is_file() { OWN } else { "python3" }
}

fn can_import(module: &str) -> bool {
    let imported = std::process::Command::new(python()).args(["-c", &format!("import {module}")]).output();
    imported.is_ok_and(|output| output.status.success())
}

fn is_on_the_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let beside = [Path::new("/usr/sbin").to_owned(), Path::new("/sbin").to_owned()];
    std::env::split_paths(&path).chain(beside).any(|folder| folder.join(program).is_file())
}
