//! Gathers the rows of a month and makes the report of them; nothing is written.
use std::collections::HashSet;

use jiff::{SignedDuration, ToSpan, tz::TimeZone};

pub(in crate::reports) use super::store::{Answered, answers};
use super::{
    DEFINITION, ROLLING_DAYS, Report, Shop,
    compute::{self, Rows, Times},
    store::{self, Cohort, Stretch},
};
pub use crate::reports::Question;
use crate::{
    app::App,
    clock::Timestamp,
    db::{self, Tx},
    dealerships::Dealership,
    http::Access,
    id::Id,
    reports,
    surveys::Questionnaires,
};

/// The report of a month. None when there is no such dealership for this caller.
pub async fn report(app: &App, access: &Access, question: &Question) -> db::Result<Option<Report>> {
    let mut tx = app.db.read().await?;
    let wanted = reports::dealerships(&mut tx, access, question.dealership.as_deref()).await?;
    if wanted.is_empty() {
        return Ok(None);
    }
    let mut dealerships = Vec::with_capacity(wanted.len());
    for one in wanted {
        dealerships.push(month_of(&mut tx, &app.questionnaires, one, question).await?);
    }
    Ok(Some(Report { definition: DEFINITION, month: question.month, advisor: question.advisor.clone(), dealerships }))
}

async fn month_of(
    tx: &mut Tx,
    questionnaires: &Questionnaires,
    wanted: Dealership,
    question: &Question,
) -> db::Result<Shop> {
    let zone = wanted.zone;
    let month = question.month.bounds(&zone);
    let rolling = (month.1.minus(SignedDuration::from_hours(24 * ROLLING_DAYS)), month.1);
    let times = Times { month, before: question.month.back(1).bounds(&zone), rolling };
    let all = (times.before.0.min(rolling.0), month.1);
    let id = wanted.id;
    let rows = Rows {
        answers: store::answers(tx, id, all).await?,
        visits: store::visits(tx, id, all).await?,
        invited: store::invited(tx, id, month).await?,
        called: store::called(tx, id, month).await?,
        causes: store::causes(tx, id, month).await?,
        cases: store::cases(tx, id, month).await?,
        cohort: cohort(tx, id, question.month.back(12).bounds(&zone), &zone).await?,
    };
    Ok(compute::shop((wanted.code, wanted.name), times, &rows, questionnaires, question.advisor.as_deref()))
}

/// The customers of a stretch of time, each by their first visit in it, and whether they came again within twelve months on
/// the dealership's calendar.
pub async fn cohort(
    tx: &mut Tx,
    dealership: Id<Dealership>,
    stretch: Stretch,
    zone: &TimeZone,
) -> db::Result<Vec<Cohort>> {
    let mut seen = HashSet::new();
    let members = store::cohort(tx, dealership, stretch).await?;
    let first = members.into_iter().filter(|member| seen.insert(member.customer.clone()));
    let came_again = |from: Timestamp, next: Option<Timestamp>| {
        let a_year_on = from.in_zone(zone).saturating_add(12.months());
        next.is_some_and(|next| next <= Timestamp::new(a_year_on.timestamp()))
    };
    Ok(first.map(|m| Cohort { overall: m.overall, came_again: came_again(m.delivered_at, m.next_at) }).collect())
}
