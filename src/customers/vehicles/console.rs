//! The people of a car in a colleague's words: on the customer's page, and beside what was said to somebody because of a role.
use maud::{Markup, html};

use super::people::{Role, Shown};
use crate::{
    console::{Visitor, Words, pieces::tag},
    customers::{Customer, store::screens::Car},
    id::Id,
};

/// A car, what this customer is to it, and who else is something to it.
pub(in crate::customers) fn car(visitor: &Visitor, car: &Car, people: &[Shown], customer: Id<Customer>) -> Markup {
    let w = visitor.words;
    let of_this_car: Vec<&Shown> = people.iter().filter(|one| one.vehicle_id == car.id).collect();
    let has_users = of_this_car.iter().any(|one| one.role != Role::Owner);
    let (own, others): (Vec<&Shown>, Vec<&Shown>) = of_this_car.into_iter().partition(|one| one.customer == customer);
    html! {
        li {
            strong { (car.model_code.as_deref().unwrap_or_default()) } " " (car.model_year.map(|year| year.to_string()).unwrap_or_default()) " "
            span class="num muted" { (car.plate.as_deref().unwrap_or_default()) }
            @if has_users { @for one in own { " " (tag(&w.code("car-role", one.role.word()), "")) } }
            @if let Some(vin) = &car.vin { br; span class="num muted small" { (vin) } }
            @if has_users { @for one in others {
                br; span class="small" { (w.code("car-role", one.role.word())) " " a href={ "/console/customers/" (one.customer) } { (one.name.as_deref().unwrap_or(&one.reference)) } }
            } }
        }
    }
}

/// Because of which role at which car somebody is told, where it is not because of their own visit.
pub fn addressed_as(w: Words, role: Option<Role>, plate: Option<&str>) -> Markup {
    html! {
        @if let Some(role) = role {
            span class="muted small" { (w.code("addressed-as", role.word())) @if let Some(plate) = plate { " " span class="num" { (plate) } } }
        }
    }
}
