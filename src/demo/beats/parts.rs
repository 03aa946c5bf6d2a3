//! Her brake caliper arrives, and the pads after it: she hears of both at once.
use serde_json::json;

use super::{
    super::{
        opening::ORDER,
        scene::{Scene, WANG_FANG},
        store::{self, Planned},
    },
    Beat, Telling, telling,
};
use crate::clock::Timestamp;

const ARRIVED: &str = "parts.arrived";

async fn arrives(scene: &Scene, line: &str, place: &str) -> anyhow::Result<()> {
    let data =
        json!({"order_ref": ORDER, "line_ref": line, "qty": 1, "at": scene.now().to_string(), "location": place});
    scene.hands.tell(json!([scene.fact(&format!("part-{line}"), "parts.received", &data)])).await
}

pub(super) async fn caliper(scene: &Scene) -> anyhow::Result<()> {
    arrives(scene, "1", "A-07").await
}

pub(super) async fn pads(scene: &Scene) -> anyhow::Result<()> {
    arrives(scene, "2", "A-07").await
}

/// What is here and what is not, and what she was to be told of it since then.
async fn look(scene: &Scene, since: Timestamp) -> anyhow::Result<(Vec<String>, Vec<String>, Vec<Planned>)> {
    let mut tx = scene.read().await?;
    let lines = store::lines(&mut tx, ORDER).await?;
    let mut planned = store::planned(&mut tx, WANG_FANG.reference, since).await?;
    planned.retain(|one| one.kind.starts_with("parts."));
    let (here, missing): (Vec<_>, Vec<_>) = lines.into_iter().partition(|(_, received)| received.is_some());
    let names = |lines: Vec<(String, Option<Timestamp>)>| lines.into_iter().map(|(name, _)| name).collect();
    Ok((names(here), names(missing), planned))
}

pub(super) async fn one_of_two(scene: &Scene) -> anyhow::Result<Telling> {
    let (here, missing, planned) = look(scene, Beat::CaliperComes.at()).await?;
    let all = here.len() + missing.len();
    let mut lines = vec![format!(
        "Waiting for the {}: the advisor sees {} of {all} on the board, and whose turn it is.",
        missing.join(", "),
        here.len()
    )];
    lines.push(if planned.is_empty() {
        "Nothing goes to her: a car with one part of two would stand here for nothing.".to_owned()
    } else {
        format!("{} notices go to her.", planned.len())
    });
    let title = format!("Her {} arrives", here.join(", "));
    let page = "/console/parts?tab=here".to_owned();
    Ok(telling(scene, !here.is_empty(), title, lines, ("adv-01", page), Some(WANG_FANG.reader)))
}

pub(super) async fn complete(scene: &Scene) -> anyhow::Result<Telling> {
    let since = Beat::CaliperComes.at();
    let (here, missing, planned) = look(scene, since).await?;
    let mut written = store::written(&mut scene.read().await?, WANG_FANG.reference, since).await?;
    written.retain(|one| one.kind == ARRIVED && one.accepted_at.is_some());
    let told = planned.iter().filter(|one| one.kind == ARRIVED).count();
    let mut lines = vec![format!("{} of {} are here: the order is complete.", here.len(), here.len() + missing.len())];
    let by: Vec<&str> = written.iter().map(|one| one.channel.word()).collect();
    let times =
        |n: usize| if n == 1 { "Exactly one arrival notice".to_owned() } else { format!("{n} arrival notices") };
    lines.push(format!("{}, by {}: it says what is here and whom to ring.", times(told), by.join(" and ")));
    let book = format!("/console/book?phone={}", WANG_FANG.reference);
    let page = scene.hands.look(&book, Some("agt-01")).await?;
    let slots: Vec<Timestamp> = page.fields("slot").iter().filter_map(|slot| slot.parse().ok()).collect();
    if let Some(first) = slots.first() {
        lines.push(format!(
            "Who takes her call has {} free times before them, the first on {}.",
            slots.len(),
            scene.day(*first)
        ));
    }
    let is_whole = missing.is_empty() && !written.is_empty();
    Ok(telling(scene, is_whole, "The pads arrive", lines, ("agt-01", book), Some(WANG_FANG.reader)))
}
