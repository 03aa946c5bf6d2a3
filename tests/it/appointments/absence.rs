//! Who does not come: told to people at once, to the customer only where silence means absence.
use serde_json::{Value, json};

use super::{ANNA, ANNAS_PHONE};
use crate::shop::{Customer, Shop, anna, local};

/// A source that says that it is there.
fn alive(at: aftercare::clock::Timestamp) -> Value {
    json!({"specversion": "1.0", "source": "/dms/gz-tianhe", "type": "feed.alive", "dealership": "gz-tianhe", "data": {"at": at}})
}

impl Shop {
    pub(crate) async fn state(&self, reference: &str) -> String {
        self.get(&format!("/v1/appointments/{reference}")).await["state"].as_str().expect("a state").to_owned()
    }
    /// The calls about an appointment: type, state and reason.
    async fn calls_in_words(&self) -> Vec<String> {
        const CALLS: &str = "SELECT type, state, reason FROM call_tasks ORDER BY id";
        let mut tx = self.app.db.read().await.expect("a connection");
        let rows: Vec<(String, String, String)> = tx.sql(CALLS).all().await.expect("calls");
        rows.into_iter().map(|(kind, state, reason)| format!("{kind} {state} {reason}")).collect()
    }
    async fn told_of_absence(&self, reference: &str) -> Vec<String> {
        let mut notices = self.notices(reference).await;
        notices.retain(|notice| notice.contains("no_show") || notice.contains("missed"));
        notices
    }
}

async fn booked(customer: &Customer) -> Shop {
    let shop = Shop::open().await;
    shop.book(customer, "2026-03-05T10:00").await;
    shop.wait_until("2026-03-05T09:55").await;
    shop
}

#[tokio::test]
async fn acceptance_22_from_a_live_feed_the_customer_hears_of_it_too() {
    let shop = booked(&anna()).await;
    shop.wait_until("2026-03-05T10:20").await;
    shop.hears(alive(shop.now())).await;
    shop.wait_until("2026-03-05T10:29").await;
    assert_eq!((shop.state("A-1").await.as_str(), shop.calls_in_words().await.len()), ("booked", 0));
    shop.wait_until("2026-03-05T10:30").await;
    assert_eq!(shop.state("A-1").await, "no_show_suspected");
    assert_eq!(shop.told_of_absence("A-1").await, ["missed done", "staff.no_show done"]);
    assert_eq!(shop.calls_in_words().await, ["no_show ready no_show_suspected"]);
    let text = shop.phone(ANNAS_PHONE).pop().expect("a text");
    insta::assert_snapshot!(text);
}

#[tokio::test]
async fn acceptance_22_from_a_silent_feed_only_people_here_are_told() {
    let shop = booked(&anna()).await;
    let before = shop.phone(ANNAS_PHONE).len();
    shop.wait_until("2026-03-05T10:30").await;
    assert_eq!(shop.told_of_absence("A-1").await, ["missed skipped feed_not_live", "staff.no_show done"]);
    assert_eq!(shop.calls_in_words().await, ["no_show ready no_show_suspected"]);
    assert_eq!(
        (shop.phone(ANNAS_PHONE).len(), shop.inbox(ANNA).len()),
        (before, 1),
        "the confirmation and the reminder"
    );
}

#[tokio::test]
async fn acceptance_22_who_comes_late_is_not_called() {
    let shop = booked(&anna()).await;
    shop.wait_until("2026-03-05T10:40").await;
    shop.arrives(&anna()).await;
    shop.drain().await;
    assert_eq!(shop.state("A-1").await, "arrived");
    assert_eq!(shop.calls_in_words().await, ["no_show withdrawn no_show_suspected"]);
    shop.wait_until("2026-03-06T09:00").await;
    assert_eq!(shop.state("A-1").await, "arrived");
}

#[tokio::test]
async fn acceptance_22_cancelled_before_nobody_is_waited_for() {
    let shop = booked(&anna()).await;
    shop.cancels(&anna()).await;
    shop.wait_until("2026-03-06T09:00").await;
    assert_eq!((shop.state("A-1").await.as_str(), shop.calls_in_words().await.len()), ("cancelled", 0));
    assert!(shop.told_of_absence("A-1").await.is_empty());
}

/// B4: the call may be tried for three days, whoever says meanwhile that they did not come; not once they have booked again.
#[tokio::test]
async fn who_was_not_reached_that_day_is_called_the_next_and_who_books_again_is_not() {
    let shop = booked(&anna()).await;
    let agent = shop.employs("agt-1", &["en"]).await;
    shop.wait_until("2026-03-05T16:00").await;
    let id = shop.takes(agent).await;
    assert_eq!(shop.says(agent, &id, json!({"telephony_result": "no_answer"})).await, "scheduled no_answer");
    shop.hears(anna().happens("no_show", shop.now())).await;
    shop.wait_until("2026-03-06T09:30").await;
    assert_eq!(shop.state("A-1").await, "no_show");
    assert_eq!(shop.calls_in_words().await, ["no_show ready no_show_suspected"], "another day, another part of it");
    shop.book(&anna().at("A-2"), "2026-03-12T10:00").await;
    assert_eq!(shop.calls_in_words().await, ["no_show withdrawn no_show_suspected"]);
    shop.drain().await;
    let shop = booked(&anna()).await;
    shop.wait_until("2026-03-05T10:31").await;
    shop.leaps_to("2026-03-08T10:31");
    shop.drain_patiently().await;
    assert_eq!(shop.calls_in_words().await, ["no_show expired no_show_suspected"], "three days later it is of no use");
}

#[tokio::test]
async fn moved_they_are_waited_for_at_the_new_time() {
    let shop = booked(&anna()).await;
    shop.moves(&anna(), "2026-03-05T15:00").await;
    shop.wait_until("2026-03-05T15:29").await;
    assert_eq!(shop.state("A-1").await, "booked");
    shop.wait_until("2026-03-05T15:30").await;
    assert_eq!(shop.state("A-1").await, "no_show_suspected");
}

#[tokio::test]
async fn acceptance_31_the_list_of_who_is_missing_is_true_within_a_second() {
    let shop = booked(&anna()).await;
    shop.leaps_to("2026-03-05T10:30");
    shop.drain().await;
    let line = shop.timeline("A-1").await;
    assert!(line.contains(&"appointment.no_show_suspected".to_owned()), "{line:?}");
    assert_eq!(shop.state("A-1").await, "no_show_suspected");
    let missing = shop.items("/v1/appointments?dealership=gz-tianhe&state=no_show_suspected").await;
    assert_eq!(missing.len(), 1);
    shop.arrives(&anna()).await;
    assert!(shop.items("/v1/appointments?dealership=gz-tianhe&state=no_show_suspected").await.is_empty());
}

#[tokio::test]
async fn at_the_end_of_the_day_they_have_missed_it_and_a_new_booking_wins_them_back() {
    let shop = booked(&anna()).await;
    shop.wait_until("2026-03-05T23:59").await;
    assert_eq!(shop.state("A-1").await, "no_show_suspected");
    shop.wait_until("2026-03-06T00:00").await;
    let missed = shop.get("/v1/appointments/A-1").await;
    assert_eq!((&missed["state"], &missed["recovered_at"]), (&json!("no_show"), &Value::Null));
    shop.leaps_to("2026-03-10T10:00");
    shop.book(&anna().at("A-2"), "2026-03-12T10:00").await;
    shop.drain().await;
    let missed = shop.get("/v1/appointments/A-1").await;
    assert_eq!((&missed["state"], missed["recovered_at"].is_string()), (&json!("no_show"), true));
}

#[tokio::test]
async fn a_booking_after_three_weeks_wins_nobody_back() {
    let shop = booked(&anna()).await;
    shop.wait_until("2026-03-06T00:00").await;
    shop.leaps_to("2026-03-21T10:00");
    shop.book(&anna().at("A-2"), "2026-03-23T10:00").await;
    shop.drain().await;
    assert_eq!(shop.get("/v1/appointments/A-1").await["recovered_at"], Value::Null);
}

#[tokio::test]
async fn told_of_after_its_time_nobody_is_missed() {
    let shop = Shop::open().await;
    shop.hears(anna().books("2026-03-02T09:00", local("2026-02-27T09:00"))).await;
    shop.wait_until("2026-03-03T09:00").await;
    assert_eq!((shop.state("A-1").await.as_str(), shop.calls_in_words().await.len()), ("booked", 0));
}

#[tokio::test]
async fn after_days_without_power_nobody_is_called_about_a_day_that_is_over() {
    let shop = booked(&anna()).await;
    shop.leaps_to("2026-03-09T10:00");
    shop.drain().await;
    assert_eq!(shop.state("A-1").await, "no_show");
    assert!(shop.calls_in_words().await.is_empty());
    assert!(!shop.told_of_absence("A-1").await.iter().any(|notice| notice.ends_with("done")));
}

/// W3: a shop whose system tells of the day at night. Everybody came, and nobody is told that they did not.
#[tokio::test]
async fn acceptance_w3_silence_is_never_mistaken_for_absence() {
    const COME: usize = 500;
    let shop = Shop::open().await;
    let reference = |n: usize| format!("N-{n}");
    let mut bookings = Vec::new();
    for n in 0..COME {
        let minute = n % 60;
        let mut event = anna().books(&format!("2026-03-05T{:02}:{minute:02}", 9 + n % 8), local("2026-03-02T09:00"));
        event["data"]["ref"] = json!(reference(n));
        event["data"]["customer"]["ref"] = json!(format!("C-{n}"));
        event["data"]["vehicle"] = Value::Null;
        event["data"]["advisor_ref"] = Value::Null;
        bookings.push(event);
    }
    shop.hear_all(bookings).await;
    shop.leaps_to("2026-03-05T08:50");
    shop.drain_patiently().await;
    let (texts, mails) = (shop.phone(ANNAS_PHONE).len(), shop.inbox(ANNA).len());
    for time in ["2026-03-05T12:00", "2026-03-05T17:30", "2026-03-05T23:00"] {
        shop.leaps_to(time);
        shop.drain_patiently().await;
    }
    // The night's file: they had all been there.
    let arrivals = (0..COME).map(|n| {
        let mut event = anna().happens("arrived", local(&format!("2026-03-05T{:02}:{:02}", 9 + n % 8, n % 60)));
        event["data"]["ref"] = json!(reference(n));
        event["time"] = json!(local("2026-03-05T22:50"));
        event
    });
    shop.hear_all(arrivals.collect()).await;
    shop.leaps_to("2026-03-06T09:00");
    shop.drain_patiently().await;
    assert_eq!((shop.phone(ANNAS_PHONE).len(), shop.inbox(ANNA).len()), (texts, mails), "nobody heard a word of it");
    assert!(shop.calls_in_words().await.iter().all(|call| call.contains("withdrawn")));
    let arrived = shop.items("/v1/appointments?dealership=gz-tianhe&state=arrived&limit=500").await;
    assert_eq!(arrived.len(), COME);
}
