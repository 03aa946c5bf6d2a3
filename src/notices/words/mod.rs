//! Words: the facts of a subject and of who writes to whom, put into the reader's language once, for texts to use.
pub mod appointment;
pub mod assist;
pub mod case;
pub mod customer;
pub mod digest;
mod examples;
pub mod inquiry;
pub mod parts_order;
pub mod repair_order;
mod samples;
pub mod survey;
pub mod vehicle;

use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::Value;

use super::{
    SubjectKind,
    letters::Letter,
    wording::{self, Locale, Person},
};
use crate::clock::Timestamp;

pub(super) use samples::read_here;
pub use samples::{Sample, samples};

/// Who writes to whom, and about which car: what every text may use.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The reader: a customer, or somebody who works here.
    pub person: Person,
    /// Whether the reader works here.
    pub colleague: bool,
    /// The customer it is about, where the reader works here.
    pub customer: Option<Person>,
    pub dealer: Dealer,
    /// The advisor's name; empty when nobody is assigned or the name is unknown.
    pub advisor: String,
    pub plate: Option<String>,
    pub model_code: Option<String>,
    pub model_year: Option<i16>,
    /// The sender's name for the subject.
    pub reference: String,
    /// Pages on which the reader can act; without them no button is shown.
    pub links: Option<Links>,
    /// What a colleague who triggered it added, at most 60 characters (BR-63).
    pub note: Option<String>,
    /// Whether what is texted back is read: only then may a text ask for a digit (BR-64).
    pub replies: bool,
}

/// The dealership that writes.
#[derive(Clone, Debug)]
pub struct Dealer {
    pub name: String,
    pub department: String,
    pub phone: String,
    pub address: String,
    pub email: Option<String>,
    /// CN, US, JP.
    pub region: String,
    /// What stands for the name of an advisor who is not known: 服务顾问.
    pub advisor_fallback: String,
    /// What the gateway puts in front of an SMS (D4); counts in mainland China only.
    pub sms_signature: Option<String>,
    /// Where its wall clock hangs: an appointment is at the dealership, wherever its reader is.
    pub zone: TimeZone,
}

/// Where the reader can act.
#[derive(Clone, Debug, Serialize)]
pub struct Links {
    /// The subject's page: confirm, move, cancel; answer; the console for people who work here.
    pub manage: String,
}

/// The facts of what a text is about, as the record holds them.
#[derive(Clone, Debug)]
pub enum About {
    Appointment(appointment::Facts),
    RepairOrder(repair_order::Facts),
    PartsOrder(parts_order::Facts),
    /// Help that a colleague asks for.
    Assist(assist::Facts),
    Inquiry(inquiry::Facts),
    /// A survey, or a call that reached nobody.
    Survey(survey::Facts),
    Case(case::Facts),
    Vehicle(vehicle::Facts),
    Customer(customer::Facts),
    /// A list or a digest of one shop.
    Digest(digest::Facts),
    /// Who writes to whom is all there is to say.
    Alone,
}

/// The same in words.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
enum Said {
    Appointment(Box<appointment::Words>),
    RepairOrder(Box<repair_order::Words>),
    PartsOrder(Box<parts_order::Words>),
    Assist(Box<assist::Words>),
    Inquiry(Box<inquiry::Words>),
    Survey(Box<survey::Words>),
    Case(Box<case::Words>),
    Vehicle(Box<vehicle::Words>),
    Customer(Box<customer::Words>),
    Digest(Box<digest::Words>),
    Alone {},
}

impl About {
    /// Takes what was kept with the notice when it was raised.
    pub fn hear(&mut self, detail: &Value) {
        match self {
            Self::Appointment(facts) => facts.hear(detail),
            Self::RepairOrder(facts) => facts.hear(detail),
            Self::PartsOrder(facts) => facts.hear(detail),
            Self::Assist(facts) => facts.hear(detail),
            Self::Inquiry(facts) => facts.hear(detail),
            Self::Case(facts) => facts.hear(detail),
            Self::Vehicle(facts) => facts.hear(detail),
            Self::Customer(facts) => facts.hear(detail),
            Self::Digest(facts) => facts.hear(detail),
            Self::Survey(_) | Self::Alone => {}
        }
    }
    fn said(&self, page: &Page<'_>) -> Said {
        match self {
            Self::Appointment(facts) => Said::Appointment(Box::new(appointment::Words::new(facts, page))),
            Self::RepairOrder(facts) => Said::RepairOrder(Box::new(repair_order::Words::new(facts, page))),
            Self::Assist(facts) => Said::Assist(Box::new(assist::Words::new(facts, page))),
            Self::PartsOrder(facts) => Said::PartsOrder(Box::new(parts_order::Words::new(facts, page))),
            Self::Inquiry(facts) => Said::Inquiry(Box::new(inquiry::Words::new(facts, page))),
            Self::Survey(facts) => Said::Survey(Box::new(survey::Words::new(facts, page))),
            Self::Case(facts) => Said::Case(Box::new(case::Words::new(facts, page))),
            Self::Vehicle(facts) => Said::Vehicle(Box::new(vehicle::Words::new(facts, page))),
            Self::Customer(facts) => Said::Customer(Box::new(customer::Words::new(facts, page))),
            Self::Digest(facts) => Said::Digest(Box::new(digest::Words::new(facts, page))),
            Self::Alone => Said::Alone {},
        }
    }
}

/// In which language, and by whose clock.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    pub locale: Locale,
    pub zone: &'a TimeZone,
}

impl Page<'_> {
    /// 3月7日(周六)
    pub fn date(&self, at: Timestamp) -> String {
        wording::date(at.in_zone(self.zone).date(), self.locale)
    }
    /// 09:30
    pub fn time(&self, at: Timestamp) -> String {
        wording::time(at.in_zone(self.zone).time(), self.locale)
    }
    /// Both together: 3月7日(周六) 09:30; Sat, Mar 7, 9:30 AM.
    pub fn when(&self, at: Timestamp) -> String {
        wording::date_and_time(at.in_zone(self.zone).datetime(), self.locale)
    }
}

/// Everything a text may use, in the reader's language: the words of every text, and those of its subject.
#[derive(Clone, Debug, Serialize)]
pub struct Words {
    pub hon: String,
    pub name: String,
    /// How the customer it is about is addressed, in a text for somebody who works here.
    pub customer: Option<String>,
    pub dealer: String,
    pub dept: String,
    /// As it stands inside a sentence.
    pub advisor: String,
    /// As it stands at the start of a line.
    pub advisor_line: String,
    pub phone: String,
    /// Without spaces, for a text that counts its characters.
    pub phone_short: String,
    pub phone_link: String,
    pub address: String,
    pub email: Option<String>,
    pub email_link: Option<String>,
    pub plate: Option<String>,
    /// `ES300h 2024`
    pub vehicle: Option<String>,
    /// `ES300h 2024 / 粤A12345`
    pub vehicle_and_plate: Option<String>,
    #[serde(rename = "ref")]
    pub reference: String,
    pub links: Option<Links>,
    /// What a colleague added.
    pub note: Option<String>,
    /// A digit that is texted back is read.
    pub replies: bool,
    /// The signature of the gateway, which is the company in a mainland SMS; `dealer` is left out there.
    pub signature: Option<String>,
    #[serde(flatten)]
    about: Said,
}

impl Words {
    pub fn new(setting: &Setting, about: &About, locale: Locale) -> Self {
        let Setting { person, dealer, .. } = setting;
        let some = |text: &str| Some(wording::clean(text)).filter(|text| !text.is_empty());
        let plate = setting.plate.as_deref().and_then(some);
        let model = setting.model_code.as_deref().and_then(some);
        let vehicle = model.map(|model| match setting.model_year {
            Some(year) => format!("{model} {year}"),
            None => model,
        });
        let both = [vehicle.clone(), plate.clone()].into_iter().flatten().collect::<Vec<_>>();
        let advisor = some(&setting.advisor).unwrap_or_else(|| wording::clean(&dealer.advisor_fallback));
        let phone = wording::clean(&dealer.phone);
        let email = dealer.email.as_deref().and_then(some).filter(|email| email.contains('@'));
        Self {
            hon: if setting.colleague && !person.company {
                wording::colleague(&person.name, locale)
            } else {
                wording::hon(person, locale)
            },
            name: wording::clean(&person.name),
            customer: setting.customer.as_ref().map(|customer| wording::hon(customer, locale)),
            dealer: wording::clean(&dealer.name),
            dept: wording::clean(&dealer.department),
            advisor_line: upper_first(&advisor),
            advisor,
            phone_short: phone.replace(' ', ""),
            phone_link: wording::tel_link(&phone, &dealer.region),
            phone,
            address: dealer.address.split_whitespace().collect::<Vec<_>>().join(" "),
            email_link: email.as_ref().map(|email| format!("mailto:{email}")),
            email,
            plate,
            vehicle,
            vehicle_and_plate: (!both.is_empty()).then(|| both.join(" / ")),
            reference: wording::clean(&setting.reference),
            links: setting.links.clone(),
            note: setting.note.as_deref().and_then(some),
            replies: setting.replies,
            signature: dealer.sms_signature.clone().filter(|_| dealer.region == "CN"),
            about: about.said(&Page { locale, zone: &dealer.zone }),
        }
    }

    /// The words of an appointment, where that is what it is about.
    pub fn appointment(&self) -> Option<&appointment::Words> {
        match &self.about {
            Said::Appointment(words) => Some(words),
            _ => None,
        }
    }

    /// Every name that a text about such a subject may use.
    pub fn names(subject: SubjectKind) -> Vec<String> {
        let sample = samples(subject, Locale::En).into_iter().next();
        let words = sample.map(|(_, setting, about)| Self::new(&setting, &about, Locale::En));
        let value = words.and_then(|words| serde_json::to_value(words).ok()).unwrap_or_default();
        value.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
    }
}

impl Letter for Words {
    fn signature(&self) -> Option<&str> {
        self.signature.as_deref()
    }
    fn sender(&self) -> [&str; 3] {
        [&self.dealer, &self.dept, &self.advisor]
    }
    fn reader(&self) -> &str {
        &self.hon
    }
}

/// A text that was kept with the notice.
fn text_in(detail: &Value, name: &str) -> Option<String> {
    detail.get(name).and_then(Value::as_str).map(str::to_owned)
}
/// A time that was kept with the notice.
fn moment_in(detail: &Value, name: &str) -> Option<Timestamp> {
    detail.get(name).and_then(Value::as_str).and_then(|at| at.parse().ok())
}

fn upper_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
