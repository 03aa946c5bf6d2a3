//! The history of a car, for whoever books its next visit.
use serde_json::json;

use super::{fact, in_writing};
use crate::shop::{Shop, anna, fang};

#[tokio::test]
async fn acceptance_36_the_last_five_visits_what_was_left_undone_and_the_last_score() {
    let shop: Shop = in_writing().open().await;
    for (order, day) in [
        ("R-1", "2026-03-02"),
        ("R-2", "2026-03-03"),
        ("R-3", "2026-03-04"),
        ("R-4", "2026-03-05"),
        ("R-5", "2026-03-06"),
    ] {
        shop.hands_back(&anna(), order, &format!("{day}T12:00"), json!({})).await;
    }
    shop.leaps_to("2026-03-07T12:00");
    let again = json!({"ref": "R-6", "opened_at": shop.now(), "customer": anna().data, "advisor_ref": "adv-01", "is_comeback": true,
        "vehicle": {"vin": "JTHBJ46G9A2345678", "plate": "粤A12345"}, "jobs": [{"code": "S", "name": "Service"}]});
    shop.hears(fact("repair_order.opened", again)).await;
    let items = json!([{"code": "BP", "name": "Brake pads", "severity": "safety"}, {"code": "W", "name": "Wipers", "severity": "soon"}]);
    shop.hears(fact("repair_order.work_found", json!({"ref": "R-6", "items": items}))).await;
    shop.hears(fact(
        "repair_order.work_declined",
        json!({"ref": "R-6", "items": [items[0]], "by": "customer", "via": "phone"}),
    ))
    .await;
    shop.hears(fact(
        "repair_order.work_approved",
        json!({"ref": "R-6", "items": [items[1]], "by": "customer", "via": "phone"}),
    ))
    .await;

    for by in ["JTHBJ46G9A2345678", "jthbj46g9a2345678", "粤A12345"] {
        let car = shop.get(&format!("/v1/vehicles/{by}?dealership=gz-tianhe")).await;
        let visits: Vec<&str> =
            car["repair_orders"].as_array().expect("visits").iter().filter_map(|v| v["ref"].as_str()).collect();
        assert_eq!(visits, ["R-6", "R-5", "R-4", "R-3", "R-2"], "{by}");
        assert_eq!(car["repair_orders"][0]["is_comeback"], true);
        assert_eq!(car["repair_orders"][0]["jobs"][0]["name"], "Service");
        let undone: Vec<&str> =
            car["left_undone"].as_array().expect("items").iter().filter_map(|i| i["code"].as_str()).collect();
        assert_eq!(undone, ["BP"], "what was approved is no longer open");
        assert_eq!((&car["owner_name"], &car["last_score"]), (&json!("Anna Weber"), &json!(null)));
    }
    shop.drain().await;
}

#[tokio::test]
async fn the_score_of_the_last_answer_is_on_the_car_and_another_dealerships_key_sees_neither() {
    let shop: Shop = in_writing().open().await;
    let path = shop.asked(&anna(), "R-1", "2026-03-02T10:30").await;
    shop.sends(&path, &[("fixed", "yes"), ("overall", "2")]).await;
    let car = shop.get("/v1/vehicles/JTHBJ46G9A2345678").await;
    assert_eq!(
        (&car["last_score"]["overall"], &car["last_score"]["repair_order"]),
        (&json!(2), &json!("R-1")),
        "{car}"
    );
    let other = shop.key_for(Some("sh-pudong")).await;
    assert_eq!(shop.call("GET", "/v1/vehicles/JTHBJ46G9A2345678", &other, None).await.0, 404);
    assert_eq!(shop.call("GET", "/v1/vehicles/NOBODYS", &other, None).await.0, 404);
    // The same car at two dealerships: which one is meant has to be said.
    let mut elsewhere = fang().at("A-9").books("2026-03-09T09:30", shop.now());
    elsewhere["dealership"] = json!("sh-pudong");
    elsewhere["data"]["vehicle"] = json!({"vin": "JTHBJ46G9A2345678"});
    shop.hears(elsewhere).await;
    let key = shop.key_for(None).await;
    assert_eq!(shop.call("GET", "/v1/vehicles/JTHBJ46G9A2345678", &key, None).await.0, 409);
    assert_eq!(shop.call("GET", "/v1/vehicles/JTHBJ46G9A2345678", &other, None).await.0, 200);
    shop.drain().await;
}
