//! The verbs of capacity.
use serde_json::json;

use super::{Day, Fact, store};
use crate::{
    db::{self, Tx},
    dealerships::Dealership,
    desk::{Desk, Told},
    id::Id,
    intake::Outcome,
    timeline::Entry,
};

/// Applies `capacity.set`: the youngest word about a day and team counts.
pub async fn apply(desk: &mut Desk<'_>, told: &[Told<'_, Fact>]) -> db::Result<Vec<Outcome>> {
    let mut outcomes = Vec::with_capacity(told.len());
    for told in told {
        let is_news = store::set(desk.tx, told.dealership.id, told.fact, told.time).await?;
        let mut line =
            Entry::new(desk.id(), told.dealership.id, told.time, if is_news { "capacity.set" } else { "event.stale" });
        line.event_id = Some(told.event_id);
        line.actor = Some(told.source.to_owned());
        line.detail =
            json!({"date": told.fact.date, "team": told.fact.team, "available_minutes": told.fact.available_minutes});
        if !is_news {
            line.reason = Some("older_than_known".to_owned());
            line.detail["type"] = json!("capacity.set");
        }
        desk.record(line);
        outcomes.push(if is_news { Outcome::Applied } else { Outcome::Stale });
    }
    Ok(outcomes)
}

/// These days of a dealership, those of which something is known.
pub async fn days(tx: &mut Tx, dealership_id: Id<Dealership>, dates: &[String]) -> db::Result<Vec<Day>> {
    if dates.is_empty() {
        return Ok(Vec::new());
    }
    store::days(tx, dealership_id, dates).await
}
