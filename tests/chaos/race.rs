//! R6: many workers on the same rows, every bell rung again and again: each message is handed over once.
use std::time::Duration;

use anyhow::Result;

use crate::{
    Run,
    arrivals::{Arrivals, Fate},
    books::Repeats,
    house::{Armed, House, on},
};

pub(crate) async fn run(run: Run) -> Result<()> {
    let take = || Arrivals::deciding(|_, _| Fate::Accept);
    let mut house = House::build(&run, take(), take()).await?;
    house.open(Armed::default()).await?;
    if house.is_on_postgres() {
        for _ in 0..4 {
            house.start("work", "")?;
        }
    }
    let wanted = Run::size(500, 10_000);
    for _ in 0..wanted / 50 {
        let events = (0..50).map(|_| house.client.booking()).collect();
        house.client.tell(events).await?;
        house.client.tell_again().await?;
        if house.is_on_postgres() {
            for _ in 0..3 {
                on(house.database(), format!("SELECT pg_notify('aftercare', '0 {}')", u32::MAX)).await?;
            }
        }
    }
    house.settle(Duration::from_secs(if wanted > 1_000 { 600 } else { 60 })).await?;
    house.books().await?.compare("a race for every message", Repeats::None)
}
