//! The people of a car: who owns it, who drives it, who pays for it. Here, and nowhere else, a role becomes a person.
mod store;

use serde::{Deserialize, Serialize};

use super::Vehicle;
use crate::{
    clock::Timestamp,
    customers::{Customer, Kind},
    db::{self, Tx},
    desk::Desk,
    id::Id,
    intake::Event,
    notices,
    timeline::Entry,
};

/// What somebody is to a car (`domain/model.md`: owner, users).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Role {
    /// Hears of what concerns the car for good: recalls, due services.
    Owner,
    /// Hears that it can be fetched, and is asked how the visit was.
    Driver,
    /// Is asked about work that costs something.
    Payer,
}

impl Role {
    /// As in the API and the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Driver => "driver",
            Self::Payer => "payer",
        }
    }
}

/// Somebody of a car, with what is asked of them before they are addressed.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Holder {
    pub vehicle_id: Id<Vehicle>,
    pub customer_id: Id<Customer>,
    pub role: Role,
    /// Of an owner nobody asks since when.
    pub since_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub time_zone: Option<String>,
    pub kind: Kind,
}

impl Holder {
    fn holds_at(&self, at: Timestamp) -> bool {
        self.role == Role::Owner || (self.since_at <= at && self.ended_at.is_none_or(|ended| ended > at))
    }
}

/// Who of a car's people has the role at a moment: of several the one whose visit it is, else whoever was named last.
///
/// None where nobody is on record with it, and where the visit is somebody's who is none of the car's people: what a stranger
/// has done to it is told to the stranger alone.
pub fn addressee(people: &[Holder], role: Role, visits: Option<Id<Customer>>, at: Timestamp) -> Option<&Holder> {
    let now = || people.iter().filter(|holder| holder.holds_at(at));
    let is_kept = now().any(|holder| holder.role != Role::Owner);
    let is_one_of_them = visits.is_none_or(|visits| now().any(|holder| holder.customer_id == visits));
    let candidates = now().filter(|holder| holder.role == role && is_kept && is_one_of_them);
    candidates.max_by_key(|holder| (Some(holder.customer_id) == visits, holder.since_at, holder.customer_id))
}

/// The people of these cars, also those who were it once; nobody of a car of which only an owner is known.
pub async fn of(tx: &mut Tx, vehicles: &[Id<Vehicle>]) -> db::Result<Vec<Holder>> {
    if vehicles.is_empty() {
        return Ok(Vec::new());
    }
    let mut people = store::users(tx, vehicles).await?;
    if !people.is_empty() {
        let cars: Vec<Id<Vehicle>> = people.iter().map(|holder| holder.vehicle_id).collect();
        people.extend(store::owners(tx, &cars).await?);
    }
    Ok(people)
}

/// Who is to be told in this role of what concerns a visit with this car; as of [`addressee`].
pub async fn who(
    tx: &mut Tx,
    vehicle: Option<Id<Vehicle>>,
    role: Role,
    visits: Option<Id<Customer>>,
    at: Timestamp,
) -> db::Result<Option<Holder>> {
    let Some(vehicle) = vehicle else { return Ok(None) };
    let people = of(tx, &[vehicle]).await?;
    Ok(addressee(&people, role, visits, at).cloned())
}

/// A word about who drives a car and who pays for it.
#[derive(Clone, Copy, Debug)]
pub struct Word<'a> {
    pub vehicle_id: Id<Vehicle>,
    pub event_id: Option<Id<Event>>,
    pub source: &'a str,
    /// When it was true.
    pub at: Timestamp,
}

/// These are the car's people: of each role that is named the list is the whole, and nobody at all ends every role.
pub async fn tell(desk: &mut Desk<'_>, word: Word<'_>, named: &[(Role, Id<Customer>)]) -> db::Result<()> {
    let held = store::held(desk.tx, word.vehicle_id).await?;
    let mut changed = Vec::new();
    for role in [Role::Driver, Role::Payer] {
        let is_told = named.is_empty() || named.iter().any(|(told, _)| *told == role);
        let of_role: Vec<&store::Held> = held.iter().filter(|one| one.role == role).collect();
        if is_told && of_role.iter().all(|one| one.heard_at <= word.at) {
            let now: Vec<Id<Customer>> = named.iter().filter(|(told, _)| *told == role).map(|(_, who)| *who).collect();
            changed.extend(stand(&of_role, role, &now, word));
        }
    }
    keep(desk, word, changed).await
}

/// One role has ended, or with None every one of them: of one person, or of whoever has it.
pub async fn end(
    desk: &mut Desk<'_>,
    word: Word<'_>,
    role: Option<Role>,
    customer: Option<Id<Customer>>,
) -> db::Result<()> {
    let mut held = store::held(desk.tx, word.vehicle_id).await?;
    held.retain(|one| one.ended_at.is_none() && one.heard_at <= word.at);
    held.retain(|one| role.is_none_or(|role| one.role == role));
    held.retain(|one| customer.is_none_or(|customer| one.customer_id == customer));
    let changed = held.into_iter().map(|one| (one.ended(word), true)).collect();
    keep(desk, word, changed).await
}

/// Takes somebody who is erased from every car: what was still to be said to them as its driver or payer goes to who is left.
pub async fn forget(desk: &mut Desk<'_>, customer: Id<Customer>) -> db::Result<()> {
    notices::addressing::readdress(desk, customer, None).await?;
    store::forget(desk.tx, customer).await
}

/// How a role stands after a list of who has it; the second of each is whether that is news.
fn stand(held: &[&store::Held], role: Role, now: &[Id<Customer>], word: Word<'_>) -> Vec<(store::Held, bool)> {
    let left = held.iter().filter(|one| one.ended_at.is_none() && !now.contains(&one.customer_id));
    let mut changed: Vec<(store::Held, bool)> = left.map(|one| (one.ended(word), true)).collect();
    for &customer_id in now {
        if changed.iter().any(|(one, _)| one.customer_id == customer_id) {
            continue;
        }
        let before = held.iter().find(|one| one.customer_id == customer_id && one.ended_at.is_none());
        let since_at = before.map_or(word.at, |before| before.since_at);
        let (vehicle_id, source) = (word.vehicle_id, word.source.to_owned());
        let stands = store::Held { vehicle_id, customer_id, role, source, since_at, heard_at: word.at, ended_at: None };
        changed.push((stands, before.is_none()));
    }
    changed
}

async fn keep(desk: &mut Desk<'_>, word: Word<'_>, changed: Vec<(store::Held, bool)>) -> db::Result<()> {
    if changed.is_empty() {
        return Ok(());
    }
    let rows: Vec<&store::Held> = changed.iter().map(|(one, _)| one).collect();
    store::save(desk.tx, &rows).await?;
    let Some(dealership_id) = store::dealership(desk.tx, word.vehicle_id).await? else { return Ok(()) };
    for (one, _) in changed.iter().filter(|(_, is_news)| *is_news) {
        let what = if one.ended_at.is_some() { "vehicle.role_ended" } else { "vehicle.role_told" };
        let mut line = Entry::new(desk.id(), dealership_id, word.at, what);
        (line.vehicle_id, line.customer_id) = (Some(word.vehicle_id), Some(one.customer_id));
        (line.event_id, line.actor) = (word.event_id, Some(word.source.to_owned()));
        line.detail = serde_json::json!({"role": one.role});
        desk.record(line);
        if one.ended_at.is_some() {
            notices::addressing::readdress(desk, one.customer_id, Some(word.vehicle_id)).await?;
        }
    }
    Ok(())
}

/// Somebody of a car as people and systems read it.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct Shown {
    #[serde(skip)]
    pub vehicle_id: Id<Vehicle>,
    pub role: Role,
    pub customer: Id<Customer>,
    #[serde(rename = "ref")]
    #[sqlx(rename = "ref")]
    pub reference: String,
    pub name: Option<String>,
}

/// The people of these cars as they are now, by car and role.
pub async fn shown(tx: &mut Tx, vehicles: &[Id<Vehicle>]) -> db::Result<Vec<Shown>> {
    if vehicles.is_empty() { Ok(Vec::new()) } else { store::shown(tx, vehicles).await }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: &str) -> Timestamp {
        format!("2026-03-05T{hour}:00:00Z").parse().unwrap()
    }
    fn person(n: u8) -> Id<Customer> {
        Id::new(at("00"), [n; 10])
    }
    fn holder(n: u8, role: Role, since: &str, ended: Option<&str>) -> Holder {
        Holder {
            vehicle_id: Id::new(at("00"), [9; 10]),
            customer_id: person(n),
            role,
            since_at: at(since),
            ended_at: ended.map(at),
            time_zone: None,
            kind: Kind::Person,
        }
    }

    #[test]
    fn a_role_is_the_visitors_own_before_it_is_whose_was_named_last() {
        let (father, daughter, son, mother) = (1, 2, 3, 4);
        let people = [
            holder(father, Role::Owner, "00", None),
            holder(daughter, Role::Driver, "01", None),
            holder(son, Role::Driver, "02", None),
            holder(mother, Role::Payer, "01", Some("05")),
        ];
        let stranger = 7;
        for (role, visits, hour, who) in [
            (Role::Driver, Some(father), "03", Some(son)),
            (Role::Driver, Some(daughter), "03", Some(daughter)),
            (Role::Driver, None, "03", Some(son)),
            (Role::Driver, Some(father), "01", Some(daughter)),
            (Role::Owner, Some(son), "03", Some(father)),
            (Role::Payer, Some(daughter), "03", Some(mother)),
            (Role::Payer, Some(daughter), "05", None),
            (Role::Driver, Some(stranger), "03", None),
            (Role::Owner, Some(stranger), "03", None),
            (Role::Driver, Some(mother), "06", None),
            (Role::Owner, Some(father), "00", None),
        ] {
            let found = addressee(&people, role, visits.map(person), at(hour)).map(|holder| holder.customer_id);
            assert_eq!(found, who.map(person), "{role:?} of {visits:?} at {hour}");
        }
        assert_eq!(
            addressee(&people[..1], Role::Owner, Some(person(father)), at("03")),
            None,
            "only an owner is known"
        );
    }

    #[test]
    fn a_list_is_the_whole_of_a_role_and_says_what_is_news() {
        let word = Word { vehicle_id: Id::new(at("00"), [9; 10]), event_id: None, source: "/dms", at: at("04") };
        let held = |n, ended: Option<&str>| store::Held {
            vehicle_id: word.vehicle_id,
            customer_id: person(n),
            role: Role::Driver,
            source: "/dms".to_owned(),
            since_at: at("01"),
            heard_at: at("01"),
            ended_at: ended.map(at),
        };
        let (stays, leaves, comes_back) = (held(1, None), held(2, None), held(3, Some("02")));
        let told = stand(&[&stays, &leaves, &comes_back], Role::Driver, &[person(1), person(3), person(4)], word);
        let said: Vec<_> =
            told.iter().map(|(one, news)| (one.customer_id, one.since_at, one.ended_at, *news)).collect();
        assert_eq!(
            said,
            [
                (person(2), at("01"), Some(at("04")), true),
                (person(1), at("01"), None, false),
                (person(3), at("04"), None, true),
                (person(4), at("04"), None, true),
            ]
        );
    }
}
