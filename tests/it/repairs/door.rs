//! The door for repair orders: what is refused with its pointer, what comes late, and who may not look.
use serde_json::json;

use crate::shop::{
    Shop,
    workshop::{fact, opened},
};

#[tokio::test]
async fn everything_wrong_with_a_fact_is_named_with_its_pointer() {
    let shop = Shop::open().await;
    let key = shop.key_for(None).await;
    let mut refused = Vec::new();
    for (kind, data) in [
        ("repair_order.opened", json!({"ref": "R-1", "promised_at": "soon"})),
        ("repair_order.promised_changed", json!({"ref": ""})),
        ("repair_order.work_found", json!({"ref": "R-1", "items": []})),
        (
            "repair_order.work_found",
            json!({"ref": "R-1", "items": [{"code": "BP"}, {"severity": "red", "name": "x"}, 7]}),
        ),
        ("repair_order.work_declined", json!({"ref": "R-1", "items": [{}]})),
        ("repair_order.qc_passed", json!({"ref": "R-1", "at": "2026-03-02T10:00:00+08:00"})),
        (
            "repair_order.ready",
            json!({"ref": "R-1", "at": "2026-03-02T10:00:00+08:00", "technician_refs": ["a\nb"], "hours": {"sold": -1}}),
        ),
        ("parts.ordered", json!({"order_ref": "P-1", "lines": [{"line_ref": "1", "name": "x", "qty": 0}]})),
        ("parts.received", json!({"order_ref": "P-1", "qty": "two"})),
    ] {
        let mut event = fact(kind, data);
        event["id"] = json!("x");
        event["time"] = json!(shop.now());
        let (status, answer) = shop.call("POST", "/v1/events", &key, Some(&event)).await;
        assert_eq!(status, 422, "{kind}: {answer}");
        for error in answer["errors"].as_array().expect("errors") {
            let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
            refused.push(format!("{kind} {} {}", text("pointer"), text("code")));
        }
    }
    insta::assert_snapshot!(refused.join("\n"), @r"
    repair_order.opened /data/opened_at required
    repair_order.opened /data/customer required
    repair_order.opened /data/vehicle required
    repair_order.opened /data/promised_at not_a_time
    repair_order.promised_changed /data/ref required
    repair_order.promised_changed /data/promised_at required
    repair_order.work_found /data/items empty
    repair_order.work_found /data/items/2 wrong_type
    repair_order.work_found /data/items/0/name required
    repair_order.work_found /data/items/0/severity required
    repair_order.work_found /data/items/1/severity unknown_value
    repair_order.work_declined /data/items/0/code required
    repair_order.qc_passed /data/by required
    repair_order.ready /data/technician_refs/0 wrong_type
    repair_order.ready /data/hours/sold wrong_type
    parts.ordered /data/lines/0/part_no required
    parts.ordered /data/lines/0/qty wrong_value
    parts.received /data/line_ref required
    parts.received /data/at required
    parts.received /data/qty wrong_type
    ");
}

#[tokio::test]
async fn what_comes_before_its_opening_makes_the_order_and_the_opening_fills_it_in() {
    let shop = Shop::open().await;
    shop.leaps_to("2026-03-02T15:00");
    shop.repair("ready", &json!({})).await;
    shop.drain().await;
    assert!(shop.notices("R-1").await.is_empty(), "nobody to tell");
    let mut late = opened(&json!({"promised_at": "2026-03-02T16:00:00+08:00"}));
    late["time"] = json!("2026-03-02T10:00:00+08:00");
    shop.hears(late).await;
    shop.drain().await;
    let order = shop.get("/v1/repair-orders/R-1").await;
    assert_eq!((&order["state"], &order["customer"]["name"]), (&json!("ready"), &json!("Anna Weber")));
    let mut older =
        fact("repair_order.promised_changed", json!({"ref": "R-1", "promised_at": "2026-03-02T19:00:00+08:00"}));
    older["time"] = json!("2026-03-02T14:00:00+08:00");
    shop.hears(older).await;
    assert_eq!(shop.get("/v1/repair-orders/R-1").await["promised_at"], order["promised_at"]);
    let lines = shop.items("/v1/timeline?repair_order=R-1").await;
    assert!(lines.iter().any(|line| line["reason"] == "older_than_known"));
}

#[tokio::test]
async fn another_dealerships_key_sees_nothing() {
    let shop = Shop::open().await;
    shop.hears(opened(&json!({}))).await;
    let other = shop.key_for(Some("sh-pudong")).await;
    let own = shop.key_for(Some("gz-tianhe")).await;
    for (key, status) in [(&own, 200), (&other, 404)] {
        assert_eq!(shop.call("GET", "/v1/repair-orders/R-1", key, None).await.0, status);
        let (_, lines) = shop.call("GET", "/v1/timeline?repair_order=R-1", key, None).await;
        assert_eq!(lines["items"].as_array().map(Vec::is_empty), Some(status == 404));
    }
}

#[tokio::test]
async fn a_whole_visit_in_one_batch_and_again_is_one_visit() {
    let shop = Shop::open().await;
    let key = shop.key_for(None).await;
    let mut events = vec![opened(&json!({"promised_at": "2026-03-02T16:00:00+08:00"}))];
    for (kind, more) in [
        ("promised_changed", json!({"promised_at": "2026-03-02T17:00:00+08:00"})),
        ("qc_passed", json!({"at": "2026-03-02T09:58:00+08:00", "by": "tec-01"})),
        ("ready", json!({"at": "2026-03-02T09:59:00+08:00", "technician_refs": ["tec-09"]})),
    ] {
        let mut data = more;
        data["ref"] = json!("R-1");
        events.push(fact(&format!("repair_order.{kind}"), data));
    }
    for (n, event) in events.iter_mut().enumerate() {
        event["id"] = json!(format!("b{n}"));
        event["time"] = json!(shop.now());
    }
    for accepted in [4, 0] {
        let (status, answer) = shop.call("POST", "/v1/events", &key, Some(&json!(events))).await;
        assert_eq!((status, &answer["accepted"]), (202, &json!(accepted)), "{answer}");
    }
    shop.drain().await;
    assert_eq!(shop.notices("R-1").await, ["repair.promised_changed withdrawn superseded", "repair.ready done"]);
}
