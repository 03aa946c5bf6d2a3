//! Whom the house made a customer by itself, before the dealer's system told who they are.
use aftercare::{fsck, rights};
use serde_json::{Value, json};

use super::{CANARIES, Counter, event, zebulon};
use crate::{
    inbound::mail,
    shop::{fang, local},
};

const MADE: [&str; 2] = ["email:quartz@example.com", "phone:+8613900007777"];

/// A mail and a form, of somebody whom no system has named; then the dealer's system names them.
async fn asks_before_they_are_known(counter: &Counter) {
    let shop = &counter.shop;
    let asked = mail("quartz@example.com", "A noise", "", "It squeals, says Quartzfeather.");
    shop.mailed(Some("quartz@example.com"), "service@gz-tianhe.example", &asked).await;
    let form = json!({"ref": "Q-1", "channel": "web", "received_at": local("2026-03-02T09:00"), "body": "It squeals still.",
        "customer": {"name": "Quartzfeather", "phones": [{"number": "139 0000 7777"}]}});
    shop.hears(event("inquiry.received", &form)).await;
    shop.drain().await;
    shop.leaps_by("1m");
    shop.book(&zebulon(), "2026-03-05T09:30").await;
    for made in MADE {
        assert_ne!(counter.customer(made).await.id, counter.customer("C-777").await.id, "{made} is by itself");
    }
}

#[tokio::test]
async fn whom_the_house_made_of_their_mail_and_their_form_goes_with_them() {
    let counter = Counter::open().await;
    asks_before_they_are_known(&counter).await;
    let customer = counter.customer("C-777").await;
    let mut people = vec![customer.id];
    for made in MADE {
        people.push(counter.customer(made).await.id);
    }
    // Told first what is kept of them: that of the three.
    let told = rights::actions::export(&counter.shop.app, customer.id).await.expect("told");
    let refs = |list: &Value| -> Vec<String> {
        let rows = list.as_array().expect("a list").iter();
        rows.map(|row| row["ref"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let mut known = refs(&told["customers"]);
    known.sort_unstable();
    assert_eq!(known, ["C-777", MADE[0], MADE[1]]);
    assert_eq!(told["inquiries"].as_array().map(Vec::len), Some(2), "{told:#}");
    counter.erases("C-777").await;
    assert_eq!(counter.rows_with(CANARIES).await, [""; 0]);
    assert_eq!(fsck::check(&counter.shop.app).await.expect("checked"), []);
    let mut written = counter.journal.read().expect("lines").pop().expect("a line").people;
    written.sort_unstable();
    people.sort_unstable();
    assert_eq!(written, people, "a restored backup has them apart again");
    let key = counter.shop.key_for(None).await;
    for made in MADE {
        assert_eq!(counter.shop.call("GET", &format!("/v1/customers/{made}"), &key, None).await.0, 404);
    }
}

#[tokio::test]
async fn whom_the_house_made_of_a_telephone_that_two_have_stays() {
    let counter = Counter::open().await;
    asks_before_they_are_known(&counter).await;
    let wife = fang().with("phones", json!([{"number": "139 0000 7777"}]));
    counter.shop.book(&wife, "2026-03-06T09:30").await;
    counter.erases("C-777").await;
    let key = counter.shop.key_for(None).await;
    let of = |reference: &str| format!("/v1/customers/{reference}");
    assert_eq!(counter.shop.call("GET", &of(MADE[0]), &key, None).await.0, 404, "the mail was theirs alone");
    assert_eq!(counter.shop.call("GET", &of(MADE[1]), &key, None).await.0, 200, "the telephone may be hers");
    assert_eq!(counter.shop.call("GET", &of("C-2"), &key, None).await.0, 200);
}

async fn is_there(counter: &Counter, reference: &str) -> bool {
    let key = counter.shop.key_for(None).await;
    counter.shop.call("GET", &format!("/v1/customers/{reference}"), &key, None).await.0 == 200
}

async fn writes_by_form(counter: &Counter, reference: &str, customer: Value) {
    let form = json!({"ref": reference, "channel": "web", "received_at": counter.shop.now(), "body": "Are you open?", "customer": customer});
    counter.shop.hears(event("inquiry.received", &form)).await;
    counter.shop.drain().await;
    counter.shop.leaps_by("1m");
}

#[tokio::test]
async fn who_was_made_one_with_somebody_that_a_system_knows_stays() {
    let counter = Counter::open().await;
    let shop = &counter.shop;
    writes_by_form(&counter, "Q-1", json!({"phones": [{"number": "139 0000 7777"}]})).await;
    shop.book(&fang().with("ref", "D-9"), "2026-03-06T09:30").await;
    assert_eq!(shop.does("POST", "/v1/customers/D-9/merge", json!({"into": MADE[1]})).await.0, 200);
    shop.book(&zebulon(), "2026-03-05T09:30").await;
    let customer = counter.customer("C-777").await;
    let told = rights::actions::export(&shop.app, customer.id).await.expect("told");
    assert_eq!(told["customers"].as_array().map(Vec::len), Some(1), "nobody else is told of: {told:#}");
    counter.erases("C-777").await;
    assert!(!is_there(&counter, "C-777").await && is_there(&counter, "D-9").await);
    assert_eq!(shop.get("/v1/customers/D-9").await["id"], shop.get(&format!("/v1/customers/{}", MADE[1])).await["id"]);
}

#[tokio::test]
async fn somebody_whom_a_system_told_of_without_a_number_stays() {
    let counter = Counter::open().await;
    let shop = &counter.shop;
    // She has the family's e-mail and nothing else, and a visit.
    let wife = json!({"email": "quartz@example.com"});
    let mut booked = fang().books("2026-03-06T09:30", shop.now());
    booked["data"]["customer"] = wife;
    shop.hears(booked).await;
    shop.drain().await;
    shop.leaps_by("1m");
    shop.book(&zebulon(), "2026-03-05T09:30").await;
    counter.erases("C-777").await;
    assert!(!is_there(&counter, "C-777").await && is_there(&counter, MADE[0]).await);
}

#[tokio::test]
async fn who_wrote_from_their_telephone_under_another_name_or_with_an_address_of_their_own_stays() {
    let phones = json!([{"number": "139 0000 7777"}]);
    for hers in [json!({"name": "Lin Wei", "phones": phones}), json!({"email": "lin@example.com", "phones": phones})] {
        let counter = Counter::open().await;
        writes_by_form(&counter, "Q-1", hers.clone()).await;
        counter.shop.book(&zebulon(), "2026-03-05T09:30").await;
        counter.erases("C-777").await;
        assert!(!is_there(&counter, "C-777").await && is_there(&counter, MADE[1]).await, "{hers}");
    }
}

#[tokio::test]
async fn whom_the_house_made_of_an_openid_goes_with_them_and_one_that_is_alike_stays() {
    let counter = Counter::open().await;
    let follower = |openid: &str| json!({"ref": format!("wechat:{openid}"), "wechat_openid": openid});
    writes_by_form(&counter, "Q-1", follower("oQuartz")).await;
    writes_by_form(&counter, "Q-2", follower("oQUARTZ")).await;
    counter.shop.book(&zebulon().with("wechat_openid", "oQuartz"), "2026-03-05T09:30").await;
    counter.erases("C-777").await;
    assert!(!is_there(&counter, "wechat:oQuartz").await && is_there(&counter, "wechat:oQUARTZ").await);
}
