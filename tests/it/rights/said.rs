//! What people of the house write down about somebody while they are erased, and after it: nothing of it comes back.
use std::{cell::Cell, sync::Arc};

use aftercare::{
    calls::CallType,
    console::policy::Role,
    db::{self, Weight},
    fsck,
    rights::{self, Erasure, KnownBy, Mark},
};
use serde_json::json;
use tokio::sync::Notify;

use super::{CANARIES, Counter, lives, zebulon};
use crate::{
    calls::desk::{Agent, subject},
    temp::server,
};

impl Counter {
    /// Until so many wait for what another unit has; on `SQLite` one writes at a time, and nobody is seen to wait.
    async fn until_waiting(&self, so_many: i64, is_over: &Cell<bool>) {
        const WAITING: &str = "SELECT CAST(count(*) AS BIGINT) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while server().is_some() && !is_over.get() {
            let mut tx = self.shop.app.db.read().await.expect("a connection");
            let (count,): (i64,) = tx.sql(WAITING).one().await.expect("a count");
            drop(tx);
            if count >= so_many {
                return;
            }
            tokio::task::yield_now().await;
        }
    }
    /// They are erased while `says` waits for a row that `holds` has locked.
    async fn erased_while_somebody_says<T>(&self, holds: &'static str, id: &str, says: impl Future<Output = T>) -> T {
        let (held, free, is_over) = (Arc::new(Notify::new()), Arc::new(Notify::new()), Cell::new(false));
        let (has, may_go, id) = (held.clone(), free.clone(), id.to_owned());
        let holding = self.shop.app.db.write(Weight::ONE, move |tx| {
            let (has, may_go, id) = (has.clone(), may_go.clone(), id.clone());
            Box::pin(async move {
                tx.sql(holds).bind(id).execute().await.expect("a row of its own");
                has.notify_one();
                may_go.notified().await;
                Ok::<_, db::Error>(())
            })
        });
        let told = async {
            held.notified().await;
            let erases = async {
                self.until_waiting(1, &is_over).await;
                self.erases("C-777").await;
                is_over.set(true);
            };
            let frees = async {
                self.until_waiting(2, &is_over).await;
                free.notify_one();
            };
            tokio::join!(says, erases, frees).0
        };
        let (told, holding) = tokio::join!(told, holding);
        holding.expect("committed");
        told
    }
}

/// A call to them that an agent has.
async fn called(counter: &Counter) -> (Agent, String) {
    let shop = &counter.shop;
    shop.wait_until("2026-03-02T10:30").await;
    let task = shop.new_task(CallType::PartsArrived, shop.customer("C-777").await, &subject(1)).await;
    shop.plan(vec![task]).await;
    let agent = shop.employs("agt-1", &["en", "zh-CN"]).await;
    (agent, shop.takes(agent).await)
}

#[tokio::test]
async fn what_is_written_of_a_call_after_it_is_kept_nowhere() {
    let counter = Counter::open().await;
    let shop = &counter.shop;
    shop.book(&zebulon(), "2026-03-05T09:30").await;
    let (agent, task) = called(&counter).await;
    let note = || json!({"note": "Quartzfeather is angry"});
    assert_eq!(shop.does_on_call(agent, &task, "draft", note()).await.0, 204);
    counter.erases("C-777").await;
    assert_eq!(shop.does_on_call(agent, &task, "draft", note()).await.0, 404);
    let word =
        json!({"telephony_result": "answered", "outcome": "completed_satisfied", "note": "Quartzfeather is angry"});
    assert_eq!(shop.does_on_call(agent, &task, "outcome", word).await.0, 409);
    assert_eq!(counter.rows_with(CANARIES).await, [""; 0]);
}

#[tokio::test]
async fn what_is_dialled_meanwhile_is_erased_too() {
    let counter = Counter::open().await;
    let shop = &counter.shop;
    shop.book(&zebulon(), "2026-03-05T09:30").await;
    let (agent, task) = called(&counter).await;
    let dials = shop.does_on_call(agent, &task, "stage", json!({"stage": "dialing"}));
    let held = "UPDATE call_tasks SET updated_at = updated_at WHERE id = $1";
    let _ = counter.erased_while_somebody_says(held, &task, dials).await;
    assert_eq!(counter.rows_with(CANARIES).await, [""; 0]);
}

#[tokio::test]
async fn what_is_answered_meanwhile_is_erased_too() {
    let counter = Counter::open().await;
    let shop = &counter.shop;
    lives(&counter).await;
    let asked = shop.get("/v1/inquiries/Q-77").await["id"].as_str().expect("an id").to_owned();
    let reply = json!({"text": "Dear Quartzfeather, at ten.", "by": "adv-01"});
    let answers = shop.does("POST", "/v1/inquiries/Q-77/replies", reply);
    let held = "UPDATE inquiries SET updated_at = updated_at WHERE id = $1";
    let _ = counter.erased_while_somebody_says(held, &asked, answers).await;
    shop.drain().await;
    assert_eq!(counter.rows_with(CANARIES).await, [""; 0]);
}

#[tokio::test]
async fn what_is_noted_of_their_case_meanwhile_is_erased_too() {
    let counter = Counter::open().await;
    let shop = &counter.shop;
    shop.book(&zebulon(), "2026-03-05T09:30").await;
    let case = json!({"dealership": "gz-tianhe", "customer": "C-777", "words": "It squeals."});
    let (status, case) = shop.does("POST", "/v1/cases", case).await;
    assert_eq!(status, 201, "{case}");
    let case = case["id"].as_str().expect("an id").to_owned();
    let path = format!("/v1/cases/{case}/note");
    let notes = shop.does("POST", &path, json!({"note": "Quartzfeather calls back"}));
    let held = "UPDATE cases SET revision = revision WHERE id = $1";
    let _ = counter.erased_while_somebody_says(held, &case, notes).await;
    assert_eq!(counter.rows_with(CANARIES).await, [""; 0]);
}

#[tokio::test]
async fn what_they_need_help_with_is_in_no_line_that_stays() {
    let counter = Counter::open().await;
    let shop = &counter.shop;
    shop.book(&zebulon(), "2026-03-05T09:30").await;
    let id = shop.customer("C-777").await;
    let mut chen = shop.seat("adv-01", &[Role::Advisor]).await;
    assert_eq!(chen.send(&format!("/console/customers/{id}/needs"), &[("need", "mobility")]).await.status, 303);
    assert!(!counter.rows_with(&["mobility"]).await.is_empty(), "there was something to erase");
    counter.erases("C-777").await;
    assert_eq!(counter.rows_with(&["mobility"]).await, [""; 0]);
    let lines = shop.items(&format!("/v1/timeline?limit=500&customer={id}")).await;
    assert!(lines.iter().any(|line| line["what"] == "customer.needs_changed"), "that it was noted stays: {lines:?}");
}

#[tokio::test]
async fn who_was_made_one_with_somebody_before_the_erasure_is_finished_is_erased_there() {
    let counter = Counter::open().await;
    let shop = &counter.shop;
    lives(&counter).await;
    shop.book(&zebulon().at("A-88").with("ref", "C-778"), "2026-03-08T09:30").await;
    let one = counter.customer("C-777").await;
    counter.journal.add(&counter.erasure(&one)).expect("written");
    assert_eq!(shop.does("POST", "/v1/customers/C-777/merge", json!({"into": "C-778"})).await.0, 200);
    assert_eq!(rights::actions::catch_up(&shop.app).await.expect("caught up"), 1);
    let canaries: Vec<&str> = CANARIES.iter().copied().chain(["c-778"]).collect();
    assert_eq!(counter.rows_with(&canaries).await, [""; 0]);
    assert_eq!(rights::actions::catch_up(&shop.app).await.expect("caught up"), 0);
    shop.drain().await;
    assert_eq!(fsck::check(&shop.app).await.expect("checked"), []);
}

/// Erased, told of again by a backup of before under another id, and erased once more: the marks are the first one's.
#[tokio::test]
async fn who_is_erased_twice_is_no_fault() {
    let counter = Counter::open().await;
    let shop = &counter.shop;
    shop.book(&zebulon(), "2026-03-05T09:30").await;
    let one = counter.customer("C-777").await;
    let of = |known: KnownBy<'_>| Mark::of("salt", one.dealership_id, &known);
    let marks = vec![
        of(KnownBy::Reference("C-777")),
        of(KnownBy::Address("quartz@example.com")),
        of(KnownBy::Address("+8613900007777")),
    ];
    let first = Erasure { customer: shop.app.ids.next(), people: Vec::new(), marks, ..counter.erasure(&one) };
    counter.journal.add(&first).expect("written");
    assert_eq!(rights::actions::catch_up(&shop.app).await.expect("caught up"), 1);
    counter.erases("C-777").await;
    shop.drain().await;
    assert_eq!(fsck::check(&shop.app).await.expect("checked"), []);
    assert_eq!(counter.rows_with(CANARIES).await, [""; 0]);
    // Neither is told of again.
    shop.hears(super::event("customer.upserted", &zebulon().data)).await;
    assert_eq!(counter.rows_with(CANARIES).await, Vec::<String>::new());
}
