//! R4 and R5: servers that refuse, put off, answer late and hang up; our record is theirs, message by message.
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::{
    Run,
    arrivals::{Arrivals, Fate, per_mille},
    books::Repeats,
    house::{Armed, House},
};

pub(crate) async fn run(run: Run) -> Result<()> {
    let seed = run.seed;
    let mail = Arrivals::deciding(move |id, before| match (per_mille(id, seed), before) {
        (0..50, _) => Fate::Refuse,
        (50..150, 0) | (50..70, 1) => Fate::Defer,
        (150..190, 0) => Fate::Cut,
        (190..230, _) => Fate::AcceptLate(Duration::from_millis(300)),
        _ => Fate::Accept,
    });
    let sms = Arrivals::deciding(move |id, before| match (per_mille(id, seed + 1), before) {
        (0..50, _) => Fate::Refuse,
        (50..150, 0) => Fate::Defer,
        (150..190, _) => Fate::Cut,
        (190..230, _) => Fate::AcceptLate(Duration::from_millis(300)),
        _ => Fate::Accept,
    });
    let mut house = House::build(&run, mail, sms).await?;
    house.open(Armed::default()).await?;
    let wanted = Run::size(400, 10_000);
    for _ in 0..wanted / 50 {
        let events = (0..50).map(|_| house.client.booking()).collect();
        house.client.tell(events).await?;
        house.client.tell_again().await?;
    }
    ensure!(house.client.told() == wanted, "{} of {wanted} were accepted", house.client.told());
    // The faults go on until the end: what is put off comes again, what was cut is looked at again.
    house.settle_with_faults(Duration::from_secs(if wanted > 1_000 { 600 } else { 60 })).await?;
    house.books().await?.compare("mixed faults", Repeats::Marked)
}
