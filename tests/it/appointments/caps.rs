//! At most three messages a day that are not about something that has just happened (one voice, D6.4).
use super::ANNAS_PHONE;
use crate::shop::{Shop, anna};

#[tokio::test]
async fn a_fourth_reminder_of_one_day_waits_for_the_next_and_says_why() {
    let shop = Shop::open().await;
    for (reference, start) in [
        ("A-1", "2026-03-06T14:00"),
        ("A-2", "2026-03-06T14:30"),
        ("A-3", "2026-03-06T15:00"),
        ("A-4", "2026-03-06T15:30"),
    ] {
        shop.book(&anna().at(reference), start).await;
    }
    shop.drain().await;
    let reminders = || shop.phone(ANNAS_PHONE).iter().filter(|text| text.contains("reminder")).count();
    shop.wait_until("2026-03-05T15:31").await;
    assert_eq!(reminders(), 3);
    let waiting = shop.notices("A-4").await;
    assert!(waiting.contains(&"reminder waiting enough_for_today".to_owned()), "{waiting:?}");
    // At midnight a new day begins, and at eight a telephone may ring.
    shop.wait_until("2026-03-06T08:04").await;
    assert_eq!(reminders(), 4);
    // What has just happened is told however much was said today.
    shop.cancels(&anna().at("A-4")).await;
    shop.drain().await;
    assert!(shop.phone(ANNAS_PHONE).last().is_some_and(|text| text.contains("is cancelled")));
}
