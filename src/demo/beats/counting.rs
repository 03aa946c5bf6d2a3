//! What lies before the story, and what came of it, counted.
use jiff::SignedDuration;

use super::{
    super::{
        scene::{Scene, reason},
        store,
    },
    Telling, telling,
};

/// So many reasons are named, the most frequent first.
const REASONS: usize = 6;

pub(super) async fn opening(scene: &Scene) -> anyhow::Result<Telling> {
    let past = store::past(&mut scene.read().await?).await?;
    let lines = vec![
        format!(
            "Behind it lies a month and more: {} visits, {} scores, {} calls that wait, {} parts on the shelf, {} open cases, {} languages.",
            past.visits, past.scores, past.calls, past.shelf, past.cases, past.languages
        ),
        "One second is one minute. What follows really happens, by the doors that people and systems use; what a caption says is read from the database."
            .to_owned(),
    ];
    Ok(telling(scene, true, "Saturday, 16:40 in Guangzhou", lines, ("mgr-01", "/console/dashboard".to_owned()), None))
}

pub(super) async fn scorecard(scene: &Scene) -> anyhow::Result<Telling> {
    let (since, now) = (Scene::begins(), scene.now());
    let mut tx = scene.read().await?;
    let sent = store::sent(&mut tx, since).await?;
    let held = store::held(&mut tx, since).await?;
    let month = since.minus(SignedDuration::from_hours(24 * 30));
    let promises = store::promises(&mut tx, since, month, now).await?;
    drop(tx);
    let all: i64 = sent.iter().map(|(_, n)| n).sum();
    let by: Vec<String> = sent.iter().map(|(channel, n)| format!("{} {n}", channel.word())).collect();
    let why: Vec<String> = held
        .iter()
        .take(REASONS)
        .map(|(state, why, n)| format!("{n} × {} ({state})", reason(Some(why.as_str()))))
        .collect();
    let rest: i64 = held.iter().skip(REASONS).map(|(_, _, n)| n).sum();
    let others = if rest > 0 { format!("; {rest} for other reasons") } else { String::new() };
    let answered = match promises.asked - promises.in_time - promises.running {
        0 if promises.running == 0 => format!("all {}", promises.asked),
        0 => format!("{} of {}, and {} still have time", promises.in_time, promises.asked, promises.running),
        _ => format!("{} of {}", promises.in_time, promises.asked),
    };
    let lines = vec![
        format!("Sent: {all} ({}).", by.join(", ")),
        format!("Held, with the reason: {}{others}.", why.join("; ")),
        format!("Twice: {}.", promises.twice),
        format!("Late: {}.", promises.late),
        format!("Answered within 24 h: {answered}."),
    ];
    Ok(telling(scene, true, "The scorecard", lines, ("mgr-01", "/console/dashboard".to_owned()), None))
}
