//! Whose mail it is, and which thread it joins.
use super::{ANNA, mail, signing};
use crate::shop::{Shop, anna, fang};

/// Anna has her confirmation.
async fn told() -> Shop {
    let shop = signing().open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    shop
}

#[tokio::test]
async fn an_answer_to_the_signed_address_joins_what_it_answers() {
    let shop = told().await;
    let to = shop.reply_to(ANNA);
    assert!(to.starts_with("r+") && to.ends_with("@in.dealer.example"), "{to}");
    // From her other address: who has the signed address has our mail.
    let row = shop
        .mailed(
            Some("a.weber@work.example"),
            &to,
            &mail("a.weber@work.example", "Re: your appointment", "", "Earlier?"),
        )
        .await;
    assert_eq!(row.said(), "person applied -");
    assert_eq!(row.subject_type.as_deref(), Some("inquiry"));
    assert!(row.customer_id.is_some() && row.about_id.is_some());
}

#[tokio::test]
async fn a_quoted_reference_counts_only_from_whom_we_wrote_to() {
    let shop = told().await;
    let ours = shop.inbox(ANNA).pop().expect("a mail").message_id;
    let header = format!("In-Reply-To: <{ours}>\r\nReferences: <{ours}>\r\n");
    let to = "service@gz-tianhe.example";
    let known =
        shop.mailed(Some(ANNA), to, &mail("Anna <ANNA@example.com>", "Re: your appointment", &header, "Hi")).await;
    assert!(known.about_id.is_some() && known.customer_id.is_some());
    let stranger =
        shop.mailed(Some("x@evil.example"), to, &mail("x@evil.example", "Re: your appointment!", &header, "Hi!")).await;
    assert_eq!((stranger.said().as_str(), stranger.about_id, stranger.customer_id), ("person applied -", None, None));
    assert_ne!(stranger.subject_id, known.subject_id, "a question of their own");
}

#[tokio::test]
async fn a_forged_address_is_believed_in_nothing() {
    let shop = told().await;
    let real = shop.reply_to(ANNA);
    let flipped = if real.as_bytes()[40] == b'0' { "1" } else { "0" };
    let forged = format!("{}{flipped}{}", &real[..40], &real[41..]);
    let row = shop.mailed(Some("x@evil.example"), &forged, &mail("x@evil.example", "hello", "", "text")).await;
    assert_eq!(row.said(), "person ignored no_dealership");
}

#[tokio::test]
async fn a_known_writer_is_found_by_the_address_at_the_dealership_that_is_written_to() {
    let shop = told().await;
    shop.book(&fang(), "2026-03-06T09:30").await;
    let raw = mail("wang@example.com", "question", "", "When do you open?");
    let row = shop.mailed(Some("wang@example.com"), "gz-tianhe@in.dealer.example", &raw).await;
    assert!(row.customer_id.is_some());
    let elsewhere = shop.mailed(Some("wang@example.com"), "sh-pudong@in.dealer.example", &raw).await;
    assert_eq!(elsewhere.customer_id, None);
}

#[tokio::test]
async fn the_same_mail_again_is_taken_once_and_another_text_under_its_id_is_another_mail() {
    let shop = told().await;
    let to = "gz-tianhe@in.dealer.example";
    let raw = mail(ANNA, "question", "", "When do you open?");
    assert_eq!(shop.arrives_by_mail(Some(ANNA), to, &raw).await.expect("stored"), 1);
    // A relay has added a header on another way.
    let again = format!("Received: from a by b; Mon, 2 Mar 2026 10:00:00 +0800\r\n{raw}");
    assert_eq!(shop.arrives_by_mail(Some(ANNA), to, &again).await.expect("taken"), 0);
    let other = raw.replace("When do you open", "Do you have a loan car");
    assert_eq!(shop.arrives_by_mail(Some(ANNA), to, &other).await.expect("stored"), 1);
    shop.drain().await;
    assert_eq!(shop.inbound_mails().await.len(), 2);
}

#[tokio::test]
async fn programs_start_nothing_however_they_show_it() {
    let shop = told().await;
    let to = shop.reply_to(ANNA);
    let before = shop.mail.received().len();
    for (n, header) in
        ["Auto-Submitted: auto-replied\r\n", "Precedence: bulk\r\n", "List-Id: <x>\r\n", "X-Autoreply: yes\r\n"]
            .iter()
            .enumerate()
    {
        let row = shop.mailed(Some(ANNA), &to, &mail(ANNA, "away", header, &format!("I am away {n}"))).await;
        assert!(row.said().starts_with("auto_reply ignored"), "{header}: {}", row.said());
    }
    let null = shop.mailed(Some(""), &to, &mail(ANNA, "away", "", "no sender")).await;
    assert_eq!(null.said(), "auto_reply ignored null_return_path");
    assert_eq!(shop.mail.received().len(), before, "nobody is answered");
}

/// Two installations that write to each other: neither takes the other's mail for a person's.
#[tokio::test]
async fn two_shops_that_write_to_each_other_stop_at_once() {
    let (one, other) = (told().await, told().await);
    let mut handed = 0;
    for _ in 0..5 {
        for (from, to) in [(&one, &other), (&other, &one)] {
            let sent = from.mail.received();
            for mail in sent.iter().skip(handed) {
                let raw = String::from_utf8_lossy(&mail.bytes).into_owned();
                let row = to.mailed(Some(&mail.from), "gz-tianhe@in.dealer.example", &raw).await;
                assert_eq!(row.said(), "auto_reply ignored auto_submitted");
            }
        }
        handed = one.mail.received().len();
    }
    assert_eq!((one.mail.received().len(), other.mail.received().len()), (1, 1), "only what was due from the start");
}

#[tokio::test]
async fn the_bytes_are_kept_as_long_as_the_settings_say() {
    let shop = told().await;
    shop.mailed(Some(ANNA), "gz-tianhe@in.dealer.example", &mail(ANNA, "question", "", "When?")).await;
    let kept = async || {
        let mut tx = shop.app.db.read().await.expect("a connection");
        let (n,): (i64,) = tx.sql("SELECT CAST(count(*) AS BIGINT) FROM mail_raw").one().await.expect("a count");
        n
    };
    assert_eq!(kept().await, 1);
    shop.advance("29d").await;
    assert_eq!(kept().await, 1);
    shop.advance("2d").await;
    assert_eq!(kept().await, 0);
}
