//! Customers: people and companies, and the addresses they can be reached at.
pub mod actions;
pub mod api;
pub mod email;
pub mod phone;
mod record;
mod store;
pub mod vehicles;

use serde::Serialize;

use crate::{
    clock::Timestamp,
    dealerships::Dealership,
    id::{Entity, Id},
};

/// A customer (`cus_`): a thing is known by its dealership and the sender's `ref`, whatever the source.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
pub struct Customer {
    pub id: Id<Customer>,
    pub dealership_id: Id<Dealership>,
    #[serde(rename = "ref")]
    #[sqlx(rename = "ref")]
    pub reference: String,
    pub kind: Kind,
    pub name: Option<String>,
    pub salutation: Option<String>,
    /// BCP 47, as the sender said it.
    pub language: Option<String>,
    /// A name of the IANA database; where it is absent, the dealership's counts.
    pub time_zone: Option<String>,
    /// What the name is searched by: lower case, made here because `SQLite` lowers ASCII only.
    pub search_name: String,
    /// The `time` of the youngest event that was applied.
    pub heard_at: Timestamp,
    pub created_at: Timestamp,
}
impl Entity for Customer {
    const PREFIX: &'static str = "cus";
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Kind {
    Person,
    Company,
}

/// An address of a customer (`ctp_`) as one source told it; never deleted, only removed.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow)]
pub struct ContactPoint {
    pub id: Id<ContactPoint>,
    pub customer_id: Id<Customer>,
    #[serde(rename = "type")]
    #[sqlx(rename = "type")]
    pub kind: AddressKind,
    /// E.164, an address with its domain in lower case, an openid; of an invalid one what was typed.
    pub value: String,
    pub label: Option<String>,
    /// Who told it: the `source` of the event.
    pub source: String,
    /// Its place in that source's list: the first is the one to try first.
    pub position: i64,
    pub validity: Validity,
    pub invalid_reason: Option<String>,
    pub added_at: Timestamp,
    pub removed_at: Option<Timestamp>,
}
impl Entity for ContactPoint {
    const PREFIX: &'static str = "ctp";
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum AddressKind {
    Phone,
    Email,
    Wechat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Validity {
    Unknown,
    Ok,
    Invalid,
    Bounced,
}

/// A person or company as an event tells of them; `None` leaves what is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The sender's key; where the sender has none, made of the first good phone or e-mail.
    pub reference: String,
    pub kind: Option<Kind>,
    pub name: Option<String>,
    pub salutation: Option<String>,
    pub language: Option<String>,
    pub time_zone: Option<String>,
    /// Replaces the list of the source.
    pub phones: Option<Vec<Address>>,
    pub email: Option<Address>,
    pub wechat_openid: Option<Address>,
}

/// An address as it was told, in its normal form, or what was typed and why it is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub value: String,
    pub label: Option<String>,
    pub invalid: Option<&'static str>,
}

impl Address {
    pub fn good(value: String) -> Self {
        Self { value, label: None, invalid: None }
    }
}
