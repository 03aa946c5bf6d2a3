//! What happens while a car is in the workshop: what the customer hears, what the advisor sees, what is on record.
mod door;
mod tags;

use aftercare::repairs::{actions::incomplete_papers, figures::Papers};
use serde_json::json;

use crate::shop::{
    Shop, anna, local,
    workshop::{HOUSE, opened},
};

const PHONE: &str = "+8613900001234";

/// A shop with Anna's car on the lift, promised for 16:00.
async fn on_the_lift() -> Shop {
    let shop = Shop::open().await;
    shop.hears(opened(&json!({"promised_at": "2026-03-02T16:00:00+08:00"}))).await;
    shop.drain().await;
    shop
}

async fn papers(shop: &Shop) -> Papers {
    let dealership = shop.app.directory.by_code("gz-tianhe").await.expect("an answer").expect("a dealership").id;
    let mut tx = shop.app.db.read().await.expect("a connection");
    let (from, until) = (local("2026-03-02T00:00"), local("2026-03-03T00:00"));
    Papers::of(&incomplete_papers(&mut tx, dealership, from, until).await.expect("a list"))
}

#[tokio::test]
async fn acceptance_03_an_order_that_is_not_signed_is_listed_and_told_all_the_same() {
    let shop = Shop::open().await;
    shop.hears(opened(&json!({"signed": false, "condition_recorded": true}))).await;
    assert_eq!(papers(&shop).await, Papers { unsigned: 1, without_condition: 0 });
    shop.repair("ready", &json!({})).await;
    shop.drain().await;
    assert_eq!(shop.notices("R-1").await, ["repair.ready done"]);
    shop.repair("signed", &json!({"by": "customer"})).await;
    assert_eq!(papers(&shop).await, Papers::default());
    assert_eq!(shop.get("/v1/repair-orders/R-1").await["signed"], true);
}

#[tokio::test]
async fn acceptance_09_an_order_without_the_record_of_the_cars_condition_is_listed() {
    let shop = on_the_lift().await;
    assert_eq!(papers(&shop).await, Papers { unsigned: 0, without_condition: 1 });
    shop.repair("ready", &json!({"condition_recorded": true})).await;
    assert_eq!(papers(&shop).await, Papers::default());
}

#[tokio::test]
async fn acceptance_06_ready_waits_for_quality_control_where_it_is_recorded() {
    let shop = Shop::opening().dealership("gz-tianhe", "rules", json!({"repairs": {"qc": true}})).open().await;
    shop.hears(opened(&json!({}))).await;
    shop.repair("ready", &json!({})).await;
    shop.drain().await;
    assert_eq!(shop.notices("R-1").await, ["repair.ready held awaits_quality_control", "staff.qc_missing done"]);
    assert!(shop.phone(PHONE).is_empty());
    assert!(shop.subjects(HOUSE)[0].contains("R-1"), "{:?}", shop.subjects(HOUSE));
    shop.advance("10m").await;
    shop.repair("qc_passed", &json!({"by": "tec-01"})).await;
    shop.drain().await;
    assert_eq!(shop.notices("R-1").await, ["repair.ready done", "staff.qc_missing done"]);
    assert_eq!(shop.phone(PHONE).len(), 1);
    assert_eq!(shop.get("/v1/repair-orders/R-1").await["qc"]["by"], "tec-01");
}

#[tokio::test]
async fn ready_that_names_who_checked_it_is_told_at_once_and_what_is_fetched_unchecked_never() {
    let qc = || Shop::opening().dealership("gz-tianhe", "rules", json!({"repairs": {"qc": true}}));
    let shop = qc().open().await;
    shop.hears(opened(&json!({}))).await;
    shop.repair("ready", &json!({"qc_by": "tec-01"})).await;
    shop.drain().await;
    assert_eq!(shop.notices("R-1").await, ["repair.ready done"]);
    let shop = qc().open().await;
    shop.hears(opened(&json!({}))).await;
    shop.repair("ready", &json!({})).await;
    shop.repair("delivered", &json!({})).await;
    shop.repair("qc_passed", &json!({"by": "tec-01"})).await;
    shop.drain().await;
    let mut notices = shop.notices("R-1").await;
    notices.retain(|notice| !notice.starts_with("followup"));
    assert_eq!(notices, ["repair.ready withdrawn superseded", "staff.qc_missing withdrawn superseded"]);
    assert!(shop.phone(PHONE).is_empty());
}

#[tokio::test]
async fn acceptance_08_work_found_is_told_decided_and_never_forgotten() {
    let shop = on_the_lift().await;
    shop.wait_until("2026-03-02T11:00").await;
    let pads = json!({"code": "BP", "name": "Brake pads", "severity": "safety", "amount": 1280});
    shop.repair("work_found", &json!({"items": [pads]})).await;
    shop.advance("1m").await;
    assert_eq!(shop.notices("R-1").await, ["repair.work_found done", "staff.work_found done"]);
    assert_eq!((shop.phone(PHONE).len(), shop.inbox(HOUSE).len()), (1, 1));
    assert!(shop.inbox(HOUSE)[0].text.contains("Brake pads"), "{}", shop.inbox(HOUSE)[0].text);
    shop.wait_until("2026-03-02T11:29").await;
    assert!(shop.calls().await.is_empty());
    shop.wait_until("2026-03-02T11:30").await;
    assert_eq!(shop.calls().await, ["work_approval ready undecided"]);
    shop.repair("work_declined", &json!({"items": ["BP"], "by": "customer", "via": "phone", "reason_code": "price"}))
        .await;
    assert_eq!(shop.calls().await, ["work_approval withdrawn undecided"]);
    let work = shop.get("/v1/repair-orders/R-1").await["work"][0].clone();
    assert_eq!(
        (&work["decision"], &work["decided_via"], &work["reason"]),
        (&json!("declined"), &json!("phone"), &json!("price"))
    );
    assert_eq!(work["remind_at"], json!(local("2026-03-09T11:30")));
    shop.repair("delivered", &json!({})).await;
    shop.leaps_to("2026-03-09T11:30");
    shop.drain().await;
    let reminders = |notices: Vec<String>| notices.into_iter().filter(|n| n.starts_with("deferred")).count();
    assert_eq!(reminders(shop.notices("R-1").await), 1);
    assert!(shop.notices("R-1").await.contains(&"deferred.reminder skipped no_consent".to_owned()));
    assert!(
        !shop.calls().await.iter().any(|call| call.starts_with("deferred_work")),
        "nobody is called about an offer either"
    );
    shop.leaps_to("2026-07-01T11:30");
    shop.drain().await;
    assert_eq!(reminders(shop.notices("R-1").await), 1, "safety is reminded of once");
}

#[tokio::test]
async fn acceptance_08_work_that_is_booked_is_not_reminded_of() {
    let shop = on_the_lift().await;
    let blades = json!({"code": "WB", "name": "Wiper blades", "severity": "soon"});
    shop.repair("work_found", &json!({"items": [blades]})).await;
    shop.repair("work_declined", &json!({"items": ["WB"]})).await;
    shop.repair("delivered", &json!({})).await;
    shop.leaps_to("2026-03-20T10:00");
    let mut booking = anna().books("2026-04-10T09:30", shop.now());
    booking["data"]["services"] = json!([{"code": "WB", "name": "Wipers"}]);
    shop.hears(booking).await;
    shop.leaps_to("2026-06-10T10:00");
    shop.drain().await;
    assert!(!shop.notices("R-1").await.iter().any(|notice| notice.starts_with("deferred")));
    assert_eq!(shop.get("/v1/repair-orders/R-1").await["work"][0]["decision"], "deferred");
}

#[tokio::test]
async fn approved_in_time_nobody_calls_and_reminded_twice_at_most() {
    let shop = on_the_lift().await;
    let found = json!([{"code": "BP", "name": "Pads", "severity": "safety"}, {"code": "WB", "name": "Blades", "severity": "monitor"}]);
    shop.repair("work_found", &json!({"items": found})).await;
    shop.leaps_by("10m");
    shop.repair("work_approved", &json!({"items": ["BP"], "by": "customer", "via": "counter"})).await;
    shop.repair("work_declined", &json!({"items": ["WB"]})).await;
    shop.advance("1h").await;
    assert!(shop.calls().await.is_empty());
    shop.repair("delivered", &json!({})).await;
    for day in ["2026-04-01T12:00", "2026-05-31T12:00", "2026-12-31T12:00"] {
        shop.leaps_to(day);
        shop.drain().await;
    }
    assert_eq!(shop.notices("R-1").await.iter().filter(|n| n.starts_with("deferred")).count(), 2);
}

#[tokio::test]
async fn a_promise_that_moves_is_told_and_one_that_draws_near_alarms_the_advisor_then_the_house() {
    let shop = on_the_lift().await;
    shop.repair("promised_changed", &json!({"promised_at": "2026-03-02T16:10:00+08:00"})).await;
    shop.drain().await;
    assert!(shop.phone(PHONE).is_empty(), "ten minutes are no news");
    shop.repair("promised_changed", &json!({"promised_at": "2026-03-02T17:00:00+08:00", "reason_code": "parts"})).await;
    shop.drain().await;
    let texts = shop.phone(PHONE);
    assert!(texts.len() == 1 && texts[0].contains("5:00 PM"), "{texts:?}");
    shop.wait_until("2026-03-02T15:59").await;
    assert!(shop.inbox(HOUSE).is_empty());
    shop.wait_until("2026-03-02T16:00").await;
    assert_eq!(shop.subjects(HOUSE).len(), 1, "{:?}", shop.subjects(HOUSE));
    shop.wait_until("2026-03-02T17:00").await;
    assert_eq!(
        shop.notices("R-1").await,
        ["repair.promised_changed done", "staff.promise_at_risk done", "staff.promise_passed done"]
    );
}

#[tokio::test]
async fn what_is_ready_in_time_alarms_nobody_and_a_change_nobody_heard_is_told_as_it_stands() {
    let shop = on_the_lift().await;
    shop.repair("promised_changed", &json!({"promised_at": "2026-03-02T17:00:00+08:00"})).await;
    shop.repair("promised_changed", &json!({"promised_at": "2026-03-02T16:05:00+08:00"})).await;
    shop.drain().await;
    assert!(shop.phone(PHONE).is_empty(), "it moved back before anybody was told");
    shop.repair("ready", &json!({})).await;
    shop.wait_until("2026-03-02T16:30").await;
    assert!(shop.inbox(HOUSE).is_empty());
    assert_eq!(shop.notices("R-1").await, ["repair.promised_changed withdrawn superseded", "repair.ready done"]);
}

#[tokio::test]
async fn a_delivered_car_is_asked_about_by_nobody_who_served_it() {
    let shop = on_the_lift().await;
    shop.repair(
        "ready",
        &json!({"technician_refs": ["tec-01", "tec-02"], "hours": {"sold": 6, "clocked": 8}, "total": 3200}),
    )
    .await;
    shop.repair("delivered", &json!({"odometer_out": 40120})).await;
    shop.repair("closed", &json!({})).await;
    let calls = shop.calls().await;
    assert!(calls.len() == 1 && calls[0].starts_with("follow_up"), "{calls:?}");
    let order = shop.get("/v1/repair-orders/R-1").await;
    assert_eq!(order["state"], "closed");
    assert_eq!(order["hours"], json!({"sold": 6.0, "clocked": 8.0, "efficiency": 0.75}));
    assert_eq!(order["technicians"][0]["ref"], "tec-01");
    let mut tx = shop.app.db.read().await.expect("a connection");
    let (excluded,): (i64,) =
        tx.sql("SELECT CAST(count(*) AS BIGINT) FROM call_task_excluded").one().await.expect("a count");
    assert_eq!(excluded, 3, "the advisor and two technicians");
    let (inactive,): (i64,) = tx
        .sql("SELECT CAST(count(*) AS BIGINT) FROM staff WHERE ref LIKE 'tec-%' AND active = $1")
        .bind(false)
        .one()
        .await
        .expect("a count");
    assert_eq!(inactive, 2);
}

#[tokio::test]
async fn the_record_shows_the_steps_of_the_visit_in_order() {
    let shop = on_the_lift().await;
    for (what, more) in [
        ("signed", json!({"by": "customer"})),
        ("work_found", json!({"items": [{"code": "BP", "name": "Pads", "severity": "soon"}]})),
        ("work_approved", json!({"items": ["BP"]})),
        ("qc_passed", json!({"by": "tec-01"})),
        ("ready", json!({})),
        ("delivered", json!({})),
    ] {
        shop.leaps_by("5m");
        shop.repair(what, &more).await;
    }
    let lines = shop.items("/v1/timeline?limit=500&repair_order=R-1").await;
    let steps: Vec<String> = lines
        .iter()
        .filter(|line| line["step"].is_i64() && line["what"] != "call.planned")
        .map(|line| format!("{} {}", line["step"], line["what"].as_str().unwrap_or_default()))
        .collect();
    insta::assert_snapshot!(steps.join("\n"), @r"
    3 repair_order.opened
    4 repair_order.signed
    5 repair_order.work_found
    4 repair_order.work_approved
    6 repair_order.qc_passed
    7 repair_order.ready
    7 repair_order.delivered
    8 survey.planned
    ");
    assert!(lines.iter().any(|line| line["step"] == 8 && line["what"] == "call.planned"), "{lines:?}");
}

#[tokio::test]
async fn before_the_dealership_went_live_it_is_on_record_and_nothing_follows() {
    let shop = Shop::opening().dealership("gz-tianhe", "live_from", "2026-03-05T00:00:00+08:00").open().await;
    shop.hears(opened(&json!({"promised_at": "2026-03-02T16:00:00+08:00"}))).await;
    shop.repair("work_found", &json!({"items": [{"code": "BP", "name": "Pads", "severity": "safety"}]})).await;
    shop.repair("ready", &json!({})).await;
    shop.leaps_to("2026-03-02T18:00");
    shop.drain().await;
    assert!(shop.notices("R-1").await.is_empty() && shop.calls().await.is_empty());
    assert_eq!(shop.get("/v1/repair-orders/R-1").await["state"], "ready");
}
