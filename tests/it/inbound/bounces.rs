//! Reports about our mail: what they do to the message, the address and the track; and which are believed.
use super::{ANNA, signing};
use crate::shop::{Shop, anna};

/// A report as Postfix writes it.
fn report(address: &str, action: &str, status: &str, words: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.example\r\nTo: bounce\r\nSubject: Undelivered Mail\r\nMessage-ID: <r{status}{action}@mx.example>\r\n\
         Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nnot delivered\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; {address}\r\nAction: {action}\r\nStatus: {status}\r\n\
         Diagnostic-Code: smtp; {words}\r\n--b--\r\n"
    )
}

/// Anna has her confirmation by mail and by SMS.
async fn told() -> Shop {
    let shop = signing().open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    shop
}

/// State and reason of the newest mail about her appointment.
async fn message(shop: &Shop) -> String {
    let message = shop.message("A-1", "email").await;
    format!("{} {}", message["state"].as_str().unwrap_or_default(), message["reason"].as_str().unwrap_or("-"))
}

async fn addresses(shop: &Shop) -> Vec<String> {
    let mut tx = shop.app.db.read().await.expect("a connection");
    let rows: Vec<(String, String)> = tx
        .sql("SELECT validity, coalesce(invalid_reason, '-') FROM contact_points WHERE type = 'email'")
        .all()
        .await
        .expect("rows");
    rows.into_iter().map(|(validity, reason)| format!("{validity} {reason}")).collect()
}

#[tokio::test]
async fn a_mailbox_that_does_not_exist_ends_its_track_and_the_address() {
    let shop = told().await;
    let back_to = shop.return_path();
    assert!(back_to.starts_with("b+") && back_to.ends_with("@bounce.dealer.example"), "{back_to}");
    let row = shop.mailed(Some(""), &back_to, &report(ANNA, "failed", "5.1.1", "550 5.1.1 unknown user")).await;
    assert_eq!(row.said(), "bounce applied mailbox_unknown");
    assert_eq!(message(&shop).await, "undelivered mailbox_unknown");
    assert_eq!(addresses(&shop).await, ["bounced mailbox_unknown"]);
    // The mail's track ran out: the notice is done no more, and a person can see it.
    assert!(
        shop.notices("A-1").await.contains(&"confirmation failed track_ran_out".to_owned()),
        "{:?}",
        shop.notices("A-1").await
    );
    let timeline = shop.timeline("A-1").await;
    assert!(timeline.contains(&"message.undelivered mailbox_unknown".to_owned()), "{timeline:?}");
    // Told again, in other words: nothing more happens.
    let again = shop.mailed(Some(""), &back_to, &report(ANNA, "failed", "5.1.10", "again")).await;
    assert_eq!(again.state, "applied");
    assert_eq!(shop.timeline("A-1").await, timeline);
}

#[tokio::test]
async fn only_a_report_to_the_messages_own_sender_counts() {
    let shop = told().await;
    let id = shop.message("A-1", "email").await["id"].as_str().expect("an id").to_owned();
    let forged = report(ANNA, "failed", "5.1.1", "550 no") + &format!("Message-ID: <{id}@dealer.example>\r\n");
    let row = shop.mailed(Some(""), "gz-tianhe@in.dealer.example", &forged).await;
    assert_eq!(row.said(), "bounce ignored not_to_its_sender");
    let unsigned = format!("b+{}.00000000000000000000@bounce.dealer.example", id.trim_start_matches("msg_"));
    let row = shop.mailed(Some(""), &unsigned, &report(ANNA, "failed", "5.1.1", "550 no")).await;
    assert_eq!(row.said(), "bounce ignored not_to_its_sender");
    assert_eq!(message(&shop).await, "accepted -");
    assert_eq!(addresses(&shop).await, ["unknown -"]);
}

#[tokio::test]
async fn without_addresses_of_its_own_a_report_must_name_the_message_and_its_reader() {
    let shop = Shop::open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    let id = shop.message("A-1", "email").await["id"].as_str().expect("an id").to_owned();
    let with_headers = |address: &str| {
        report(address, "failed", "5.1.1", "550 no").replace(
            "--b--",
            &format!("--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{id}@dealer.example>\r\n--b--"),
        )
    };
    let to = "service@gz-tianhe.example";
    let other = shop.mailed(Some(""), to, &with_headers("somebody@example.com")).await;
    assert_eq!(other.said(), "bounce ignored no_failure");
    let nothing = shop.mailed(Some(""), to, &report(ANNA, "failed", "5.1.1", "550 nothing of ours")).await;
    assert_eq!(nothing.said(), "bounce ignored about_nothing_of_ours");
    let right = shop.mailed(Some(""), to, &with_headers(ANNA)).await;
    assert_eq!(right.said(), "bounce applied mailbox_unknown");
}

#[tokio::test]
async fn a_delay_changes_nothing_and_a_full_mailbox_only_the_message() {
    let shop = told().await;
    let back_to = shop.return_path();
    let delayed = shop.mailed(Some(""), &back_to, &report(ANNA, "delayed", "4.4.1", "timed out")).await;
    assert_eq!(delayed.said(), "bounce ignored delayed");
    assert_eq!(message(&shop).await, "accepted -");
    let full = shop.mailed(Some(""), &back_to, &report(ANNA, "failed", "5.2.2", "mailbox full")).await;
    assert_eq!(full.said(), "bounce applied mailbox_unavailable");
    assert_eq!(message(&shop).await, "undelivered mailbox_unavailable");
    assert_eq!(addresses(&shop).await, ["unknown -"]);
}

#[tokio::test]
async fn an_address_that_fails_five_times_in_a_fortnight_is_given_up() {
    let shop = told().await;
    for (n, day) in ["2026-03-06", "2026-03-07", "2026-03-09", "2026-03-10", "2026-03-11"].iter().enumerate() {
        let back_to = shop.return_path();
        let row = shop.mailed(Some(""), &back_to, &report(ANNA, "failed", "5.2.2", &format!("full {n}"))).await;
        assert_eq!(row.said(), "bounce applied mailbox_unavailable");
        let expected = if n < 4 { "unknown -" } else { "bounced bounced_again_and_again" };
        assert_eq!(addresses(&shop).await, [expected], "after {}", n + 1);
        shop.leaps_by("5m");
        shop.moves(&anna(), &format!("{day}T14:00")).await;
        shop.drain().await;
    }
}

#[tokio::test]
async fn a_refusal_of_our_mail_is_for_the_operator_and_not_the_readers_fault() {
    let shop = told().await;
    let row =
        shop.mailed(Some(""), &shop.return_path(), &report(ANNA, "failed", "5.7.26", "unauthenticated mail")).await;
    assert_eq!(row.said(), "bounce applied refused_by_policy");
    assert_eq!(addresses(&shop).await, ["unknown -"]);
    let lines = shop.items("/v1/timeline?limit=100&customer=C-1").await;
    assert!(lines.iter().any(|line| line["what"] == "mail.refused_by_policy"), "{lines:#?}");
}

#[tokio::test]
async fn a_report_that_comes_after_the_delivery_changes_nothing() {
    let shop = told().await;
    shop.alters("UPDATE messages SET state = 'delivered' WHERE channel = 'email'").await;
    shop.mailed(Some(""), &shop.return_path(), &report(ANNA, "failed", "5.2.2", "late")).await;
    assert_eq!(message(&shop).await, "delivered -");
}
