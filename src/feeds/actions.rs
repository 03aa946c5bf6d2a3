//! The verbs of feeds: a source is heard, and whether it is live.
use std::collections::HashMap;

use super::{Feeds, LIVE_FOR, Source, store};
use crate::{
    clock::Timestamp,
    db::{self, Tx},
    dealerships::Dealership,
    id::Id,
};

/// What sources told in one unit, before it is committed.
#[derive(Clone, Debug, Default)]
pub struct Hearing(HashMap<Source, Timestamp>);

/// Notes that these were heard, each with the newest of the times of which it told; at most one write a minute and source.
/// What is answered goes to [`remember`] once the unit is committed.
pub async fn hear(
    tx: &mut Tx,
    feeds: &Feeds,
    told: impl IntoIterator<Item = (Id<Dealership>, &str, Timestamp)>,
    now: Timestamp,
) -> db::Result<Hearing> {
    let mut heard: HashMap<Source, Timestamp> = HashMap::new();
    for (dealership_id, source, at) in told {
        let newest = heard.entry((dealership_id, source.to_owned())).or_insert(at);
        *newest = (*newest).max(at).min(now);
    }
    let news = feeds.news(heard);
    if !news.is_empty() {
        store::hear(tx, &news).await?;
    }
    Ok(Hearing(news))
}

/// The unit is committed: what it wrote need not be written again.
pub fn remember(feeds: &Feeds, hearing: &Hearing) {
    feeds.wrote(&hearing.0);
}

/// Those of these sources that are live now (BR-19).
pub async fn live(tx: &mut Tx, sources: &[(Id<Dealership>, &str)], now: Timestamp) -> db::Result<Vec<Source>> {
    if sources.is_empty() {
        return Ok(Vec::new());
    }
    store::heard_since(tx, sources, now.minus(LIVE_FOR)).await
}
