//! R2: the process ends at every step of the road; nothing accepted is lost, nothing is repeated before the mark.
use std::{process::ExitStatus, time::Duration};

use aftercare::clock::Clock;
use anyhow::{Result, bail, ensure};
use futures_util::{StreamExt, stream};

use crate::{
    Run,
    arrivals::{Arrivals, Fate},
    books::Repeats,
    house::{Armed, House, Pace},
    wait::{pause, until},
};

/// The steps in the order of the road, and where a kill may leave an answer unheard.
const STEPS: &[(&str, Repeats)] = &[
    ("accept", Repeats::None),
    ("commit", Repeats::None),
    ("compose", Repeats::None),
    ("claim", Repeats::None),
    ("connect", Repeats::None),
    ("envelope", Repeats::None),
    ("mark", Repeats::None),
    ("body", Repeats::Marked),
    ("after_dot", Repeats::Marked),
    ("answer", Repeats::Marked),
    ("record", Repeats::Marked),
];

/// Houses at once: most of the time they wait for leases to end.
const AT_ONCE: usize = 4;
/// Long enough that a booking is on the road before the next one is told.
const BETWEEN_BOOKINGS: Duration = Duration::from_millis(75);

pub(crate) async fn run(run: Run) -> Result<()> {
    let run = &run;
    let steps = STEPS.iter().filter(|(step, _)| run.steps.is_empty() || run.steps.contains(step));
    let killed = steps.map(|(step, repeats)| async move {
        let outcome = kill_at(run, step, *repeats).await;
        outcome.err().map(|error| format!("{step}: {error:#}"))
    });
    let wrong: Vec<String> =
        stream::iter(killed).buffer_unordered(AT_ONCE).filter_map(std::future::ready).collect().await;
    if wrong.is_empty() { Ok(()) } else { bail!("{}", wrong.join("\n")) }
}

async fn kill_at(run: &Run, step: &str, repeats: Repeats) -> Result<()> {
    let take = || Arrivals::deciding(|_, _| Fate::Accept);
    let now = Clock::system().now().to_string();
    let mut house = House::at_pace(run, take(), take(), Pace::Test, Some(&now)).await?;
    if matches!(step, "connect" | "envelope") {
        house.mail.close_after_each();
    }
    let rounds = Run::size(10, 50);
    let mut hits = 0;
    for round in 0..rounds {
        if step == "after_dot" {
            hits += kill_while_the_server_holds_its_answer(&mut house).await?;
        } else {
            kill_at_its_failpoint(&mut house, step, 3 + round % 3, repeats).await?;
            hits = house.hits(step);
        }
        house.outlive_leases()?;
    }
    ensure!(hits >= rounds, "{step} was hit {hits} times, not {rounds}");
    // Who is still armed would take over what the last kill left, and be killed with it.
    house.kill().await?;
    house.outlive_leases()?;
    house.open(Armed::default()).await?;
    house.client.tell_again().await?;
    house.settle(Duration::from_secs(45)).await?;
    house.books().await?.compare(&format!("{step} hit {hits} times"), repeats)?;
    house.kill().await
}

/// Tells facts until the process ends at the step's hit number `at`: not the first, because what the last kill left behind
/// is picked up first, and is not to be killed again and again.
async fn kill_at_its_failpoint(house: &mut House, step: &str, at: usize, repeats: Repeats) -> Result<()> {
    let armed = format!("{step}:abort@{at}");
    let at_the_door = !house.is_on_postgres() || matches!(step, "accept" | "commit");
    house.open(if at_the_door { Armed { serve: &armed, work: "" } } else { Armed { serve: "", work: &armed } }).await?;
    house.client.tell_again().await?;
    // What the last kill left goes out first, alone as well: it may be what the next one catches.
    let left = if repeats == Repeats::None { all_sent(house).await? } else { None };
    let status = match left {
        Some(status) => status,
        None => {
            until(Duration::from_mins(2), "the process reaches the step", async || {
                if repeats == Repeats::Marked {
                    house.client.book().await?;
                    pause(BETWEEN_BOOKINGS).await;
                } else if let Some(status) = one_message(house).await? {
                    return Ok(Some(status));
                }
                house.has_died()
            })
            .await?
        }
    };
    ensure!(status.code().is_none(), "ended with {status} instead of being killed:\n{}", house.last_words());
    Ok(())
}

/// One message, alone on the road: a kill at its step cannot catch another one behind the mark.
async fn one_message(house: &mut House) -> Result<Option<ExitStatus>> {
    let event = house.client.booking_by_mail();
    house.client.tell(vec![event]).await?;
    all_sent(house).await
}

/// Waits until everything that was told is sent; how a process ended, if one was killed before.
async fn all_sent(house: &mut House) -> Result<Option<ExitStatus>> {
    until(Duration::from_secs(30), "everything is sent or a process killed", async || {
        if let Some(status) = house.has_died()? {
            return Ok(Some(Some(status)));
        }
        // On PostgreSQL another process may have been killed than the one that answers here.
        let Ok(sent) = house.client.is_all_sent().await else { return Ok(None) };
        Ok(sent.then_some(None))
    })
    .await
}

/// The dot is written and the answer not read: the server knows that moment best, so it tells when to kill.
async fn kill_while_the_server_holds_its_answer(house: &mut House) -> Result<usize> {
    house.open(Armed::default()).await?;
    house.client.tell_again().await?;
    house.mail.arrivals.decide(|_, _| Fate::AcceptLate(Duration::from_secs(3)));
    let before = house.mail.arrivals.count();
    house.client.book().await?;
    let arrivals = house.mail.arrivals.clone();
    until(Duration::from_secs(20), "a mail arrives", async || Ok((arrivals.count() > before).then_some(()))).await?;
    house.kill().await?;
    house.mail.arrivals.heal();
    Ok(arrivals.count() - before)
}
