//! Comebacks (BR-09): the same car with the same trouble, soon after it was here.
use std::collections::{BTreeSet, HashMap};

use jiff::SignedDuration;

use super::Service;
use crate::{
    clock::Timestamp,
    customers::vehicles::Vehicle,
    db::{self, Tx},
    id::Id,
    repairs,
};

/// How heavy the earlier work was: the heavier, the longer it has to hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JobClass {
    /// First-level maintenance, small repairs, parts.
    Minor,
    /// What the sender does not class.
    #[default]
    Usual,
    /// Whole vehicle, assemblies.
    Major,
}

impl JobClass {
    /// By the word that a sender puts on a job.
    pub fn of(word: Option<&str>) -> Self {
        match word.map(str::to_ascii_lowercase).as_deref() {
            Some("minor" | "first" | "level1") => Self::Minor,
            Some("major" | "assembly" | "overhaul") => Self::Major,
            _ => Self::Usual,
        }
    }
    /// How long, and how far in kilometres, it has to hold; whichever is over first.
    pub fn window(self) -> (SignedDuration, i64) {
        let days = |days: i64| SignedDuration::from_hours(days * 24);
        match self {
            Self::Minor => (days(10), 2_000),
            Self::Usual => (days(30), 5_000),
            Self::Major => (days(100), 20_000),
        }
    }
}

/// Work that was done on the car before.
#[derive(Clone, Debug)]
pub struct EarlierJob {
    /// The sender's name for the repair order.
    pub order: String,
    /// When the car was given back, or else when the order was opened.
    pub done_at: Timestamp,
    /// The operation's code.
    pub code: String,
    pub class: JobClass,
    /// Kilometres when it was here.
    pub odometer: Option<i64>,
}

/// The repair order from which a visit at `start_at` seems to come back: the youngest with the same operation whose window
/// is not over. `odometer` where it is known.
pub fn original<'a>(
    services: &[Service],
    start_at: Timestamp,
    odometer: Option<i64>,
    earlier: &'a [EarlierJob],
) -> Option<&'a EarlierJob> {
    let is_same = |job: &&EarlierJob| {
        services.iter().filter_map(|service| service.code.as_deref()).any(|code| code.eq_ignore_ascii_case(&job.code))
    };
    let holds = |job: &&EarlierJob| {
        let (time, distance) = job.class.window();
        let gone = odometer.zip(job.odometer).map(|(now, then)| now - then);
        job.done_at <= start_at && start_at.since(job.done_at) <= time && gone.is_none_or(|gone| gone <= distance)
    };
    earlier.iter().filter(is_same).filter(holds).max_by_key(|job| job.done_at)
}

/// What was done on these cars as long ago as any work has to hold.
pub(super) async fn earlier_jobs(
    tx: &mut Tx,
    cars: &BTreeSet<Id<Vehicle>>,
    now: Timestamp,
) -> db::Result<HashMap<Id<Vehicle>, Vec<EarlierJob>>> {
    let (longest, _) = JobClass::Major.window();
    let mut earlier: HashMap<Id<Vehicle>, Vec<EarlierJob>> = HashMap::new();
    for visit in repairs::actions::earlier_visits(tx, cars, now.minus(longest)).await? {
        for job in visit.jobs.iter() {
            let word = |key: &str| job.get(key).and_then(|value| value.as_str());
            let Some(code) = word("code") else { continue };
            earlier.entry(visit.vehicle_id).or_default().push(EarlierJob {
                order: visit.reference.clone(),
                done_at: visit.done_at,
                code: code.to_owned(),
                class: JobClass::of(word("class").or_else(|| word("type"))),
                odometer: visit.odometer,
            });
        }
    }
    Ok(earlier)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i64) -> Timestamp {
        let start: Timestamp = "2026-03-01T09:00:00Z".parse().expect("a time");
        start.plus(SignedDuration::from_hours(24 * day))
    }
    fn job(code: &str, class: JobClass) -> EarlierJob {
        EarlierJob { order: "R-1".to_owned(), done_at: at(0), code: code.to_owned(), class, odometer: Some(40_000) }
    }
    fn asked(code: &str) -> Vec<Service> {
        vec![Service { code: Some(code.to_owned()), name: None, hours: None }]
    }

    #[test]
    fn the_same_work_inside_its_window_comes_back() {
        for (class, last_day, distance) in
            [(JobClass::Minor, 10, 2_000), (JobClass::Usual, 30, 5_000), (JobClass::Major, 100, 20_000)]
        {
            let earlier = [job("BRK", class)];
            let found = |day: i64, odometer| original(&asked("brk"), at(day), odometer, &earlier).is_some();
            assert!(found(last_day, None), "{class:?}");
            assert!(!found(last_day + 1, None), "{class:?}");
            assert!(found(last_day, Some(40_000 + distance)), "{class:?}");
            assert!(!found(last_day, Some(40_001 + distance)), "{class:?}");
        }
    }

    #[test]
    fn other_work_and_work_of_later_do_not() {
        let earlier = [job("BRK", JobClass::Usual)];
        assert!(original(&asked("TYR"), at(5), None, &earlier).is_none());
        assert!(original(&asked("BRK"), at(-1), None, &earlier).is_none());
        assert!(original(&[], at(5), None, &earlier).is_none());
    }

    #[test]
    fn of_two_the_younger_is_the_original() {
        let younger = EarlierJob { order: "R-2".to_owned(), done_at: at(3), ..job("BRK", JobClass::Usual) };
        let earlier = [younger, job("BRK", JobClass::Usual)];
        assert_eq!(original(&asked("BRK"), at(5), None, &earlier).expect("an original").order, "R-2");
    }
}
