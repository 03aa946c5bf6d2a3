//! What is on its way when somebody is erased, and what is heard of them later.
use aftercare::{jobs::Want, rights};
use serde_json::{Value, json};

use super::{CANARIES, Counter, SECRET, event, lives, zebulon};
use crate::{
    fakes::smtp::Act,
    inbound::signing,
    shop::{Shop, by_hand, local},
};

const PHONE: &str = "+8613900007777";

#[tokio::test]
async fn what_was_claimed_and_not_handed_over_does_not_leave() {
    let counter = Counter::open().await;
    let shop = &counter.shop;
    shop.book(&zebulon(), "2026-03-05T09:30").await;
    by_hand::turn(&shop.app.db, &shop.compose).await;
    let mut claimed = Vec::new();
    for post in &shop.post {
        for row in by_hand::claim(&shop.app.db, post, Want::Batch(10)).await {
            claimed.push((post, row));
        }
    }
    assert_eq!(claimed.len(), 2, "a mail and a text");
    counter.erases("C-777").await;
    for (post, row) in claimed {
        let done = by_hand::work(post, row).await;
        by_hand::record(&shop.app.db, post, vec![done]).await;
    }
    shop.drain().await;
    assert!(shop.phone(PHONE).is_empty() && shop.inbox("quartz@example.com").is_empty());
    assert_eq!(counter.rows_with(CANARIES).await, [""; 0]);
}

#[tokio::test]
async fn what_was_being_handed_over_is_not_sent_again_and_what_the_server_said_of_it_is_not_kept() {
    let later = |_| Act::AtDot("451 4.3.0 Quartzfeather is busy");
    let counter = Counter::opened(Shop::opening().mail(later).without_sms()).await;
    let shop = &counter.shop;
    shop.book(&zebulon(), "2026-03-05T09:30").await;
    by_hand::turn(&shop.app.db, &shop.compose).await;
    let mut handed = Vec::new();
    for post in &shop.post {
        for row in by_hand::claim(&shop.app.db, post, Want::Batch(10)).await {
            handed.push((post, by_hand::work(post, row).await));
        }
    }
    let sent = shop.mail.received().len();
    assert_eq!((handed.len(), sent), (1, 1));
    counter.erases("C-777").await;
    for (post, done) in handed {
        by_hand::record(&shop.app.db, post, vec![done]).await;
    }
    shop.drain().await;
    shop.advance("2h").await;
    assert_eq!(shop.mail.received().len(), sent, "there is nobody to send it to");
    assert_eq!(counter.rows_with(CANARIES).await, [""; 0]);
}

#[tokio::test]
async fn a_receipt_and_a_report_of_later_bring_no_address_back() {
    let counter = Counter::opened(signing().setting("SMS__RECEIPTS__SECRET", SECRET)).await;
    let shop = &counter.shop;
    shop.book(&zebulon(), "2026-03-05T09:30").await;
    shop.drain().await;
    let text = shop.items("/v1/messages?channel=sms").await.pop().expect("a text");
    let back_to =
        shop.mail.received().iter().find(|mail| mail.to == ["quartz@example.com"]).expect("a mail").from.clone();
    counter.erases("C-777").await;
    let receipt = json!({"id": text["provider_ref"], "status": "UNDELIV", "error": "absent", "to": PHONE});
    let (status, answer) = shop.call("POST", "/in/http/status", SECRET, Some(&receipt)).await;
    assert_eq!((status, &answer["taken"]), (200, &json!(1)), "{answer}");
    let report = "From: MAILER-DAEMON@mx.example\r\nSubject: Undelivered\r\nMessage-ID: <d1@mx.example>\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\
        Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; quartz@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n--b--\r\n";
    let row = shop.mailed(Some("quartz@example.com"), &back_to, report).await;
    assert_eq!(row.said(), "bounce applied mailbox_unknown");
    // Nor does a program that answers in their place.
    let away = "Auto-Submitted: auto-replied\r\n";
    let away = crate::inbound::mail("quartz@example.com", "Out of office", away, "Quartzfeather is away.");
    let row = shop.mailed(Some("quartz@example.com"), &back_to, &away).await;
    assert!(row.said().starts_with("auto_reply ignored"), "{}", row.said());
    assert_eq!(counter.rows_with(CANARIES).await, [""; 0]);
    let bytes: Vec<(Vec<u8>,)> =
        shop.app.db.read().await.expect("a connection").sql("SELECT bytes FROM mail_raw").all().await.expect("rows");
    assert!(!bytes.iter().any(|(one,)| String::from_utf8_lossy(one).contains("quartz")));
}

#[tokio::test]
async fn what_nobody_was_known_by_yet_and_what_the_counter_was_asked_go_too() {
    let counter = Counter::open().await;
    let shop = &counter.shop;
    let text = json!({"id": "in-0", "from": PHONE, "to": "+8610690000", "text": "help"});
    assert_eq!(shop.call("POST", "/in/http/inbound?dealership=gz-tianhe", SECRET, Some(&text)).await.0, 200);
    let mail = crate::inbound::mail(
        "quartz@example.com",
        "It squeals",
        "Auto-Submitted: auto-replied\r\n",
        "It squeals, says Quartzfeather.",
    );
    shop.mailed(Some("quartz@example.com"), "service@gz-tianhe.example", &mail).await;
    shop.book(&zebulon(), "2026-03-12T09:30").await;
    shop.drain().await;
    let body = json!({"dealership": "gz-tianhe", "appointment": "A-77", "by": "adv-01", "name": "Water pump",
        "part_no": "16100-39", "question": "For Quartzfeather: is one on the shelf?", "needed_at": local("2026-03-12T09:30")});
    assert_eq!(shop.does("POST", "/v1/parts-questions", body).await.0, 201);
    let help = json!({"dealership": "gz-tianhe", "subject": {"type": "appointment", "ref": "A-77"}, "by": "adv-01",
        "of": "service_manager", "words": "Quartzfeather wants to talk to you."});
    let (status, help) = shop.does("POST", "/v1/assists", help).await;
    assert_eq!(status, 201, "{help}");
    shop.drain().await;
    let customer = shop.get("/v1/customers/C-777?dealership=gz-tianhe").await;
    let id = customer["id"].as_str().expect("an id").parse().expect("an id");
    let told = rights::actions::export(&shop.app, id).await.expect("told");
    assert!(told.to_string().contains("wants to talk to you"), "{told}");
    let before = counter.rows_with(&["13900007777", "squeals", "quartz@example.com", "is one on the shelf"]).await;
    let is_there = |table: &str| before.iter().any(|row| row.starts_with(table));
    assert!(is_there("inbound_texts") && is_there("inbound_messages") && is_there("message_texts"), "{before:#?}");
    counter.erases("C-777").await;
    let mut canaries = CANARIES.to_vec();
    canaries.extend(["is one on the shelf", "wants to talk to you"]);
    assert_eq!(counter.rows_with(&canaries).await, [""; 0]);
}

#[tokio::test]
async fn later_words_about_their_things_are_not_kept_and_the_things_go_their_way() {
    let counter = Counter::open().await;
    lives(&counter).await;
    let shop = &counter.shop;
    counter.erases("C-777").await;
    let called_off = json!({"ref": "A-77", "at": shop.now(), "by": "customer", "reason": "Quartzfeather moved away"});
    shop.hears(event("appointment.cancelled", &called_off)).await;
    let items = json!([{"code": "B", "name": "Brake pads", "severity": "soon"}]);
    shop.hears(event("repair_order.work_found", &json!({"ref": "R-77", "items": items}))).await;
    let approved =
        json!({"ref": "R-77", "items": ["B"], "by": "Quartzfeather", "via": "phone", "reason_code": "squeals"});
    shop.hears(event("repair_order.work_approved", &approved)).await;
    let delivered = json!({"ref": "R-77", "at": shop.now(), "signed_by": "Quartzfeather"});
    shop.hears(event("repair_order.delivered", &delivered)).await;
    let replied = json!({"inquiry_ref": "Q-77", "replied_at": shop.now(), "by": "adv-01", "channel": "email",
        "body": "Dear Quartzfeather, it squeals."});
    shop.hears(event("inquiry.replied", &replied)).await;
    shop.hears(event("customer.merged", &json!({"ref": "C-777", "into_ref": "C-2"}))).await;
    shop.hears(event("customer.merged", &json!({"ref": "C-2", "into_ref": "C-777"}))).await;
    shop.drain().await;
    assert_eq!(shop.get("/v1/appointments/A-77").await["state"], "cancelled");
    let order = shop.get("/v1/repair-orders/R-77").await;
    assert_eq!(order["state"], "delivered", "{order}");
    assert_eq!(counter.rows_with(CANARIES).await, [""; 0]);
    let key = shop.key_for(None).await;
    assert_eq!(shop.call("GET", "/v1/customers/C-777", &key, None::<&Value>).await.0, 404);
}
