//! What opens a case: low answers (BR-52, `satisfaction.md` C5), and the deadlines it has from then on. Pure.
use jiff::SignedDuration;

use super::Severity;
use crate::{
    clock::Timestamp,
    dealerships::{
        Dealership,
        rules::{self, Whole},
    },
    surveys::Gist,
};

/// Why a case is opened, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// Overall 1 or 2 of 5.
    OverallLow,
    /// Not right the first time.
    NotFixed,
    /// At or below the region's threshold.
    RecommendLow,
    /// The customer asks to be contacted.
    ContactMe,
    /// Overall 3 of 5: a soft case.
    OverallMiddling,
}

impl Trigger {
    pub fn word(self) -> &'static str {
        match self {
            Self::OverallLow => "overall_low",
            Self::NotFixed => "not_fixed",
            Self::RecommendLow => "recommend_low",
            Self::ContactMe => "contact_me",
            Self::OverallMiddling => "overall_middling",
        }
    }
    pub fn severity(self) -> Severity {
        if self == Self::OverallMiddling { Severity::Soft } else { Severity::Hot }
    }

    /// The gravest that the answers set off.
    pub fn of(gist: &Gist, rules: &Rules) -> Option<Self> {
        let low = |score: Option<i64>, most: i64| score.is_some_and(|score| score <= most);
        let checks = [
            (low(gist.overall, rules.overall_low), Self::OverallLow),
            (gist.fixed == Some(false), Self::NotFixed),
            (low(gist.recommend, rules.recommend_low), Self::RecommendLow),
            (gist.contact_me, Self::ContactMe),
            (gist.overall == Some(3), Self::OverallMiddling),
        ];
        checks.into_iter().find_map(|(is_so, trigger)| is_so.then_some(trigger))
    }
}

/// The thresholds and times of a dealership: the defaults of BR-52, and what its `rules.cases` says instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// At or below, of 5.
    pub overall_low: i64,
    /// At or below, of 10: people in China and Japan give middling marks without meaning harm.
    pub recommend_low: i64,
    /// Opening time until somebody has said that they have it.
    pub acknowledge: SignedDuration,
    /// Elapsed time until the customer has been spoken to.
    pub contact: SignedDuration,
    pub resolve: SignedDuration,
    /// After it was resolved.
    pub verify: SignedDuration,
}

impl Rules {
    pub fn of(dealership: &Dealership) -> Self {
        let hours = |rule: &Whole| SignedDuration::from_hours(rule.of(dealership));
        Self {
            overall_low: rules::OVERALL_LOW.of(dealership),
            recommend_low: rules::RECOMMEND_LOW.of(dealership),
            acknowledge: hours(&rules::ACKNOWLEDGE_HOURS),
            contact: hours(&rules::CONTACT_HOURS),
            resolve: hours(&rules::RESOLVE_HOURS),
            verify: hours(&rules::VERIFY_HOURS),
        }
    }
}

/// By when what must have happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    pub acknowledge_by: Timestamp,
    pub contact_by: Timestamp,
    pub resolve_by: Timestamp,
}

impl Deadlines {
    /// Counted from `since`: opening time for the first, elapsed time for the others. A shop that never opens again has no
    /// opening time to wait for: then by the time the customer must have been contacted.
    pub fn from(since: Timestamp, rules: &Rules, dealership: &Dealership) -> Self {
        let contact_by = since.plus(rules.contact);
        Self {
            acknowledge_by: dealership.shop().open_for(since, rules.acknowledge).unwrap_or(contact_by),
            contact_by,
            resolve_by: since.plus(rules.resolve),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn rules(region: &str) -> Rules {
        Rules::of(&dealership(region, serde_json::json!({})))
    }
    #[expect(clippy::needless_pass_by_value, reason = "given as it is written")]
    fn dealership(region: &str, rules: Value) -> Dealership {
        let body = serde_json::json!({"name": "N", "department": "D", "region": region, "time_zone": "Asia/Shanghai", "locale": "en",
            "phone": "1", "address": "A", "rules": rules,
            "opening_hours": {"mon": [["09:00", "12:00"], ["13:30", "18:00"]], "tue": [["09:00", "18:00"]]}});
        let id = crate::id::Id::new("2026-03-01T00:00:00Z".parse().expect("a time"), [0; 10]);
        Dealership::parse(id, "code", "", body).expect("a dealership")
    }
    fn gist(fixed: Option<bool>, overall: i64, recommend: Option<i64>, contact_me: bool) -> Gist {
        Gist { fixed, overall: Some(overall), recommend, contact_me, ..Gist::default() }
    }

    #[test]
    fn the_gravest_trigger_counts() {
        for (answers, region, expected) in [
            (gist(Some(true), 2, None, false), "CN", Some(Trigger::OverallLow)),
            (gist(Some(false), 1, Some(0), true), "CN", Some(Trigger::OverallLow)),
            (gist(Some(false), 5, Some(9), false), "CN", Some(Trigger::NotFixed)),
            (gist(Some(true), 4, Some(5), false), "CN", None),
            (gist(Some(true), 4, Some(4), false), "JP", Some(Trigger::RecommendLow)),
            (gist(Some(true), 4, Some(6), false), "US", Some(Trigger::RecommendLow)),
            (gist(Some(true), 4, Some(7), false), "US", None),
            (gist(Some(true), 5, Some(10), true), "US", Some(Trigger::ContactMe)),
            (gist(Some(true), 3, Some(8), false), "US", Some(Trigger::OverallMiddling)),
            (gist(None, 5, None, false), "US", None),
        ] {
            assert_eq!(Trigger::of(&answers, &rules(region)), expected, "{answers:?} {region}");
        }
        assert_eq!(Trigger::OverallMiddling.severity(), Severity::Soft);
    }

    #[test]
    fn a_dealership_may_set_its_own_and_nonsense_is_passed_over() {
        let own = Rules::of(&dealership(
            "CN",
            serde_json::json!({"cases": {"overall_low": 3, "contact_hours": 4, "resolve_hours": -1, "recommend_low": "x"}}),
        ));
        assert_eq!(
            (own.overall_low, own.contact, own.resolve, own.recommend_low),
            (3, SignedDuration::from_hours(4), SignedDuration::from_hours(72), 4)
        );
    }

    #[test]
    fn deadlines_in_opening_time_and_in_elapsed_time() {
        let at = |local: &str| -> Timestamp { format!("{local}:00+08:00").parse().expect("a time") };
        let shop = dealership("CN", serde_json::json!({}));
        for (raised, acknowledge) in [
            ("2026-03-02T09:30", "2026-03-02T11:30"),
            ("2026-03-02T11:30", "2026-03-02T15:00"), // half an hour before lunch, an hour and a half after it
            ("2026-03-02T17:00", "2026-03-03T10:00"), // over the night
            ("2026-03-07T22:00", "2026-03-09T11:00"), // over the days it is closed
        ] {
            let deadlines = Deadlines::from(at(raised), &Rules::of(&shop), &shop);
            assert_eq!(deadlines.acknowledge_by, at(acknowledge), "{raised}");
            assert_eq!(deadlines.contact_by.since(at(raised)), SignedDuration::from_hours(24));
            assert_eq!(deadlines.resolve_by.since(at(raised)), SignedDuration::from_hours(72));
        }
    }
}
