//! The closed little grammar of times and conditions in `notice.toml`, parsed at start.
//!
//! ```text
//! time       = sum | ("min" | "max") "(" time { "," time } ")"
//! sum        = (time | fact) { ("+" | "-") duration }          start_at - 24h
//! duration   = { number ("d" | "h" | "m") }                    36h, 30m, 14d, 1h30m; a day is 24 hours of elapsed time
//! condition  = all { "or" all }                                "and" binds tighter
//! all        = term { "and" term }
//! term       = "not" term | "(" condition ")" | flag | time "-" time ("<" | "<=" | ">" | ">=") duration
//! ```
//! Moves on a wall clock (into hours, to an open day) are keys of their own, so a time here is plain arithmetic.
mod parser;

use jiff::SignedDuration;

use super::SubjectKind;
use crate::clock::Timestamp;
use parser::Parser;

/// Why an expression is refused at start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrammarError {
    #[error("`{0}` is no fact of {1:?}; known: {2}")]
    UnknownFact(Box<str>, SubjectKind, Box<str>),
    #[error("expected {0}, found `{1}`")]
    Expected(&'static str, Box<str>),
    #[error("`{0}` is no duration: write 36h, 30m, 14d")]
    Duration(Box<str>),
    #[error("nested too deeply")]
    TooDeep,
}

/// A fact that an expression needs and the caller does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the fact `{0}` is missing")]
pub struct FactMissing(pub &'static str);

macro_rules! facts {
    ($(#[$doc:meta])* $name:ident { $($variant:ident $text:literal on $subjects:pat,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($variant,)* }
        impl $name {
            const ALL: &'static [Self] = &[$(Self::$variant,)*];
            /// As it is written in `notice.toml`.
            pub fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
            /// Whether a subject has this fact.
            pub fn is_of(self, subject: SubjectKind) -> bool {
                match self { $(Self::$variant => matches!(subject, $subjects),)* }
            }
        }
    };
}
use SubjectKind::{Appointment, Case, Inquiry, PartsOrder, RepairOrder, Survey};

facts! {
    /// A point in time that an expression may name. `occurred_at` is when the event happened that raised the notice.
    Moment {
        Now "now" on _,
        OccurredAt "occurred_at" on _,
        StartAt "start_at" on Appointment,
        EndAt "end_at" on Appointment,
        BookedAt "booked_at" on Appointment,
        PreviousStartAt "previous_start_at" on Appointment,
        ReceivedAt "received_at" on Inquiry | PartsOrder,
        DueAt "due_at" on Inquiry | Case,
        AnsweredAt "answered_at" on Inquiry,
        OpenedAt "opened_at" on RepairOrder,
        PromisedAt "promised_at" on RepairOrder,
        ReadyAt "ready_at" on RepairOrder,
        DeliveredAt "delivered_at" on RepairOrder | Survey,
        OrderedAt "ordered_at" on PartsOrder,
        Eta "eta" on PartsOrder,
        ReturnBy "return_by" on PartsOrder,
        TellAt "tell_at" on PartsOrder,
        InvitedAt "invited_at" on Survey,
        ExpiresAt "expires_at" on Survey,
        RaisedAt "raised_at" on Case,
    }
}
facts! {
    /// A yes or no that a condition may name.
    Flag {
        Conditional "conditional" on Appointment,
        IsComeback "is_comeback" on Appointment | RepairOrder,
        BookedByCustomer "booked_by_customer" on Appointment,
        QcPassed "qc_passed" on RepairOrder,
        Complete "complete" on PartsOrder,
        HasEta "has_eta" on PartsOrder,
    }
}

/// What is known about a subject when a notice is planned. `now` is set by the plan itself.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    moments: Vec<(Moment, Timestamp)>,
    flags: Vec<(Flag, bool)>,
}

impl Facts {
    /// Notes a point in time; `None` leaves it unknown.
    #[must_use]
    pub fn at(mut self, moment: Moment, at: impl Into<Option<Timestamp>>) -> Self {
        self.moments.extend(at.into().map(|at| (moment, at)));
        self
    }
    /// Notes a yes or no; `None` leaves it unknown.
    #[must_use]
    pub fn flag(mut self, flag: Flag, is: impl Into<Option<bool>>) -> Self {
        self.flags.extend(is.into().map(|is| (flag, is)));
        self
    }
    fn moment(&self, wanted: Moment, now: Timestamp) -> Result<Timestamp, FactMissing> {
        if wanted == Moment::Now {
            return Ok(now);
        }
        let found = self.moments.iter().rev().find(|(moment, _)| *moment == wanted);
        found.map(|(_, at)| *at).ok_or(FactMissing(wanted.text()))
    }
    fn is(&self, wanted: Flag) -> Result<bool, FactMissing> {
        let found = self.flags.iter().rev().find(|(flag, _)| *flag == wanted);
        found.map(|(_, is)| *is).ok_or(FactMissing(wanted.text()))
    }
}

/// A time expression: `start_at - 24h`, `min(booked_at + 24h, start_at)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Time {
    At(Moment),
    Shifted(Box<Self>, SignedDuration),
    Earliest(Vec<Self>),
    Latest(Vec<Self>),
}

impl Time {
    /// Reads an expression over the facts of `subject`.
    pub fn parse(text: &str, subject: SubjectKind) -> Result<Self, GrammarError> {
        let mut parser = Parser::new(text, subject);
        let time = parser.time(0)?;
        parser.end()?;
        Ok(time)
    }
    /// Its value at `now`; the first missing fact otherwise.
    pub fn value(&self, facts: &Facts, now: Timestamp) -> Result<Timestamp, FactMissing> {
        let all = |times: &[Self]| -> Result<Vec<_>, FactMissing> {
            times.iter().map(|time| time.value(facts, now)).collect()
        };
        Ok(match self {
            Self::At(moment) => facts.moment(*moment, now)?,
            Self::Shifted(time, by) => time.value(facts, now)?.plus(*by),
            Self::Earliest(times) => all(times)?.into_iter().min().unwrap_or(now),
            Self::Latest(times) => all(times)?.into_iter().max().unwrap_or(now),
        })
    }
}

/// A condition: `start_at - booked_at < 36h and not conditional`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    Is(Flag),
    Not(Box<Self>),
    All(Vec<Self>),
    Any(Vec<Self>),
    Compare { later: Time, earlier: Time, by: Comparison, than: SignedDuration },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Condition {
    /// Reads a condition over the facts of `subject`.
    pub fn parse(text: &str, subject: SubjectKind) -> Result<Self, GrammarError> {
        let mut parser = Parser::new(text, subject);
        let condition = parser.condition(0)?;
        parser.end()?;
        Ok(condition)
    }
    /// Its value at `now`, read from the left only as far as needed; the first missing fact otherwise.
    pub fn holds(&self, facts: &Facts, now: Timestamp) -> Result<bool, FactMissing> {
        let first = |parts: &[Self], decisive: bool| {
            for part in parts {
                if part.holds(facts, now)? == decisive {
                    return Ok(decisive);
                }
            }
            Ok(!decisive)
        };
        match self {
            Self::Is(flag) => facts.is(*flag),
            Self::Not(condition) => condition.holds(facts, now).map(|holds| !holds),
            Self::All(parts) => first(parts, false),
            Self::Any(parts) => first(parts, true),
            Self::Compare { later, earlier, by, than } => {
                let apart = later.value(facts, now)?.since(earlier.value(facts, now)?);
                Ok(match by {
                    Comparison::Less => apart < *than,
                    Comparison::AtMost => apart <= *than,
                    Comparison::More => apart > *than,
                    Comparison::AtLeast => apart >= *than,
                })
            }
        }
    }
}

/// Reads `36h`, `30m`, `14d`, `1h30m`; at most ten years.
pub fn duration(text: &str) -> Result<SignedDuration, GrammarError> {
    let refused = || GrammarError::Duration(text.into());
    let mut minutes: i64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(refused)?;
        let number: i64 = rest[..digits].parse().map_err(|_| refused())?;
        let unit = match rest.as_bytes()[digits] {
            b'd' => 24 * 60,
            b'h' => 60,
            b'm' => 1,
            _ => return Err(refused()),
        };
        let part = number.checked_mul(unit).filter(|m| *m <= 10 * 366 * 24 * 60).ok_or_else(refused)?;
        minutes += part;
        rest = &rest[digits + 1..];
    }
    if text.is_empty() {
        return Err(refused());
    }
    Ok(SignedDuration::from_mins(minutes))
}
