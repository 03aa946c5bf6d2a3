//! Reminders: the day before, once, of the time that counts.
use super::{ANNA, ANNAS_PHONE};
use crate::{
    fakes::gateway::Answer,
    shop::{Shop, anna},
};

#[tokio::test]
async fn of_an_appointment_moved_twice_only_the_last_time_is_reminded_of_once() {
    let shop = Shop::open().await;
    shop.book(&anna(), "2026-03-05T14:00").await;
    shop.wait_until("2026-03-02T11:00").await;
    shop.moves(&anna(), "2026-03-06T14:00").await;
    shop.wait_until("2026-03-02T12:00").await;
    shop.moves(&anna(), "2026-03-07T14:00").await;
    // Past the three times at which a reminder would have been due, and up to the last appointment.
    shop.wait_until("2026-03-07T14:00").await;
    let texts = shop.phone(ANNAS_PHONE);
    assert_eq!(texts.len(), 4, "{texts:#?}");
    insta::assert_snapshot!(texts[3], @"Ms. Weber, a reminder of your visit on Sat, Mar 7 at 2:00 PM. To change: 020-8888 0000. 陈晓, 售后服务部");
    assert_eq!(
        shop.notices("A-1").await,
        [
            "confirmation done",
            "reminder withdrawn superseded",
            "change done",
            "reminder withdrawn superseded",
            "change done",
            "reminder done"
        ]
    );
    let reminder = shop.message("A-1", "sms").await;
    assert_eq!(reminder["created_at"], "2026-03-06T06:00:00.000000Z", "24 hours before");
    assert_eq!(shop.inbox(ANNA).len(), 3);
}

#[tokio::test]
async fn a_reminder_keeps_to_hours_in_which_people_like_to_be_reminded() {
    let shop = Shop::open().await;
    // 20:30 the evening before is late: 19:00. Monday's is due on the last open day: Saturday.
    for (customer, start, due) in [
        (anna(), "2026-03-05T20:30", "2026-03-04T11:00:00.000000Z"),
        (anna().at("A-2"), "2026-03-09T09:00", "2026-03-07T02:00:00.000000Z"),
    ] {
        shop.book(&customer, start).await;
        let notices = format!("/v1/notices?kind=appointment.reminder&subject={}", customer.reference);
        assert_eq!(shop.items(&notices).await[0]["not_before"], due, "{start}");
    }
}

#[tokio::test]
async fn booked_for_tomorrow_it_needs_no_reminder() {
    let shop = Shop::open().await;
    shop.book(&anna(), "2026-03-03T21:59").await;
    shop.drain().await;
    assert_eq!(shop.notices("A-1").await, ["confirmation done", "reminder skipped skip_if"]);
}

#[tokio::test]
async fn told_of_too_late_it_is_not_reminded_of() {
    let shop = Shop::open().await;
    let booked = crate::shop::local("2026-02-20T10:00");
    // The reminder's hour was 10:00 on Sunday, no: Saturday, the last open day; and Monday 11:00 is two hours away.
    shop.hears(anna().books("2026-03-02T11:00", booked)).await;
    shop.hears(anna().at("A-2").books("2026-03-02T15:00", booked)).await;
    shop.drain().await;
    assert_eq!(
        shop.notices("A-1").await,
        ["confirmation skipped no_longer_useful", "reminder skipped no_longer_useful"]
    );
    assert_eq!(shop.notices("A-2").await, ["confirmation skipped no_longer_useful", "reminder skipped too_late"]);
    assert!(shop.inbox(ANNA).is_empty() && shop.phone(ANNAS_PHONE).is_empty());
}

#[tokio::test]
async fn a_reminder_that_no_phone_takes_goes_by_mail() {
    let shop = Shop::opening().sms(|_| Answer::Status(400, r#"{"error":"blacklisted"}"#)).open().await;
    shop.book(&anna(), "2026-03-05T09:30").await;
    shop.drain().await;
    assert_eq!(shop.notices("A-1").await, ["confirmation failed track_ran_out", "reminder waiting"]);
    shop.wait_until("2026-03-05T09:30").await;
    assert_eq!(shop.notices("A-1").await, ["confirmation failed track_ran_out", "reminder done"]);
    let reminded: Vec<_> = shop.messages("A-1").await.into_iter().filter(|m| m.starts_with("reminder")).collect();
    assert_eq!(reminded, ["reminder email accepted", "reminder sms failed refused"]);
    let mail = shop.inbox(ANNA).pop().expect("a mail");
    assert!(mail.subject.to_lowercase().contains("reminder"), "{}", mail.subject);
    assert_eq!(mail.invite, None);
}

#[tokio::test]
async fn booked_long_ahead_it_is_reminded_of_two_weeks_before_as_well() {
    let shop = Shop::open().await;
    shop.book(&anna(), "2026-04-02T14:00").await;
    shop.book(&anna().at("A-2"), "2026-04-01T09:30").await;
    shop.drain().await;
    // 31 days and four hours ahead, and 29 days and a half.
    let early = |reference: &'static str| {
        let shop = &shop;
        async move {
            shop.notices(reference).await.into_iter().filter(|n| n.starts_with("reminder_early")).collect::<Vec<_>>()
        }
    };
    assert_eq!(early("A-1").await, ["reminder_early waiting"]);
    assert!(early("A-2").await.is_empty(), "{:?}", shop.notices("A-2").await);
    let reminders = || shop.phone(ANNAS_PHONE).iter().filter(|text| text.contains("reminder")).count();
    shop.leaps_to("2026-03-19T13:59");
    shop.drain().await;
    assert_eq!(reminders(), 0);
    shop.advance("2m").await;
    assert_eq!(reminders(), 1);
    assert_eq!(early("A-1").await, ["reminder_early done"]);
    shop.cancels(&anna()).await;
    shop.cancels(&anna().at("A-2")).await;
    shop.drain().await;
}
