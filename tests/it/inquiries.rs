//! Questions, and the promise that each is answered within 24 hours.
mod answering;
mod approved;
mod canned;
mod enclosed;
mod handing_on;
mod promise;

use serde_json::{Value, json};

use crate::shop::{Customer, Opening, Shop, anna, local};

/// The people who are told at Tianhe.
pub(crate) const MANAGER: &str = "manager@gz-tianhe.example";
pub(crate) const DIRECTOR: &str = "director@gz-tianhe.example";
pub(crate) const ADVISOR: &str = "chen@gz-tianhe.example";

/// A dealership whose manager, director and one advisor can be written to, at this hour.
async fn tianhe(time: &str) -> Shop {
    staffed(Shop::opening(), time).await
}
/// The same of an unusual one.
pub(crate) async fn staffed(opening: Opening, time: &str) -> Shop {
    let shop = opening.open().await;
    shop.leaps_to(time);
    for (reference, role, email) in
        [("mgr-01", "service_manager", MANAGER), ("dir-01", "director", DIRECTOR), ("adv-01", "advisor", ADVISOR)]
    {
        let body = json!({"dealership": "gz-tianhe", "name": reference, "roles": [role], "languages": ["en"], "email": email, "active": true});
        let (status, answer) = shop.put(&format!("/v1/staff/{reference}"), &body).await;
        assert_eq!(status, 200, "{answer}");
    }
    shop
}

/// Somebody asks by the dealership's own site, now.
pub(crate) async fn asks(shop: &Shop, who: &Customer, reference: &str, words: &str) {
    let at = shop.now();
    shop.hears(json!({"specversion": "1.0", "source": "/web", "type": "inquiry.received", "dealership": who.dealership,
        "data": {"ref": reference, "channel": "web", "received_at": at, "subject": "Brake noise", "body": words, "customer": who.data}}))
        .await;
    shop.drain().await;
}

/// An answer by e-mail: status, code or state.
async fn answers(shop: &Shop, reference: &str, text: &str) -> String {
    let (status, answer) = write(shop, reference, &json!({"text": text, "by": "adv-01"})).await;
    said(status, &answer)
}
async fn write(shop: &Shop, reference: &str, body: &Value) -> (u16, Value) {
    shop.send("POST", &format!("/v1/inquiries/{reference}/replies"), body).await
}
fn said(status: u16, answer: &Value) -> String {
    format!("{status} {}", answer["code"].as_str().or(answer["state"].as_str()).unwrap_or_default())
}
async fn does(shop: &Shop, reference: &str, deed: &str, body: Value) -> String {
    let (status, answer) = shop.send("POST", &format!("/v1/inquiries/{reference}/{deed}"), &body).await;
    said(status, &answer)
}

/// The clocks of a thread, each with what became of it, on the dealership's wall.
async fn clocks(shop: &Shop, reference: &str) -> Vec<String> {
    let thread = shop.get(&format!("/v1/inquiries/{reference}")).await;
    let clocks = thread["clocks"].as_array().expect("clocks").clone();
    let show = |clock: &Value| {
        let at = |name: &str| clock[name].as_str().map_or("-".to_owned(), on_the_wall);
        format!("{} due {} stopped {} breached {}", at("opened_at"), at("due_at"), at("stopped_at"), at("breached_at"))
    };
    clocks.iter().map(show).collect()
}
fn on_the_wall(at: &str) -> String {
    let at: aftercare::clock::Timestamp = at.parse().expect("a time");
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").expect("a zone");
    at.in_zone(&zone).strftime("%d %H:%M").to_string()
}

/// What the record says of an inquiry, in order.
async fn record(shop: &Shop, customer: &str) -> Vec<String> {
    let lines = shop.items(&format!("/v1/timeline?limit=500&customer={customer}")).await;
    let mut lines: Vec<String> = lines
        .iter()
        .filter(|line| line["what"].as_str().is_some_and(|what| what.starts_with("inquiry.")))
        .map(|line| {
            let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
            format!("{} {} {}", on_the_wall(&text("at")), text("what"), text("reason")).trim().to_owned()
        })
        .collect();
    lines.sort();
    lines
}

/// The reply to this inquiry comes back, as a report tells it.
async fn comes_back(shop: &Shop, reference: &str) {
    let thread = shop.get(&format!("/v1/inquiries/{reference}")).await;
    let entries = thread["thread"].as_array().expect("a thread");
    let reply = entries.iter().rev().find(|entry| entry["author"] == "person").expect("a reply");
    ends_badly(shop, reply["notice"].as_str().expect("a notice")).await;
}

/// The message of this notice comes back.
async fn ends_badly(shop: &Shop, notice: &str) {
    let notice = notice.parse().expect("an id");
    let app = shop.app.clone();
    let done = shop.app.db.write(aftercare::db::Weight::ONE, move |tx| {
        let app = app.clone();
        Box::pin(async move {
            let mut desk = aftercare::desk::Desk::open(tx, &app);
            let ended = [(notice, aftercare::messages::State::Undelivered)];
            aftercare::inquiries::actions::replies_ended(&mut desk, &ended).await?;
            desk.close().await
        })
    });
    done.await.expect("committed");
    shop.drain().await;
}

/// Ten minutes before the doors close for Sunday.
fn saturday() -> &'static str {
    "2026-03-07T17:50"
}
