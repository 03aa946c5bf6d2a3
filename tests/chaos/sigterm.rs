//! R20: SIGTERM under load: exit 0 within 30 s, nothing lost, nothing repeated that is not marked.
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::{
    Run,
    arrivals::{Arrivals, Fate},
    books::Repeats,
    house::{Armed, House},
    wait::pause,
};

pub(crate) async fn run(run: Run) -> Result<()> {
    let slow = || Arrivals::deciding(|_, _| Fate::AcceptLate(Duration::from_millis(250)));
    let mut house = House::build(&run, slow(), slow()).await?;
    let mut slowest = Duration::ZERO;
    for round in 0..Run::size(3, 20) {
        house.open(Armed::default()).await?;
        house.client.tell_again().await?;
        for _ in 0..4 {
            let events = (0..25).map(|_| house.client.booking()).collect();
            house.client.tell(events).await?;
        }
        pause(Duration::from_millis(200 + 100 * (round as u64 % 4))).await;
        let start = Instant::now();
        for status in house.terminate(Duration::from_secs(30)).await? {
            ensure!(status.success(), "ended with {status}:\n{}", house.last_words());
        }
        let took = start.elapsed();
        // A hand-over takes a quarter of a second here, and connections are refused a second after the signal.
        ensure!(took < Duration::from_secs(10), "took {took:?} to stop:\n{}", house.last_words());
        slowest = slowest.max(took);
    }
    println!("  the slowest stop took {:.1} s", slowest.as_secs_f32());
    house.open(Armed::default()).await?;
    house.client.tell_again().await?;
    house.settle(Duration::from_mins(1)).await?;
    // Every answer came within the time that a stop waits for it: nothing may be unknown.
    house.books().await?.compare("stopped under load", Repeats::None)
}
