//! The day: a dealership's story told to the product while its servers refuse, put off and hang up, and its clock walks on
//! through retries, unknown answers and a night of quiet hours.
use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
    time::Duration,
};

use aftercare::clock::{Clock, Timestamp};
use anyhow::{Context, Result, ensure};
use jiff::SignedDuration;
use serde_json::Value;

use crate::{
    Run,
    arrivals::{Arrivals, Fate, per_mille},
    books::Repeats,
    house::{Armed, House, Pace},
    wait::{pause, until},
};

/// One step of the clock. A jump of more than five minutes makes due scans pause until two looks agree.
const STEP: SignedDuration = SignedDuration::from_mins(30);
/// A day more: what is put off for longer is not useful any more.
const MOST_STEPS_AFTER: usize = 48;

pub(crate) async fn run(run: Run) -> Result<()> {
    let seed = run.seed;
    let faults = move |salt: u64| {
        Arrivals::deciding(move |id, before| match (per_mille(id, seed + salt), before) {
            (0..50, _) => Fate::Refuse,
            (50..100, 0) => Fate::Defer,
            (100..120, 0) => Fate::Cut,
            _ => Fate::Accept,
        })
    };
    let start = Clock::system().now();
    // Three quarters of the bookings are older than the day for which a confirmation is useful: 500 customers make 200 messages.
    let events = a_day(start, Run::size(500, 3_000))?;
    let mut house = House::at_pace(&run, faults(0), faults(1), Pace::Life, Some(&start.to_string())).await?;
    house.open(Armed::default()).await?;
    for batch in events.chunks(50) {
        house.client.tell(batch.to_vec()).await?;
    }
    house.client.tell_again().await?;
    ensure!(house.client.told() == events.len(), "{} of {} events were accepted", house.client.told(), events.len());
    let mut now = start;
    let end = start.plus(SignedDuration::from_hours(Run::size(28, 72).try_into()?));
    while now < end {
        stand_still(&house).await?;
        now = now.plus(STEP);
        house.set_clock(now)?;
        pause(Duration::from_millis(350)).await;
    }
    // What was put off at the end of the day has its time after it: the clock goes on until nothing is left.
    let mut moving = usize::MAX;
    for _ in 0..MOST_STEPS_AFTER {
        stand_still(&house).await?;
        let before = house.client.messages().await?.len();
        pause(Duration::from_millis(700)).await;
        let after = house.client.messages().await?;
        moving = after.iter().filter(|message| message.is_on_its_way()).count();
        if moving == 0 && before == after.len() {
            break;
        }
        now = now.plus(STEP);
        house.set_clock(now)?;
    }
    ensure!(moving == 0, "{moving} messages are still on their way a day later");

    print_notices(&house).await?;
    let mut books = house.books().await?;
    books.owed = BTreeSet::new();
    let sent = books.ours.iter().filter(|message| message.was_accepted()).count();
    books.compare(&format!("a day: {sent} messages went out"), Repeats::Marked)?;
    ensure!(sent >= 200, "only {sent} messages went out: this day proves nothing");

    let before = (books.ours.len(), house.mail.arrivals.count(), house.gateway.arrivals.count());
    house.client.repeat(&events).await?;
    pause(Duration::from_secs(1)).await;
    stand_still(&house).await?;
    let after = (house.client.messages().await?.len(), house.mail.arrivals.count(), house.gateway.arrivals.count());
    ensure!(before == after, "the same file again sent something: {before:?}, then {after:?}");
    println!("  the same file again: {} duplicates, nothing sent", events.len());
    Ok(())
}

/// What became of every intent to say something, so that a small day can be told from a silent product.
async fn print_notices(house: &House) -> Result<()> {
    let mut ends: BTreeMap<String, usize> = BTreeMap::new();
    for notice in house.client.list("/v1/notices").await? {
        let reason = notice["reason"].as_str().unwrap_or_default();
        let end = format!(
            "{} {} {reason}",
            notice["kind"].as_str().unwrap_or_default(),
            notice["state"].as_str().unwrap_or_default()
        );
        *ends.entry(end.trim_end().to_owned()).or_default() += 1;
    }
    println!("  notices: {}", ends.iter().map(|(end, n)| format!("{n} {end}")).collect::<Vec<_>>().join(" · "));
    Ok(())
}

/// Waits until nothing is being handed over: a clock that jumps would end its lease.
async fn stand_still(house: &House) -> Result<()> {
    let still = until(Duration::from_secs(30), "nothing is being handed over", async || {
        let sending = house.client.list("/v1/messages?state=sending").await?;
        Ok(sending.is_empty().then_some(()))
    });
    still.await
}

/// The story of the last three days up to `until`, as the generator beside the test data tells it.
fn a_day(until: Timestamp, customers: usize) -> Result<Vec<Value>> {
    let from = until.minus(SignedDuration::from_hours(72)).in_zone(&jiff::tz::TimeZone::UTC).date();
    let output = Command::new("python3")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/make_day.py"))
        .args(["8", &customers.to_string(), &from.to_string(), &until.to_string().replace('Z', "+00:00")])
        .output()
        .context("python3 runs make_day.py")?;
    ensure!(output.status.success(), "make_day.py: {}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout)?;
    lines.lines().map(|line| serde_json::from_str(line).context("a line of JSON")).collect()
}
