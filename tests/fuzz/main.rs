//! Damaged input at every door, for a bounded time: `tests/run fuzz`. What is read may be refused; it may not panic, and
//! it may not take long.
//!
//! Inputs are those of `tests/data`, changed at random again and again; `AFTERCARE_SEED` repeats a run, `AFTERCARE_SECONDS`
//! says how long it is. What a door did not bear is kept in `target/fuzz/`.
#![expect(clippy::print_stdout, reason = "a program whose output is its purpose")]

mod change;
mod doors;

use std::{
    panic::{self, AssertUnwindSafe},
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use aftercare::id::Random;

use self::{
    change::changed,
    doors::{Door, doors},
};

/// The longest that one input of at most [`change::LARGEST`] bytes may take, in a build that is not optimised.
const LONGEST: Duration = Duration::from_secs(2);
/// How long all doors together are tried.
const USUAL: u64 = 60;

fn main() -> ExitCode {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seed = number("AFTERCARE_SEED").unwrap_or_else(|| Random::system().below(1_000_000));
    let span = Duration::from_secs(number("AFTERCARE_SECONDS").unwrap_or(USUAL));
    println!("seed {seed} (again with AFTERCARE_SEED={seed})");
    let doors = doors();
    // A panic is caught and told with its input; the words of the standard hook would be many times as long.
    panic::set_hook(Box::new(|_| ()));
    let each = span / u32::try_from(doors.len()).unwrap_or(1);
    let failed = doors.iter().filter(|door| !stands(door, each, seed)).count();
    println!(
        "test result: {}. {} passed; {failed} failed",
        if failed == 0 { "ok" } else { "FAILED" },
        doors.len() - failed
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Tries a door until its time is over, or until it does not bear something.
fn stands(door: &Door, span: Duration, seed: u64) -> bool {
    let random = Random::seeded(seed);
    let (start, mut count, mut slowest) = (Instant::now(), 0_u64, Duration::ZERO);
    // Every known input as it is comes first.
    while start.elapsed() < span || count < door.known.len() as u64 {
        let input = match usize::try_from(count).ok().and_then(|n| door.known.get(n)) {
            Some(known) => known.clone(),
            None => changed(&door.known, &random),
        };
        count += 1;
        match tried(door, &input) {
            Ok(took) => slowest = slowest.max(took),
            Err(why) => {
                let kept = keep(door.name, &input);
                println!("{}: FAILED at input {count}: {why}; kept as {kept}", door.name);
                return false;
            }
        }
    }
    println!("{}: {count} inputs, the slowest took {} ms", door.name, slowest.as_millis());
    true
}

fn tried(door: &Door, input: &[u8]) -> Result<Duration, String> {
    let once = || {
        let start = Instant::now();
        let outcome = panic::catch_unwind(AssertUnwindSafe(|| (door.read)(input)));
        let took = start.elapsed();
        match outcome {
            Ok(Ok(())) => Ok(took),
            Ok(Err(why)) => Err(why),
            Err(words) => {
                let words = words.downcast_ref::<String>().cloned();
                Err(format!("panicked: {}", words.unwrap_or_else(|| "no words".to_owned())))
            }
        }
    };
    let mut took = once()?;
    // A machine that was busy elsewhere is not a slow reader.
    for _ in 0..2 {
        if took <= LONGEST {
            break;
        }
        took = took.min(once()?);
    }
    if took <= LONGEST { Ok(took) } else { Err(format!("took {took:?} for {} bytes", input.len())) }
}

/// The file in which an input lies now.
fn keep(door: &str, input: &[u8]) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/fuzz");
    let file = folder.join(format!("{door}-{}", input.len()));
    let written = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&file, input));
    written.map_or_else(|error| format!("nothing ({error})"), |()| file.display().to_string())
}
