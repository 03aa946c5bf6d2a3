//! What customers are asked after a visit, what they answer, and what is done about those who are not happy.
mod asking;
mod cases;
mod history;
mod pages;
mod report;

use serde_json::{Value, json};

use crate::shop::{Customer, Opening, Shop, local, with};

pub(crate) const ANNA: &str = "anna@example.com";

/// A shop that asks by survey only.
pub(crate) fn in_writing() -> Opening {
    Shop::opening().setting("FOLLOW_UP__MODE", "survey")
}

pub(crate) fn fact(kind: &str, data: Value) -> Value {
    let mut event = json!({"specversion": "1.0", "source": "/dms/gz-tianhe", "type": kind, "dealership": "gz-tianhe"});
    event["data"] = data;
    event
}

impl Shop {
    /// A car comes in and is handed back at `delivered`, which is when the clock stands then.
    pub(crate) async fn hands_back(&self, customer: &Customer, order: &str, delivered: &str, more: Value) {
        let at = local(delivered);
        self.leaps_to(delivered);
        let mut data = json!({"ref": order, "opened_at": at.minus(jiff::SignedDuration::from_hours(2)), "customer": customer.data,
            "vehicle": {"vin": "JTHBJ46G9A2345678", "plate": "粤A12345"}, "advisor_ref": "adv-01", "jobs": [{"code": "S", "name": "Service"}]});
        for (key, value) in more.as_object().into_iter().flatten() {
            data[key] = value.clone();
        }
        let mut opened = fact("repair_order.opened", data);
        opened["time"] = json!(at.minus(jiff::SignedDuration::from_hours(2)));
        self.hears(opened).await;
        self.hears(with(fact("repair_order.delivered", json!({"ref": order})), "at", json!(at))).await;
    }
    /// Survey by survey: ref, state and reason.
    pub(crate) async fn surveys(&self) -> Vec<String> {
        let mut tx = self.app.db.read().await.expect("a connection");
        let rows: Vec<(String, String, Option<String>)> =
            tx.sql("SELECT ref, state, reason FROM surveys ORDER BY ref").all().await.expect("rows");
        let said = |(order, state, reason): (String, String, Option<String>)| {
            format!("{order} {state} {}", reason.unwrap_or_default()).trim().to_owned()
        };
        rows.into_iter().map(said).collect()
    }
    /// The path of the link in the newest letter to this address.
    pub(crate) fn link(&self, address: &str) -> String {
        let mails = self.inbox(address);
        let with_link = mails.iter().rev().find_map(|mail| {
            let at = mail.text.find("/s/s1.")?;
            Some(mail.text[at..].split_whitespace().next().expect("a word").to_owned())
        });
        with_link.expect("a letter with a link")
    }
    pub(crate) async fn responses(&self) -> Vec<Value> {
        self.items("/v1/surveys/responses?limit=500").await
    }
    /// Asked by letter, and the page is open.
    pub(crate) async fn asked(&self, customer: &Customer, order: &str, delivered: &str) -> String {
        self.hands_back(customer, order, delivered, json!({})).await;
        self.advance("5h").await;
        self.link(customer.data["email"].as_str().expect("an address"))
    }
    /// Somebody with a role, reached by their ref at the dealership's domain.
    pub(crate) async fn hires(&self, reference: &str, role: &str) {
        let body = json!({"dealership": "gz-tianhe", "name": reference, "roles": [role], "languages": ["en"],
            "email": format!("{reference}@gz.example"), "active": true});
        let (status, answer) = self.does("PUT", &format!("/v1/staff/{reference}"), body).await;
        assert_eq!(status, 200, "{answer}");
    }
}
