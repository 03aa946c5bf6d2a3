//! What events tell of people and vehicles by themselves: refreshed, merged, sold, recalled.
use std::collections::BTreeSet;

use serde_json::json;

use super::{
    Customer, Fact, Person, actions,
    merging::{Word, merge},
    vehicles::{
        self, Sighting, Vehicle, Whose,
        people::{self, Role},
    },
};
use crate::{
    appointments, calls, db,
    desk::{self, Desk},
    id::Id,
    intake::Outcome,
    notices::{
        SubjectKind,
        actions::{Heard, Subject, hear},
    },
    timeline::Entry,
};

/// A fact about people or vehicles, and the event that told it.
type Told<'a> = desk::Told<'a, Fact>;

/// Applies facts in their order, and tells what became of each. Refreshed people and refreshed vehicles come in runs, and each
/// run costs the statements of one; the others are rare.
pub async fn apply(desk: &mut Desk<'_>, told: &[Told<'_>]) -> Result<Vec<Outcome>, db::Error> {
    let mut outcomes = Vec::with_capacity(told.len());
    let same = |one: &Told<'_>, next: &Told<'_>| std::mem::discriminant(one.fact) == std::mem::discriminant(next.fact);
    for run in told.chunk_by(same) {
        match run[0].fact {
            Fact::Upserted(_) => outcomes.extend(upserted(desk, run).await?),
            Fact::VehicleUpserted { .. } => outcomes.extend(vehicles_upserted(desk, run).await?),
            Fact::Merged { .. } => {
                for told in run {
                    outcomes.push(merged(desk, told).await?);
                }
            }
            Fact::OwnershipEnded { .. }
            | Fact::RoleEnded { .. }
            | Fact::CampaignOpened { .. }
            | Fact::CampaignClosed { .. } => {
                for told in run {
                    outcomes.push(of_one_vehicle(desk, told).await?);
                }
            }
        }
    }
    Ok(outcomes)
}

fn mention<'a>(told: &Told<'a>, person: &'a Person) -> actions::Mention<'a> {
    actions::Mention {
        dealership_id: told.dealership.id,
        person,
        source: told.source,
        heard_at: told.time,
        event_id: Some(told.event_id),
    }
}

async fn upserted(desk: &mut Desk<'_>, run: &[Told<'_>]) -> db::Result<Vec<Outcome>> {
    let mentions: Vec<_> = run
        .iter()
        .filter_map(|told| match told.fact {
            Fact::Upserted(person) => Some(mention(told, person)),
            _ => None,
        })
        .collect();
    let known = actions::refresh_all(desk, &mentions).await?;
    let (mut outcomes, mut touched) = (Vec::with_capacity(run.len()), BTreeSet::new());
    for (told, known) in run.iter().zip(known) {
        let what = if known.is_stale { "event.stale" } else { "customer.upserted" };
        let mut line = line(desk, told, what);
        line.customer_id = Some(known.id);
        desk.record(line);
        touched.insert(known.id);
        outcomes.push(if known.is_stale { Outcome::Stale } else { Outcome::Applied });
    }
    appointments::actions::look_again(desk, &touched, &BTreeSet::new()).await?;
    Ok(outcomes)
}

async fn vehicles_upserted(desk: &mut Desk<'_>, run: &[Told<'_>]) -> db::Result<Vec<Outcome>> {
    let seen: Vec<(&Told<'_>, &Sighting, Option<&Person>)> = run
        .iter()
        .filter_map(|told| match told.fact {
            Fact::VehicleUpserted { sighting, owner, .. } => Some((told, sighting, owner.as_ref())),
            _ => None,
        })
        .collect();
    let mut people = Vec::with_capacity(seen.len());
    for (told, _, owner) in &seen {
        people.extend(owner.iter().map(|owner| mention(told, owner)));
        people.extend(told.fact.users().iter().map(|(_, person)| mention(told, person)));
    }
    let mut known = actions::refresh_all(desk, &people).await?.into_iter().map(|known| known.id);
    let mut owned: Vec<Option<Id<Customer>>> = Vec::with_capacity(seen.len());
    let mut used: Vec<Vec<(Role, Id<Customer>)>> = Vec::with_capacity(seen.len());
    for (told, _, owner) in &seen {
        owned.push(owner.and_then(|_| known.next()));
        used.push(told.fact.users().iter().map(|(role, _)| *role).zip(known.by_ref()).collect());
    }
    let sightings: Vec<_> =
        seen.iter().zip(&owned).map(|((told, sighting, _), owner)| sighted(told, sighting, *owner)).collect();
    let ids = vehicles::actions::refresh_all(desk, &sightings).await?;
    for (((told, ..), id), used) in seen.iter().zip(&ids).zip(&used) {
        if matches!(told.fact, Fact::VehicleUpserted { users: Some(_), .. }) {
            people::tell(desk, word(told, *id), used).await?;
        }
    }
    let (mut cars, mut owners) = (BTreeSet::new(), BTreeSet::new());
    for (((told, ..), owner), id) in seen.iter().zip(owned).zip(ids) {
        let mut line = line(desk, told, "vehicle.upserted");
        (line.vehicle_id, line.customer_id) = (Some(id), owner);
        desk.record(line);
        cars.insert(id);
        owners.extend(owner);
    }
    appointments::actions::look_again(desk, &owners, &cars).await?;
    Ok(vec![Outcome::Applied; run.len()])
}

fn sighted<'a>(told: &Told<'_>, sighting: &'a Sighting, owner: Option<Id<Customer>>) -> vehicles::actions::Mention<'a> {
    let owner = Whose::Told(owner);
    vehicles::actions::Mention { dealership_id: told.dealership.id, sighting, owner, heard_at: told.time }
}

fn word<'a>(told: &Told<'a>, vehicle_id: Id<Vehicle>) -> people::Word<'a> {
    people::Word { vehicle_id, event_id: Some(told.event_id), source: told.source, at: told.time }
}

/// Both may be unknown yet: each is then made, so that a later word about either finds the one who is left.
async fn merged(desk: &mut Desk<'_>, told: &Told<'_>) -> db::Result<Outcome> {
    let Fact::Merged { reference, into } = told.fact else { return Ok(Outcome::Applied) };
    let both = [Person::named(reference), Person::named(into)];
    // As old as can be: a merge says nothing about either that an older word could be stale against.
    let mentions = both.each_ref().map(|person| mention(told, person));
    let known = actions::refresh_all(desk, &mentions).await?;
    let word = Word { dealership: told.dealership.id, event_id: Some(told.event_id), actor: told.source };
    merge(desk, known[0].id, known[1].id, word).await?;
    Ok(Outcome::Applied)
}

/// Sold, driven or paid for by somebody else, recalled, or the recall was done.
async fn of_one_vehicle(desk: &mut Desk<'_>, told: &Told<'_>) -> db::Result<Outcome> {
    let (Fact::OwnershipEnded { sighting }
    | Fact::RoleEnded { sighting, .. }
    | Fact::CampaignOpened { sighting, .. }
    | Fact::CampaignClosed { sighting, .. }) = told.fact
    else {
        return Ok(Outcome::Applied);
    };
    let named: Vec<_> = told.fact.person().iter().map(|person| mention(told, person)).collect();
    let who = actions::refresh_all(desk, &named).await?.first().map(|known| known.id);
    let id = vehicles::actions::refresh_all(desk, &[sighted(told, sighting, None)]).await?.remove(0);
    match told.fact {
        Fact::OwnershipEnded { .. } => ownership_ended(desk, told, id).await,
        Fact::RoleEnded { role, .. } => {
            people::end(desk, word(told, id), Some(*role), who).await?;
            Ok(Outcome::Applied)
        }
        Fact::CampaignOpened { number, name, .. } => {
            let opened = vehicles::actions::open_campaign(desk, id, (number, name.as_deref()), told.time).await?;
            if let Some(vehicle) = &opened {
                tell_of_recall(desk, told, vehicle, (number, name.as_deref()), number.clone()).await?;
            }
            Ok(outcome(opened.is_some()))
        }
        Fact::CampaignClosed { number, .. } => campaign_closed(desk, told, id, number).await,
        _ => Ok(Outcome::Applied),
    }
}

fn outcome(applied: bool) -> Outcome {
    if applied { Outcome::Applied } else { Outcome::Stale }
}

/// Nobody is written to about the vehicle any more, and nobody rings about it.
async fn ownership_ended(desk: &mut Desk<'_>, told: &Told<'_>, id: Id<Vehicle>) -> db::Result<Outcome> {
    let Some(vehicle) = vehicles::actions::sold(desk, id, told.time).await? else {
        return Ok(Outcome::Stale);
    };
    let mut line = line(desk, told, "ownership.ended");
    (line.vehicle_id, line.customer_id) = (Some(id), vehicle.owner_id);
    desk.record(line);
    hear(desk, &heard("ownership.ended", told, &vehicle)).await?;
    calls::actions::withdraw(desk, &id.to_string(), &[], "ownership_ended").await?;
    let users = people::of(desk.tx, &[id]).await?.into_iter().map(|holder| holder.customer_id);
    for one in vehicle.owner_id.into_iter().chain(users).collect::<BTreeSet<_>>() {
        calls::actions::withdraw_about_vehicle(desk, one, id, "ownership_ended").await?;
    }
    people::end(desk, word(told, id), None, None).await?;
    Ok(Outcome::Applied)
}

/// Ends what was not told yet. Another recall of the same vehicle that is still open is told anew: its notice may have been
/// among those (A2 row 15: owners of open campaigns are told again).
async fn campaign_closed(desk: &mut Desk<'_>, told: &Told<'_>, id: Id<Vehicle>, number: &str) -> db::Result<Outcome> {
    let Some((vehicle, open)) = vehicles::actions::close_campaign(desk, id, number, told.time).await? else {
        return Ok(Outcome::Stale);
    };
    let mut line = line(desk, told, "campaign.closed");
    (line.vehicle_id, line.customer_id) = (Some(id), vehicle.owner_id);
    line.detail = json!({"campaign": number});
    desk.record(line);
    hear(desk, &heard("campaign.closed", told, &vehicle)).await?;
    for (other, name) in open {
        let occasion = format!("{other} after {number}");
        tell_of_recall(desk, told, &vehicle, (&other, name.as_deref()), occasion).await?;
    }
    Ok(Outcome::Applied)
}

async fn tell_of_recall(
    desk: &mut Desk<'_>,
    told: &Told<'_>,
    vehicle: &Vehicle,
    (number, name): (&str, Option<&str>),
    occasion: String,
) -> db::Result<()> {
    let mut line = line(desk, told, "campaign.vehicle_open");
    (line.vehicle_id, line.customer_id) = (Some(vehicle.id), vehicle.owner_id);
    line.detail = json!({"campaign": number});
    desk.record(line);
    let heard = Heard {
        occasion: Some(occasion),
        detail: json!({"campaign": number, "campaign_name": name}),
        ..heard("campaign.vehicle_open", told, vehicle)
    };
    hear(desk, &heard).await
}

fn heard(event_type: &'static str, told: &Told<'_>, vehicle: &Vehicle) -> Heard {
    let subject = Subject {
        kind: SubjectKind::Vehicle,
        id: vehicle.id.to_string(),
        reference: vehicle.vin.clone().or_else(|| vehicle.plate.clone()).unwrap_or_default(),
        revision: 0,
    };
    Heard {
        event_id: Some(told.event_id),
        customer_id: vehicle.owner_id,
        vehicle_id: Some(vehicle.id),
        quietly: told.dealership.live_from.is_some_and(|live| told.time < live),
        ..Heard::new(event_type, told.dealership, subject)
    }
}

fn line(desk: &Desk<'_>, told: &Told<'_>, what: &str) -> Entry {
    let mut line = Entry::new(desk.id(), told.dealership.id, told.time, what);
    line.event_id = Some(told.event_id);
    line.actor = Some(told.source.to_owned());
    line
}
