//! Parts on their way: what customers hear of them, whose turn it is, and what the board shows.
mod orders;
mod questions;

use serde_json::{Value, json};

use crate::shop::{
    Shop, anna, local,
    workshop::{HOUSE, opened, ordered},
};

const PHONE: &str = "+8613900001234";

/// A shop with Anna's two parts ordered for the 10th, of which she was told.
async fn on_order() -> Shop {
    let shop = Shop::open().await;
    shop.hears(ordered(&json!({}))).await;
    shop.drain().await;
    shop
}

/// Kinds and states of the notices to the customer, without those to staff.
async fn told(shop: &Shop) -> Vec<String> {
    let mut notices = shop.notices("P-1").await;
    notices.retain(|notice| !notice.starts_with("staff"));
    notices
}

#[tokio::test]
async fn acceptance_11_parts_arrival_is_told_once_when_the_second_line_is_in() {
    let shop = on_order().await;
    assert_eq!(told(&shop).await, ["parts.ordered done"]);
    shop.leaps_to("2026-03-05T10:00");
    shop.part("1", "received", &json!({"qty": 1})).await;
    shop.drain().await;
    assert_eq!(shop.phone(PHONE).len(), 1);
    shop.leaps_to("2026-03-05T14:00");
    shop.part("2", "received", &json!({"qty": 2})).await;
    shop.drain().await;
    assert_eq!(told(&shop).await, ["parts.ordered done", "parts.arrived done"]);
    let texts = shop.phone(PHONE);
    assert!(texts.len() == 2 && texts[1].contains("arrived"), "{texts:?}");
    assert_eq!(shop.subjects(HOUSE).len(), 1, "the advisor");
    // Told again, it is nothing new.
    shop.part("2", "received", &json!({"qty": 2})).await;
    shop.part("1", "received", &json!({"qty": 1})).await;
    shop.drain().await;
    assert_eq!(shop.phone(PHONE).len(), 2);
    let order = shop.get("/v1/parts-orders/P-1").await;
    assert_eq!(order["complete_at"], json!(local("2026-03-05T14:00")));
    assert_eq!(order["notified_at"], json!(local("2026-03-05T14:00")));
}

#[tokio::test]
async fn acceptance_11_what_arrives_at_night_is_told_after_the_next_opening() {
    let shop = on_order().await;
    shop.leaps_to("2026-03-05T21:30");
    shop.part("1", "received", &json!({})).await;
    shop.part("2", "received", &json!({})).await;
    shop.wait_until("2026-03-06T08:59").await;
    assert_eq!(shop.phone(PHONE).len(), 1);
    shop.wait_until("2026-03-06T09:04").await;
    assert_eq!(shop.phone(PHONE).len(), 2);
}

#[tokio::test]
async fn acceptance_11_without_an_answer_the_advisor_calls_then_a_reminder_then_the_queue() {
    let shop = on_order().await;
    shop.leaps_to("2026-03-05T14:00");
    shop.part("1", "received", &json!({})).await;
    shop.part("2", "received", &json!({})).await;
    shop.drain().await;
    shop.leaps_to("2026-03-06T13:59");
    shop.drain().await;
    assert!(shop.calls().await.is_empty());
    shop.advance("1m").await;
    assert_eq!(shop.calls().await, ["parts_arrived ready no_answer"]);
    shop.leaps_to("2026-03-07T14:00");
    shop.drain().await;
    let reminders = |told: Vec<String>| told.into_iter().filter(|n| n.starts_with("parts.arrived_remind")).count();
    assert_eq!(reminders(told(&shop).await), 1);
    // Monday: Sunday is no working day.
    shop.leaps_to("2026-03-09T14:00");
    shop.drain().await;
    assert_eq!(shop.calls().await, ["parts_arrived withdrawn no_answer", "parts_arrived ready still_no_answer"]);
    assert_eq!(shop.get("/v1/parts?waiting").await["items"][0]["owner"], "queue");
    shop.part("1", "issued", &json!({})).await;
    shop.part("2", "issued", &json!({})).await;
    shop.drain().await;
    assert!(shop.calls().await.iter().all(|call| call.starts_with("parts_arrived withdrawn")));
}

#[tokio::test]
async fn acceptance_11_fitted_within_a_day_nothing_follows() {
    let shop = on_order().await;
    shop.leaps_to("2026-03-05T14:00");
    shop.part("1", "received", &json!({})).await;
    shop.part("2", "received", &json!({})).await;
    shop.drain().await;
    shop.leaps_to("2026-03-06T11:00");
    shop.part("1", "issued", &json!({"qty": 1})).await;
    shop.part("2", "issued", &json!({"qty": 2})).await;
    for day in ["2026-03-06T15:00", "2026-03-07T15:00", "2026-03-09T15:00", "2026-04-20T15:00"] {
        shop.leaps_to(day);
        shop.drain().await;
    }
    assert!(shop.calls().await.is_empty());
    assert_eq!(told(&shop).await, ["parts.ordered done", "parts.arrived done"]);
}

#[tokio::test]
async fn who_books_after_the_arrival_is_not_chased_and_who_cancels_is_again() {
    let shop = on_order().await;
    shop.leaps_to("2026-03-05T14:00");
    shop.part("1", "received", &json!({})).await;
    shop.part("2", "received", &json!({})).await;
    shop.drain().await;
    shop.advance("1h").await;
    shop.book(&anna(), "2026-03-12T09:30").await;
    shop.leaps_to("2026-03-09T15:00");
    shop.drain().await;
    assert!(shop.calls().await.is_empty());
    assert_eq!(shop.get("/v1/parts?waiting").await["items"][0]["owner"], "advisor");
    shop.cancels(&anna()).await;
    shop.leaps_to("2026-03-10T15:00");
    shop.drain().await;
    assert_eq!(shop.calls().await, ["parts_arrived ready no_answer"]);
}

#[tokio::test]
async fn acceptance_10_the_history_of_a_line_and_its_age_on_the_board() {
    let shop = on_order().await;
    shop.leaps_to("2026-03-09T09:10");
    for line in ["1", "2"] {
        shop.part(line, "eta_changed", &json!({"eta": "2026-03-12T10:00:00+08:00"})).await;
    }
    shop.drain().await;
    shop.leaps_to("2026-03-12T09:10");
    shop.part("1", "received", &json!({"location": "B-07"})).await;
    shop.part("2", "received", &json!({})).await;
    shop.drain().await;
    assert_eq!(told(&shop).await, ["parts.ordered done", "parts.eta_changed done", "parts.arrived done"]);
    let line = shop.get("/v1/parts-orders/P-1").await["lines"][0].clone();
    let days: Vec<&Value> = line["eta_history"].as_array().expect("a list").iter().map(|eta| &eta["eta"]).collect();
    assert_eq!(days, [&json!(local("2026-03-10T10:00")), &json!(local("2026-03-12T10:00"))]);
    assert_eq!((&line["state"], &line["location"]), (&json!("received"), &json!("B-07")));
    assert_eq!(line["return_by"], json!(local("2026-04-21T09:10")));
    shop.leaps_to("2026-04-12T09:10");
    let board = shop.get("/v1/parts?waiting").await;
    assert_eq!(board["ageing"]["over_30"], json!({"count": 2, "value": 820.0}));
    assert_eq!(board["ageing"]["0-7"], json!({"count": 0, "value": 0.0}));
    assert_eq!(board["items"][0]["owner"], "manager");
    shop.drain().await;
    shop.leaps_to("2026-04-13T15:00");
    shop.drain().await;
    let old = shop.calls().await.iter().filter(|call| call.ends_with("over_30_days")).count();
    assert_eq!(old, 2, "a task every working day: {:?}", shop.calls().await);
}

#[tokio::test]
async fn a_part_counted_back_takes_the_news_back_or_has_somebody_tell_them() {
    let shop = on_order().await;
    shop.leaps_to("2026-03-05T14:00");
    shop.part("1", "received", &json!({})).await;
    shop.part("2", "received", &json!({"qty": 2})).await;
    shop.part("2", "received", &json!({"qty": 1})).await;
    shop.drain().await;
    assert_eq!(shop.phone(PHONE).len(), 1, "nobody was told of what was not so");
    shop.part("2", "received", &json!({"qty": 2})).await;
    shop.drain().await;
    assert_eq!(shop.phone(PHONE).len(), 2);
    shop.part("2", "received", &json!({"qty": 0})).await;
    assert_eq!(shop.calls().await, ["parts_arrived ready arrival_retracted"]);
    shop.advance("1h").await;
    shop.part("2", "received", &json!({"qty": 2})).await;
    shop.drain().await;
    let arrived = told(&shop).await.into_iter().filter(|notice| notice == "parts.arrived done").count();
    assert_eq!((arrived, shop.phone(PHONE).len()), (2, 3), "each arrival that was so was told");
}

/// Every order of three receipts with a reversal between them, each told twice: one arrival at the end.
#[tokio::test]
async fn acceptance_11_any_order_repetition_and_reversal_ends_in_one_arrival() {
    let receipts = [("1", 1, 10), ("2", 1, 20), ("2", 0, 30), ("2", 2, 40)];
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]] {
        let shop = on_order().await;
        shop.leaps_to("2026-03-05T15:00");
        for index in order {
            let (line, qty, minute) = receipts[index];
            let at = local("2026-03-05T14:00").plus(jiff::SignedDuration::from_mins(minute));
            for _ in 0..2 {
                shop.part_at(line, "received", &json!({"qty": qty}), at).await;
            }
        }
        shop.drain().await;
        let arrived = told(&shop).await.into_iter().filter(|notice| notice == "parts.arrived done").count();
        assert_eq!((arrived, shop.phone(PHONE).len()), (1, 2), "{order:?}");
    }
}

#[tokio::test]
async fn parts_learn_from_their_repair_order_whose_they_are() {
    let shop = Shop::open().await;
    shop.hears(ordered(&json!({"customer": null, "vehicle": null, "advisor_ref": null, "ro_ref": "R-1"}))).await;
    shop.drain().await;
    assert!(shop.notices("P-1").await.is_empty(), "its order will say whose they are");
    shop.hears(opened(&json!({}))).await;
    shop.drain().await;
    assert_eq!(shop.notices("P-1").await, ["parts.ordered done"]);
    assert_eq!(shop.get("/v1/parts-orders/P-1").await["customer"]["name"], "Anna Weber");
    let lines = shop.items("/v1/timeline?repair_order=R-1&limit=100").await;
    assert!(lines.iter().any(|line| line["subject_type"] == "parts_order"), "its parts are on its record");
}

#[tokio::test]
async fn without_a_customer_and_a_repair_order_the_parts_desk_is_asked() {
    let shop = Shop::open().await;
    shop.hears(ordered(&json!({"customer": null, "vehicle": null}))).await;
    shop.drain().await;
    assert_eq!(shop.notices("P-1").await, ["staff.parts_unassigned done"]);
    assert!(shop.phone(PHONE).is_empty());
    assert_eq!(shop.get("/v1/parts?waiting").await["items"][0]["owner"], "parts");
}
