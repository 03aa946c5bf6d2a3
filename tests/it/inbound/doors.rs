//! The doors for mail: LMTP over the wire, and `POST /in/email`.
use axum::{body::Body, http::Request};
use tower::ServiceExt;

use super::{ANNA, Client, mail, signing};
use crate::shop::{Shop, anna};

const SHOP: &str = "gz-tianhe@in.dealer.example";

async fn greeted(shop: &Shop) -> Client {
    let mut client = Client::connect(shop.opens_lmtp().await).await;
    assert!(client.hears().await.starts_with("220 "));
    assert!(client.says("LHLO mx.example").await.starts_with("250 SIZE "));
    client
}

#[tokio::test]
async fn a_mail_for_two_is_answered_for_each_and_stored_before_it_is() {
    let shop = signing().open().await;
    let mut client = greeted(&shop).await;
    assert_eq!(client.says("MAIL FROM:<anna@example.com> SIZE=300 BODY=8BITMIME").await, "250 2.1.0 go on");
    assert_eq!(client.says(&format!("RCPT TO:<{SHOP}>")).await, "250 2.1.5 go on");
    assert_eq!(client.says("RCPT TO:<nobody@in.dealer.example>").await, "550 5.1.1 nobody here has this address");
    assert_eq!(client.says("RCPT TO:<service@sh-pudong.example>").await, "250 2.1.5 go on");
    assert!(client.says("DATA").await.starts_with("354 "));
    client.sends(&format!("{}..dots\r\n.\r\n", mail(ANNA, "question", "", "When?"))).await;
    assert_eq!(client.hears().await, "250 2.0.0 stored");
    assert_eq!(client.hears().await, "250 2.0.0 stored");
    assert_eq!(shop.inbound_mails().await.len(), 2);
    assert_eq!(client.says("QUIT").await, "221 2.0.0 goodbye");
    assert_eq!(client.hears().await, "closed");
    shop.drain().await;
    assert!(shop.inbound_mails().await.iter().all(|row| row.said() == "person applied -"));
}

#[tokio::test]
async fn everything_in_one_packet_is_answered_in_order() {
    let shop = signing().open().await;
    let mut client = greeted(&shop).await;
    let mail = mail(ANNA, "question", "", "When?");
    client
        .sends(&format!(
            "NOOP\r\nMAIL FROM:<>\r\nRCPT TO:<{SHOP}>\r\nDATA\r\n{mail}.\r\nMAIL FROM:<{ANNA}>\r\nRCPT TO:<{SHOP}>\r\nDATA\r\n{mail}.\r\nQUIT\r\n"
        ))
        .await;
    let mut heard = Vec::new();
    for _ in 0..10 {
        heard.push(client.hears().await.chars().take(3).collect::<String>());
    }
    assert_eq!(heard, ["250", "250", "250", "354", "250", "250", "250", "354", "250", "221"]);
    assert_eq!(shop.inbound_mails().await.len(), 2);
    shop.drain().await;
}

#[tokio::test]
async fn words_out_of_order_are_refused_and_too_many_end_the_talk() {
    let shop = signing().open().await;
    let mut client = Client::connect(shop.opens_lmtp().await).await;
    client.hears().await;
    for (said, heard) in [
        ("MAIL FROM:<a@b.example>", "503 5.5.1 say LHLO first"),
        ("EHLO mx", "500 5.5.1 this is LMTP: say LHLO"),
        ("RCPT TO:<a@b.example>", "503 5.5.1 say MAIL first"),
        ("DATA", "503 5.5.1 nobody to give it to"),
        ("TURN", "500 5.5.2 not known here"),
    ] {
        assert_eq!(client.says(said).await, heard);
    }
    assert_eq!(client.says(&"x".repeat(5_000)).await, "500 5.5.2 that line is too long or no text");
    client.says("LHLO mx").await;
    assert_eq!(client.says("MAIL FROM:a@b").await, "501 5.5.4 MAIL FROM:<address>");
    assert!(client.says("MAIL FROM:<a@b.example> SIZE=99999999999").await.starts_with("552 5.3.4"));
    let mut last = String::new();
    for _ in 0..30 {
        last = client.says("EHLO mx").await;
        if last.starts_with("421") {
            break;
        }
    }
    assert_eq!(last, "421 4.7.0 too many mistakes");
    assert_eq!(client.hears().await, "closed");
}

#[tokio::test]
async fn a_mail_over_the_limit_is_refused_for_good_and_the_next_one_is_taken() {
    let shop = signing().setting("INBOUND__SIZE_LIMIT", "20000").open().await;
    let mut client = greeted(&shop).await;
    for (text, heard) in
        [("x".repeat(30_000), "552 5.3.4 that is larger than we take"), ("short".to_owned(), "250 2.0.0 stored")]
    {
        client.says(&format!("MAIL FROM:<{ANNA}>")).await;
        client.says(&format!("RCPT TO:<{SHOP}>")).await;
        client.says("DATA").await;
        client.sends(&format!("{}.\r\n", mail(ANNA, "size", "", &text))).await;
        assert_eq!(client.hears().await, heard);
    }
    shop.drain().await;
}

#[tokio::test]
async fn too_many_waiting_mails_and_connections_are_asked_to_come_again() {
    let shop = signing().setting("INBOUND__MOST_WAITING", "2").setting("INBOUND__LMTP__CONNECTIONS", "1").open().await;
    for n in 0..3 {
        let raw = mail(ANNA, "question", "", &format!("number {n}"));
        shop.arrives_by_mail(Some(ANNA), SHOP, &raw).await.expect("stored");
    }
    let address = shop.opens_lmtp().await;
    let mut client = Client::connect(address).await;
    client.hears().await;
    client.says("LHLO mx").await;
    let mut other = Client::connect(address).await;
    assert_eq!(other.hears().await, "421 4.3.2 too many connections, come again");
    for heard in ["452 4.3.1 too many mails wait to be read, come again", "250 2.0.0 stored"] {
        client.says(&format!("MAIL FROM:<{ANNA}>")).await;
        client.says(&format!("RCPT TO:<{SHOP}>")).await;
        client.says("DATA").await;
        client.sends(&format!("{}.\r\n", mail(ANNA, "question", "", "number 4"))).await;
        assert_eq!(client.hears().await, heard);
        shop.drain().await;
    }
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed_and_one_at_the_stop_too() {
    let shop = signing().setting("INBOUND__LMTP__SILENCE", "200ms").open().await;
    let mut client = greeted(&shop).await;
    assert_eq!(client.hears().await, "closed");
    let shop = signing().open().await;
    let mut client = greeted(&shop).await;
    shop.app.stopping.cancel();
    assert_eq!(client.hears().await, "421 4.3.2 stopping, come again");
}

#[tokio::test]
async fn a_mail_whose_sender_hangs_up_before_its_end_is_not_stored() {
    let shop = signing().open().await;
    let mut client = greeted(&shop).await;
    client.says(&format!("MAIL FROM:<{ANNA}>")).await;
    client.says(&format!("RCPT TO:<{SHOP}>")).await;
    client.says("DATA").await;
    client.sends("From: a@b.example\r\n\r\nhalf a ma").await;
    drop(client);
    let mut next = greeted(&shop).await;
    next.says("NOOP").await;
    assert!(shop.inbound_mails().await.is_empty());
}

/// The answer to `POST /in/email`.
async fn posted(shop: &Shop, query: &str, authorization: &str, body: String) -> (u16, String) {
    let request = Request::post(format!("/in/email?{query}"))
        .header("authorization", authorization)
        .header("content-type", "message/rfc822")
        .body(Body::from(body))
        .expect("a request");
    let router = crate::contract::router(shop.app.clone());
    let response = router.oneshot(request).await.expect("an answer");
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), 100_000).await.expect("a body");
    (status, String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test]
async fn a_mail_by_http_needs_the_secret_and_may_be_large() {
    let shop = signing().setting("INBOUND__EMAIL__SECRET", "sixteen characters and more").open().await;
    let right = "Bearer sixteen characters and more";
    let query = format!("from={ANNA}&to={SHOP}");
    let large = mail(ANNA, "photos", "", &"x".repeat(6 << 20));
    assert_eq!(posted(&shop, &query, "Bearer wrong", "x".to_owned()).await.0, 401);
    assert_eq!(posted(&shop, &query, right, large.clone()).await, (202, r#"{"accepted":1}"#.to_owned()));
    assert_eq!(posted(&shop, &query, right, large).await, (202, r#"{"accepted":0}"#.to_owned()));
    // Basic, as providers send it: any name, the secret as password.
    let basic = "Basic aG9vazpzaXh0ZWVuIGNoYXJhY3RlcnMgYW5kIG1vcmU=";
    assert_eq!(posted(&shop, &query, basic, mail(ANNA, "a", "", "b")).await.0, 202);
    let (status, problem) = posted(&shop, "to=nobody@in.dealer.example", right, mail(ANNA, "a", "", "b")).await;
    assert!(status == 422 && problem.contains("unknown_recipient"), "{status} {problem}");
    assert_eq!(posted(&shop, "", right, mail(ANNA, "a", "", "b")).await.0, 422);
    assert_eq!(posted(&shop, &query, right, "x".repeat(27 << 20)).await.0, 413);
    shop.drain().await;
    let without = Shop::open().await;
    assert_eq!(posted(&without, &query, right, "x".to_owned()).await.0, 404);
}

#[tokio::test]
async fn what_we_send_tells_programs_not_to_answer() {
    let shop = signing().open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    let mail = String::from_utf8(shop.inbox(ANNA).pop().expect("a mail").bytes).expect("ASCII");
    assert!(mail.contains("Auto-Submitted: auto-generated\r\n") && mail.contains("X-Auto-Response-Suppress: All\r\n"));
}
