//! Vehicles: known by their VIN, or by their plate until the VIN is heard.
pub mod actions;
pub mod api;
pub mod console;
pub mod people;
mod store;

use serde::Serialize;

use super::Customer;
use crate::{
    clock::Timestamp,
    dealerships::Dealership,
    id::{Entity, Id},
};

/// A vehicle (`veh_`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Vehicle {
    pub id: Id<Vehicle>,
    pub dealership_id: Id<Dealership>,
    pub vin: Option<String>,
    pub plate: Option<String>,
    pub model_code: Option<String>,
    pub model_year: Option<i64>,
    /// Who brought it last.
    pub owner_id: Option<Id<Customer>>,
    /// Kilometres.
    pub odometer: Option<i64>,
    pub next_service_at: Option<Timestamp>,
    /// Kilometres.
    pub next_service_km: Option<i64>,
    /// The `time` of the youngest event that was applied.
    pub heard_at: Timestamp,
    pub created_at: Timestamp,
    /// Somebody is on record as its driver or payer: whose it is, is then told and not seen by who brings it.
    #[serde(skip)]
    #[sqlx(default)]
    pub has_users: bool,
}
impl Entity for Vehicle {
    const PREFIX: &'static str = "veh";
}

/// A vehicle as an event tells of it: a VIN, a plate, or both; `None` leaves what is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    vin: Option<String>,
    plate: Option<String>,
    pub model_code: Option<String>,
    pub model_year: Option<i64>,
    pub odometer: Option<i64>,
    pub next_service_at: Option<Timestamp>,
    pub next_service_km: Option<i64>,
}

impl Sighting {
    /// `None` when there is neither a VIN nor a plate to know it by. Both are upper case, the VIN without blanks: people
    /// copy them in every form.
    pub fn of(vin: Option<&str>, plate: Option<&str>) -> Option<Self> {
        let vin = vin.map(|v| v.to_uppercase().split_whitespace().collect::<String>()).filter(|v| !v.is_empty());
        let plate =
            plate.map(|p| p.to_uppercase().split_whitespace().collect::<Vec<_>>().join(" ")).filter(|p| !p.is_empty());
        (vin.is_some() || plate.is_some()).then_some(Self {
            vin,
            plate,
            model_code: None,
            model_year: None,
            odometer: None,
            next_service_at: None,
            next_service_km: None,
        })
    }
    pub fn vin(&self) -> Option<&str> {
        self.vin.as_deref()
    }
    pub fn plate(&self) -> Option<&str> {
        self.plate.as_deref()
    }
}

/// Whose a car is, as far as an event tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// In so many words.
    Told(Option<Id<Customer>>),
    /// By who has a visit with it.
    BroughtBy(Option<Id<Customer>>),
}

impl Vehicle {
    /// How well a sighting fits this vehicle; the best fit is meant. A VIN decides; a plate alone may have wandered, so
    /// that the vehicle heard of last is meant, and a plate with a VIN means only a vehicle whose VIN nobody knew.
    fn fits(&self, sighting: &Sighting) -> Option<(bool, Timestamp)> {
        let is_same_plate = sighting.plate.is_some() && self.plate == sighting.plate;
        match &sighting.vin {
            Some(_) if self.vin == sighting.vin => Some((true, self.heard_at)),
            Some(_) => (self.vin.is_none() && is_same_plate).then_some((false, self.heard_at)),
            None => is_same_plate.then_some((false, self.heard_at)),
        }
    }

    /// Takes over what was seen, unless something younger was; true when that changed something. A VIN is adopted from any
    /// event, because a vehicle never has another.
    fn refresh(&mut self, sighting: &Sighting, owner: Whose, heard_at: Timestamp) -> bool {
        let before = self.clone();
        let owner = match owner {
            Whose::Told(owner) => owner,
            Whose::BroughtBy(visitor) => visitor.filter(|_| !self.has_users || self.owner_id.is_none()),
        };
        if self.vin.is_none() {
            self.vin.clone_from(&sighting.vin);
        }
        if heard_at >= self.heard_at {
            self.heard_at = heard_at;
            self.owner_id = owner.or(self.owner_id);
            self.model_year = sighting.model_year.or(self.model_year);
            self.odometer = sighting.odometer.or(self.odometer);
            self.next_service_at = sighting.next_service_at.or(self.next_service_at);
            self.next_service_km = sighting.next_service_km.or(self.next_service_km);
            for (held, told) in [(&mut self.plate, &sighting.plate), (&mut self.model_code, &sighting.model_code)] {
                if told.is_some() {
                    held.clone_from(told);
                }
            }
        }
        *self != before
    }
}
