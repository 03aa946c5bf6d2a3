//! What an advisor asks the parts counter about a visit (seed step 1: 确定所需要零件并与零件部的柜员确认零件是否到货).
pub mod actions;
pub mod api;
pub mod console;
mod store;

use serde::Serialize;
use serde_json::Value;

use crate::{
    appointments::Appointment,
    clock::Timestamp,
    dealerships::Dealership,
    fields::Fields,
    http::Fault,
    id::{Entity, Id},
    staff::Staff,
};

pub use self::store::Read;
pub use crate::desk::asked::State;

/// The most pieces that are asked about at once.
const MOST: i64 = 999;

/// A question about one part (`pqn_`), and its answer.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct Question {
    pub id: Id<Question>,
    pub dealership_id: Id<Dealership>,
    pub appointment_id: Id<Appointment>,
    pub asked_by: Id<Staff>,
    pub part_no: Option<String>,
    pub name: String,
    pub qty: i64,
    /// In the advisor's words.
    pub question: Option<String>,
    /// When the part is needed; the visit's start where nothing else is said.
    pub needed_at: Option<Timestamp>,
    pub state: State,
    pub asked_at: Timestamp,
    /// When the counter was reminded.
    pub reminded_at: Option<Timestamp>,
    pub answered_at: Option<Timestamp>,
    pub answered_by: Option<Id<Staff>>,
    pub available: Option<bool>,
    /// The day on which it can be here, where it is not.
    pub eta: Option<Timestamp>,
    /// The order that the answer began.
    pub order_ref: Option<String>,
    pub note: Option<String>,
}
impl Entity for Question {
    const PREFIX: &'static str = "pqn";
}

/// What somebody asks.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// Our id of the visit, or the sender's ref.
    pub appointment: String,
    /// The ref of the advisor.
    pub by: String,
    pub part_no: Option<String>,
    pub name: String,
    pub qty: i64,
    pub question: Option<String>,
    pub needed_at: Option<Timestamp>,
}

impl Asked {
    /// Reads a body; every fault has its pointer.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(body: Value) -> Result<(Self, Option<String>), Vec<Fault>> {
        let mut fields = Fields::of("", body)?;
        let dealership = fields.text_if_any("dealership", 100);
        let qty = fields.take("qty").map_or(Some(1), |qty| qty.as_i64().filter(|qty| (1..=MOST).contains(qty)));
        if qty.is_none() {
            fields.fault("qty", "wrong_type", format!("must be a whole number from 1 to {MOST}"));
        }
        let asked = Self {
            appointment: fields.text("appointment", 200),
            by: fields.text("by", 200),
            part_no: fields.text_if_any("part_no", 60),
            name: fields.text("name", 120),
            qty: qty.unwrap_or(1),
            question: fields.text_if_any("question", 300),
            needed_at: fields.parsed("needed_at", "no_time", "must be an RFC 3339 time"),
        };
        fields.finish()?;
        Ok((asked, dealership))
    }
}

/// What the counter says.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The ref of who answers.
    pub by: String,
    pub available: bool,
    pub eta: Option<Timestamp>,
    /// The number of the order, where there is one in another system; ours otherwise.
    pub order_ref: Option<String>,
    pub note: Option<String>,
}

impl Answer {
    /// Reads a body; every fault has its pointer.
    ///
    /// # Errors
    /// Everything that is wrong with it; what is not there needs the day on which it can be.
    pub fn parse(body: Value) -> Result<Self, Vec<Fault>> {
        let mut fields = Fields::of("", body)?;
        let available = fields.take("available");
        if !matches!(available, Some(Value::Bool(_))) {
            fields.fault("available", "required", "must be true or false");
        }
        let available = available == Some(Value::Bool(true));
        let answer = Self {
            by: fields.text("by", 200),
            available,
            eta: fields.parsed("eta", "no_time", "must be an RFC 3339 time"),
            order_ref: fields.text_if_any("order_ref", 200),
            note: fields.text_if_any("note", 300),
        };
        if !available && answer.eta.is_none() {
            fields.fault("eta", "required", "name the day on which it can be here");
        }
        fields.finish()?;
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_wrong_with_a_question_or_an_answer_is_named() {
        let pointers = |faults: Vec<Fault>| faults.into_iter().map(|fault| fault.pointer).collect::<Vec<_>>();
        let asked = Asked::parse(json!({"appointment": "A-1", "qty": 0, "colour": "red"}));
        assert_eq!(pointers(asked.expect_err("faults")), ["/qty", "/by", "/name", "/colour"]);
        let answer = Answer::parse(json!({"by": "p-1", "available": false}));
        assert_eq!(pointers(answer.expect_err("faults")), ["/eta"]);
        let (asked, dealership) =
            Asked::parse(json!({"appointment": "A-1", "by": "adv-01", "name": "Pump"})).expect("a question");
        assert_eq!((asked.qty, dealership), (1, None));
    }
}
