//! The verbs of customers: somebody is mentioned, and is created or refreshed on the way.
use std::collections::BTreeMap;

use super::{
    AddressKind, ContactPoint, Customer, Person,
    record::{Changed, Held, Word},
    store::{self, Key},
};
use crate::{clock::Timestamp, db, dealerships::Dealership, desk::Desk, id::Id, intake::Event, timeline::Entry};

/// An event that tells of somebody.
#[derive(Clone, Copy, Debug)]
pub struct Mention<'a> {
    pub dealership_id: Id<Dealership>,
    pub person: &'a Person,
    pub source: &'a str,
    /// The event's `time`: an older word than the last one changes nothing.
    pub heard_at: Timestamp,
    pub event_id: Option<Id<Event>>,
}

/// Whom a mention means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub id: Id<Customer>,
    pub time_zone: Option<String>,
}

/// Creates or refreshes customers in the order of their mentions, and tells whom each means. Three statements at most,
/// however many there are: read with their contact points, write the changed, write the changed contact points.
pub async fn refresh_all(desk: &mut Desk<'_>, mentions: &[Mention<'_>]) -> Result<Vec<Known>, db::Error> {
    if mentions.is_empty() {
        return Ok(Vec::new());
    }
    let key = |m: &Mention<'_>| Key { dealership_id: m.dealership_id, reference: m.person.reference.clone() };
    let mut held: BTreeMap<Key, Held> = BTreeMap::new();
    let keys: std::collections::BTreeSet<Key> = mentions.iter().map(key).collect();
    for one in store::find_and_lock(desk.tx, &keys).await? {
        held.insert(Key { dealership_id: one.customer.dealership_id, reference: one.customer.reference.clone() }, one);
    }
    let mut known = Vec::with_capacity(mentions.len());
    for mention in mentions {
        let word = Word { source: mention.source, heard_at: mention.heard_at, now: desk.now };
        let one = held
            .entry(key(mention))
            .or_insert_with(|| Held::new(&desk.ids, mention.dealership_id, &mention.person.reference, word));
        let none = one.refresh(mention.person, word, &desk.ids);
        let customer_id = one.customer.id;
        known.push(Known { id: customer_id, time_zone: one.customer.time_zone.clone() });
        for none in none {
            let what = match none.kind {
                AddressKind::Phone => "customer.phone_invalid",
                AddressKind::Email => "customer.email_invalid",
                AddressKind::Wechat => continue,
            };
            let mut line = Entry::new(desk.id(), mention.dealership_id, mention.heard_at, what);
            line.customer_id = Some(customer_id);
            line.event_id = mention.event_id;
            line.actor = Some(mention.source.to_owned());
            line.reason = Some(none.reason.to_owned());
            line.detail = serde_json::json!({"level": "warning"});
            desk.record(line);
        }
    }
    let customers: Vec<&Customer> = held.values().filter(|h| h.is_changed).map(|h| &h.customer).collect();
    store::save(desk.tx, &customers).await?;
    let points: Vec<&ContactPoint> = held
        .values()
        .flat_map(|h| &h.points)
        .filter(|(_, changed)| *changed == Changed::Yes)
        .map(|(point, _)| point)
        .collect();
    store::save_contact_points(desk.tx, &points).await?;
    Ok(known)
}
