//! What the doctor says of a house that is well, and of each fault that is made in it.
use std::{os::unix::fs::PermissionsExt, path::Path, process::Output};

use aftercare::doctor::{self, Level};
use serde_json::Value;

use super::{Database, text};
use crate::{
    fakes::{
        gateway::{Answer, FakeGateway},
        smtp::{Act, Behaviour, CA, FakeSmtp},
    },
    shop::{Shop, anna},
};

const NOBODY: &str = "127.0.0.1:1";

impl Database {
    async fn doctor(&self, settings: &[(&str, &str)], arguments: &[&str]) -> Output {
        tokio::process::Command::new(env!("CARGO_BIN_EXE_aftercare"))
            .arg("doctor")
            .args(arguments)
            .current_dir(self.folder.path())
            .env("AFTERCARE__DATABASE__URL", &self.url)
            .env("AFTERCARE__DATABASE__ERASURE_JOURNAL", self.folder.path().join("erasures"))
            .envs(settings.iter().copied())
            .output()
            .await
            .expect("the program runs")
    }
    async fn furnished() -> Self {
        let database = Self::new().await;
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/dealerships.toml");
        let admin = ["staff", "add", "boss", "--dealership", "gz-tianhe", "--name", "Boss", "--roles", "admin"];
        for arguments in [&["migrate"][..], &["setup", file], &admin] {
            let done = database.run(arguments).await;
            assert!(done.status.success(), "{arguments:?}: {}", text(&done.stderr));
        }
        database
    }
}

async fn mail_server(auth_reply: &'static str, starttls: bool) -> FakeSmtp {
    FakeSmtp::start(Behaviour { starttls, auth: "PLAIN", auth_reply, ..Behaviour::always(Act::Accept) }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn all_is_well_and_nobody_is_sent_anything() {
    let database = Database::furnished().await;
    let mail = mail_server("235 2.7.0 welcome", true).await;
    let (gateway, proxy) = (FakeGateway::start(|_| Answer::Accept).await, FakeGateway::start(|_| Answer::Accept).await);
    let (mail_url, public) =
        (format!("smtp://us:s3cret@{}?ca={CA}", mail.address), format!("http://{}", proxy.address));
    let (gateway_url, headers) = (gateway.url(), "Authorization: Bearer s3cret-of-ours");
    let settings: [(&str, &str); 7] = [
        ("AFTERCARE__EMAIL__URL", mail_url.as_str()),
        // A name of which every DNS says the same, that of no network too.
        ("AFTERCARE__EMAIL__FROM", "service@localhost"),
        ("AFTERCARE__SMS__PROVIDER", "http"),
        ("AFTERCARE__SMS__HTTP__URL", &gateway_url),
        ("AFTERCARE__SMS__HTTP__HEADERS", headers),
        ("AFTERCARE__SMS__RECEIPTS__SECRET", "s3cret-of-the-gateway"),
        ("AFTERCARE__HTTP__PUBLIC_URL", &public),
    ];
    let done = database.doctor(&settings, &[]).await;
    let said = text(&done.stdout);
    assert_eq!(done.status.code(), Some(0), "{said}\n{}", text(&done.stderr));
    let database_kind = if database.server.is_some() { "PostgreSQL: its schema" } else { "aftercare.db: its schema" };
    for line in [
        database_kind,
        &format!("ok   mail {}: greets us and lets us sign in", mail.address),
        &format!("ok   tls {}: its certificate is good", mail.address),
        &format!("ok   sms {}: answers", gateway.address),
        &format!("ok   clock {}", gateway.address),
        &format!("ok   web {public}: answers at /healthz"),
        "ok   admin accounts",
        "ok   receipts",
        "ok   templates built-in",
        "ok   files settings",
        "warn dealership gz-tianhe: it has no live_from",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert!(!said.contains("s3cret") && !text(&done.stderr).contains("s3cret"), "{said}");
    assert!(mail.commands().iter().all(|line| !line.starts_with("MAIL")), "{:?}", mail.commands());
    let asked = gateway.posted();
    assert!(asked.iter().all(|one| one.body.is_empty() && !one.headers.contains_key("authorization")), "{asked:?}");

    let lines = database.doctor(&settings, &["--json"]).await;
    let lines: Vec<Value> = text(&lines.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(
        lines.len() > 10 && lines.iter().all(|line| line["check"].is_string() && line["level"] != "bad"),
        "{lines:#?}"
    );
    if database.server.is_none() {
        assert!(said.contains("warn backup aftercare backup: none was made yet"), "{said}");
        assert!(database.run(&["backup", "copy.db"]).await.status.success());
        let done = database.doctor(&settings, &[]).await;
        assert!(text(&done.stdout).contains("ok   backup aftercare backup: the last was made at"));
    }
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_is_named_with_what_to_do() {
    let database = Database::furnished().await;
    let (refusing, plain) = (mail_server("535 5.7.8 wrong", true).await, mail_server("235 2.7.0 welcome", false).await);
    let gateway = FakeGateway::start(|_| Answer::Accept).await;
    let folder = database.folder.path();
    let (secret, late) = (folder.join("mail-url"), folder.join("clock"));
    std::fs::write(&secret, format!("smtp://{NOBODY}?tls=none")).expect("written");
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o644)).expect("opened");
    let ahead = aftercare::clock::Clock::system().now().plus(jiff::SignedDuration::from_hours(2));
    std::fs::write(&late, ahead.to_string()).expect("written");
    let (url, key) = ("AFTERCARE__EMAIL__URL", "AFTERCARE__HTTP__PUBLIC_URL");
    let sms = ("AFTERCARE__SMS__PROVIDER", "http");
    let faults: [(Vec<(&str, String)>, &str); 10] = [
        (vec![(url, format!("smtp://{NOBODY}?tls=none"))], "nobody listens on port 1 → 587 with STARTTLS"),
        (
            vec![(url, format!("smtp://us:s3cret@{}", refusing.address))],
            "its certificate was signed by an authority that is not trusted",
        ),
        (
            vec![(url, format!("smtp://us:s3cret@{}?ca={CA}", refusing.address))],
            "does not let us sign in (it says 535 5.7.8",
        ),
        (vec![(url, format!("smtp://us:s3cret@{}", plain.address))], "offers no STARTTLS"),
        (vec![(url, format!("smtps://{}", plain.address))], "bad  mail"),
        (
            vec![("AFTERCARE__EMAIL__URL_FILE", secret.display().to_string())],
            "everybody on this machine can read the secret in it → chmod 600",
        ),
        (vec![(key, "http://aftercare.invalid".to_owned())], "it is not https"),
        (
            vec![sms_of(sms), ("AFTERCARE__SMS__HTTP__URL", "https://gateway.invalid/send?key=s3cret".to_owned())],
            "only this very machine can follow links to it",
        ),
        (
            vec![sms_of(sms), ("AFTERCARE__SMS__HTTP__URL", format!("http://{NOBODY}/send?key=s3cret"))],
            "bad  sms 127.0.0.1:1: cannot be reached",
        ),
        (
            vec![
                sms_of(sms),
                ("AFTERCARE__SMS__HTTP__URL", gateway.url()),
                ("AFTERCARE_TEST_CLOCK", late.display().to_string()),
            ],
            "set this machine's clock by NTP",
        ),
    ];
    for (settings, expected) in &faults {
        let mut settings: Vec<(&str, &str)> = settings.iter().map(|(key, value)| (*key, value.as_str())).collect();
        settings.push(("AFTERCARE__EMAIL__FROM", "service@localhost"));
        let done = database.doctor(&settings, &[]).await;
        let said = text(&done.stdout);
        assert!(said.contains(expected), "{expected}: {said}\n{}", text(&done.stderr));
        assert_eq!(done.status.code(), Some(1), "{expected}: {said}");
        assert!(!said.contains("s3cret") && !text(&done.stderr).contains("s3cret"), "{said}");
    }
    database.remove().await;
}

fn sms_of((key, value): (&'static str, &'static str)) -> (&'static str, String) {
    (key, value.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_not_there_not_migrated_or_empty_is_a_finding_beside_the_others() {
    let mut database = Database::new().await;
    let (there, server) = (database.url.clone(), database.server.is_some());
    if !server {
        let said = database.doctor(&[], &[]).await;
        assert!(text(&said.stdout).contains("there is no such file → run aftercare migrate"), "{}", text(&said.stdout));
        assert!(!Path::new(&there["sqlite://".len()..]).exists(), "whoever looks makes nothing");
        std::fs::write(&there["sqlite://".len()..], "").expect("written");
    }
    let old = database.doctor(&[], &[]).await;
    assert!(text(&old.stdout).contains("its schema is older than this program, or it is new → run aftercare migrate"));
    assert_eq!(old.status.code(), Some(1));
    assert!(database.run(&["migrate"]).await.status.success());
    let empty = database.doctor(&[], &[]).await;
    for line in ["bad  dealership none", "bad  admin accounts: no admin can sign in → aftercare setup"] {
        assert!(text(&empty.stdout).contains(line), "{line}: {}", text(&empty.stdout));
    }
    database.url = format!("postgres://somebody:s3cret@{NOBODY}/aftercare");
    let shut = database.doctor(&[], &[]).await;
    let said = text(&shut.stdout);
    assert!(said.contains("bad  database PostgreSQL: cannot open the database"), "{said}");
    assert!(said.contains("ok   templates") && !said.contains("s3cret"), "{said}");
    database.url = there;
    database.remove().await;
}

#[tokio::test]
async fn a_source_that_fell_silent_and_texts_without_a_receipt_are_named() {
    let shop = Shop::opening().setting("SMS__RECEIPTS__SECRET", "a-secret-of-the-gateway").open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    let look = async || doctor::look(&shop.app.config, Path::new("none.toml"), &shop.app.ids).await;
    let named = |found: &[doctor::Finding], check: &str, level| {
        found.iter().any(|one| one.check == check && one.level == level)
    };
    let at_once = look().await;
    assert!(named(&at_once, "receipts", Level::Ok) && !named(&at_once, "feed", Level::Warn), "{at_once:#?}");
    shop.leaps_by("3d");
    // What the gateway reports of others' texts says nothing of ours.
    let theirs = serde_json::json!({"id": "theirs", "status": "delivered"});
    assert_eq!(shop.call("POST", "/in/http/status", "a-secret-of-the-gateway", Some(&theirs)).await.0, 200);
    let later = look().await;
    assert!(named(&later, "receipts", Level::Bad) && named(&later, "feed", Level::Warn), "{later:#?}");
}
