//! Persons' rights: told what is kept, taken out of every table, and not brought back by tonight's import or an old backup.
mod afterwards;
mod again;
mod made;
mod said;

use std::process::Output;

use aftercare::{
    copies,
    customers::Customer,
    db::Sql,
    fsck,
    http::Access,
    rights::{self, EMPTIED, Journal, KEPT},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    shop::{Opening, Shop, anna, fang, local},
    temp::server,
};

/// What the gateway proves itself with.
const SECRET: &str = "a-secret-of-the-gateway";

/// A shop that keeps its journal of erasures apart.
struct Counter {
    shop: Shop,
    journal: Journal,
    folder: TempDir,
}

impl Counter {
    async fn open() -> Self {
        Self::opened(Shop::opening()).await
    }
    async fn opened(opening: Opening) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("erasures");
        let opening = opening.setting("DATABASE__ERASURE_JOURNAL", file.to_str().expect("a path"));
        let shop = opening.setting("INBOUND__SMS__SECRET", SECRET).open().await;
        let journal = Journal::of(&shop.app.config, &shop.app.db).expect("a journal");
        Self { shop, journal, folder }
    }
    async fn erases(&self, reference: &str) {
        let customer = self.customer(reference).await;
        rights::actions::erase(&self.shop.app, &self.journal, &customer, "operator").await.expect("erased");
    }
    async fn customer(&self, reference: &str) -> Customer {
        let mut tx = self.shop.app.db.read().await.expect("a connection");
        let found = aftercare::customers::actions::one(&mut tx, &Access::All, reference, None).await;
        found.unwrap_or_else(|_| panic!("{reference} is known"))
    }
    /// Every row of every table in which one of the words stands.
    async fn rows_with(&self, words: &[&str]) -> Vec<String> {
        let mut found = Vec::new();
        for (table, columns) in self.columns().await {
            let all: Vec<String> = columns.iter().map(|one| format!("coalesce(CAST(\"{one}\" AS TEXT), '')")).collect();
            let text = format!("SELECT {} FROM {table}", all.join(" || ' ' || "));
            let mut tx = self.shop.app.db.read().await.expect("a connection");
            let rows: Vec<(String,)> = tx.sql(leaked(text)).all().await.expect("rows");
            let with = |row: &&(String,)| words.iter().any(|word| row.0.to_lowercase().contains(&word.to_lowercase()));
            found.extend(rows.iter().filter(with).map(|row| format!("{table}: {}", row.0)));
        }
        found
    }
    /// The text columns of every table of ours.
    async fn columns(&self) -> Vec<(String, Vec<String>)> {
        const COLUMNS: Sql = Sql {
            sqlite: "SELECT m.name, p.name FROM sqlite_master m JOIN pragma_table_info(m.name) p WHERE m.type = 'table' AND p.type IN ('TEXT', 'BLOB')
                AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '_sqlx%' ORDER BY m.name, p.cid",
            postgres: "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT) FROM information_schema.columns WHERE table_schema = 'public'
                AND data_type IN ('text', 'jsonb', 'bytea') AND table_name NOT LIKE '\\_sqlx%' ORDER BY table_name, ordinal_position",
        };
        let mut tx = self.shop.app.db.read().await.expect("a connection");
        let rows: Vec<(String, String)> = tx.sql(COLUMNS).all().await.expect("rows");
        let mut tables: Vec<(String, Vec<String>)> = Vec::new();
        for (table, column) in rows {
            match tables.last_mut().filter(|last| last.0 == table) {
                Some((_, columns)) => columns.push(column),
                None => tables.push((table, vec![column])),
            }
        }
        tables
    }
    async fn run(&self, url: &str, arguments: &[&str]) -> Output {
        tokio::process::Command::new(env!("CARGO_BIN_EXE_aftercare"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env("AFTERCARE__DATABASE__URL", url)
            .env("AFTERCARE__DATABASE__ERASURE_JOURNAL", self.folder.path().join("erasures"))
            .output()
            .await
            .expect("the program runs")
    }
}

fn leaked(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

fn event(kind: &str, data: &Value) -> Value {
    json!({"specversion": "1.0", "source": "/dms/gz-tianhe", "type": kind, "dealership": "gz-tianhe", "data": data})
}

fn zebulon() -> crate::shop::Customer {
    anna()
        .at("A-77")
        .with("ref", "C-777")
        .with("name", "Zebulon Quartzfeather")
        .with("email", "quartz@example.com")
        .with("phones", json!([{"number": "139 0000 7777", "label": "mobile"}]))
}

const CANARIES: &[&str] = &["quartzfeather", "quartz@example.com", "13900007777", "139 0000 7777", "c-777", "squeals"];

/// A gateway that takes approved templates.
const TEMPLATES: &str = r#"{"id":"{{id}}","to":"{{to}}",{{#if template_id}}"code":"{{template_id}}","param":"{{params_json}}"{{else}}"text":"{{text}}"{{/if}}}"#;

/// Whatever a customer leaves behind in half a day.
async fn lives(counter: &Counter) {
    let shop = &counter.shop;
    let mut booked = zebulon().books("2026-03-05T09:30", shop.now());
    booked["data"]["customer_words"] = json!("it squeals, says Quartzfeather");
    shop.hears(booked).await;
    shop.drain().await;
    let customer = zebulon().data;
    let opened = json!({"ref": "R-77", "customer": customer, "vehicle": {"vin": "JTHBJ46G9A2345678"}, "advisor_ref": "adv-01",
        "opened_at": local("2026-03-02T09:10")});
    shop.hears(event("repair_order.opened", &opened)).await;
    let asked = json!({"ref": "Q-77", "channel": "web", "received_at": local("2026-03-02T09:00"), "topic": "Quartzfeather asks",
        "body": "call 139 0000 7777: it squeals", "customer": customer});
    shop.hears(event("inquiry.received", &asked)).await;
    let text = json!({"id": "in-1", "from": "+8613900007777", "to": "+8610690000", "text": "it squeals again"});
    assert_eq!(shop.call("POST", "/in/http/inbound", SECRET, Some(&text)).await.0, 200);
    shop.drain().await;
    // Which times would suit them, in their own words, by the link of their letter.
    let letter = shop.inbox("quartz@example.com").first().map(|mail| mail.text.clone()).unwrap_or_default();
    let page = letter.find("/a/").and_then(|at| letter[at..].split_whitespace().next()).expect("a link");
    assert_eq!(shop.sends(page, &[("do", "move"), ("wishes", "Monday, says Quartzfeather")]).await.0, 200);
    let suppression = json!({"address": "quartz@example.com", "scope": "marketing", "reason": "asked"});
    let key = shop.key_for(None).await;
    let _ = shop.call("POST", "/v1/suppressions", &key, Some(&suppression)).await;
}

#[tokio::test]
async fn nothing_of_somebody_who_was_erased_is_left_in_any_table() {
    let counter = Counter::opened(Shop::opening().setting("SMS__HTTP__BODY", TEMPLATES)).await;
    let template = json!({"template": "SMS_2001", "approved": true, "params": {"name": "hon", "plate": "plate"}});
    let binding = "/v1/bindings/appointment.confirmation/http?dealership=gz-tianhe";
    assert_eq!(counter.shop.does("PUT", binding, template).await.0, 200);
    lives(&counter).await;
    assert!(counter.rows_with(CANARIES).await.len() > 10, "there was something to erase");
    let approved = counter
        .rows_with(&["SMS_2001"])
        .await
        .iter()
        .any(|row| row.contains("message_texts: ") && row.contains("Quartzfeather"));
    assert!(approved, "a template with their name is among it");
    counter.erases("C-777").await;
    let left = counter.rows_with(CANARIES).await;
    assert!(left.is_empty(), "{left:#?}");
    counter.shop.drain().await;
    assert_eq!(fsck::check(&counter.shop.app).await.expect("checked"), []);
    // What was planned is called off, and nothing more is heard.
    let before = counter.shop.posted_to("+8613900007777").len();
    counter.shop.wait_until("2026-03-05T10:00").await;
    assert_eq!(counter.shop.posted_to("+8613900007777").len(), before);
    assert!(std::fs::read_to_string(counter.journal.path()).expect("a journal").lines().count() == 1);
}

#[tokio::test]
async fn tonights_import_does_not_bring_them_back_and_their_family_is_left_alone() {
    let counter = Counter::open().await;
    let shop = &counter.shop;
    shop.book(&zebulon(), "2026-03-05T09:30").await;
    let wife = fang().with("phones", json!([{"number": "139 0000 7777"}]));
    shop.book(&wife, "2026-03-06T09:30").await;
    counter.erases("C-777").await;
    // The same ref; and another ref with the same address.
    shop.hears(event("customer.upserted", &zebulon().data)).await;
    shop.book(&zebulon().at("A-78").with("ref", "C-778"), "2026-03-07T09:30").await;
    let left = counter.rows_with(&["quartzfeather", "quartz@example.com"]).await;
    assert!(left.is_empty(), "{left:#?}");
    let key = shop.key_for(None).await;
    for reference in ["C-777", "C-778"] {
        assert_eq!(shop.call("GET", &format!("/v1/customers/{reference}"), &key, None).await.0, 404);
    }
    // Whoever was known before and has the same telephone is told of as ever.
    shop.book(&wife.clone().at("A-79"), "2026-03-08T09:30").await;
    assert_eq!(shop.get("/v1/appointments/A-79").await["state"], "booked");
    assert_eq!(shop.get("/v1/customers/C-2").await["contact_points"][1]["value"], "+8613900007777");
}

#[tokio::test]
async fn what_is_kept_of_a_customer_is_told_to_them_whole() {
    let counter = Counter::open().await;
    lives(&counter).await;
    let customer = counter.customer("C-777").await;
    let told = rights::actions::export(&counter.shop.app, customer.id).await.expect("told");
    assert_eq!(told["customers"][0]["name"], "Zebulon Quartzfeather");
    assert_eq!(told["appointments"][0]["customer_words"], "it squeals, says Quartzfeather");
    assert!(told["appointments"][0]["services"].is_array(), "{told}");
    assert_eq!(told["repair_orders"][0]["ref"], "R-77");
    assert!(told["message_texts"].as_array().is_some_and(|texts| !texts.is_empty()));
    let url = secrecy::ExposeSecret::expose_secret(&counter.shop.app.config.database.url).to_owned();
    let done = counter.run(&url, &["customer", "export", "C-777"]).await;
    let said: Value = serde_json::from_slice(&done.stdout).expect("JSON");
    assert_eq!(said["contact_points"], told["contact_points"]);
    assert_eq!(counter.run(&url, &["customer", "export", "C-999"]).await.status.code(), Some(2));
}

/// A column that is new is to be emptied by an erasure, or named with the reason why it may stay.
#[tokio::test]
async fn somebody_has_decided_on_every_column_that_may_hold_a_person() {
    let counter = Counter::open().await;
    let kept = |table: &str, column: &str| {
        KEPT.iter().any(|(place, _)| match place.split_once('.') {
            Some((of, "*")) => of == table,
            Some(("*", word)) if word.starts_with('_') => column.ends_with(word),
            Some(("*", word)) => word == column,
            Some((of, word)) => of == table && word == column,
            None => false,
        })
    };
    let tables = counter.columns().await;
    let mut undecided = Vec::new();
    for (table, columns) in &tables {
        for column in columns {
            let place = format!("{table}.{column}");
            if !EMPTIED.contains(&place.as_str()) && !kept(table, column) {
                undecided.push(place);
            }
        }
    }
    assert!(undecided.is_empty(), "decide in src/rights/places.rs: {undecided:#?}");
    for place in EMPTIED.iter().filter(|place| **place != "mail_raw.bytes") {
        let (table, column) = place.split_once('.').expect("table.column");
        let there = tables.iter().any(|(name, columns)| name == table && columns.iter().any(|one| one == column));
        assert!(there, "there is no {place}");
    }
}

#[tokio::test]
async fn a_restored_backup_of_before_erases_them_again_before_anything_else() {
    if server().is_some() {
        return;
    }
    let counter = Counter::open().await;
    lives(&counter).await;
    let copy = counter.folder.path().join("copy.db");
    copies::actions::backup(&counter.shop.app, &copy).await.expect("copied");
    counter.erases("C-777").await;
    let url = format!("sqlite://{}", copy.display());
    let done = counter.run(&url, &["customer", "export", "C-777"]).await;
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(2), "{said}");
    let done = counter.run(&url, &["fsck"]).await;
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stdout));
    let bytes = std::fs::read(&copy).expect("the copy");
    assert!(!bytes.is_empty());
}
