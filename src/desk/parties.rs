//! Whom and what facts name: customers and vehicles are made or refreshed, people who work here are found or made.
use std::collections::HashMap;

use crate::{
    clock::Timestamp,
    customers::{
        self, Person,
        vehicles::{self, Sighting, Vehicle},
    },
    db,
    dealerships::Dealership,
    desk::Desk,
    id::Id,
    intake::Event,
    staff::{self, Staff},
};

/// What one fact names.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    pub dealership_id: Id<Dealership>,
    pub source: &'a str,
    /// The event's `time`.
    pub heard_at: Timestamp,
    pub event_id: Id<Event>,
    pub person: Option<&'a Person>,
    pub vehicle: Option<&'a Sighting>,
    pub advisor: Option<&'a str>,
    /// The advisor, where somebody has looked already.
    pub known_advisor: Option<Id<Staff>>,
    pub technicians: &'a [String],
}

/// Whom and what it means.
#[derive(Clone, Debug, Default)]
pub struct Parties {
    pub customer: Option<customers::actions::Known>,
    pub vehicle: Option<Id<Vehicle>>,
    pub advisor: Option<Id<Staff>>,
    pub technicians: Vec<Id<Staff>>,
}

/// The parties of facts in their order: five statements however many they are, and two for each of the staff whom nobody
/// knows.
pub async fn find(desk: &mut Desk<'_>, named: &[Names<'_>]) -> db::Result<Vec<Parties>> {
    let mut parties = vec![Parties::default(); named.len()];
    let (mut whose, mut mentions) = (Vec::new(), Vec::new());
    for (index, names) in named.iter().enumerate() {
        let Some(person) = names.person else { continue };
        whose.push(index);
        mentions.push(customers::actions::Mention {
            dealership_id: names.dealership_id,
            person,
            source: names.source,
            heard_at: names.heard_at,
            event_id: Some(names.event_id),
        });
    }
    for (index, known) in whose.into_iter().zip(customers::actions::refresh_all(desk, &mentions).await?) {
        parties[index].customer = Some(known);
    }
    let (mut whose, mut sightings) = (Vec::new(), Vec::new());
    for (index, names) in named.iter().enumerate() {
        let Some(sighting) = names.vehicle else { continue };
        whose.push(index);
        sightings.push(vehicles::actions::Mention {
            dealership_id: names.dealership_id,
            sighting,
            owner: vehicles::Whose::BroughtBy(parties[index].customer.as_ref().map(|customer| customer.id)),
            heard_at: names.heard_at,
        });
    }
    for (index, vehicle) in whose.into_iter().zip(vehicles::actions::refresh_all(desk, &sightings).await?) {
        parties[index].vehicle = Some(vehicle);
    }
    let mut known: HashMap<(Id<Dealership>, &str), Id<Staff>> = HashMap::new();
    for (names, parties) in named.iter().zip(&mut parties) {
        if let Some(reference) = names.advisor {
            let key = (names.dealership_id, reference);
            let found = match names.known_advisor.or_else(|| known.get(&key).copied()) {
                Some(found) => found,
                None => staff::actions::advisor(desk, names.dealership_id, reference).await?,
            };
            known.insert(key, found);
            parties.advisor = Some(found);
        }
        for reference in names.technicians {
            let key = (names.dealership_id, reference.as_str());
            let found = match known.get(&key) {
                Some(found) => *found,
                None => staff::actions::technician(desk, names.dealership_id, reference).await?,
            };
            known.insert(key, found);
            parties.technicians.push(found);
        }
    }
    Ok(parties)
}
