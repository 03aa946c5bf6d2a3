//! Texts as a product: versions that never change, published and rolled back, for everybody or for one dealership.
pub mod actions;
pub mod api;
pub mod bindings;
pub mod console;
mod parameters;
pub mod providers;
pub mod shelf;
mod store;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    clock::Timestamp,
    dealerships::Dealership,
    id::{Entity, Id},
    notices::{ChannelName, Locale},
};

pub use shelf::Shelf;

/// One version of one text (`tpv_`). Its files never change: who wants another text writes another version.
#[derive(Clone, Debug, Serialize)]
pub struct Version {
    pub id: Id<Version>,
    #[serde(skip)]
    pub place: Place,
    /// Counts from 1 in its place; 0 is the file that the program carries.
    pub number: i64,
    pub state: VersionState,
    /// By name: `sms.hbs`; `subject.hbs`, `email.html.hbs` and `email.txt.hbs`; `wecom.hbs`; `wechat.toml`.
    pub files: BTreeMap<String, String>,
    pub written_by: String,
    pub written_at: Timestamp,
    pub published_by: Option<String>,
    pub published_at: Option<Timestamp>,
    pub retired_at: Option<Timestamp>,
}
impl Entity for Version {
    const PREFIX: &'static str = "tpv";
}

/// Draft, then published, then retired; a retired one may be published again, which is what rolling back is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum VersionState {
    Draft,
    Published,
    Retired,
}

/// Where a text stands: of which kind, in which language, for which channel, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub kind: String,
    pub locale: Locale,
    pub channel: ChannelName,
    /// None: everybody's, unless a dealership has its own.
    pub dealership: Option<Id<Dealership>>,
}

impl Place {
    /// The files that a text for this channel has, all of them; none for a call, which has a script instead.
    pub fn files(&self) -> &'static [&'static str] {
        files(self.channel)
    }
}

/// The files of a channel's text.
pub fn files(channel: ChannelName) -> &'static [&'static str] {
    match channel {
        ChannelName::Email => &["subject.hbs", "email.html.hbs", "email.txt.hbs"],
        ChannelName::Sms => &["sms.hbs"],
        ChannelName::Wechat => &["wechat.toml"],
        ChannelName::Wecom => &["wecom.hbs"],
        ChannelName::Call => &[],
    }
}
