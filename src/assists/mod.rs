//! Help that an advisor asks the service manager or the technical lead for (seed step 1: 视实际需要寻求售后经理或技术总监协助).
pub mod actions;
pub mod api;
pub mod console;
mod store;
mod telling;

use serde::Serialize;
use serde_json::Value;

use crate::{
    clock::Timestamp,
    dealerships::Dealership,
    fields::Fields,
    http::Fault,
    id::{Entity, Id},
    staff::Staff,
};

pub use self::store::Read;
pub use crate::desk::asked::State;

/// Characters of what is asked, and of an answer.
pub const LONGEST: usize = 1_000;

/// The skill on somebody's row of `staff` that makes them a technical lead: it is no role, because it opens no page.
pub const TECHNICAL_LEAD: &str = "technical_lead";

/// A request for help (`ast_`), and its answer.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct Assist {
    pub id: Id<Assist>,
    pub dealership_id: Id<Dealership>,
    pub subject_type: Thing,
    /// Our id of it, as text.
    pub subject_id: String,
    pub asked_of: Whom,
    pub asked_by: Id<Staff>,
    /// In the words of who asks; empty when the customer was erased.
    pub words: String,
    /// A hash of the sender's key and of who sent it.
    #[serde(skip)]
    pub idempotency_key: Option<String>,
    pub state: State,
    pub asked_at: Timestamp,
    /// When they were asked again.
    pub reminded_at: Option<Timestamp>,
    /// When somebody above them was asked too.
    pub escalated_at: Option<Timestamp>,
    pub answered_at: Option<Timestamp>,
    pub answered_by: Option<Id<Staff>>,
    pub answer: Option<String>,
}
impl Entity for Assist {
    const PREFIX: &'static str = "ast";
}

/// What somebody needs help with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Thing {
    Appointment,
    RepairOrder,
    Inquiry,
    Case,
}

impl Thing {
    const ALL: [Self; 4] = [Self::Appointment, Self::RepairOrder, Self::Inquiry, Self::Case];
    /// As in the API, the database and addresses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Appointment => "appointment",
            Self::RepairOrder => "repair_order",
            Self::Inquiry => "inquiry",
            Self::Case => "case",
        }
    }
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|thing| thing.word() == word)
    }
    /// Whether nobody needs help with it any more.
    fn is_over(self, state: &str) -> bool {
        match self {
            Self::Appointment => state == "cancelled",
            Self::RepairOrder => state == "closed",
            Self::Inquiry => matches!(state, "closed" | "spam" | "merged"),
            Self::Case => state == "verified",
        }
    }
    /// The step of the service journey (seed §3) to which it belongs.
    fn step(self) -> i64 {
        match self {
            Self::Appointment | Self::Inquiry => 1,
            Self::RepairOrder => 5,
            Self::Case => 8,
        }
    }
}

/// Who is asked: everybody with that role, or with that skill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Whom {
    ServiceManager,
    TechnicalLead,
}

impl Whom {
    const ALL: [Self; 2] = [Self::ServiceManager, Self::TechnicalLead];
    pub fn word(self) -> &'static str {
        match self {
            Self::ServiceManager => "service_manager",
            Self::TechnicalLead => TECHNICAL_LEAD,
        }
    }
}

/// What somebody asks.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    pub thing: Thing,
    /// Our id of it, or the sender's ref.
    pub reference: String,
    /// The ref of who asks.
    pub by: String,
    pub of: Whom,
    pub words: String,
}

impl Asked {
    /// Reads a body; every fault has its pointer.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(body: Value) -> Result<(Self, Option<String>), Vec<Fault>> {
        let mut fields = Fields::of("", body)?;
        let dealership = fields.text_if_any("dealership", 100);
        let mut faults = Vec::new();
        let (thing, reference) = match fields.take("subject") {
            None => {
                fields.fault("subject", "required", "is required: {\"type\":\"repair_order\",\"ref\":\"RO-7712\"}");
                (None, String::new())
            }
            Some(given) => {
                let mut inner = Fields::of("/subject", given)?;
                let (kind, reference) = (inner.text("type", 40), inner.text("ref", 200));
                let thing = Thing::read(&kind);
                if thing.is_none() && !inner.is_faulty("type") {
                    let known = Thing::ALL.map(Thing::word).join(", ");
                    inner.fault("type", "unknown_subject", format!("must be one of {known}"));
                }
                faults = inner.finish().err().unwrap_or_default();
                (thing, reference)
            }
        };
        let by = fields.text("by", 200);
        let word = fields.text("of", 40);
        let of = Whom::ALL.into_iter().find(|whom| whom.word() == word);
        if of.is_none() && !fields.is_faulty("of") {
            fields.fault("of", "unknown_addressee", "must be service_manager or technical_lead");
        }
        let words = required(&mut fields, "words");
        faults.extend(fields.finish().err().unwrap_or_default());
        match (thing, of) {
            (Some(thing), Some(of)) if faults.is_empty() => Ok((Self { thing, reference, by, of, words }, dealership)),
            _ => Err(faults),
        }
    }
}

/// What somebody answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The ref of who answers.
    pub by: String,
    pub answer: String,
}

impl Answer {
    /// Reads a body; every fault has its pointer.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(body: Value) -> Result<Self, Vec<Fault>> {
        let mut fields = Fields::of("", body)?;
        let answer = Self { by: fields.text("by", 200), answer: required(&mut fields, "answer") };
        fields.finish()?;
        Ok(answer)
    }
}

fn required(fields: &mut Fields, name: &str) -> String {
    let text = fields.prose(name, LONGEST);
    text.unwrap_or_else(|| {
        if !fields.is_faulty(name) {
            fields.fault(name, "required", "is required");
        }
        String::new()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_wrong_with_a_request_or_an_answer_is_named() {
        let pointers = |faults: Vec<Fault>| faults.into_iter().map(|fault| fault.pointer).collect::<Vec<_>>();
        let asked = Asked::parse(json!({"subject": {"type": "car", "ref": "R-1"}, "of": "cook", "colour": "red"}));
        assert_eq!(pointers(asked.expect_err("faults")), ["/subject/type", "/by", "/of", "/words", "/colour"]);
        assert_eq!(pointers(Asked::parse(json!({})).expect_err("faults")), ["/subject", "/by", "/of", "/words"]);
        let long = "x".repeat(LONGEST + 1);
        assert_eq!(pointers(Answer::parse(json!({"by": "mgr-01", "answer": long})).expect_err("faults")), ["/answer"]);
        let body = json!({"subject": {"type": "case", "ref": "C-1"}, "by": "adv-01", "of": "technical_lead", "words": "Noise.\nAgain."});
        let (asked, dealership) = Asked::parse(body).expect("a request");
        assert_eq!((asked.thing, asked.words.as_str(), dealership), (Thing::Case, "Noise.\nAgain.", None));
    }
}
