//! Two things at the same moment: two answers, an answer and a letter that is being written.
use aftercare::jobs::Want;

use crate::{
    fakes::smtp::Act,
    shop::{Shop, anna, by_hand, with},
};

#[tokio::test(flavor = "multi_thread")]
async fn mail_and_text_answered_in_the_same_moment_end_their_notice() {
    const REFERENCES: [&str; 12] =
        ["A-1", "A-2", "A-3", "A-4", "A-5", "A-6", "A-7", "A-8", "A-9", "A-10", "A-11", "A-12"];
    let shop = Shop::open().await;
    for reference in REFERENCES {
        shop.book(&anna().at(reference), "2026-03-05T09:30").await;
        by_hand::turn(&shop.app.db, &shop.compose).await;
        let (mail, sms) = (&shop.post[0], &shop.post[2]);
        let mut answered = Vec::new();
        for lane in [mail, sms] {
            let claimed = by_hand::claim(&shop.app.db, lane, Want::Batch(8)).await.pop().expect("a message");
            answered.push(by_hand::work(lane, claimed).await);
        }
        let (of_sms, of_mail) = (answered.pop().expect("one"), answered.pop().expect("one"));
        tokio::join!(
            by_hand::record(&shop.app.db, mail, vec![of_mail]),
            by_hand::record(&shop.app.db, sms, vec![of_sms])
        );
        assert_eq!(shop.notices(reference).await[0], "confirmation done", "{reference}");
    }
}

#[tokio::test]
async fn a_mail_answered_while_the_text_is_being_given_up_ends_the_notice() {
    // Put off all night: the mail's last try and the end of the quiet hours come together.
    let shop =
        Shop::opening().mail(|n| if n < 6 { Act::AtDot("451 4.3.0 try later") } else { Act::Accept }).open().await;
    shop.leaps_to("2026-03-02T23:00");
    let by_staff = |event| with(event, "booked_by", "staff");
    shop.hears(by_staff(anna().books("2026-03-05T09:30", shop.now()))).await;
    shop.wait_until("2026-03-03T07:30").await;
    assert_eq!(shop.messages("A-1").await.len(), 1, "the text waits");
    let without_phone = anna().with("phones", serde_json::json!([]));
    shop.hears(by_staff(without_phone.books("2026-03-05T09:30", crate::shop::local("2026-03-02T23:00")))).await;
    shop.leaps_to("2026-03-03T10:15");
    let claimed = by_hand::claim(&shop.app.db, &shop.compose, Want::Batch(8)).await.pop().expect("the text's turn");
    by_hand::turn(&shop.app.db, &shop.post[0]).await;
    let given_up = by_hand::work(&shop.compose, claimed).await;
    by_hand::record(&shop.app.db, &shop.compose, vec![given_up]).await;
    shop.drain().await;
    assert_eq!(shop.messages("A-1").await, ["confirmation email accepted"]);
    assert_eq!(shop.notices("A-1").await[0], "confirmation done");
}

#[tokio::test]
async fn moved_while_its_letter_is_being_written_the_old_one_is_never_stored() {
    let shop = Shop::open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    let claimed = by_hand::claim(&shop.app.db, &shop.compose, Want::Batch(8)).await.pop().expect("a notice");
    let written = by_hand::work(&shop.compose, claimed).await;
    shop.moves(&anna(), "2026-03-06T14:00").await;
    by_hand::record(&shop.app.db, &shop.compose, vec![written]).await;
    assert!(shop.messages("A-1").await.is_empty());
    shop.drain().await;
    assert_eq!(shop.messages("A-1").await, ["confirmation email accepted", "confirmation sms accepted"]);
    assert!(shop.inbox(super::ANNA)[0].subject.contains("Mar 6"));
}
