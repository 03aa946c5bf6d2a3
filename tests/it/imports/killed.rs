//! An import whose process is killed in the middle of a file, by the signal that nothing can catch: none twice, none skipped.
use std::{
    fmt::Write,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use secrecy::ExposeSecret;
use tokio::process::{Child, Command};

use super::Counter;
use crate::fakes::pause;

const ROWS: i64 = 3000;
/// Every row of this number has no name and no number that can be read, and is refused each time.
const WRONG: i64 = 500;
const LONGEST: Duration = Duration::from_mins(2);

fn file() -> String {
    let mut text = "customer_no,name,mobile\n".to_owned();
    for n in 1..=ROWS {
        let number = if n % WRONG == 0 { "CALL ME".to_owned() } else { format!("1390{n:07}") };
        let _ = writeln!(text, "C-{n},Customer {n},{number}");
    }
    text
}

impl Counter {
    fn program(&self, args: &[&str]) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_aftercare"));
        program
            .args(args)
            .current_dir(self.folder.path())
            .env("AFTERCARE__DATABASE__URL", self.shop.app.config.database.url.expose_secret())
            .env("AFTERCARE_TEST_CLOCK", "")
            .env("AFTERCARE_FAIL_LOG", self.folder.path().join("failed"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        program
    }
    fn import_of(&self, file: &Path) -> Command {
        self.program(&["import", "customers", file.to_str().expect("a path"), "--dealership", "gz-tianhe"])
    }
    /// Waits until so many customers are on record, and kills the process with the signal 9.
    async fn kill_at(&self, mut program: Child, customers: i64) {
        let waiting = async {
            while self.count("customers").await < customers {
                assert!(program.try_wait().expect("a process").is_none(), "it ended before it could be killed");
                pause(2).await;
            }
        };
        tokio::time::timeout(LONGEST, waiting).await.expect("it takes rows");
        program.kill().await.expect("killed");
    }
    /// Nothing came twice and nothing is missing: one event and one customer for each row that can be taken.
    async fn is_whole(&self) {
        let taken = ROWS - ROWS / WRONG;
        assert_eq!((self.count("customers").await, self.count("events").await), (taken, taken));
        for reference in ["C-1", "C-499", "C-2999"] {
            self.shop.get(&format!("/v1/customers/{reference}")).await;
        }
    }
}

/// The rows that were refused, each once.
fn refused(file: &Path) -> usize {
    let text = std::fs::read_to_string(file).expect("a file of refused rows");
    text.lines().filter(|line| line.contains("CALL ME")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_import_is_run_again_and_none_comes_twice_and_none_is_skipped() {
    let at = Counter::open().await;
    let file = at.write("customers.csv", file());
    // Each run is killed a little later; what stands in between is whatever the moment left.
    for customers in [1, 700, 1500, 2300] {
        let program = at.import_of(&file).env("AFTERCARE_FAIL", "remember:delay:30").spawn().expect("it starts");
        at.kill_at(program, customers).await;
        assert!(at.count("customers").await < ROWS - ROWS / WRONG, "in the middle of the file");
    }
    // And once exactly between the commit of a batch and the note that its rows were read.
    let died = at.import_of(&file).env("AFTERCARE_FAIL", "remember:abort@1").output().await.expect("it ran");
    assert_eq!(died.status.code(), None, "by a signal");
    assert!(std::fs::read_to_string(at.folder.path().join("failed")).expect("a log").contains("remember hit 1"));

    let whole = at.import_of(&file).output().await.expect("it ran");
    let said = String::from_utf8_lossy(&whole.stdout).into_owned();
    assert_eq!(whole.status.code(), Some(3), "{said}{}", String::from_utf8_lossy(&whole.stderr));
    at.is_whole().await;
    assert_eq!(
        refused(&at.folder.path().join("customers.csv.rejected.csv")),
        6,
        "the refused rows are all in the file"
    );
    let again = at.import_of(&file).output().await.expect("it ran");
    let said = String::from_utf8_lossy(&again.stdout).into_owned();
    assert!(said.contains("0 with news (0 events), 2994 unchanged, 6 rejected"), "{said}");
    at.is_whole().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_in_the_watched_folder_is_taken_up_again_at_the_next_start() {
    let at = Counter::open().await;
    let watched = at.folder.path().join("watched");
    std::fs::create_dir_all(watched.join("gz-tianhe")).expect("a folder");
    let lies: PathBuf = watched.join("gz-tianhe/customers.csv");
    std::fs::write(&lies, file()).expect("written");
    let serve = || {
        let mut program = at.program(&["serve"]);
        program
            .env("AFTERCARE__HTTP__LISTEN", "127.0.0.1:0")
            .env("AFTERCARE__IMPORTS__FOLDER", &watched)
            .env("AFTERCARE__IMPORTS__LOOK_EVERY", "50ms")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        program
    };
    for customers in [1, 1500] {
        let program = serve().env("AFTERCARE_FAIL", "remember:delay:30").spawn().expect("it starts");
        at.kill_at(program, customers).await;
        assert!(lies.exists() && at.count("customers").await < ROWS - ROWS / WRONG, "in the middle of the file");
    }
    let mut program = serve().spawn().expect("it starts");
    let put = watched.join("gz-tianhe/rejected/customers.csv");
    let waiting = async {
        while !put.exists() {
            assert!(program.try_wait().expect("a process").is_none(), "it runs");
            pause(20).await;
        }
    };
    tokio::time::timeout(LONGEST, waiting).await.expect("it is taken up again");
    at.is_whole().await;
    assert_eq!(refused(&watched.join("gz-tianhe/rejected/customers.csv.rejected.csv")), 6);
    program.kill().await.expect("killed");
}
