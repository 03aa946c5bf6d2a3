//! What a booking lacks, when its visit does not stay as it was: called off, moved, come, and beside others of the same customer.
use aftercare::{appointments::actions::Acted, console::policy::Role};
use serde_json::{Value, json};

use super::acts::Act;
use crate::shop::{Shop, anna, local, with, workshop::fact};

const PAGE: &str = "/console/book";

async fn keeps_its_book() -> Shop {
    Shop::opening().dealership("gz-tianhe", "rules", json!({"appointments": {"book": "here"}})).open().await
}

impl Shop {
    /// Anna is booked here, with what is said of her car; answers the visit's ref.
    async fn takes_anna(&self, key: &str, start: &str, car: Value) -> String {
        let body =
            json!({"dealership": "gz-tianhe", "start_at": local(start), "customer": anna().data, "vehicle": car});
        let (status, booked) = self.keyed("POST", "/v1/appointments", key, &body).await;
        assert_eq!(status, 201, "{booked}");
        self.drain().await;
        self.leaps_by("1m");
        booked["ref"].as_str().expect("a ref").to_owned()
    }
    async fn look_at_visit(&self, reference: &str) -> Value {
        self.get(&format!("/v1/appointments/{reference}")).await
    }
    /// What is to be called about, and until when.
    async fn asked_for_data(&self) -> Vec<(String, Value)> {
        let open = self.items("/v1/calls?limit=100").await;
        let open = open.into_iter().filter(|task| matches!(task["state"].as_str(), Some("scheduled" | "ready")));
        open.map(|task| (task["planned_because"].as_str().expect("a reason").to_owned(), task["expires_at"].clone()))
            .collect()
    }
    async fn told_of_data(&self, reference: &str) -> Vec<String> {
        let mut lines = self.timeline(reference).await;
        lines.retain(|line| line.starts_with("appointment.completed_data"));
        lines
    }
}

fn without_year() -> Value {
    json!({"plate": "粤B88888", "model_code": "NX350h"})
}

#[tokio::test]
async fn a_visit_that_was_called_off_is_not_asked_about_and_not_booked_again_by_what_is_filled_in() {
    let shop = keeps_its_book().await;
    let reference = shop.takes_anna("k-1", "2026-03-05T14:00", without_year()).await;
    let mut li = shop.seat("agt-9", &[Role::Agent]).await;
    let page = li.open(PAGE).await;
    let id = page.field("appointment");
    assert_eq!(shop.asked_for_data().await.len(), 1);
    let told = shop.inbox("anna@example.com").len();
    assert_eq!(shop.act(&reference, Act::Cancel).await, Acted::Done);
    shop.drain().await;
    assert!(shop.asked_for_data().await.is_empty(), "nobody asks for the data of a visit that is off");
    assert!(!li.open(PAGE).await.says("Bookings that lack something"));
    assert!(shop.items("/v1/appointments?dealership=gz-tianhe&incomplete=true").await.is_empty());
    shop.leaps_by("1m");
    // The page was open meanwhile.
    assert_eq!(li.send("/console/book/complete", &[("appointment", &id), ("year", "2025")]).await.status, 404);
    shop.drain().await;
    assert_eq!(shop.look_at_visit(&reference).await["state"], "cancelled");
    let mails = shop.subjects("anna@example.com");
    assert_eq!(mails.len(), told + 1, "that it is off, and nothing else: {mails:?}");
}

#[tokio::test]
async fn what_is_filled_in_leaves_the_visit_as_it_is_and_a_car_that_nobody_named_is_its_car() {
    let shop = keeps_its_book().await;
    let reference = shop.takes_anna("k-1", "2026-03-05T14:00", Value::Null).await;
    assert_eq!(shop.look_at_visit(&reference).await["missing"], json!(["model_code", "model_year"]));
    let mut li = shop.seat("agt-9", &[Role::Agent]).await;
    let id = li.open(PAGE).await.field("appointment");
    let moved = local("2026-03-06T15:00");
    assert_eq!(shop.act(&reference, Act::MoveTo(moved)).await, Acted::Done);
    shop.drain().await;
    let told = shop.subjects("anna@example.com").len();
    shop.leaps_by("1m");
    let typed = [("appointment", &*id), ("plate", "粤B88888"), ("model", "NX350h"), ("year", "2025")];
    assert_eq!(li.send("/console/book/complete", &typed).await.status, 303);
    shop.drain().await;
    let visit = shop.look_at_visit(&reference).await;
    assert_eq!((&visit["state"], &visit["start_at"]), (&json!("booked"), &json!(moved)));
    assert_eq!((&visit["missing"], &visit["vehicle"]["plate"]), (&json!([]), &json!("粤B88888")));
    assert_eq!(shop.subjects("anna@example.com").len(), told, "nothing new was said");
    assert!(shop.asked_for_data().await.is_empty());
}

#[tokio::test]
async fn who_wants_no_calls_is_not_called_for_what_we_want_to_know() {
    let shop = keeps_its_book().await;
    shop.hears(fact("customer.upserted", anna().data)).await;
    let refusal = json!({"customer": "C-1", "scope": "all", "channel": "call", "reason": "asked on the phone"});
    assert_eq!(shop.send("POST", "/v1/suppressions", &refusal).await.0, 201);
    let reference = shop.takes_anna("k-1", "2026-03-05T14:00", without_year()).await;
    assert_eq!(shop.look_at_visit(&reference).await["missing"], json!(["model_year"]));
    assert!(shop.asked_for_data().await.is_empty());
    // What they ask for themselves is done all the same.
    assert_eq!(shop.act(&reference, Act::AskToMove).await, Acted::Done);
    assert_eq!(shop.asked_for_data().await[0].0, "move_requested");
    shop.drain().await;
}

#[tokio::test]
async fn the_call_for_what_is_missing_follows_its_visit_and_is_not_made_once_they_are_here() {
    let shop = keeps_its_book().await;
    let reference = shop.takes_anna("k-1", "2026-03-05T14:00", without_year()).await;
    assert_eq!(shop.asked_for_data().await, [("booking_incomplete".to_owned(), json!(local("2026-03-05T14:00")))]);
    assert_eq!(shop.act(&reference, Act::MoveTo(local("2026-03-11T10:00"))).await, Acted::Done);
    assert_eq!(shop.asked_for_data().await, [("booking_incomplete".to_owned(), json!(local("2026-03-11T10:00")))]);
    shop.drain().await;
    shop.wait_until("2026-03-04T09:00").await;
    shop.hears(fact("appointment.arrived", json!({"ref": reference, "at": shop.now()}))).await;
    assert!(shop.asked_for_data().await.is_empty(), "{:?}", shop.asked_for_data().await);
    shop.drain().await;
}

#[tokio::test]
async fn only_what_has_come_is_on_record_as_completed() {
    let shop = keeps_its_book().await;
    let reference = shop.takes_anna("k-1", "2026-03-05T14:00", without_year()).await;
    assert_eq!(shop.act(&reference, Act::AskToMove).await, Acted::Done);
    shop.leaps_by("1m");
    shop.hears(fact("customer.upserted", anna().data)).await;
    assert_eq!(
        shop.look_at_visit(&reference).await["missing"],
        json!(["model_year"]),
        "still to come, and still not known"
    );
    shop.wait_until("2026-03-05T14:00").await;
    shop.hears(fact("appointment.arrived", json!({"ref": reference, "at": shop.now()}))).await;
    shop.leaps_by("1m");
    shop.hears(fact("customer.upserted", anna().data)).await;
    assert_eq!(shop.look_at_visit(&reference).await["incomplete"], false, "who is here is asked at the counter");
    assert!(shop.told_of_data(&reference).await.is_empty());
    shop.drain().await;
}

#[tokio::test]
async fn what_one_booking_says_completes_the_others_of_that_car() {
    let shop = keeps_its_book().await;
    let first = shop.takes_anna("k-1", "2026-03-05T14:00", without_year()).await;
    let whole = json!({"plate": "粤B88888", "model_code": "NX350h", "model_year": 2025});
    let second = shop.takes_anna("k-2", "2026-03-12T14:00", whole).await;
    for reference in [&first, &second] {
        assert_eq!(shop.look_at_visit(reference).await["missing"], json!([]), "{reference}");
    }
    assert_eq!(shop.told_of_data(&first).await.len(), 1);
    assert!(shop.asked_for_data().await.is_empty());
}

#[tokio::test]
async fn the_next_visits_are_shown_first_however_many_lack_something() {
    let shop = keeps_its_book().await;
    let refs: Vec<String> = (0..31).map(|n| format!("A-{n}")).collect();
    let booked = |(n, reference): (usize, &String)| {
        let customer = anna().with("ref", format!("C-{n}")).with("name", format!("Guest{n:02}"));
        let event = customer.books(&format!("2026-03-{:02}T10:00", 40 - n.max(10)), shop.now());
        let event = with(event, "ref", json!(reference));
        with(event, "vehicle", json!({"plate": format!("粤C{n:05}")}))
    };
    shop.hear_all(refs.iter().enumerate().map(booked).collect()).await;
    let mut li = shop.seat("agt-9", &[Role::Agent]).await;
    let page = li.open(PAGE).await;
    assert!(page.says("Guest30"), "it starts first, and was booked last: {}", page.text());
}

#[tokio::test]
async fn what_comes_while_they_speak_of_it_leaves_what_is_said_of_the_visit() {
    let shop = keeps_its_book().await;
    let reference = shop.takes_anna("k-1", "2026-03-05T14:00", without_year()).await;
    let agent = shop.employs("agt-1", &["en", "zh-CN"]).await;
    let id = shop.takes(agent).await;
    let dials = json!({"stage": "dialing", "number": "+8613900001234"});
    assert_eq!(shop.does_on_call(agent, &id, "stage", dials).await.0, 200);
    shop.hears(fact("vehicle.upserted", json!({"plate": "粤B88888", "model_year": 2025}))).await;
    assert_eq!(shop.look_at_visit(&reference).await["missing"], json!([]));
    let word = json!({"telephony_result": "answered", "outcome": "appointment_cancelled"});
    assert_eq!(shop.says(agent, &id, word).await, "done appointment_cancelled");
    assert_eq!(shop.look_at_visit(&reference).await["state"], "cancelled", "the time was the one that they spoke of");
    shop.drain().await;
}

#[tokio::test]
async fn what_is_known_of_one_customer_completes_the_bookings_of_whom_they_are_one_with() {
    let shop = keeps_its_book().await;
    let unknown = json!({"ref": "C-7", "name": "Anna Chen"});
    let car = json!({"plate": "粤B88888", "model_code": "NX350h", "model_year": 2025});
    let body =
        json!({"dealership": "gz-tianhe", "start_at": local("2026-03-05T14:00"), "customer": unknown, "vehicle": car});
    let (status, booked) = shop.keyed("POST", "/v1/appointments", "k-1", &body).await;
    assert_eq!((status, &booked["missing"]), (201, &json!(["phone"])), "{booked}");
    let reference = booked["ref"].as_str().expect("a ref");
    shop.leaps_by("1m");
    shop.hears(fact("customer.upserted", anna().data)).await;
    shop.hears(fact("customer.merged", json!({"ref": "C-7", "into_ref": "C-1"}))).await;
    assert_eq!(shop.look_at_visit(reference).await["missing"], json!([]));
    assert!(shop.asked_for_data().await.is_empty(), "{:?}", shop.asked_for_data().await);
    shop.drain().await;
}
