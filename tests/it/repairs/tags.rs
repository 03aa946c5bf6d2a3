//! What kind of visit each is: left over from a former day, come back, without an appointment (seed step 1).
use aftercare::console::policy::Role;
use serde_json::{Value, json};

use crate::shop::{
    Shop, anna,
    workshop::{fact, opened},
};

impl Shop {
    async fn refs(&self, path: &str) -> Vec<String> {
        let mut refs: Vec<String> =
            self.items(path).await.iter().map(|one| one["ref"].as_str().expect("a ref").to_owned()).collect();
        refs.sort();
        refs
    }
}

fn order(reference: &str, more: &Value) -> Value {
    let mut order = json!({"ref": reference});
    for (key, value) in more.as_object().expect("an object") {
        order[key] = value.clone();
    }
    opened(&order)
}

#[tokio::test]
async fn acceptance_32_filters_return_what_was_left_over_what_came_back_and_who_walked_in() {
    let shop = Shop::open().await;
    shop.book(&anna(), "2026-03-02T14:00").await;
    shop.drain().await;
    // Monday: one from an appointment, one that came back, one that walked in and is given back the same day.
    shop.hears(order("R-1", &json!({"appointment_ref": "A-1"}))).await;
    shop.hears(order("R-2", &json!({"appointment_ref": "A-8", "is_comeback": true}))).await;
    shop.hears(order("R-3", &json!({}))).await;
    shop.hears(fact("repair_order.ready", json!({"ref": "R-2", "at": shop.now()}))).await;
    shop.hears(fact("repair_order.delivered", json!({"ref": "R-3", "at": shop.now()}))).await;
    let list = async |tag: &str| shop.refs(&format!("/v1/repair-orders?dealership=gz-tianhe&tag={tag}")).await;
    assert!(list("carry_over").await.is_empty(), "the doors have not closed yet");
    // The doors close on R-1, and on R-4 that comes on Tuesday and is open at its closing, too.
    shop.leaps_to("2026-03-03T10:00");
    shop.drain().await;
    let mut today = order("R-4", &json!({}));
    (today["time"], today["data"]["opened_at"]) = (json!(shop.now()), json!(shop.now()));
    shop.hears(today).await;
    assert_eq!(list("carry_over").await, ["R-1"]);
    assert_eq!(list("comeback").await, ["R-2"]);
    assert_eq!(list("walk_in").await, ["R-3", "R-4"]);
    assert_eq!(shop.refs("/v1/repair-orders?dealership=gz-tianhe").await, ["R-1", "R-2", "R-3", "R-4"]);
    assert_eq!(shop.refs("/v1/repair-orders?dealership=gz-tianhe&tag=walk_in&state=open").await, ["R-4"]);
    assert_eq!(shop.get("/v1/repair-orders/R-1").await["tags"], json!(["carry_over"]));
    // The visit of the appointment is left over as well.
    assert_eq!(shop.refs("/v1/appointments?dealership=gz-tianhe&tag=carry_over").await, ["A-1"]);
    assert!(shop.refs("/v1/appointments?tag=comeback").await.is_empty());
    assert_eq!(shop.get("/v1/appointments/A-1").await["tags"], json!(["carry_over"]));

    let mut chen = shop.seat("adv-9", &[Role::Advisor]).await;
    let board = chen.open("/console/workshop").await;
    assert!(
        board.says("carried over") && board.says("without appointment") && board.says("comeback"),
        "{}",
        board.text()
    );
    assert!(["R-1", "R-2", "R-4"].iter().all(|one| board.says(one)) && !board.says("R-3"), "{}", board.text());
    let left = chen.open("/console/workshop?tag=carry_over").await;
    assert!(left.says("R-1") && !left.says("R-2") && !left.says("R-4"), "{}", left.text());

    shop.leaps_to("2026-03-03T18:00");
    shop.drain().await;
    assert_eq!(list("carry_over").await, ["R-1", "R-4"]);
    shop.hears(fact("repair_order.ready", json!({"ref": "R-1", "at": shop.now()}))).await;
    assert_eq!(list("carry_over").await, ["R-4"], "its work is done");
    assert!(shop.refs("/v1/appointments?dealership=gz-tianhe&tag=carry_over").await.is_empty());
    shop.drain().await;
}

#[tokio::test]
async fn a_filter_that_is_none_and_a_list_over_every_dealership() {
    let shop = Shop::open().await;
    let key = shop.key_for(None).await;
    for (path, pointer) in [
        ("/v1/repair-orders?tag=late", "/tag"),
        ("/v1/repair-orders?tag=carry_over", "/dealership"),
        ("/v1/appointments?tag=walk_in", "/tag"),
        ("/v1/repair-orders?from=monday", "/from"),
    ] {
        let (status, answer) = shop.call("GET", path, &key, None).await;
        assert_eq!((status, answer["errors"][0]["pointer"].as_str()), (422, Some(pointer)), "{path}: {answer}");
    }
    shop.hears(order("R-1", &json!({}))).await;
    assert_eq!(shop.refs("/v1/repair-orders?tag=walk_in").await, ["R-1"]);
    let elsewhere = shop.key_for(Some("tk-minato")).await;
    let (status, answer) = shop.call("GET", "/v1/repair-orders?tag=walk_in", &elsewhere, None).await;
    assert_eq!((status, &answer["items"]), (200, &json!([])));
    shop.drain().await;
}
