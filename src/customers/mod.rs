//! Customers: people and companies, and the addresses they can be reached at.
pub mod actions;
pub mod api;
pub mod consent;
pub mod console;
pub mod email;
mod merging;
mod needs;
mod news;
pub mod phone;
mod record;
mod store;
pub mod vehicles;

use serde::{Deserialize, Serialize};
use sqlx::types::Json;

use self::{
    consent::actions::Said,
    vehicles::{Sighting, people::Role},
};
use crate::{
    clock::Timestamp,
    dealerships::Dealership,
    id::{Entity, Id},
    notices::ChannelName,
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
    /// How they wish to be written to, where they said so.
    pub preferred_channel: Option<ChannelName>,
    /// When they wish to be rung, on their own clock: `18:00-20:00`.
    pub call_hours: Option<String>,
    /// Greeted as a guest of honour (acceptance 12).
    pub vip: bool,
    /// What they need help with (acceptance 33), as whoever serves them is shown it.
    pub needs: Json<Vec<Need>>,
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

/// What somebody needs help with, so that it is ready when they come (seed step 2, acceptance 33).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// Walking, stairs, getting in and out.
    Mobility,
    /// Somebody who speaks their language.
    Language,
    /// A way home and back while the car is here.
    Transport,
}

impl Need {
    pub const ALL: [Self; 3] = [Self::Mobility, Self::Language, Self::Transport];

    pub fn word(self) -> &'static str {
        match self {
            Self::Mobility => "mobility",
            Self::Language => "language",
            Self::Transport => "transport",
        }
    }
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
    /// When they want to be called: `18:00-20:00`.
    pub call_hours: Option<String>,
    pub vip: Option<bool>,
    /// Replaces what was known of it.
    pub needs: Option<Vec<Need>>,
    /// Replaces the list of the source.
    pub phones: Option<Vec<Address>>,
    pub email: Option<Address>,
    pub wechat_openid: Option<Address>,
    pub preferred_channel: Option<ChannelName>,
    /// What they agreed to or took back, as the sender holds it.
    pub consents: Vec<Said>,
}

/// Why nothing goes to an openid: they never followed the official account, left it or blocked it.
pub const NOT_FOLLOWING: &str = "not_following";

impl Person {
    /// Somebody of whom only the sender's key is told.
    pub fn named(reference: impl Into<String>) -> Self {
        Self {
            reference: reference.into(),
            kind: None,
            name: None,
            salutation: None,
            language: None,
            time_zone: None,
            phones: None,
            email: None,
            wechat_openid: None,
            preferred_channel: None,
            call_hours: None,
            vip: None,
            needs: None,
            consents: Vec::new(),
        }
    }
    /// Whether the house made them up of the address that somebody wrote from: no system has told of them yet.
    pub fn is_made_up(&self) -> bool {
        ["email:", "phone:", "wechat:"].iter().any(|of| self.reference.starts_with(of))
    }
    /// Every address that is told of them, in its normal form.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        let phones = self.phones.iter().flatten();
        phones.chain(&self.email).chain(&self.wechat_openid).map(|address| address.value.as_str())
    }
}

/// A fact about a person or a vehicle by themselves, as an event tells it.
#[derive(Clone, Debug)]
pub enum Fact {
    Upserted(Person),
    /// Two refs mean one person: what was the first one's is the second one's from now on.
    Merged {
        reference: String,
        into: String,
    },
    VehicleUpserted {
        sighting: Sighting,
        owner: Option<Person>,
        /// Who drives it and who pays: of each role that is named the whole; nobody ends every role.
        users: Option<Vec<(Role, Person)>>,
    },
    /// Sold or scrapped: nobody is written to about it any more.
    OwnershipEnded {
        sighting: Sighting,
    },
    /// Somebody drives it no more or pays for it no more; whoever does where nobody is named.
    RoleEnded {
        sighting: Sighting,
        role: Role,
        person: Option<Person>,
    },
    CampaignOpened {
        sighting: Sighting,
        number: String,
        name: Option<String>,
    },
    CampaignClosed {
        sighting: Sighting,
        number: String,
    },
}

impl Fact {
    /// The person whom it tells of.
    pub fn person(&self) -> Option<&Person> {
        match self {
            Self::Upserted(person) => Some(person),
            Self::VehicleUpserted { owner: person, .. } | Self::RoleEnded { person, .. } => person.as_ref(),
            Self::Merged { .. }
            | Self::OwnershipEnded { .. }
            | Self::CampaignOpened { .. }
            | Self::CampaignClosed { .. } => None,
        }
    }
    /// Who drives the car that it tells of, and who pays for it.
    pub fn users(&self) -> &[(Role, Person)] {
        match self {
            Self::VehicleUpserted { users: Some(users), .. } => users,
            _ => &[],
        }
    }
    /// The same without some of those, by their places: they were erased, and nothing is said of them.
    #[must_use]
    pub fn without_users(mut self, gone: &[usize]) -> Self {
        if let Self::VehicleUpserted { users, .. } = &mut self {
            let told = users.take().into_iter().flatten().enumerate();
            let left: Vec<_> = told.filter(|(place, _)| !gone.contains(place)).map(|(_, user)| user).collect();
            // Nobody left is no word that nobody has any role.
            *users = Some(left).filter(|left| !left.is_empty());
        }
        self
    }
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
