//! The verbs of vehicles: one is mentioned, and is created or refreshed on the way.
use std::collections::{HashMap, HashSet};

use super::{Sighting, Vehicle, Whose, people, store};
use crate::{
    clock::Timestamp,
    customers::Customer,
    db::{self, Tx},
    dealerships::Dealership,
    desk::Desk,
    http::{Access, Error},
    id::Id,
    notices::{
        readings::Reading,
        words::{About, vehicle},
    },
    timeline::Entry,
};

/// An event that tells of a vehicle.
#[derive(Clone, Copy, Debug)]
pub struct Mention<'a> {
    pub dealership_id: Id<Dealership>,
    pub sighting: &'a Sighting,
    pub owner: Whose,
    /// The event's `time`.
    pub heard_at: Timestamp,
}

/// Creates or refreshes vehicles in the order of their mentions, and tells which each means. Two statements at most,
/// however many there are.
pub async fn refresh_all(desk: &mut Desk<'_>, mentions: &[Mention<'_>]) -> Result<Vec<Id<Vehicle>>, db::Error> {
    if mentions.is_empty() {
        return Ok(Vec::new());
    }
    let wanted: Vec<(Id<Dealership>, &Sighting)> = mentions.iter().map(|m| (m.dealership_id, m.sighting)).collect();
    let mut garage = Garage::default();
    for vehicle in store::find_and_lock(desk.tx, &wanted).await? {
        garage.park(vehicle);
    }
    let mut changed = HashSet::new();
    let mut ids = Vec::with_capacity(mentions.len());
    for mention in mentions {
        let index = garage.find(mention.dealership_id, mention.sighting).unwrap_or_else(|| {
            let index = garage.park(Vehicle {
                id: desk.id(),
                dealership_id: mention.dealership_id,
                vin: mention.sighting.vin.clone(),
                plate: mention.sighting.plate.clone(),
                model_code: None,
                model_year: None,
                owner_id: None,
                odometer: None,
                next_service_at: None,
                next_service_km: None,
                heard_at: mention.heard_at,
                created_at: desk.now,
                has_users: false,
            });
            changed.insert(index);
            index
        });
        if garage.vehicles[index].refresh(mention.sighting, mention.owner, mention.heard_at) {
            changed.insert(index);
            garage.label(index);
        }
        ids.push(garage.vehicles[index].id);
    }
    let vehicles: Vec<&Vehicle> =
        garage.vehicles.iter().enumerate().filter(|(i, _)| changed.contains(i)).map(|(_, v)| v).collect();
    store::save(desk.tx, &vehicles).await?;
    Ok(ids)
}

/// They say that it is sold: it is theirs no more, and where it was, nobody's.
pub async fn end_ownership(desk: &mut Desk<'_>, vehicle: Id<Vehicle>, owner: Id<Customer>) -> db::Result<()> {
    let word = people::Word { vehicle_id: vehicle, event_id: None, source: "/aftercare/calls", at: desk.now };
    let Some(dealership_id) = store::end_ownership(desk.tx, vehicle, owner).await? else {
        return people::end(desk, word, None, Some(owner)).await;
    };
    people::end(desk, word, None, None).await?;
    let mut line = Entry::new(desk.id(), dealership_id, desk.now, "ownership.ended");
    line.customer_id = Some(owner);
    line.vehicle_id = Some(vehicle);
    desk.record(line);
    Ok(())
}

/// Nobody of ours has it any more; answers the vehicle as it was, or None when something younger was heard of it.
pub async fn sold(desk: &mut Desk<'_>, id: Id<Vehicle>, at: Timestamp) -> db::Result<Option<Vehicle>> {
    let Some(vehicle) = store::lock(desk.tx, id).await?.filter(|vehicle| vehicle.heard_at <= at) else {
        return Ok(None);
    };
    store::save(desk.tx, &[&Vehicle { owner_id: None, ..vehicle.clone() }]).await?;
    Ok(Some(vehicle))
}

/// A recall concerns it. None when something younger was heard of that recall.
pub async fn open_campaign(
    desk: &mut Desk<'_>,
    id: Id<Vehicle>,
    (number, name): (&str, Option<&str>),
    at: Timestamp,
) -> db::Result<Option<Vehicle>> {
    let is_news = store::set_campaign(desk.tx, id, (number, name), "open", at).await?;
    if is_news { store::lock(desk.tx, id).await } else { Ok(None) }
}

/// The number of a recall, and its name.
pub type Campaign = (String, Option<String>);

/// A recall is done; answers the vehicle and the recalls that are still open. None when something younger was heard of it.
pub async fn close_campaign(
    desk: &mut Desk<'_>,
    id: Id<Vehicle>,
    number: &str,
    at: Timestamp,
) -> db::Result<Option<(Vehicle, Vec<Campaign>)>> {
    if !store::set_campaign(desk.tx, id, (number, None), "closed", at).await? {
        return Ok(None);
    }
    let open = store::open_campaigns(desk.tx, id).await?;
    Ok(store::lock(desk.tx, id).await?.map(|vehicle| (vehicle, open)))
}

/// The vehicles of one unit, found by VIN and plate.
#[derive(Default)]
struct Garage {
    vehicles: Vec<Vehicle>,
    by_name: HashMap<(Id<Dealership>, String), Vec<usize>>,
}

impl Garage {
    fn park(&mut self, vehicle: Vehicle) -> usize {
        self.vehicles.push(vehicle);
        let index = self.vehicles.len() - 1;
        self.label(index);
        index
    }
    /// Makes it findable by the names it has now.
    fn label(&mut self, index: usize) {
        let vehicle = &self.vehicles[index];
        for name in [&vehicle.vin, &vehicle.plate].into_iter().flatten() {
            self.by_name.entry((vehicle.dealership_id, name.clone())).or_default().push(index);
        }
    }
    fn find(&self, dealership_id: Id<Dealership>, sighting: &Sighting) -> Option<usize> {
        [&sighting.vin, &sighting.plate]
            .into_iter()
            .flatten()
            .filter_map(|name| self.by_name.get(&(dealership_id, name.clone())))
            .flatten()
            .filter_map(|&index| Some((self.vehicles[index].fits(sighting)?, index)))
            .max_by_key(|(fit, _)| *fit)
            .map(|(_, index)| index)
    }
}

/// Which car is meant by a VIN, a plate or our id, among what may be seen.
///
/// # Errors
/// As of [`Error::unless_one`].
pub async fn named(
    tx: &mut Tx,
    access: &Access,
    reference: &str,
    dealership: Option<&str>,
) -> Result<Id<Vehicle>, Error> {
    let found = store::list_by_reference(tx, access, reference, dealership).await?;
    Ok(Error::unless_one(found)?.vehicle.id)
}

/// Vehicles as their letters need them: the next service and a recall are kept with the notice.
pub async fn for_letters(tx: &mut Tx, ids: &[String]) -> Result<Vec<Reading>, db::Error> {
    let reading = |found: Vehicle| Reading {
        subject_id: found.id.to_string(),
        state: "known".to_owned(),
        revision: 0,
        advisor: None,
        plate: found.plate,
        model_code: found.model_code,
        model_year: found.model_year,
        about: Some(About::Vehicle(vehicle::Facts {
            vin: found.vin,
            next_service_at: found.next_service_at,
            next_service_km: found.next_service_km,
            ..vehicle::Facts::default()
        })),
    };
    Ok(store::by_ids(tx, ids).await?.into_iter().map(reading).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Ids, Random};

    #[test]
    fn a_vin_decides_and_a_plate_means_the_vehicle_heard_of_last() {
        let ids = Ids {
            clock: crate::clock::Clock::fixed("2026-03-05T00:00:00Z".parse().unwrap()),
            random: Random::seeded(1),
        };
        let dealership_id: Id<Dealership> = ids.next();
        let vehicle = |vin: Option<&str>, plate: &str, heard_at: &str| Vehicle {
            id: ids.next(),
            dealership_id,
            vin: vin.map(str::to_owned),
            plate: Some(plate.to_owned()),
            model_code: None,
            model_year: None,
            owner_id: None,
            odometer: None,
            next_service_at: None,
            next_service_km: None,
            heard_at: heard_at.parse().unwrap(),
            created_at: ids.clock.now(),
            has_users: false,
        };
        let mut garage = Garage::default();
        garage.park(vehicle(Some("VIN1"), "P1", "2026-01-01T00:00:00Z"));
        garage.park(vehicle(Some("VIN2"), "P1", "2026-02-01T00:00:00Z"));
        garage.park(vehicle(None, "P3", "2026-02-01T00:00:00Z"));
        let find = |vin, plate| garage.find(dealership_id, &Sighting::of(vin, plate).unwrap());
        assert_eq!(find(Some("vin 1"), Some("P9")), Some(0));
        assert_eq!(find(None, Some("p1")), Some(1));
        assert_eq!(find(Some("VIN3"), Some("P1")), None, "the plate has wandered to another vehicle");
        assert_eq!(find(Some("VIN3"), Some("P3")), Some(2), "a plate-only vehicle adopts the VIN");
        assert_eq!(find(None, Some("P4")), None);
        assert_eq!(Sighting::of(Some(" "), None), None);
    }
}
