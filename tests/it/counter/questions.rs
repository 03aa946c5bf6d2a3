//! A dealership and its first admin by answers to questions, as they are typed on the first day.
use std::process::{Output, Stdio};

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use super::{Counter, Database, text};

impl Database {
    /// Runs the real program with these answers, a line each.
    async fn answers(&self, answers: &[&str]) -> Output {
        let mut program = tokio::process::Command::new(env!("CARGO_BIN_EXE_aftercare"))
            .args(["setup", "--questions"])
            .current_dir(self.folder.path())
            .env("AFTERCARE__DATABASE__URL", &self.url)
            .env("TZ", "Asia/Tokyo")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let mut typed = program.stdin.take().expect("its standard input");
        let lines = answers.join("\n") + "\n";
        typed.write_all(lines.as_bytes()).await.expect("typed");
        drop(typed);
        program.wait_with_output().await.expect("its end")
    }
}

/// Asked in this order; an empty answer takes what stands in brackets.
const FIRST_DAY: &[&str] = &[
    "GZ Tianhe",
    "gz-tianhe",
    "天河店",
    "Mars/Olympus",
    "Asia/Shanghai",
    "",
    "fr",
    "",
    "",
    "9 to 5",
    "09:00-12:00, 13:30-18:00",
    "",
    "",
    "",
    "",
    "10:00-09:00",
    "10:00-16:00",
    "closed",
    "020-8888 0000",
    "广州市天河区示例路1号",
    "a b@c",
    "service@gz-tianhe.example",
    "yesterday",
    "none",
    "Li Na",
    "li.na",
    "李娜",
    "short",
    "horse battery staple",
    "horse battery",
    "horse battery staple",
    "horse battery staple",
    "perhaps",
    "yes",
];

#[tokio::test(flavor = "multi_thread")]
async fn answers_become_a_dealership_and_an_admin_who_signs_in() {
    let counter = Counter::open().await;
    let done = counter.database.answers(FIRST_DAY).await;
    let (said, wrong) = (text(&done.stdout), text(&done.stderr));
    assert_eq!(done.status.code(), Some(0), "{said}\n{wrong}");
    // What was wrong was said, and asked again.
    for reason in [
        "code must be 1 to 64 letters",
        "[Asia/Tokyo]",
        "time_zone must be an IANA time zone",
        "Country, two letters [CN]",
        "locale must be one of",
        "write times such as 09:00-12:00",
        "email is no e-mail address",
        "live_from must be an RFC 3339 time",
        "the login must have no spaces",
        "it must have 12 characters or more",
        "the two differ",
        "write yes or no",
    ] {
        assert!(said.contains(reason), "{reason}: {said}");
    }
    assert!(!said.contains("horse"), "the password is shown to nobody: {said}");
    let shop = stored(&counter).await;
    let half = json!([["09:00", "12:00"], ["13:30", "18:00"]]);
    assert_eq!((&shop["opening_hours"]["mon"], &shop["opening_hours"]["fri"]), (&half, &half), "{shop}");
    assert_eq!(shop["opening_hours"]["sat"], json!([["10:00", "16:00"]]));
    assert_eq!(shop["opening_hours"]["sun"], json!([]));
    assert_eq!(
        (&shop["region"], &shop["locale"], &shop["department"]),
        (&json!("CN"), &json!("zh-CN"), &json!("售后服务部"))
    );
    assert_eq!(signs_in(&counter, "li.na", "horse battery staple").await, 303);
    assert_ne!(signs_in(&counter, "li.na", "horse battery").await, 303);

    // Again: everything is known, the password stays, and nothing is another.
    let mut enter = vec!["gz-tianhe"];
    enter.extend([""; 16]);
    let again = counter.database.answers(&[&enter[..], &["li.na", "", "yes"]].concat()).await;
    assert_eq!(again.status.code(), Some(0), "{}\n{}", text(&again.stdout), text(&again.stderr));
    let after = stored(&counter).await;
    assert_eq!(after, shop);
    assert_eq!(signs_in(&counter, "li.na", "horse battery staple").await, 303);
    counter.close().await;
}

async fn stored(counter: &Counter) -> Value {
    let mut tx = counter.app.db.read().await.expect("a connection");
    let found = aftercare::dealerships::actions::find_by_code(&mut tx, "gz-tianhe").await.expect("an answer");
    serde_json::to_value(found.expect("a dealership")).expect("JSON")
}

async fn signs_in(counter: &Counter, login: &str, password: &str) -> u16 {
    let page = format!("{}/console/sign-in", counter.address);
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let form = format!("login={login}&password={}", password.replace(' ', "+"));
    let request = client.post(page).header("content-type", "application/x-www-form-urlencoded").body(form);
    request.header("sec-fetch-site", "same-origin").send().await.expect("an answer").status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_says_no_or_goes_away_has_stored_nothing_and_a_password_can_be_made_up() {
    let database = Database::new().await;
    assert!(database.run(&["migrate"]).await.status.success());
    let mut answers = vec!["tk-minato", "Minato", "", "", "", ""];
    answers.extend([""; 7]);
    answers.extend(["03-5555-0000", "1-1 Minato", "none", "", "", "Sato", ""]);
    let gone = database.answers(&answers).await;
    assert_eq!(gone.status.code(), Some(2), "{}", text(&gone.stdout));
    assert!(text(&gone.stderr).contains("nothing was stored"), "{}", text(&gone.stderr));
    let no = database.answers(&[&answers[..], &["no"]].concat()).await;
    assert_eq!((no.status.code(), text(&no.stdout).contains("nothing was stored")), (Some(0), true));
    assert_eq!(database.run(&["staff", "list", "--dealership", "tk-minato"]).await.status.code(), Some(2));

    let yes = database.answers(&[&answers[..], &["y"]].concat()).await;
    let said = text(&yes.stdout);
    assert!(
        yes.status.success() && said.contains("admin's password, shown this once"),
        "{said}\n{}",
        text(&yes.stderr)
    );
    let listed = database.run(&["staff", "list", "--dealership", "tk-minato"]).await;
    assert_eq!(text(&listed.stdout), "admin  Sato  admin  admin (password to be changed)\n");

    let asked = database.run(&["setup"]).await;
    assert_eq!(asked.status.code(), Some(2));
    assert!(text(&asked.stderr).contains("there is no terminal to ask questions on"), "{}", text(&asked.stderr));
    database.remove().await;
}

/// Whose login is typed is not whose account is handed over: somebody of another dealership keeps theirs, and what was closed
/// stays closed.
#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_is_anothers_or_closed_is_asked_for_again() {
    let database = Database::new().await;
    assert!(database.run(&["migrate"]).await.status.success());
    let of = |code: &'static str, logins: &[&'static str]| {
        let mut answers = vec![code, code, "", "", "", ""];
        answers.extend([""; 7]);
        answers.extend(["03-5555-0000", "1-1 Minato", "none", ""]);
        answers.extend(logins);
        answers.extend(["Sato", "", "yes"]);
        answers
    };
    let done = database.answers(&of("tk-minato", &["chief"])).await;
    assert!(done.status.success(), "{}\n{}", text(&done.stdout), text(&done.stderr));
    let refused = "chief is somebody's already, or closed";
    let done = database.answers(&of("tk-chiyoda", &["chief", "second"])).await;
    let said = text(&done.stdout);
    assert!(done.status.success() && said.contains(refused), "{said}\n{}", text(&done.stderr));
    let listed = database.run(&["staff", "list", "--dealership", "tk-chiyoda"]).await;
    assert_eq!(text(&listed.stdout), "second  Sato  admin  second (password to be changed)\n");
    assert!(database.run(&["staff", "disable", "chief", "--dealership", "tk-minato"]).await.status.success());
    let mut again = vec!["tk-minato"];
    again.extend([""; 16]);
    again.extend(["chief", "third", "Suzuki", "", "yes"]);
    let done = database.answers(&again).await;
    let said = text(&done.stdout);
    assert!(done.status.success() && said.contains(refused), "{said}\n{}", text(&done.stderr));
    let done = database.run(&["staff", "list", "--dealership", "tk-minato"]).await;
    let listed = text(&done.stdout);
    assert!(listed.contains("chief (closed)") && listed.contains("third (password to be changed)"), "{listed}");
    database.remove().await;
}
