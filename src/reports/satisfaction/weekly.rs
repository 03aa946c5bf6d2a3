//! The week's word to the people here (BR-73, seed §2): managers read the three most frequent causes and the score of the
//! week, advisors their own score, each with what it rests on; nobody reads a colleague's.
use std::sync::Arc;

use jiff::{SignedDuration, civil::Weekday};
use serde_json::json;

use super::{
    ROLLING_DAYS, Scores,
    compute::{self, Rows, Times},
    store,
};
use crate::{
    calendar::{days_from, local_moment},
    clock::Timestamp,
    clocks::{
        Clock, ClockKind,
        actions::{NewClock, set},
    },
    db,
    dealerships::{self, Dealership},
    desk::Desk,
    id::Id,
    notices::{
        SubjectKind,
        actions::{Heard, Subject, hear},
        words::digest::{Facts, Figure, FigureName},
    },
    staff::{self, Staff},
};

/// How many causes are named.
const NAMED: usize = 3;

/// An answer or a case is there: on Monday at 08:30 there is something to say. Said again, it is the same Monday.
pub async fn schedule(desk: &mut Desk<'_>, dealership: &Dealership) -> db::Result<()> {
    let clock = NewClock {
        dealership_id: dealership.id,
        kind: ClockKind::WeeklyDigest,
        subject_id: dealership.id.to_string(),
        key: String::new(),
        due_at: next_monday(desk.now, dealership),
        detail: json!({}),
    };
    set(desk, &[clock]).await
}

/// The first Monday, 08:30 on the dealership's clock, later than `now`.
fn next_monday(now: Timestamp, dealership: &Dealership) -> Timestamp {
    let today = now.in_zone(&dealership.zone).date();
    let mondays = (0..=14).map(|ahead| days_from(today, ahead)).filter(|day| day.weekday() == Weekday::Monday);
    let mut moments = mondays.map(|day| local_moment(day.at(8, 30, 0, 0), &dealership.zone));
    moments.find(|at| *at > now).unwrap_or(now.plus(SignedDuration::from_hours(24 * 7)))
}

/// Tells each reader their part of the week that has ended.
pub async fn send(desk: &mut Desk<'_>, clocks: &[Clock]) -> db::Result<()> {
    for clock in clocks {
        let Some(dealership) = dealerships::actions::find(desk.tx, clock.dealership_id).await?.map(Arc::new) else {
            continue;
        };
        let days = |days: i64| clock.due_at.minus(SignedDuration::from_hours(24 * days));
        let week = (days(7), clock.due_at);
        let times = Times { month: week, before: (days(14), week.0), rolling: (days(ROLLING_DAYS), clock.due_at) };
        let rows = Rows {
            answers: store::answers(desk.tx, dealership.id, times.rolling).await?,
            visits: store::visits(desk.tx, dealership.id, times.rolling).await?,
            causes: store::causes(desk.tx, dealership.id, week).await?,
            ..Rows::default()
        };
        let questionnaires = Arc::clone(&desk.questionnaires);
        let name = (dealership.code.clone(), dealership.name.clone());
        let shop = compute::shop(name, times, &rows, &questionnaires, None);
        let mut figures = of(&shop.scores);
        figures.extend(shop.causes.iter().take(NAMED).map(|counted| Figure {
            name: FigureName::RootCause(counted.cause),
            value: Some(crate::surveys::statistics::as_float(counted.n)),
            of: i64::try_from(shop.with_cause).ok(),
        }));
        tell(desk, &dealership, clock.due_at, "reports.weekly_due", None, figures).await?;
        for advisor in shop.advisors.iter().filter(|advisor| advisor.scores.n > 0) {
            if let Some(id) = staff::actions::find_id(desk.tx, dealership.id, &advisor.reference).await? {
                let own = of(&advisor.scores);
                tell(desk, &dealership, clock.due_at, "reports.own_score_due", Some(id), own).await?;
            }
        }
    }
    Ok(())
}

/// The share of satisfied customers with its interval, and the mean.
fn of(scores: &Scores) -> Vec<Figure> {
    let tenths = |percent: f64| {
        #[expect(clippy::cast_possible_truncation, reason = "a percentage in tenths has four digits")]
        let tenths = (percent * 10.0).round() as i64;
        tenths
    };
    let n = |n: u64| i64::try_from(n).ok();
    let csat = scores.csat.map(|csat| Figure {
        name: FigureName::Csat { low: tenths(csat.low), high: tenths(csat.high) },
        value: Some(csat.value / 100.0),
        of: n(csat.n),
    });
    let mean =
        scores.mean.map(|mean| Figure { name: FigureName::Satisfaction, value: Some(mean.value), of: n(mean.n) });
    csat.into_iter().chain(mean).collect()
}

async fn tell(
    desk: &mut Desk<'_>,
    dealership: &Arc<Dealership>,
    at: Timestamp,
    event: &'static str,
    reader: Option<Id<Staff>>,
    figures: Vec<Figure>,
) -> db::Result<()> {
    let date = at.in_zone(&dealership.zone).date();
    let subject = Subject {
        kind: SubjectKind::Dealership,
        id: dealership.id.to_string(),
        reference: dealership.code.clone(),
        revision: 0,
    };
    let facts = Facts { date: Some(date), figures, ..Facts::default() };
    let heard = Heard {
        // Nothing that was said before is taken back by it.
        is_new: true,
        advisor_id: reader,
        occasion: Some(date.to_string()),
        detail: json!(facts),
        ..Heard::new(event, dealership, subject)
    };
    hear(desk, &heard).await
}
