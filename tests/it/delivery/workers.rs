//! The real workers, on the system's clock: end to end, and to a stop.
use std::time::{Duration, Instant};

use aftercare::{clock::Clock, lanes};
use jiff::{SignedDuration, tz::TimeZone};

use super::{ANNA, ANNAS_PHONE};
use crate::{
    fakes::pause,
    shop::{Shop, anna},
};

#[tokio::test(flavor = "multi_thread")]
async fn booked_told_and_stopped_by_the_real_workers() {
    let shop = Shop::opening().clock(Clock::system()).open().await;
    let workers = tokio::spawn(lanes::start(&shop.app).expect("lanes"));
    let zone = TimeZone::get("Asia/Shanghai").expect("a zone");
    let in_five_days = shop.now().plus(SignedDuration::from_hours(120)).in_zone(&zone);
    shop.book(&anna(), &in_five_days.strftime("%Y-%m-%dT%H:%M").to_string()).await;
    let begun = Instant::now();
    while shop.notices("A-1").await[0] != "confirmation done" {
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", shop.messages("A-1").await);
        pause(20).await;
    }
    assert_eq!((shop.inbox(ANNA).len(), shop.phone(ANNAS_PHONE).len()), (1, 1));
    shop.app.stopping.cancel();
    tokio::time::timeout(Duration::from_secs(5), workers).await.expect("a stop in time").expect("no panic");
}
