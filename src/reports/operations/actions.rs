//! Gathers the rows of a month and makes the report of them; lists them; keeps definitions and the brand's approval.
use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

use super::{
    Approval, Definition, Figure, Kpi, MONTHS, NAME, Number, Past, Report, Row, Rule, Shop,
    compute::{Day, Material, Which, measured},
    definition::{self, Defined},
    kpi::Way,
    store::{
        self, Stretch,
        counted::{self, Listed, Of, Slot, Spanned},
    },
};
use crate::{
    app::App,
    appointments,
    calendar::{self, local_moment},
    capacity,
    clock::Timestamp,
    db::{self, Tx, Weight},
    dealerships::Dealership,
    desk,
    http::Access,
    reports::{
        self, Month, Question,
        satisfaction::{self, actions::Answered},
    },
    surveys::Questionnaires,
};

/// Dealerships in one report: each costs a read for every number and month.
const MOST: usize = 24;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("there is no dealership of that code")]
    NoDealership,
    #[error("say which dealership's rows: there is more than one")]
    WhichDealership,
    #[error("there is no version {0} of the definition")]
    NoDefinition(i64),
    #[error("version {0} was approved already; what was approved stays as it was")]
    Approved(i64),
    #[error("a definition has each of its numbers once, and at least one")]
    NotADefinition,
    #[error("{}: its least is more than its most, or its limit is below zero", .0.word())]
    NoRule(Kpi),
    #[error("one report has {MOST} dealerships beside each other at most: say which one's")]
    TooMany,
    #[error(transparent)]
    Database(#[from] db::Error),
}

/// The report of a month, by one version of the definition; by the newest without one.
///
/// # Errors
/// No such dealership for this caller, no such version; those of the database.
pub async fn report(app: &App, access: &Access, question: &Question, version: Option<i64>) -> Result<Report, Refused> {
    gather(app, access, question, version, MONTHS).await
}

/// The same by the newest definition and of that month alone: what it takes to lay many dealerships beside each other.
///
/// # Errors
/// As [`report`].
pub async fn month(app: &App, access: &Access, question: &Question) -> Result<Report, Refused> {
    gather(app, access, question, None, 1).await
}

async fn gather(
    app: &App,
    access: &Access,
    question: &Question,
    version: Option<i64>,
    months: i64,
) -> Result<Report, Refused> {
    let mut tx = app.db.read().await?;
    let definition = definition(&mut tx, version).await?;
    let wanted = reports::dealerships(&mut tx, access, question.dealership.as_deref()).await?;
    drop(tx);
    if wanted.is_empty() {
        return Err(Refused::NoDealership);
    }
    if wanted.len() > MOST {
        return Err(Refused::TooMany);
    }
    let now = app.ids.clock.now();
    let mut dealerships = Vec::with_capacity(wanted.len());
    for dealership in &wanted {
        // One connection for each: others have their turn between two of them.
        let mut tx = app.db.read().await?;
        let mut answers = Answers::new();
        let shop = dealership.shop();
        let mut numbers = Vec::with_capacity(definition.numbers.len());
        for defined in &definition.numbers {
            let of = Gathered { dealership, shop: &shop, defined: *defined, question, months, now };
            numbers.push(of.number(&mut tx, &app.questionnaires, &mut answers).await?);
        }
        let (from, to) = question.month.bounds(&dealership.zone);
        dealerships.push(Shop { code: dealership.code.clone(), name: dealership.name.clone(), from, to, numbers });
    }
    Ok(Report {
        definition: format!("{NAME} v{}", definition.version),
        version: definition.version,
        approval: definition.approval,
        month: question.month,
        advisor: question.advisor.clone(),
        dealerships,
    })
}

async fn definition(tx: &mut Tx, version: Option<i64>) -> Result<Definition, Refused> {
    let all = store::definitions(tx).await?;
    let found = all.into_iter().find(|one| version.is_none_or(|version| one.version == version));
    found.ok_or(Refused::NoDefinition(version.unwrap_or_default()))
}

/// The answers of one dealership, by month: more than one number is made of them.
type Answers = BTreeMap<Month, Vec<Answered>>;

/// Which number of which dealership.
#[derive(Clone, Copy)]
struct Gathered<'a> {
    dealership: &'a Dealership,
    shop: &'a calendar::Shop,
    defined: Defined,
    question: &'a Question,
    /// How many it is shown with, its own included.
    months: i64,
    now: Timestamp,
}

impl Gathered<'_> {
    async fn number(&self, tx: &mut Tx, questionnaires: &Questionnaires, answers: &mut Answers) -> db::Result<Number> {
        let Defined { name: kpi, rule } = self.defined;
        let mut months = Vec::new();
        let mut last = None;
        for back in (0..self.months).rev() {
            let month = self.question.month.back(back);
            let mut material = self.material(tx, month, answers).await?;
            if let Some(advisor) = &self.question.advisor {
                material.retain(advisor);
            }
            let figure = material.figure(kpi, Which::All, questionnaires);
            months.push(Past { month, value: figure.value, n: figure.n });
            last = Some((figure, material));
        }
        let (figure, [advisors, service_types, kinds]) = match last {
            Some((figure, material)) => (figure, material.apart(kpi, questionnaires)),
            None => (Figure::default(), <[BTreeMap<String, Figure>; 3]>::default()),
        };
        let verdict = rule.verdict(&figure);
        Ok(Number { name: kpi, unit: kpi.unit(), rule, verdict, figure, advisors, service_types, kinds, months })
    }

    fn of(&self, month: Month) -> Of {
        let kpi = self.defined.name;
        // Who came again is asked of the customers of a year ago.
        let month = if kpi == Kpi::Retention { month.back(12) } else { month };
        let (from, to) = month.bounds(&self.dealership.zone);
        let to = if kpi == Kpi::PartsAgeing { to.min(self.now).max(from) } else { to };
        Of { kpi, dealership: self.dealership.id, stretch: (from, to), now: self.now }
    }

    async fn material(&self, tx: &mut Tx, month: Month, answers: &mut Answers) -> db::Result<Material> {
        let (of, kpi) = (self.of(month), self.defined.name);
        Ok(match kpi.way() {
            Way::Share | Way::Ratio => Material::Sums(counted::sums(tx, of).await?),
            Way::Spans { .. } => {
                let rows = counted::spans(tx, of).await?;
                Material::Spans(
                    rows.iter().map(|row| measured(kpi, self.defined.rule, self.shop, row, of.now)).collect(),
                )
            }
            Way::Lying => Material::Lying(counted::lying(tx, of).await?, of.stretch.1),
            Way::Days => Material::Days(self.days(tx, of.stretch).await?),
            Way::Nps | Way::Index => Material::Answers(match answers.entry(month) {
                Entry::Occupied(read) => read.get().clone(),
                Entry::Vacant(unread) => {
                    let found = satisfaction::actions::answers(tx, self.dealership.id, of.stretch).await?;
                    unread.insert(found).clone()
                }
            }),
        })
    }

    /// The days that something is known of, up to today.
    async fn days(&self, tx: &mut Tx, (from, to): Stretch) -> db::Result<Vec<Day>> {
        let zone = &self.dealership.zone;
        let day = |at: Timestamp| at.in_zone(zone).date();
        let last = day(to.min(self.now));
        let dates = day(from).series(jiff::Span::new().days(1)).take_while(|date| *date <= last);
        let dates: Vec<String> = dates
            .take_while(|date| local_moment(date.at(0, 0, 0, 0), zone) < to)
            .map(|date| date.to_string())
            .collect();
        let mut booked: BTreeMap<String, i64> = BTreeMap::new();
        for (start_at, minutes) in appointments::actions::booked(tx, self.dealership.id, (from, to)).await? {
            *booked.entry(day(start_at).to_string()).or_default() += minutes;
        }
        let known = capacity::actions::days(tx, self.dealership.id, &dates).await?;
        let full = known.into_iter().map(|known| {
            // What the brand is told is held against its own four fifths, whatever the dealership allows itself.
            let room = known.room(booked.get(&known.date).copied().unwrap_or(0), capacity::FULL);
            Day { booked: room.booked_minutes, available: room.available_minutes, date: known.date }
        });
        Ok(full.collect())
    }
}

/// Which rows of a number are listed: those of its month, or of one advisor, kind of work, or the third that sets them apart.
#[derive(Clone, Debug, Default)]
pub struct Traced {
    pub service_type: Option<String>,
    pub kind: Option<String>,
    /// The rows after this id; a day of the load has its date for an id.
    pub after: Option<String>,
    pub limit: i64,
}

/// The rows that a number was counted from, by their ids.
///
/// # Errors
/// As [`report`]; where the caller may see more than one dealership, one has to be named.
pub async fn rows(
    app: &App,
    access: &Access,
    question: &Question,
    (kpi, version): (Kpi, Option<i64>),
    traced: Traced,
) -> Result<Vec<Row>, Refused> {
    let mut tx = app.db.read().await?;
    let definition = definition(&mut tx, version).await?;
    let mut wanted = reports::dealerships(&mut tx, access, question.dealership.as_deref()).await?;
    let dealership = wanted.pop().ok_or(Refused::NoDealership)?;
    if !wanted.is_empty() {
        return Err(Refused::WhichDealership);
    }
    let rule = definition.numbers.iter().find(|one| one.name == kpi).map_or_else(Rule::default, |one| one.rule);
    let shop = dealership.shop();
    let defined = Defined { name: kpi, rule };
    let now = app.ids.clock.now();
    let gathered = Gathered { dealership: &dealership, shop: &shop, defined, question, months: 1, now };
    let of = gathered.of(question.month);
    if kpi.way() == Way::Days {
        let days = gathered.days(&mut tx, of.stretch).await?;
        let after = traced.after.unwrap_or_default();
        let most = usize::try_from(traced.limit).unwrap_or(0);
        let listed = days.into_iter().filter(|day| day.date > after && question.advisor.is_none()).take(most);
        return Ok(listed.filter_map(|day| row_of_day(&day, &dealership)).collect());
    }
    let slot = Slot { advisor: question.advisor.clone(), service_type: traced.service_type, kind: traced.kind };
    let listed = counted::list(&mut tx, of, slot, traced.after, traced.limit).await?;
    Ok(listed.into_iter().map(|listed| row_of(listed, (kpi, rule), &shop, of.now)).collect())
}

fn row_of_day(day: &Day, dealership: &Dealership) -> Option<Row> {
    let whole = |minutes: i64| f64::from(i32::try_from(minutes).unwrap_or(i32::MAX));
    Some(Row {
        id: day.date.clone(),
        reference: day.date.clone(),
        at: local_moment(day.date.parse::<jiff::civil::Date>().ok()?.at(0, 0, 0, 0), &dealership.zone),
        advisor: None,
        service_type: None,
        kind: None,
        is_counted: day.available > 0,
        part: Some(whole(day.booked)),
        whole: Some(whole(day.available)),
    })
}

fn row_of(listed: Listed, (kpi, rule): (Kpi, Rule), shop: &calendar::Shop, now: Timestamp) -> Row {
    let Listed { id, reference, at, slot, part, whole, since, until } = listed;
    let spanned = Spanned { slot: slot.clone(), since, until };
    let (is_counted, part) = match kpi.way() {
        Way::Spans { .. } => {
            let measured = measured(kpi, rule, shop, &spanned, now);
            (measured.keeps.is_some(), measured.length)
        }
        _ => (true, part),
    };
    let Slot { advisor, service_type, kind } = slot;
    Row {
        id,
        reference,
        at,
        advisor,
        service_type,
        kind,
        is_counted,
        part,
        whole: whole.filter(|whole| (*whole - 1.0).abs() > 1e-9),
    }
}

/// Every version with its approval, the newest first.
///
/// # Errors
/// Those of the database.
pub async fn definitions(app: &App) -> db::Result<Vec<Definition>> {
    store::definitions(&mut app.db.read().await?).await
}

/// Keeps a changed definition as the next version; its number.
///
/// # Errors
/// What is no definition; those of the database.
pub async fn define(app: &App, numbers: Vec<Defined>, by: &str) -> Result<i64, Refused> {
    let mut names: Vec<Kpi> = numbers.iter().map(|number| number.name).collect();
    names.sort_unstable();
    names.dedup();
    if numbers.is_empty() || names.len() != numbers.len() {
        return Err(Refused::NotADefinition);
    }
    if let Some(wrong) = numbers.iter().find(|number| !number.rule.is_possible()) {
        return Err(Refused::NoRule(wrong.name));
    }
    let told = Arc::new((numbers, by.to_owned()));
    desk::at(app, Weight::ONE, move |desk| {
        let told = Arc::clone(&told);
        Box::pin(async move {
            let (numbers, by) = &*told;
            let newest = store::definitions(desk.tx).await?.first().map_or(1, |one| one.version);
            // Whoever was first has the number; whoever comes at the same moment has the next.
            let mut version = newest + 1;
            while !store::keep(desk.tx, version, numbers, desk.now, by).await? {
                version += 1;
            }
            Ok(version)
        })
    })
    .await
}

/// Writes down that the brand agreed to a version.
///
/// # Errors
/// No such version, one that was approved already; those of the database.
pub async fn approve(app: &App, version: i64, approval: Approval, recorded_by: &str) -> Result<(), Refused> {
    let told = Arc::new((approval, recorded_by.to_owned()));
    desk::at(app, Weight::ONE, move |desk| {
        let told = Arc::clone(&told);
        Box::pin(async move {
            let (approval, recorded_by) = &*told;
            if version == 1 {
                store::keep(desk.tx, 1, &definition::first().numbers, desk.now, "aftercare").await?;
            }
            if store::definitions(desk.tx).await?.iter().all(|one| one.version != version) {
                return Err(Refused::NoDefinition(version));
            }
            if !store::approve(desk.tx, version, approval, recorded_by).await? {
                return Err(Refused::Approved(version));
            }
            Ok(())
        })
    })
    .await
}
