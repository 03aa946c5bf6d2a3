//! Ordered, delayed, not to be had, cancelled: each word once, and no day that the customer does not need to know.
use serde_json::json;

use super::{PHONE, on_order, told};
use crate::shop::{
    Shop,
    workshop::{fact, ordered},
};

#[tokio::test]
async fn one_working_day_is_no_slip_and_two_are_measured_from_what_was_told() {
    let shop = on_order().await;
    for (line, day) in [("1", "11"), ("2", "11")] {
        shop.part(line, "eta_changed", &json!({"eta": format!("2026-03-{day}T10:00:00+08:00")})).await;
    }
    shop.drain().await;
    assert_eq!(shop.phone(PHONE).len(), 1);
    shop.part("2", "eta_changed", &json!({"eta": "2026-03-12T10:00:00+08:00"})).await;
    shop.drain().await;
    let texts = shop.phone(PHONE);
    assert!(texts.len() == 2 && texts[1].contains("Mar 12"), "{texts:?}");
}

#[tokio::test]
async fn without_a_day_it_says_so_and_the_first_day_is_told() {
    let shop = Shop::open().await;
    shop.hears(ordered(&json!({"eta": null}))).await;
    shop.drain().await;
    shop.part("1", "backordered", &json!({})).await;
    shop.drain().await;
    assert_eq!(told(&shop).await, ["parts.backordered_no_date done"]);
    shop.leaps_by("1m");
    for line in ["1", "2"] {
        shop.part(line, "backordered", &json!({"eta": "2026-03-20T10:00:00+08:00"})).await;
    }
    shop.drain().await;
    assert_eq!(told(&shop).await, ["parts.backordered_no_date done", "parts.backordered done"]);
    assert!(shop.phone(PHONE)[1].contains("Mar 20"), "{:?}", shop.phone(PHONE));
}

#[tokio::test]
async fn what_cannot_be_had_and_what_is_cancelled_is_told_by_name() {
    let shop = on_order().await;
    shop.leaps_by("1m");
    shop.part("1", "cancelled", &json!({"reason": "unobtainable"})).await;
    shop.advance("1m").await;
    shop.part("2", "cancelled", &json!({"reason": "customer_request"})).await;
    shop.drain().await;
    assert_eq!(told(&shop).await, ["parts.ordered done", "parts.unobtainable done", "parts.cancelled done"]);
    let texts = shop.phone(PHONE);
    assert!(texts[1].contains("Water pump") && !texts[1].contains("Gasket"), "{texts:?}");
    assert!(texts[2].contains("Gasket"), "{texts:?}");
    assert_eq!(shop.get("/v1/parts-orders/P-1").await["lines"][0]["state"], "unobtainable");
    assert_eq!(shop.items("/v1/parts?waiting").await.len(), 0);
}

#[tokio::test]
async fn a_line_that_is_added_holds_the_arrival_until_it_is_in() {
    let shop = on_order().await;
    shop.leaps_to("2026-03-05T14:00");
    shop.part("1", "received", &json!({})).await;
    let hose = json!([{"line_ref": "3", "part_no": "16571", "name": "Hose", "qty": 1}]);
    shop.hears(ordered(&json!({"lines": hose}))).await;
    shop.part("2", "received", &json!({})).await;
    shop.drain().await;
    assert_eq!(shop.phone(PHONE).len(), 1);
    shop.part("3", "received", &json!({})).await;
    shop.drain().await;
    assert_eq!(told(&shop).await, ["parts.ordered done", "parts.arrived done"]);
}

#[tokio::test]
async fn a_receipt_before_its_order_is_known_makes_the_line_and_the_arrival_follows_the_order() {
    let shop = Shop::open().await;
    shop.leaps_to("2026-03-05T14:00");
    for (line, qty) in [("1", 1), ("2", 2)] {
        shop.part(line, "received", &json!({"qty": qty})).await;
    }
    let mut late = ordered(&json!({}));
    late["time"] = json!("2026-03-02T10:00:00+08:00");
    shop.hears(late).await;
    shop.drain().await;
    assert_eq!(shop.get("/v1/parts-orders/P-1").await["lines"][1]["state"], "received");
    assert_eq!(told(&shop).await, ["parts.arrived done"], "ordered and arrived at once is told as arrived");
}

#[tokio::test]
async fn another_dealerships_key_sees_no_parts() {
    let shop = on_order().await;
    let other = shop.key_for(Some("sh-pudong")).await;
    assert_eq!(shop.call("GET", "/v1/parts-orders/P-1", &other, None).await.0, 404);
    let (status, board) = shop.call("GET", "/v1/parts?waiting", &other, None).await;
    assert_eq!((status, board["items"].as_array().map(Vec::len)), (200, Some(0)));
    let (_, lines) = shop.call("GET", "/v1/timeline?parts_order=P-1", &other, None).await;
    assert_eq!(lines["items"].as_array().map(Vec::len), Some(0));
    let mut foreign = fact("parts.received", json!({"order_ref": "P-1", "line_ref": "1", "at": shop.now()}));
    (foreign["id"], foreign["time"]) = (json!("f1"), json!(shop.now()));
    assert_eq!(shop.call("POST", "/v1/events", &other, Some(&foreign)).await.0, 403);
}
