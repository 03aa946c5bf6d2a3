//! The workshop's month in numbers, where each comes from, and what the brand gets of it.
mod brand;
mod commands;
mod operations;

use serde_json::{Value, json};

use crate::shop::{Customer, Shop, anna, fang, local, workshop::fact};

const MARCH: &str = "month=2026-03&dealership=gz-tianhe";

impl Shop {
    /// The numbers of Tianhe's March, by another query where there is one.
    async fn operations(&self, more: &str) -> Vec<Value> {
        let report = self.get(&format!("/v1/reports/operations?{MARCH}{more}")).await;
        report["dealerships"][0]["numbers"].as_array().expect("numbers").clone()
    }
    async fn number(&self, name: &str) -> Value {
        let numbers = self.operations("").await;
        numbers.into_iter().find(|number| number["name"] == name).expect("a number")
    }
    /// A dealership like Tianhe under another code.
    async fn opens_another(&self, code: &str) {
        let mut dealership = json!(*self.dealership("gz-tianhe").await);
        dealership["code"] = json!(code);
        let (status, answer) = self.does("PUT", &format!("/v1/dealerships/{code}"), dealership).await;
        assert!(status < 300, "{answer}");
    }
    /// An order is opened, with an appointment or without.
    async fn opens_order(&self, order: &str, at: &str, more: Value) {
        self.leaps_to(at);
        let mut data = json!({"ref": order, "opened_at": local(at), "customer": anna().data, "advisor_ref": "adv-01",
            "vehicle": {"vin": "JTHBJ46G9A2345678", "plate": "粤A12345"}, "jobs": [{"code": "S", "name": "Service"}]});
        for (key, value) in more.as_object().into_iter().flatten() {
            data[key] = value.clone();
        }
        self.hears(fact("repair_order.opened", data)).await;
    }
    async fn delivers(&self, order: &str, at: &str, more: Value) {
        self.leaps_to(at);
        let mut data = json!({"ref": order, "at": local(at)});
        for (key, value) in more.as_object().into_iter().flatten() {
            data[key] = value.clone();
        }
        self.hears(fact("repair_order.delivered", data)).await;
    }
}

/// Name, value, how many rows, verdict.
fn said(number: &Value) -> String {
    let verdict = number["verdict"].as_str().unwrap_or("-");
    format!("{} {} n={} {verdict}", number["name"].as_str().expect("a name"), number["value"], number["n"])
}

/// The first week of March at Tianhe: Anna keeps her appointment and is called, Fang does not come.
async fn a_week() -> Shop {
    let shop = Shop::open().await;
    shop.hears(fact("capacity.set", json!({"date": "2026-03-05", "available_hours": 4.0}))).await;
    let mut asks_for_it = anna().moves_to("2026-03-05T09:30");
    asks_for_it["type"] = json!("appointment.requested");
    shop.hears(asks_for_it).await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.book(&fang(), "2026-03-05T09:45").await;
    shop.hears(parts()).await;
    shop.drain().await;
    shop.leaps_to("2026-03-04T10:00");
    shop.drain().await;
    shop.leaps_to("2026-03-05T09:30");
    shop.arrives(&anna()).await;
    shop.opens_order("R-1", "2026-03-05T09:40", json!({"appointment_ref": "A-1"})).await;
    shop.opens_order(
        "R-2",
        "2026-03-05T09:50",
        json!({"customer": fang().data, "vehicle": {"plate": "粤A54321"}, "advisor_ref": "adv-02"}),
    )
    .await;
    shop.leaps_to("2026-03-05T10:16");
    shop.drain().await;
    asks(&shop, "2026-03-05T11:00").await;
    shop.delivers("R-1", "2026-03-05T16:00", json!({"hours": {"sold": 6.0, "clocked": 8.0}})).await;
    shop.leaps_to("2026-03-05T19:00");
    shop.drain().await;
    let agent = shop.employs("agt-1", &["en", "zh-CN"]).await;
    shop.leaps_to("2026-03-06T16:30");
    shop.drain().await;
    let content = json!({"telephony_result": "answered", "outcome": "completed_satisfied", "answers": {"overall": 5, "fixed": true}});
    // Whom she calls first is the queue's to say.
    while let Some(at_hand) = shop.next(agent).await {
        let id = at_hand["task"]["id"].as_str().expect("an id").to_owned();
        let is_follow_up = at_hand["task"]["type"] == "follow_up";
        let word = if is_follow_up { content.clone() } else { json!({"telephony_result": "no_answer"}) };
        shop.says(agent, &id, word).await;
        if is_follow_up {
            break;
        }
    }
    shop.leaps_to("2026-03-12T10:00");
    for line in ["1", "2"] {
        shop.part(line, "received", &json!({})).await;
    }
    shop.drain().await;
    shop.advance("1h").await;
    shop
}

fn parts() -> Value {
    crate::shop::workshop::ordered(&json!({}))
}

/// Anna asks, and is answered two hours later.
async fn asks(shop: &Shop, at: &str) {
    shop.leaps_to(at);
    let who: Customer = anna();
    shop.hears(json!({"specversion": "1.0", "source": "/web", "type": "inquiry.received", "dealership": who.dealership,
        "data": {"ref": "Q-1", "channel": "web", "received_at": shop.now(), "subject": "Brakes", "body": "Noise", "customer": who.data}}))
        .await;
    shop.drain().await;
    shop.leaps_by("2h");
    let (status, answer) =
        shop.send("POST", "/v1/inquiries/Q-1/replies", &json!({"text": "Please come by.", "by": "adv-01"})).await;
    assert!(status < 300, "{answer}");
    shop.drain().await;
}
