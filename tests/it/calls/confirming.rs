//! The call that asks whether somebody will come: where a dealership wants it, while nobody has said so.
use serde_json::{Value, json};

use crate::shop::{Customer, Opening, Shop, anna, local};

/// A shop that calls who has not confirmed.
fn asking() -> Opening {
    Shop::opening().dealership("gz-tianhe", "rules", json!({"calls": {"confirm": true}}))
}

/// Thursday's appointment is booked, and it is Wednesday afternoon.
async fn wednesday(customer: &Customer, time: &str) -> Shop {
    let shop = asking().open().await;
    shop.book(customer, "2026-03-05T10:00").await;
    shop.drain().await;
    shop.wait_until(&format!("2026-03-04T{time}")).await;
    shop
}

fn answered(outcome: &str) -> Value {
    json!({"telephony_result": "answered", "outcome": outcome})
}

#[tokio::test]
async fn who_has_not_confirmed_is_called_the_afternoon_before_where_that_is_wanted() {
    let usual = Shop::open().await;
    usual.book(&anna(), "2026-03-05T10:00").await;
    usual.drain().await;
    usual.wait_until("2026-03-04T16:00").await;
    assert!(usual.calls().await.is_empty(), "off by default");
    let shop = wednesday(&anna(), "14:59").await;
    assert!(shop.calls().await.is_empty());
    shop.wait_until("2026-03-04T15:00").await;
    assert_eq!(shop.calls().await, ["confirm ready unconfirmed"]);
    let agent = shop.employs("agt-1", &["en"]).await;
    let at_hand = shop.next(agent).await.expect("a call");
    assert_eq!(at_hand["task"]["due_at"], json!(local("2026-03-04T18:00")));
    let said = at_hand["script"]["after_identity"].as_str().expect("words");
    assert!(said.contains("Thu, Mar 5") && said.contains("10:00"), "{said}");
    let id = at_hand["task"]["id"].as_str().expect("an id");
    assert_eq!(shop.says(agent, id, answered("appointment_confirmed")).await, "done appointment_confirmed");
    let appointment = shop.get("/v1/appointments/A-1").await;
    assert_eq!((&appointment["state"], &appointment["confirmed_via"]), (&json!("confirmed"), &json!("call")));
    assert_eq!(shop.calls().await, ["confirm done unconfirmed"]);
    let record = shop.timeline("A-1").await;
    assert!(!record.contains(&"call.withdrawn".to_owned()), "{record:?}");
    assert!(record.contains(&"appointment.confirmed".to_owned()), "{record:?}");
}

#[tokio::test]
async fn a_call_on_a_day_when_nobody_is_here_is_made_on_the_open_day_before() {
    let shop = asking().open().await;
    shop.book(&anna(), "2026-03-09T10:00").await;
    shop.drain().await;
    shop.wait_until("2026-03-07T14:59").await;
    assert!(shop.calls().await.is_empty());
    shop.wait_until("2026-03-07T15:00").await;
    assert_eq!(shop.calls().await, ["confirm ready unconfirmed"], "Sunday is closed");
}

#[tokio::test]
async fn who_has_said_so_already_or_booked_just_now_is_not_called() {
    let shop = asking().open().await;
    shop.book(&anna(), "2026-03-05T10:00").await;
    shop.drain().await;
    shop.wait_until("2026-03-04T11:00").await;
    shop.hears(anna().happens("confirmed", shop.now())).await;
    // Less than a day and a half ahead.
    shop.book(&anna().at("A-7"), "2026-03-05T15:00").await;
    shop.drain().await;
    shop.wait_until("2026-03-05T09:00").await;
    assert!(shop.calls().await.is_empty());
}

#[tokio::test]
async fn the_call_is_of_no_more_use_once_it_is_confirmed_moved_or_called_off() {
    let shop = wednesday(&anna(), "15:00").await;
    shop.hears(anna().happens("confirmed", shop.now())).await;
    assert_eq!(shop.calls().await, ["confirm withdrawn unconfirmed"]);
    let shop = wednesday(&anna(), "15:00").await;
    shop.moves(&anna(), "2026-03-11T10:00").await;
    assert_eq!(shop.calls().await, ["confirm withdrawn unconfirmed"]);
    shop.drain().await;
    shop.wait_until("2026-03-10T15:00").await;
    assert_eq!(shop.calls().await[1], "confirm ready unconfirmed", "the new day is asked about too");
    shop.cancels(&anna()).await;
    assert!(shop.calls().await.iter().all(|call| call.starts_with("confirm withdrawn")));
    shop.drain().await;
    let shop = wednesday(&anna(), "15:00").await;
    shop.wait_until("2026-03-05T18:00").await;
    assert!(shop.calls().await[0].starts_with("confirm expired"), "{:?}", shop.calls().await);
}

#[tokio::test]
async fn another_time_and_a_cancellation_said_on_the_call_are_on_the_book() {
    for (outcome, state) in [("move_requested", "move_requested"), ("appointment_cancelled", "cancelled")] {
        let shop = wednesday(&anna(), "15:00").await;
        let agent = shop.employs("agt-1", &["en"]).await;
        let id = shop.takes(agent).await;
        assert_eq!(shop.says(agent, &id, answered("parts_declined")).await, "422 wrong_outcome");
        assert_eq!(shop.says(agent, &id, answered(outcome)).await, format!("done {outcome}"));
        assert_eq!(shop.get("/v1/appointments/A-1").await["state"], state);
        shop.drain().await;
    }
    let shop = Shop::open().await;
    let agent = shop.employs("agt-1", &["en"]).await;
    shop.book(&anna(), "2026-03-05T10:00").await;
    shop.drain().await;
    shop.wait_until("2026-03-05T10:31").await;
    let id = shop.takes(agent).await;
    assert_eq!(shop.says(agent, &id, answered("appointment_confirmed")).await, "422 wrong_outcome", "a missed one");
}

/// No text reached them, and nobody has confirmed: that is one call.
#[tokio::test]
async fn the_call_in_place_of_the_reminder_is_the_same_call() {
    let landline = json!([{"number": "020-8888 1234"}]);
    let nobody = anna().with("email", json!(null)).with("phones", landline);
    let shop = wednesday(&nobody, "16:00").await;
    assert_eq!(shop.calls().await, ["confirm ready track_ran_out"]);
    let agent = shop.employs("agt-1", &["en"]).await;
    let id = shop.takes(agent).await;
    assert_eq!(shop.says(agent, &id, answered("completed_satisfied")).await, "done completed_satisfied");
    assert_eq!(shop.get("/v1/appointments/A-1").await["state"], "confirmed", "spoken to and content: they come");
    shop.wait_until("2026-03-05T09:00").await;
    assert_eq!(shop.calls().await.len(), 1);
}
