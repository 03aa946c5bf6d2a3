//! What the workshop's month was in numbers (`domain/rules.md` A5), by definition `operations v1` and those that came after it.
//!
//! * A number is an aggregate over rows of one month on the dealership's calendar, and the very statement that makes it lists
//!   those rows: whoever doubts a number reads what it was counted from.
//! * Shares have the Wilson interval, spans of time a median and the ninth of ten, and the share that kept within the limit.
//! * What a definition can change is which numbers there are, the limit a span is held to and the target of a number; a
//!   changed definition is a new version, and the old one makes the same report as before (seed, row 5).
//! * Nothing that lies after now is counted.
pub mod actions;
pub mod beside;
mod compute;
pub mod csv;
pub mod definition;
pub mod html;
mod kpi;
mod store;

use std::collections::BTreeMap;

use serde::Serialize;

pub use self::{
    definition::{Definition, Rule},
    kpi::{Kpi, Unit},
};
use super::Month;
use crate::clock::Timestamp;

/// The name of the report, in the database and in paths.
pub const NAME: &str = "operations";
/// Months that a number is shown with, its own included.
pub const MONTHS: i64 = 6;

/// One report: the dealerships that the caller may see, or one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// `operations v1`.
    pub definition: String,
    pub version: i64,
    /// The brand's word on this version; none yet where there is nothing.
    pub approval: Option<Approval>,
    pub month: Month,
    /// Only what this advisor served, by their ref.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advisor: Option<String>,
    pub dealerships: Vec<Shop>,
}

/// That the brand agreed to what a version counts and how it looks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Approval {
    pub at: Timestamp,
    pub by: String,
    /// Their letter's number, or where it is kept.
    pub reference: Option<String>,
}

/// One dealership's month.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shop {
    pub code: String,
    pub name: String,
    pub from: Timestamp,
    pub to: Timestamp,
    pub numbers: Vec<Number>,
}

/// One number of the month, with what it is held to and what it falls into.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Number {
    pub name: Kpi,
    pub unit: Unit,
    #[serde(flatten)]
    pub rule: Rule,
    /// None where there is no target or nothing was counted.
    pub verdict: Option<Verdict>,
    #[serde(flatten)]
    pub figure: Figure,
    pub advisors: BTreeMap<String, Figure>,
    pub service_types: BTreeMap<String, Figure>,
    /// By what else its rows differ: the channel of a question, the way of answering, how satisfied somebody was.
    pub kinds: BTreeMap<String, Figure>,
    /// This month last.
    pub months: Vec<Past>,
}

/// Against the target (row 26: 58 % amber, 71 % green, 84 % amber).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Green,
    Amber,
}

/// What rows amount to. What was not counted has no value.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Figure {
    pub value: Option<f64>,
    /// Of the 95 % interval, where the number is a share or a score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// How many rows.
    pub n: u64,
    /// What else belongs to it: `median`, `p90`, `within` (percent), `least`, `days_over`, `over_30`, `value_over_30`, …
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub more: BTreeMap<&'static str, f64>,
}

/// The number of a month before.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Past {
    pub month: Month,
    pub value: Option<f64>,
    pub n: u64,
}

/// A row that a number was counted from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    pub id: String,
    #[serde(rename = "ref")]
    pub reference: String,
    /// Decides its month.
    pub at: Timestamp,
    pub advisor: Option<String>,
    pub service_type: Option<String>,
    pub kind: Option<String>,
    /// Whether it is among those that the number counts.
    pub is_counted: bool,
    /// What it adds: 1 or 0 of a share, its part of a ratio, its length, its score.
    pub part: Option<f64>,
    /// What that is out of, where it is not 1.
    pub whole: Option<f64>,
}
