//! Every invariant is broken once by hand, and named.
use aftercare::{
    calls::CallType,
    fsck,
    rights::{Erasure, Journal},
};
use secrecy::ExposeSecret;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

use crate::{
    calls::desk::subject,
    shop::{Shop, anna, fang, local},
};

/// What is done to the rows, and which invariant that breaks.
const BREAKS: &[(&str, &str)] = &[
    ("every message has a notice", "UPDATE messages SET notice_id = 'ntc_none' WHERE id = (SELECT min(id) FROM messages)"),
    ("every message has its text", "DELETE FROM message_texts WHERE message_id = (SELECT max(id) FROM messages)"),
    (
        "every notice has an event or a line of the record",
        "UPDATE notices SET event_id = 'evt_none' WHERE id = (SELECT min(id) FROM notices)",
    ),
    (
        "no claim is left behind",
        "UPDATE notices SET lease_until = '2020-01-01T00:00:00.000000Z' WHERE id = (SELECT min(id) FROM notices)",
    ),
    (
        "what was taken was taken by one attempt",
        "UPDATE attempts SET outcome = 'refused' WHERE message_id = (SELECT max(id) FROM messages WHERE channel = 'email')",
    ),
    ("attempts have no gap", "UPDATE messages SET attempts = 7 WHERE id = (SELECT min(id) FROM messages)"),
    (
        "one message of a track is open",
        "UPDATE messages SET notice_id = 'ntc_one', track = 0, state = 'ready', step = CASE id WHEN (SELECT min(id) FROM messages) THEN 0 ELSE 1 END
            WHERE id IN ((SELECT min(id) FROM messages), (SELECT max(id) FROM messages))",
    ),
    (
        "nothing is sent when it is of no use any more",
        "UPDATE messages SET useful_until = '2020-01-01T00:00:00.000000Z' WHERE channel = 'sms'",
    ),
    (
        "nothing is sent to who wants nothing",
        "INSERT INTO suppressions (id, dealership_id, customer_id, target, scope, reason, created_by, created_at) SELECT 'sup_' || id, dealership_id, id, id, 'all',
            'asked', 'them', '2020-01-01T00:00:00.000000Z' FROM customers",
    ),
    ("a gateway names each text once", "UPDATE messages SET provider_ref = 'one', channel = 'sms'"),
    (
        "a notice that is sending waits for something",
        "UPDATE notices SET state = 'sending', not_before = NULL, lease_until = NULL WHERE state = 'done'",
    ),
    (
        "a notice that is over has no open message",
        "UPDATE messages SET state = 'ready'; UPDATE notices SET state = 'withdrawn'",
    ),
    ("an inquiry that waits has a clock", "DELETE FROM inquiry_clocks"),
    ("a call whose word is kept has one that waits", "UPDATE call_tasks SET state = 'scheduled', state_reason = 'word_kept'"),
    (
        "nothing is left of who was erased",
        "UPDATE customers SET erased_at = '2020-01-01T00:00:00.000000Z' WHERE name IS NOT NULL",
    ),
    (
        "who drives or pays for a car is somebody",
        "INSERT INTO vehicle_people (vehicle_id, customer_id, role, source, since_at, heard_at) SELECT v.id, c.id, 'driver', '/dms', v.created_at, v.created_at
            FROM vehicles v, customers c; UPDATE customers SET merged_into = 'cus_other'",
    ),
    (
        "nothing is sent in quiet hours",
        "UPDATE attempts SET started_at = '2026-03-02T19:00:00.000000Z'; UPDATE messages SET channel = 'sms'",
    ),
];

async fn break_it(url: &str, what: &str) {
    if url.starts_with("sqlite") {
        let mut connection = SqliteConnection::connect(url).await.expect("the file");
        let text = format!("PRAGMA foreign_keys = OFF; PRAGMA busy_timeout = 5000; {what}");
        sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut connection).await.expect("broken");
        connection.close().await.expect("closed");
    } else {
        let mut connection = PgConnection::connect(url).await.expect("the server");
        let text = format!("SET session_replication_role = replica; {what}");
        sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut connection).await.expect("broken");
    }
}

#[tokio::test]
async fn what_is_as_it_should_be_is_not_named() {
    let shop = Shop::open().await;
    let url = shop.app.config.database.url.expose_secret().to_owned();
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    // A desk of ours raised it, and it has not ended.
    break_it(
        &url,
        "UPDATE notices SET event_id = NULL WHERE state = 'waiting'; DELETE FROM timeline WHERE notice_id IN (
        SELECT id FROM notices WHERE state = 'waiting')",
    )
    .await;
    assert_eq!(fsck::check(&shop.app).await.expect("checked"), []);
    // They said that they want nothing just before it left, and a moment later their text was on its way.
    break_it(&url, "INSERT INTO suppressions (id, dealership_id, customer_id, target, scope, reason, created_by, created_at)
        SELECT 'sup_' || id, dealership_id, id, id, 'all', 'asked', 'them', '2026-03-02T01:59:30.000000Z' FROM customers")
    .await;
    assert_eq!(fsck::check(&shop.app).await.expect("checked"), []);
    // Long before it: it is not to be sent, unless it is a text that goes out all the same.
    break_it(&url, "UPDATE suppressions SET created_at = '2026-03-01T00:00:00.000000Z'").await;
    let names = |found: Vec<fsck::Violation>| found.into_iter().map(|one| one.invariant).collect::<Vec<_>>();
    let wants_nothing = "nothing is sent to who wants nothing";
    assert!(names(fsck::check(&shop.app).await.expect("checked")).contains(&wants_nothing));
    break_it(
        &url,
        if url.starts_with("sqlite") {
            "UPDATE message_texts SET envelope = json_set(envelope, '$.despite_stop', json('true'))"
        } else {
            "UPDATE message_texts SET envelope = jsonb_set(envelope, '{despite_stop}', 'true')"
        },
    )
    .await;
    assert_eq!(fsck::check(&shop.app).await.expect("checked"), []);
}

#[tokio::test]
async fn every_invariant_that_is_broken_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("erasures");
    let opening = Shop::opening().setting("DATABASE__ERASURE_JOURNAL", file.to_str().expect("a path"));
    let shop = opening.open().await;
    let url = shop.app.config.database.url.expose_secret().to_owned();
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.book(&fang(), "2026-03-05T10:30").await;
    shop.hears(json!({"specversion": "1.0", "source": "/web", "type": "inquiry.received", "dealership": "gz-tianhe",
        "data": {"ref": "Q-1", "channel": "web", "received_at": local("2026-03-02T09:00"), "body": "How much is a service?"}}))
        .await;
    let customer = shop.customer("C-1").await;
    let call = shop.new_task(CallType::PartsArrived, customer, &subject(1)).await;
    shop.plan(vec![call]).await;
    shop.drain().await;
    assert_eq!(fsck::check(&shop.app).await.expect("checked"), []);
    let names = |found: Vec<fsck::Violation>| found.into_iter().map(|one| one.invariant).collect::<Vec<_>>();
    for (invariant, what) in BREAKS {
        let before = names(fsck::check(&shop.app).await.expect("checked"));
        assert!(!before.contains(invariant), "{invariant} is broken before its turn");
        break_it(&url, what).await;
        let after = names(fsck::check(&shop.app).await.expect("checked"));
        assert!(after.contains(invariant), "{invariant} is not named: {after:?}");
    }
    // Row by row nothing else is found than in one page.
    let sorted = |mut found: Vec<fsck::Violation>| {
        found.sort_by_key(ToString::to_string);
        found
    };
    let whole = sorted(fsck::check(&shop.app).await.expect("checked"));
    assert_eq!(sorted(fsck::check_by(&shop.app, 1).await.expect("checked")), whole);
    let journal = Journal::of(&shop.app.config, &shop.app.db).expect("a journal");
    let dealership = shop.app.directory.by_code("gz-tianhe").await.expect("an answer").expect("a dealership").id;
    let (customer, at) = (shop.app.ids.next(), shop.now());
    let erasure = Erasure {
        customer,
        people: Vec::new(),
        dealership,
        at,
        by: "operator".to_owned(),
        salt: "s".to_owned(),
        marks: Vec::new(),
    };
    journal.add(&erasure).expect("written");
    assert!(names(fsck::check(&shop.app).await.expect("checked")).contains(&"who was erased stays erased"));
    if url.starts_with("sqlite") {
        let found = names(fsck::check(&shop.app).await.expect("checked"));
        assert!(found.contains(&"the file is whole"), "{found:?}");
        // Without its table's promise a key can be there twice.
        let twice = "CREATE TABLE copied AS SELECT * FROM notices; PRAGMA legacy_alter_table = ON; DROP TABLE notices;
            ALTER TABLE copied RENAME TO notices; CREATE UNIQUE INDEX notices_id ON notices (id); UPDATE notices SET dedupe_key = 'one'";
        break_it(&url, twice).await;
    } else {
        break_it(
            &url,
            "ALTER TABLE notices DROP CONSTRAINT notices_dedupe_key_key; UPDATE notices SET dedupe_key = 'one'",
        )
        .await;
    }
    assert!(names(fsck::check(&shop.app).await.expect("checked")).contains(&"a dedupe key is used once"));
    // As the command says it, and nothing of it is left for the story's own check of what it leaves behind.
    let done = tokio::process::Command::new(env!("CARGO_BIN_EXE_aftercare"))
        .arg("fsck")
        .env("AFTERCARE__DATABASE__URL", &url)
        .output()
        .await
        .expect("the program runs");
    assert_eq!(done.status.code(), Some(1), "{}", String::from_utf8_lossy(&done.stderr));
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(said.lines().any(|line| line.starts_with("a dedupe key is used once: ")), "{said}");
    break_it(&url, "DELETE FROM messages; DELETE FROM notices").await;
}
