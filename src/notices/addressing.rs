//! To whom a kind of notice goes: the customer of the visit, or whoever has at their car the role that the kind is addressed to
//! (`audience` in its `notice.toml`).
use jiff::tz::TimeZone;

use super::{Audience, actions::Heard, store};
use crate::{
    customers::{
        Customer,
        vehicles::{
            Vehicle,
            people::{self, Role},
        },
    },
    db,
    desk::Desk,
    id::Id,
    timeline::Entry,
};

impl Audience {
    /// The role at the car whose holder is told in place of the customer of the visit.
    pub fn at_the_car(self) -> Option<Role> {
        match self {
            Self::Driver => Some(Role::Driver),
            Self::Owner => Some(Role::Owner),
            Self::Payer => Some(Role::Payer),
            Self::Customer | Self::Advisor | Self::Parts | Self::Manager | Self::Director | Self::Agent => None,
        }
    }
}

/// The customer who is told, and in which role at which car; in none where they are the customer of the visit as such.
#[derive(Clone, Debug)]
pub(super) struct Addressed {
    pub(super) customer_id: Option<Id<Customer>>,
    pub(super) role: Option<(Role, Id<Vehicle>)>,
    pub(super) zone: TimeZone,
}

/// Whom a notice of this audience goes to.
pub(super) async fn addressed(desk: &mut Desk<'_>, heard: &Heard, audience: Audience) -> db::Result<Addressed> {
    let as_ever = || Addressed { customer_id: heard.customer_id, role: None, zone: heard.reader_zone.clone() };
    let Some(role) = audience.at_the_car() else { return Ok(as_ever()) };
    let at = heard.people_of.unwrap_or(desk.now);
    let Some(found) = people::who(desk.tx, heard.vehicle_id, role, heard.customer_id, at).await? else {
        return Ok(as_ever());
    };
    let own = found.time_zone.as_deref().and_then(|name| TimeZone::get(name).ok());
    Ok(Addressed {
        customer_id: Some(found.customer_id),
        role: Some((role, found.vehicle_id)),
        zone: own.unwrap_or_else(|| heard.dealership.zone.clone()),
    })
}

/// Somebody is no longer what they were to a car, or with None to any: what waits to be said to them in that role goes to who
/// has it now, else to the customer of the visit. What was written already goes its way.
pub async fn readdress(desk: &mut Desk<'_>, customer: Id<Customer>, car: Option<Id<Vehicle>>) -> db::Result<()> {
    let is_theirs = |vehicle: Id<Vehicle>| car.is_none_or(|car| vehicle == car);
    for notice in store::waiting_in_role(desk.tx, customer).await? {
        let was = (notice.vehicle_id, notice.addressed_as, notice.visit_customer_id);
        if !is_theirs(notice.vehicle_id) {
            continue;
        }
        let Some((to, role)) = instead(desk, customer, car.is_none(), was).await? else { continue };
        store::readdress(desk.tx, notice.id, to, role).await?;
        let mut line = Entry::new(desk.id(), notice.dealership_id, desk.now, "notice.readdressed");
        (line.notice_id, line.customer_id, line.vehicle_id) = (Some(notice.id), to, Some(notice.vehicle_id));
        line.reason = Some("role_ended".to_owned());
        desk.record(line);
    }
    // What this very transaction has raised is not written yet.
    for place in 0..desk.raised().len() {
        let notice = &desk.raised()[place];
        let is_open = notice.customer_id == Some(customer) && matches!(notice.state, "waiting" | "held");
        let (Some(vehicle), Some(role), true) = (notice.vehicle_id, notice.addressed_as, is_open) else { continue };
        let was = (vehicle, role, notice.visit_customer_id);
        if is_theirs(vehicle)
            && let Some((to, role)) = instead(desk, customer, car.is_none(), was).await?
        {
            let notice = &mut desk.raised()[place];
            (notice.customer_id, notice.addressed_as) = (to, role);
        }
    }
    Ok(())
}

/// Who is told in place of somebody whose role has ended, or who `is_gone`; None where they have it still.
async fn instead(
    desk: &mut Desk<'_>,
    customer: Id<Customer>,
    is_gone: bool,
    (vehicle, role, visits): (Id<Vehicle>, Role, Option<Id<Customer>>),
) -> db::Result<Option<(Option<Id<Customer>>, Option<Role>)>> {
    let mut people = people::of(desk.tx, &[vehicle]).await?;
    people.retain(|holder| !is_gone || holder.customer_id != customer);
    let visits = visits.filter(|visits| !is_gone || *visits != customer);
    let found = people::addressee(&people, role, visits, desk.now).map(|found| found.customer_id);
    Ok(match found {
        Some(found) if found == customer => None,
        Some(found) => Some((Some(found), Some(role))),
        None => Some((visits, None)),
    })
}
