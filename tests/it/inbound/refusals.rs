//! Who wants no more of our mail, and says so by mail.
use serde_json::json;

use super::{ANNA, mail, signing};
use crate::{
    pages::maintenance_is_due,
    shop::{Shop, anna},
};

async fn told() -> Shop {
    let shop = signing().open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    shop
}

async fn suppressed(shop: &Shop) -> Vec<String> {
    let mut tx = shop.app.db.read().await.expect("a connection");
    let rows: Vec<(String, String, String)> =
        tx.sql("SELECT coalesce(address, '-'), scope, reason FROM suppressions ORDER BY id").all().await.expect("rows");
    rows.into_iter().map(|(address, scope, reason)| format!("{address} {scope} {reason}")).collect()
}

#[tokio::test]
async fn the_unsubscribe_address_and_a_subject_are_heard() {
    let shop = told().await;
    let to = shop.reply_to(ANNA);
    // The address is another one with another signature: nobody makes it from this one.
    let wrong = to.replacen("r+", "u+", 1);
    let row = shop.mailed(Some("x@evil.example"), &wrong, &mail("x@evil.example", "hello", "", "")).await;
    assert_eq!(row.said(), "person ignored no_dealership");
    assert!(suppressed(&shop).await.is_empty());
    let message = shop.message("A-1", "email").await["id"].as_str().expect("an id").parse().expect("an id");
    let right = shop.app.addresses.get().await.expect("addresses").opt_out(message).expect("a domain");
    let row = shop.mailed(Some("a.weber@work.example"), &right, &mail("a.weber@work.example", "x", "", "")).await;
    assert_eq!(row.said(), "opt_out applied unsubscribe_address");
    let row = shop.mailed(Some(ANNA), "gz-tianhe@in.dealer.example", &mail(ANNA, "unsubscribe", "", "")).await;
    assert_eq!(row.said(), "opt_out applied subject");
    assert_eq!(suppressed(&shop).await, ["anna@example.com marketing customer", "anna@example.com marketing customer"]);
    // A visit that she booked is still told of.
    shop.leaps_by("5m");
    shop.moves(&anna(), "2026-03-06T14:00").await;
    shop.drain().await;
    assert_eq!(shop.subjects(ANNA).len(), 2);
}

#[tokio::test]
async fn a_program_leaves_a_list_by_the_address_that_its_mail_names() {
    let shop = signing().open().await;
    let consent = json!([{"purpose": "marketing", "action": "grant", "at": "2026-02-01T00:00:00Z", "source": "form"}]);
    let customer = anna().with("consents", consent).with("preferred_channel", "email");
    shop.book(&customer, "2026-03-20T09:30").await;
    let vehicle =
        json!({"vin": "JTHBJ46G9A2345678", "next_service_at": "2026-03-12T01:00:00Z", "next_service_km": 40_000});
    shop.hears(json!({"specversion": "1.0", "source": "/dms/gz-tianhe", "type": "vehicle.upserted", "dealership": "gz-tianhe", "data": vehicle}))
        .await;
    shop.drain().await;
    maintenance_is_due(&shop, 1).await;
    let bytes = shop.inbox(ANNA).pop().expect("a mail").bytes;
    let letter = mail_parser::MessageParser::default().parse(&bytes).expect("a mail");
    let list: String = letter.header_raw("List-Unsubscribe").expect("a list").split_whitespace().collect();
    let (click, to) = list.split_once(",<mailto:").expect("two ways");
    assert!(click.starts_with("<http"), "the click comes first: {list}");
    let raw = mail(ANNA, "unsubscribe", "", "");
    let row = shop.mailed(Some(ANNA), to.trim_end_matches('>'), &raw).await;
    assert_eq!(row.said(), "opt_out applied unsubscribe_address");
    let before = shop.inbox(ANNA).len();
    shop.leaps_to("2026-03-12T10:00");
    maintenance_is_due(&shop, 2).await;
    assert_eq!(shop.inbox(ANNA).len(), before);
}

#[tokio::test]
async fn a_complaint_about_our_mail_refuses_marketing_and_one_about_another_nothing() {
    let shop = told().await;
    let arf = include_str!("../../data/mail/complaint_arf.eml");
    let row = shop.mailed(Some(""), "gz-tianhe@in.dealer.example", arf).await;
    assert_eq!(row.said(), "complaint ignored about_nothing_of_ours");
    let id = shop.message("A-1", "email").await["id"].as_str().expect("an id").to_owned();
    let ours = arf.replace("msg_01a2076b440077078707070707070707", &id);
    let row = shop.mailed(Some(""), "gz-tianhe@in.dealer.example", &ours).await;
    assert_eq!(row.said(), "complaint applied marketing_refused");
    assert_eq!(suppressed(&shop).await, ["anna@example.com marketing complaint"]);
}
