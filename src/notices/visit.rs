//! What a letter about an appointment may say: the facts of the visit, put into words once.
mod samples;

use jiff::tz::TimeZone;
use serde::Serialize;

use super::{
    letters::Letter,
    wording::{self, Locale, Person},
};
use crate::clock::Timestamp;

pub use samples::samples;

/// The facts of one appointment as the record holds them.
#[derive(Clone, Debug)]
pub struct Visit {
    pub person: Person,
    pub dealer: Dealer,
    /// The advisor's name; empty when nobody is assigned or the name is unknown.
    pub advisor: String,
    pub start_at: Timestamp,
    pub end_at: Option<Timestamp>,
    /// The start told before, when a change moved it.
    pub previous_start_at: Option<Timestamp>,
    pub plate: Option<String>,
    pub model_code: Option<String>,
    pub model_year: Option<i16>,
    /// The names of the work, in its order.
    pub services: Vec<String>,
    pub reference: String,
    /// BR-10: booked although a part it needs is not there.
    pub conditional: bool,
    /// Whether a calendar file goes with the e-mail.
    pub calendar: bool,
    /// Pages on which the reader can act; there are none yet, and without them no button is shown.
    pub links: Option<Links>,
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

#[derive(Clone, Debug, Serialize)]
pub struct Links {
    /// The appointment's page: confirm, move, cancel.
    pub manage: String,
}

/// Everything a text about an appointment may use, in the reader's language.
#[derive(Clone, Debug, Serialize)]
pub struct AppointmentLetter {
    pub hon: String,
    pub name: String,
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
    /// 3月7日(周六)
    pub date: String,
    /// 3月7日
    pub day: String,
    /// 周六
    pub weekday: String,
    /// 09:30
    pub time: String,
    pub end_time: Option<String>,
    /// Both together: 3月7日(周六) 09:30; Sat, Mar 7, 9:30 AM.
    pub when: String,
    /// The start told before, written as `when`; only when a change moved it.
    pub previous_when: Option<String>,
    pub plate: Option<String>,
    /// `ES300h 2024`
    pub vehicle: Option<String>,
    /// `ES300h 2024 / 粤A12345`
    pub vehicle_and_plate: Option<String>,
    /// Every work, joined.
    pub service: Option<String>,
    /// The first work, and that there are more.
    pub service_brief: Option<String>,
    #[serde(rename = "ref")]
    pub reference: String,
    pub conditional: bool,
    pub calendar: bool,
    pub links: Option<Links>,
    /// The signature of the gateway, which is the company in a mainland SMS; `dealer` is left out there.
    pub signature: Option<String>,
}

impl AppointmentLetter {
    pub fn new(visit: &Visit, locale: Locale) -> Self {
        let Visit { person, dealer, .. } = visit;
        let local = |at: Timestamp| at.in_zone(&dealer.zone);
        let start = local(visit.start_at);
        let date = |at: Timestamp| wording::date(local(at).date(), locale);
        let time = |at: Timestamp| wording::time(local(at).time(), locale);
        let when = |at: Timestamp| wording::date_and_time(local(at).datetime(), locale);
        let some = |text: &str| Some(wording::clean(text)).filter(|text| !text.is_empty());
        let previous = visit.previous_start_at.filter(|before| *before != visit.start_at);
        let plate = visit.plate.as_deref().and_then(some);
        let model = visit.model_code.as_deref().and_then(some);
        let vehicle = model.map(|model| match visit.model_year {
            Some(year) => format!("{model} {year}"),
            None => model,
        });
        let both = [vehicle.clone(), plate.clone()].into_iter().flatten().collect::<Vec<_>>();
        let named = some(&visit.advisor);
        let advisor = named.unwrap_or_else(|| wording::clean(&dealer.advisor_fallback));
        let phone = wording::clean(&dealer.phone);
        let email = dealer.email.as_deref().and_then(some).filter(|email| email.contains('@'));
        Self {
            hon: wording::hon(person, locale),
            name: wording::clean(&person.name),
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
            date: date(visit.start_at),
            day: wording::day(start.date(), locale),
            weekday: wording::weekday(start.date(), locale).to_owned(),
            time: time(visit.start_at),
            // An end on another day would need its date; it says nothing the reader must know.
            end_time: visit.end_at.filter(|end| *end > visit.start_at && local(*end).date() == start.date()).map(time),
            when: when(visit.start_at),
            previous_when: previous.map(when),
            plate,
            vehicle,
            vehicle_and_plate: (!both.is_empty()).then(|| both.join(" / ")),
            service: wording::join(&visit.services, locale),
            service_brief: wording::brief(&visit.services, locale),
            reference: wording::clean(&visit.reference),
            conditional: visit.conditional,
            calendar: visit.calendar,
            links: visit.links.clone(),
            signature: dealer.sms_signature.clone().filter(|_| dealer.region == "CN"),
        }
    }
}

impl Letter for AppointmentLetter {
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

fn upper_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
