//! How satisfied the customers of a month were, by definition `satisfaction v1`.
//!
//! * Scores count the answers *given* in the month; a corrected answer counts as it was corrected. Modes are shown apart, and
//!   where they are counted together the number says of how many answers of each mode it is made.
//! * CSAT: 4 and 5 of 5, with the Wilson interval. NPS: 9 and 10 less 0 to 6 of 10, with the adjusted-Wald interval. CES:
//!   the mean of 1 to 7. Index: weighted means of the questions, 0 to 1000; only where every weighted question was answered.
//! * First time right: visits *delivered* in the month (not for ourselves, not comebacks) less those whose car came back; a
//!   comeback counts against the visit that it came back from, and against its month and advisor. What customers say about
//!   it is another number.
//! * Response rate: of the invitations sent in the month that reached the customer, those answered. Contact rate: of the
//!   visits of the month whose customer was spoken to, those with an interview.
//! * Advisors: the 90 days up to the end of the month. No rank below 10 answers; below 30 a number is shown in grey.
//! * A trend has an arrow only when the interval does not overlap the one of the month before.
pub mod actions;
pub mod compute;
pub mod csv;
pub mod html;
mod store;
pub mod weekly;

use std::collections::BTreeMap;

use serde::Serialize;

use super::Month;
use crate::{cases::Cause, clock::Timestamp, surveys::statistics::Estimate};

/// The name of the definition, for whoever compares reports.
pub const DEFINITION: &str = "satisfaction v1";
/// Who has fewer answers is not ranked (BR-53).
pub const RANKED_FROM: u64 = 10;
/// A number of fewer answers is shown in grey.
pub const SURE_FROM: u64 = 30;
/// How many days count for one person.
pub const ROLLING_DAYS: i64 = 90;

/// One report: the dealerships that the caller may see, or one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    pub definition: &'static str,
    pub month: Month,
    /// Only the answers and visits of this advisor, by their ref.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advisor: Option<String>,
    pub dealerships: Vec<Shop>,
}

/// One dealership's month.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shop {
    pub code: String,
    pub name: String,
    pub from: Timestamp,
    pub to: Timestamp,
    /// Delivered, our own work not counted.
    pub visits: u64,
    pub scores: Scores,
    pub by_mode: BTreeMap<&'static str, Scores>,
    pub first_time_right: Option<Estimate>,
    pub came_back: u64,
    pub response: Rate,
    pub contact: Rate,
    /// By the number's name: `up` or `down`; what is not there did not change beyond chance.
    pub trend: BTreeMap<&'static str, &'static str>,
    pub advisors: Vec<Advisor>,
    pub service_types: Vec<Group>,
    /// The most frequent first.
    pub causes: Vec<Counted>,
    /// How many cases and coded answers the causes were counted over.
    pub with_cause: u64,
    pub cases: Cases,
    pub retention: Vec<Band>,
    /// What customers wrote and said, the worst first.
    pub verbatims: Vec<Verbatim>,
}

/// The scores of some answers. What nobody answered has no number.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Scores {
    pub n: u64,
    /// Of which mode; more than one key says that the numbers mix them.
    pub modes: BTreeMap<&'static str, u64>,
    pub csat: Option<Estimate>,
    pub mean: Option<Mean>,
    pub nps: Option<Estimate>,
    pub ces: Option<Mean>,
    pub index: Option<Mean>,
    /// "Right the first time", as customers say.
    pub said_fixed: Option<Estimate>,
    /// The mean of each question: of its scale, or the share of yes in percent.
    pub questions: BTreeMap<String, Mean>,
}

impl Scores {
    /// Too few answers to lean on.
    pub fn is_grey(&self) -> bool {
        self.n < SURE_FROM
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Mean {
    pub value: f64,
    pub n: u64,
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Rate {
    pub of: u64,
    pub answered: u64,
    pub rate: Option<Estimate>,
}

/// One advisor's last 90 days.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Advisor {
    #[serde(rename = "ref")]
    pub reference: String,
    pub name: Option<String>,
    /// By CSAT; none below ten answers, and none where nobody else is ranked.
    pub rank: Option<u64>,
    pub scores: Scores,
    pub visits: u64,
    pub first_time_right: Option<Estimate>,
}

/// The answers about one kind of work.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    pub name: String,
    pub scores: Scores,
    pub visits: u64,
    pub first_time_right: Option<Estimate>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Counted {
    pub cause: Cause,
    pub n: u64,
}

/// The cases raised in the month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Cases {
    pub hot: u64,
    pub soft: u64,
    pub escalated: u64,
    /// Hot ones resolved within their time, of the hot ones.
    pub closed_in_time: Option<Estimate>,
}

/// How many customers of a year ago came again within twelve months, by how satisfied they were then (seed, row 17).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Band {
    /// `satisfied` (4, 5), `neutral` (3), `dissatisfied` (1, 2), `silent`.
    pub band: &'static str,
    pub customers: u64,
    pub returned: u64,
    pub share: Option<Estimate>,
}

/// What somebody wrote or said, with the rows it stands in.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verbatim {
    pub response: String,
    pub repair_order: String,
    pub advisor: Option<String>,
    pub mode: &'static str,
    pub overall: Option<i64>,
    pub comment: String,
    pub causes: Vec<&'static str>,
}
