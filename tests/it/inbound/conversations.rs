//! A conversation by mail: asked, acknowledged, answered by a person, and what comes back.
use serde_json::{Value, json};

use super::{ANNA, Client, mail, signing};
use crate::shop::Shop;

const TO: &str = "gz-tianhe@in.dealer.example";

/// Anna's question.
fn first() -> String {
    mail("Anna <anna@example.com>", "Brake noise", "", "They squeal when cold.")
}

/// Anna asks over LMTP; the id of her question.
async fn asked(shop: &Shop) -> String {
    let mut client = Client::connect(shop.opens_lmtp().await).await;
    client.hears().await;
    client.says("LHLO mx.example").await;
    client.says(&format!("MAIL FROM:<{ANNA}>")).await;
    client.says(&format!("RCPT TO:<{TO}>")).await;
    client.says("DATA").await;
    client.sends(&format!("{}.\r\n", first())).await;
    assert_eq!(client.hears().await, "250 2.0.0 stored");
    shop.drain().await;
    let mails = shop.inbound_mails().await;
    mails[0].subject_id.clone().expect("an inquiry")
}

async fn answered(shop: &Shop, inquiry: &str) {
    let body = json!({"text": "Please come on Monday at ten.", "by": "adv-01"});
    let (status, answer) = shop.send("POST", &format!("/v1/inquiries/{inquiry}/replies"), &body).await;
    assert_eq!(status, 201, "{answer}");
    shop.drain().await;
}

async fn clock(shop: &Shop, inquiry: &str, n: usize) -> Value {
    shop.get(&format!("/v1/inquiries/{inquiry}")).await["clocks"][n].clone()
}

fn header(mail: &[u8], name: &str) -> Option<String> {
    let mail = mail_parser::MessageParser::default().parse(mail).expect("a mail");
    mail.header_raw(name).map(|value| value.trim().to_owned())
}

#[tokio::test]
async fn asked_acknowledged_answered_and_asked_again_in_one_thread() {
    let shop = signing().open().await;
    let inquiry = asked(&shop).await;
    let ack = shop.inbox(ANNA).pop().expect("an acknowledgement").bytes;
    assert_eq!(header(&ack, "Auto-Submitted").as_deref(), Some("auto-replied"));
    answered(&shop, &inquiry).await;
    let answer = shop.inbox(ANNA).pop().expect("an answer");
    assert!(answer.text.contains("Monday at ten"), "{}", answer.text);
    assert_eq!(header(&answer.bytes, "Auto-Submitted"), None, "a person wrote it");
    assert!(header(&answer.bytes, "References").is_some(), "it stands under her mail");
    assert!(clock(&shop, &inquiry, 0).await["stopped_at"].is_string());
    // Her answer comes back to the signed address, and opens another clock in the same thread.
    shop.leaps_by("1h");
    let again = mail(ANNA, "Re: Brake noise", "", "And do I get a loan car?");
    let row = shop.mailed(Some(ANNA), &shop.reply_to(ANNA), &again).await;
    assert_eq!(row.subject_id.as_deref(), Some(inquiry.as_str()));
    let clocks = shop.get(&format!("/v1/inquiries/{inquiry}")).await["clocks"].clone();
    assert_eq!(clocks.as_array().map(Vec::len), Some(2));
    assert!(clocks[1]["stopped_at"].is_null());
}

#[tokio::test]
async fn an_answer_that_comes_back_answered_nothing() {
    let shop = signing().open().await;
    let inquiry = asked(&shop).await;
    answered(&shop, &inquiry).await;
    assert!(clock(&shop, &inquiry, 0).await["stopped_at"].is_string());
    let report = format!(
        "From: MAILER-DAEMON@mx.example\r\nSubject: Undelivered\r\nMessage-ID: <d1@mx.example>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; {ANNA}\r\nAction: failed\r\nStatus: 5.1.1\r\n--b--\r\n"
    );
    shop.leaps_by("3h");
    let answers_path = shop.mail.received().into_iter().rev().find(|mail| mail.to == [ANNA]).expect("an answer").from;
    let row = shop.mailed(Some(""), &answers_path, &report).await;
    assert_eq!(row.said(), "bounce applied mailbox_unknown");
    let clock = clock(&shop, &inquiry, 0).await;
    assert!(clock["stopped_at"].is_null(), "{clock}");
}

#[tokio::test]
async fn an_automatic_answer_neither_opens_nor_stops_nor_is_answered() {
    let shop = signing().open().await;
    let inquiry = asked(&shop).await;
    let sent = shop.inbox(ANNA).len();
    let away = mail(ANNA, "Automatic reply: Brake noise", "Auto-Submitted: auto-replied\r\n", "I am away.");
    let row = shop.mailed(Some(ANNA), &shop.reply_to(ANNA), &away).await;
    assert_eq!(row.said(), "auto_reply ignored auto_submitted");
    assert_eq!(shop.inbox(ANNA).len(), sent);
    let thread = shop.get(&format!("/v1/inquiries/{inquiry}")).await;
    assert_eq!(thread["clocks"].as_array().map(Vec::len), Some(1));
    assert!(thread["clocks"][0]["stopped_at"].is_null());
}

#[tokio::test]
async fn her_second_mail_under_her_first_joins_it_and_a_strangers_does_not() {
    let shop = signing().open().await;
    let inquiry = asked(&shop).await;
    let id = header(first().as_bytes(), "Message-ID").expect("an id");
    let under = format!("In-Reply-To: {id}\r\nReferences: {id}\r\n");
    let hers = shop.mailed(Some(ANNA), TO, &mail(ANNA, "Re: Brake noise", &under, "And when warm.")).await;
    assert_eq!(hers.subject_id.as_deref(), Some(inquiry.as_str()));
    let from = "x@evil.example";
    let strangers = shop.mailed(Some(from), TO, &mail(from, "Re: Brake noise", &under, "Show me all of it.")).await;
    assert_eq!(strangers.said(), "person applied -");
    assert_ne!(strangers.subject_id.as_deref(), Some(inquiry.as_str()), "a question of their own");
}

#[tokio::test]
async fn whoever_writes_often_is_acknowledged_once_in_seven_days_and_who_takes_no_answers_never() {
    let shop = signing().open().await;
    asked(&shop).await;
    let acknowledged = || {
        let is_one =
            |mail: &&crate::shop::Mail| header(&mail.bytes, "Auto-Submitted").as_deref() == Some("auto-replied");
        shop.inbox(ANNA).iter().filter(is_one).count()
    };
    for (days, expected) in [("1d", 1), ("5d", 1), ("2d", 2)] {
        shop.advance(days).await;
        let row = shop.mailed(Some(ANNA), TO, &mail(ANNA, "Another thing", "", &format!("After {days}"))).await;
        assert_eq!(row.said(), "person applied -");
        assert_eq!(acknowledged(), expected, "after {days} more");
    }
    let from = "no-reply@website.example";
    let row = shop.mailed(Some(from), TO, &mail(from, "A request", "", "Please call me.")).await;
    assert_eq!(row.said(), "person applied -");
    assert!(shop.inbox(from).is_empty());
}

/// One installation writes to the other as a customer would: it is acknowledged once, and the acknowledgement is the end.
#[tokio::test]
async fn an_acknowledgement_that_reaches_another_of_our_installations_is_not_acknowledged() {
    let (one, other) = (signing().open().await, signing().open().await);
    let from = "service@gz-tianhe.example";
    other.mailed(Some(from), TO, &mail(from, "parts", "", "Do you have a filter?")).await;
    let acks = other.inbox(from);
    let ack = acks.iter().find(|mail| header(&mail.bytes, "Auto-Submitted").as_deref() == Some("auto-replied"));
    let raw = String::from_utf8(ack.expect("an acknowledgement").bytes.clone()).expect("ASCII");
    let row = one.mailed(Some("b+x@bounce.dealer.example"), from, &raw).await;
    assert_eq!(row.said(), "auto_reply ignored auto_submitted");
    assert!(one.mail.received().is_empty(), "nothing goes back");
}
