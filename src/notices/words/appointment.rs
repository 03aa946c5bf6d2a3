//! What a text about an appointment may say.
use serde::Serialize;
use serde_json::Value;

use super::{Page, text_in};
use crate::{clock::Timestamp, notices::wording};

/// An appointment as the record holds it.
#[derive(Clone, Debug)]
pub struct Facts {
    pub start_at: Timestamp,
    pub end_at: Option<Timestamp>,
    /// The start told before, when a change moved it.
    pub previous_start_at: Option<Timestamp>,
    /// The names of the work, in its order.
    pub services: Vec<String>,
    /// BR-10: booked although a part it needs is not there.
    pub conditional: bool,
    /// Whether a calendar file goes with the e-mail.
    pub calendar: bool,
    /// What the customer said when booking, for the people here.
    pub customer_words: Option<String>,
    /// The repair order that this one seems to come back from (BR-09).
    pub original: Option<String>,
}

impl Facts {
    pub(super) fn hear(&mut self, detail: &Value) {
        self.previous_start_at =
            detail.get("previous_start_at").and_then(|at| at.as_str()).and_then(|at| at.parse().ok());
        self.original = text_in(detail, "original_ref").or_else(|| self.original.take());
    }
}

/// The same in the reader's language.
#[derive(Clone, Debug, Serialize)]
pub struct Words {
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
    /// Every work, joined.
    pub service: Option<String>,
    /// The first work, and that there are more.
    pub service_brief: Option<String>,
    pub conditional: bool,
    pub calendar: bool,
    pub customer_words: Option<String>,
    pub original: Option<String>,
}

impl Words {
    pub(super) fn new(facts: &Facts, page: &Page<'_>) -> Self {
        let start = facts.start_at.in_zone(page.zone);
        let ends_that_day = |end: &Timestamp| *end > facts.start_at && end.in_zone(page.zone).date() == start.date();
        let clean = |text: &Option<String>| text.as_deref().map(wording::clean).filter(|text| !text.is_empty());
        let previous = facts.previous_start_at.filter(|before| *before != facts.start_at);
        Self {
            date: page.date(facts.start_at),
            day: wording::day(start.date(), page.locale),
            weekday: wording::weekday(start.date(), page.locale).to_owned(),
            time: page.time(facts.start_at),
            // An end on another day would need its date; it says nothing the reader must know.
            end_time: facts.end_at.filter(ends_that_day).map(|end| page.time(end)),
            when: page.when(facts.start_at),
            previous_when: previous.map(|before| page.when(before)),
            service: wording::join(&facts.services, page.locale),
            service_brief: wording::brief(&facts.services, page.locale),
            conditional: facts.conditional,
            calendar: facts.calendar,
            customer_words: clean(&facts.customer_words),
            original: clean(&facts.original),
        }
    }
}
