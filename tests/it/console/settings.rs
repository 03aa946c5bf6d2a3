//! A dealership's rules on its page: read and changed by who may, refused with the reason, written down, in one act.
use aftercare::console::policy::Role;
use serde_json::{Value, json};
use sqlx::types::Json;

use super::seat::Shown;
use crate::shop::Shop;

const PAGE: &str = "/console/settings";

/// What is on the page of a shop that changes nothing.
const SHOP: [(&str, &str); 10] = [
    ("name", "雷克萨斯天河店"),
    ("department", "售后服务部"),
    ("phone", "020-8888 0000"),
    ("address", "广州"),
    ("advisor_fallback", "服务顾问"),
    ("region", "CN"),
    ("time_zone", "Asia/Shanghai"),
    ("locale", "zh-CN"),
    ("hours_mon", "09:00-18:00"),
    ("hours_tue", "09:00-18:00"),
];

fn with<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let replaced = |name: &str| more.iter().any(|(other, _)| *other == name);
    SHOP.into_iter().filter(|(name, _)| !replaced(name)).chain(more.iter().copied()).collect()
}

/// Whether this choice of a list is the chosen one.
fn is_chosen(page: &Shown, value: &str) -> bool {
    page.html.contains(&format!("<option value=\"{value}\" selected>"))
}

#[tokio::test]
async fn every_rule_is_read_and_changed_and_what_nobody_knows_here_stays() {
    let told = json!({"theirs": {"x": 1.5}, "cases": {"overall_low": 3, "mine": [1]}, "appointments": {"hours": {"40K": 1.5}},
        "follow_up": {"mode": "survey"}, "calls": {"confirm": true}});
    let shop = Shop::opening().dealership("gz-tianhe", "rules", told).open().await;
    let mut boss = shop.seat("mgr-9", &[Role::ServiceManager]).await;
    let page = boss.open(PAGE).await;
    assert_eq!(page.field("rules.cases.overall_low"), "3");
    assert!(
        page.html.contains("name=\"rules.cases.recommend_low\" value=\"\" min=\"0\" max=\"9\"")
            && page.html.contains("usually 4")
    );
    assert!(
        is_chosen(&page, "survey") && is_chosen(&page, "yes") && page.html.contains(">40K 1.5</textarea>"),
        "{}",
        page.html
    );
    // What holds for every dealership can be read there too.
    assert!(page.says("08:00-21:00") && page.says("at most 2 a day and 3 a week"), "{}", page.text());

    let seen = page.field("seen");
    let changes = with(&[
        ("seen", &seen),
        ("rules.appointments.book", "here"),
        ("rules.appointments.hours", "40K 1.5\r\nOIL 1\r\n"),
        ("rules.repairs.qc", "yes"),
        ("rules.calls.confirm", "no"),
        ("rules.follow_up.mode", ""),
        ("rules.surveys.after_hours", "6"),
        ("rules.cases.overall_low", ""),
        ("rules.cases.contact_hours", "4"),
        ("live_from", "2026-03-01T08:00"),
        ("locale", "en"),
    ]);
    let done = boss.does(PAGE, &changes).await;
    assert!(done.status == 200 && done.says("Saved."), "{}", done.text());
    let stored = shop.dealership("gz-tianhe").await;
    assert_eq!(
        stored.rules,
        json!({"theirs": {"x": 1.5}, "cases": {"mine": [1], "contact_hours": 4}, "appointments": {"book": "here", "hours": {"40K": 1.5, "OIL": 1}},
            "repairs": {"qc": true}, "calls": {"confirm": false}, "surveys": {"after_hours": 6}})
    );
    assert_eq!(stored.live_from, "2026-03-01T00:00:00Z".parse().ok());
    assert_eq!(stored.locale, "en");

    // Who changed what is on record, each rule with what it was.
    let lines = changes_on_record(&shop).await;
    assert!(lines[0].0.starts_with("staff:") || lines[0].0.contains("stf_"), "{lines:?}");
    let rules = lines[0].1["rules"].as_array().expect("rules");
    assert!(rules.contains(&json!({"rule": "follow_up.mode", "from": "survey", "to": ""})), "{rules:?}");
    assert!(rules.contains(&json!({"rule": "cases.contact_hours", "from": "", "to": "4"})), "{rules:?}");
    // The same again changes nothing, and says nothing.
    let page = boss.open(PAGE).await;
    assert!(page.html.contains("value=\"2026-03-01T08:00\""), "on its own clock");
    let unchanged: Vec<_> = changes.iter().filter(|(name, _)| *name != "seen").copied().collect();
    assert!(boss.does(PAGE, &unchanged).await.says("Saved."));
    assert_eq!(changes_on_record(&shop).await.len(), lines.len());
}

async fn changes_on_record(shop: &Shop) -> Vec<(String, Json<Value>)> {
    let mut tx = shop.app.db.read().await.expect("a connection");
    let lines =
        tx.sql("SELECT actor, detail FROM timeline WHERE what = 'dealership.changed' ORDER BY id DESC LIMIT 20");
    lines.all().await.expect("lines")
}

#[tokio::test]
async fn what_is_refused_says_why_in_the_readers_language_and_nothing_of_it_is_kept() {
    let shop = Shop::open().await;
    let before = shop.dealership("gz-tianhe").await;
    let mut boss = shop.seat("adm-9", &[Role::Admin]).await;
    let form = with(&[
        ("rules.cases.overall_low", "9"),
        ("rules.surveys.after_hours", "soon"),
        ("rules.appointments.hours", "40K"),
        ("rules.follow_up.mode", "pigeon"),
        ("time_zone", "Mars/Olympus"),
        ("holidays", "2026-05-01 劳动节\n2026-05-01 twice"),
        ("rules.repairs.qc", "yes"),
    ]);
    let wrong = boss.send(PAGE, &form).await;
    assert_eq!(wrong.status, 422);
    for why in [
        "Complaints, A visit was bad up to this score of 5: must be a whole number from 1 to 4.",
        "Surveys, Hours from the delivery to the invitation: must be a whole number from 2 to 24.",
        "must be a service and its hours on each line, as 40K 1.5.",
        "After a visit, Customers are followed up: is none of the choices.",
        "Time zone (such as Asia/Shanghai): is no time zone that is known.",
        "Days that differ, line 2: is in the list twice.",
    ] {
        assert!(wrong.says(why), "{why}: {}", wrong.text());
    }
    // What was typed is still there; nothing of it was kept, what was right among it neither.
    assert!(wrong.html.contains("value=\"Mars/Olympus\"") && wrong.html.contains("2026-05-01 twice"));
    assert_eq!(shop.dealership("gz-tianhe").await, before);
    let mut boss = boss.speaking("ja");
    let wrong = boss.send(PAGE, &form).await;
    assert!(wrong.says("1から4までの整数で入力してください。"), "{}", wrong.text());
}

#[tokio::test]
async fn what_somebody_else_changed_meanwhile_is_not_overwritten_unseen() {
    let shop = Shop::open().await;
    let mut one = shop.seat("mgr-8", &[Role::ServiceManager]).await;
    let mut other = shop.seat("mgr-9", &[Role::ServiceManager]).await;
    let (first, second) = (one.open(PAGE).await.field("seen"), other.open(PAGE).await.field("seen"));
    assert!(one.does(PAGE, &with(&[("seen", &first), ("rules.cases.overall_low", "3")])).await.says("Saved."));
    let late = with(&[("seen", &second), ("rules.cases.contact_hours", "8")]);
    let lost = other.send(PAGE, &late).await;
    assert!(lost.status == 409 && lost.says("Somebody has changed this meanwhile"), "{}", lost.text());
    assert_eq!(lost.field("rules.cases.contact_hours"), "8", "what was typed is still there");
    assert_eq!(lost.field("rules.cases.overall_low"), "3", "and what stands there now is shown");
    assert_eq!(shop.dealership("gz-tianhe").await.rules, json!({"cases": {"overall_low": 3}}));
    let now = lost.field("seen");
    assert!(other.does(PAGE, &with(&[("seen", &now), ("rules.cases.contact_hours", "8")])).await.says("Saved."));
    assert_eq!(shop.dealership("gz-tianhe").await.rules["cases"], json!({"overall_low": 3, "contact_hours": 8}));
}

#[tokio::test]
async fn who_may_not_set_rules_neither_reads_nor_changes_them() {
    let shop = Shop::open().await;
    let mut li = shop.seat("agt-9", &[Role::Agent, Role::Advisor, Role::Supervisor]).await;
    assert_eq!(li.open(PAGE).await.status, 403);
    let before = shop.dealership("gz-tianhe").await;
    assert_eq!(li.send(PAGE, &with(&[("rules.cases.overall_low", "3")])).await.status, 403);
    assert_eq!(shop.dealership("gz-tianhe").await, before);
}
