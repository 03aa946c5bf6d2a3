//! Reports: the numbers of a month, each by a definition that is named with it and traceable to its rows.
pub mod api;
mod board;
pub mod brand;
pub mod console;
mod group;
pub mod operations;
pub mod paper;
pub mod satisfaction;
pub mod table;

use std::{fmt, str::FromStr};

use jiff::{ToSpan, civil::Date, tz::TimeZone};
use serde::{Serialize, Serializer};

use crate::{
    calendar::local_moment,
    clock::Timestamp,
    db::{self, Tx},
    dealerships::{self, Dealership},
    http::Access,
};

/// What is asked of a report.
#[derive(Clone, Debug)]
pub struct Question {
    pub month: Month,
    /// A dealership's code; all that the caller may see without it.
    pub dealership: Option<String>,
    /// An advisor's ref.
    pub advisor: Option<String>,
}

/// The dealerships that a report is about, by code: the one of that code, else all; of these, what the caller may see.
pub(crate) async fn dealerships(tx: &mut Tx, access: &Access, code: Option<&str>) -> db::Result<Vec<Dealership>> {
    let mut found = match code {
        Some(code) => dealerships::actions::find_by_code(tx, code).await?.into_iter().collect(),
        None => dealerships::actions::all(tx).await?,
    };
    found.retain(|one| access.allows(one.id));
    // The database may order by a language's rules; where a page ended is compared byte by byte.
    found.sort_by(|one, other| one.code.cmp(&other.code));
    Ok(found)
}

/// A month of the calendar, written `2026-03`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month(Date);

/// A text that is no month.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no month: write it like 2026-03")]
pub struct NoMonth(Box<str>);

impl Month {
    /// The month of a day.
    pub fn of(day: Date) -> Self {
        Self(day.first_of_month())
    }
    /// The month so many before this one; later ones with a negative number.
    #[must_use]
    pub fn back(self, months: i64) -> Self {
        Self(self.0.saturating_sub(months.clamp(-24_000, 24_000).months()))
    }
    /// From its first moment to the first one of the next month, on the wall clock of `zone`.
    pub fn bounds(self, zone: &TimeZone) -> (Timestamp, Timestamp) {
        let first = |month: Self| local_moment(month.0.at(0, 0, 0, 0), zone);
        (first(self), first(self.back(-1)))
    }
}

impl FromStr for Month {
    type Err = NoMonth;
    fn from_str(text: &str) -> Result<Self, NoMonth> {
        let date = (text.len() == 7).then(|| format!("{text}-01").parse::<Date>().ok()).flatten();
        let sensible = date.filter(|date| (1970..=9000).contains(&date.year()));
        sensible.map(Self).ok_or_else(|| NoMonth(text.chars().take(40).collect::<String>().into()))
    }
}
impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.year(), self.0.month())
    }
}
impl Serialize for Month {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_begins_and_ends_on_the_dealerships_clock() {
        let month: Month = "2026-03".parse().expect("a month");
        let (from, to) = month.bounds(&TimeZone::get("Asia/Shanghai").expect("a zone"));
        assert_eq!(
            (from.to_string().as_str(), to.to_string().as_str()),
            ("2026-02-28T16:00:00.000000Z", "2026-03-31T16:00:00.000000Z")
        );
        // Daylight saving begins inside it.
        let (from, to) = month.bounds(&TimeZone::get("America/Los_Angeles").expect("a zone"));
        assert_eq!(to.since(from), jiff::SignedDuration::from_hours(31 * 24 - 1));
        assert_eq!(
            (month.back(3).to_string(), month.back(12).to_string()),
            ("2025-12".to_owned(), "2025-03".to_owned())
        );
    }

    #[test]
    fn what_is_no_month_is_refused() {
        for bad in ["", "2026", "2026-3", "2026-13", "2026-00", "03-2026", "2026-03-01", "０２６-03", "9999-12"] {
            assert!(bad.parse::<Month>().is_err(), "{bad}");
        }
    }
}
