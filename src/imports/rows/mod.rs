//! What a row tells: the facts that become events, or why it cannot be taken. Pure.
mod people;
mod visits;
mod workshop;

use std::cell::RefCell;

use csv::StringRecord;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::{
    Kind,
    columns::Columns,
    shapes::{self, When},
    statuses::Mapping,
};
use crate::clock::Timestamp;

/// Stands in a fact's data for the time at which the file was made: a system that has a state without a time tells the same
/// thing every night, and it must not become news by that.
const WHEN: &str = "\u{1}when";

/// What one row tells.
#[derive(Clone, Debug, Default)]
pub(super) struct Understood {
    /// The sender's key of the thing.
    pub(super) reference: String,
    /// In the order in which they became true.
    pub(super) facts: Vec<Fact>,
    /// The status as it is written, and our word for it.
    pub(super) status: Option<(String, String)>,
    /// The latest time that stands in the row.
    pub(super) latest: Option<Timestamp>,
    /// What was passed over, and why.
    pub(super) warnings: Vec<Problem>,
    /// People who work here are no facts: they are set up.
    pub(super) staff: Option<Value>,
}

/// An event to be, without its envelope.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    pub(super) kind: &'static str,
    /// May hold [`WHEN`].
    pub(super) data: Value,
}

impl Fact {
    /// The data with the times that only the file has.
    pub(super) fn data_at(&self, at: Timestamp) -> Value {
        let mut data = self.data.clone();
        fill_in(&mut data, &at.to_string());
        data
    }
}

fn fill_in(value: &mut Value, at: &str) {
    match value {
        Value::String(text) if text == WHEN => at.clone_into(text),
        Value::Array(list) => list.iter_mut().for_each(|one| fill_in(one, at)),
        Value::Object(map) => map.values_mut().for_each(|one| fill_in(one, at)),
        _ => {}
    }
}

/// What is wrong with a column of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) column: String,
    pub(super) why: String,
}

/// A row under its headers; gathers everything that is wrong with it, so that it can be mended at once.
pub(super) struct Row<'a> {
    pub(super) kind: Kind,
    pub(super) columns: &'a Columns,
    pub(super) record: &'a StringRecord,
    pub(super) mapping: &'a Mapping,
    pub(super) zone: &'a TimeZone,
    wrong: RefCell<Vec<Problem>>,
    warnings: RefCell<Vec<Problem>>,
    latest: RefCell<Option<Timestamp>>,
}

/// Reads one row.
///
/// # Errors
/// Everything that is wrong with it.
pub(super) fn read(
    kind: Kind,
    (columns, mapping): (&Columns, &Mapping),
    zone: &TimeZone,
    record: &StringRecord,
) -> Result<Understood, Vec<Problem>> {
    let none = || RefCell::new(Vec::new());
    let (wrong, warnings, latest) = (none(), none(), RefCell::new(None));
    let row = Row { kind, columns, record, mapping, zone, wrong, warnings, latest };
    if record.len() > columns.width && record.iter().skip(columns.width).any(|cell| !cell.trim().is_empty()) {
        row.wrong(
            "",
            format!("has {} cells under {} headers: is a quote or a delimiter missing?", record.len(), columns.width),
        );
    }
    if record.iter().any(|cell| cell.contains('\u{fffd}')) {
        row.wrong("", "holds characters that cannot be read in the file's encoding");
    }
    let understood = match kind {
        Kind::Customers => people::customer(&row),
        Kind::Vehicles => people::vehicle(&row),
        Kind::Staff => people::staff(&row),
        Kind::Appointments => visits::appointment(&row),
        Kind::RepairOrders => visits::repair_order(&row),
        Kind::RoDeclined => visits::declined(&row),
        Kind::PartsOrders => workshop::part_line(&row),
        Kind::Capacity => workshop::capacity(&row),
    };
    let Row { wrong, warnings, latest, .. } = row;
    match (understood, wrong.into_inner()) {
        (Some(mut understood), wrong) if wrong.is_empty() => {
            understood.warnings.extend(warnings.into_inner());
            understood.latest = latest.into_inner();
            Ok(understood)
        }
        (_, wrong) => Err(wrong),
    }
}

impl Row<'_> {
    pub(super) fn wrong(&self, column: &str, why: impl Into<String>) {
        self.wrong.borrow_mut().push(Problem { column: column.to_owned(), why: why.into() });
    }
    fn warn(&self, column: &str, why: impl Into<String>) {
        self.warnings.borrow_mut().push(Problem { column: column.to_owned(), why: why.into() });
    }

    fn text(&self, column: &str) -> Option<String> {
        shapes::cell(self.record.get(*self.columns.at.get(column)?)?)
    }
    fn key(&self, column: &str) -> Option<String> {
        // 1001.0 is what spreadsheets make of 1001.
        let key = self.text(column);
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        key.map(|key| key.strip_suffix(".0").filter(|whole| is_number(whole)).map(str::to_owned).unwrap_or(key))
    }
    fn required(&self, column: &str) -> Option<String> {
        let key = self.key(column);
        if key.is_none() {
            self.wrong(column, "is empty");
        }
        key
    }
    fn list(&self, column: &str) -> Vec<String> {
        self.text(column).map(|text| shapes::list(&text)).unwrap_or_default()
    }
    fn number(&self, column: &str) -> Option<f64> {
        match shapes::number(&self.text(column)?) {
            Ok(number) => Some(number),
            Err(why) => {
                self.wrong(column, why);
                None
            }
        }
    }
    fn count(&self, column: &str) -> Option<i64> {
        let number = self.number(column)?;
        #[expect(clippy::cast_possible_truncation, reason = "kilometres and years")]
        let count = number.round() as i64;
        (number < 1e12).then_some(count)
    }
    fn flag(&self, column: &str) -> Option<bool> {
        let text = self.text(column)?;
        let flag = shapes::flag(&text);
        if flag.is_none() {
            self.warn(column, "is neither yes nor no: passed over");
        }
        flag
    }
    fn when(&self, column: &str) -> Option<When> {
        match When::read(&self.text(column)?, self.mapping.days) {
            Ok(when) => {
                let at = when.moment(self.zone);
                let mut latest = self.latest.borrow_mut();
                *latest = Some(latest.map_or(at, |before| before.max(at)));
                Some(when)
            }
            Err(why) => {
                self.wrong(column, why);
                None
            }
        }
    }
    /// A moment; a day alone means its noon.
    fn at(&self, column: &str) -> Option<Timestamp> {
        self.when(column).map(|when| when.moment(self.zone))
    }
    /// A moment, for which a day alone is not enough.
    fn moment(&self, column: &str) -> Option<Timestamp> {
        match self.when(column)? {
            When::Day(_) => {
                self.wrong(column, "has no time of day");
                None
            }
            when => Some(when.moment(self.zone)),
        }
    }
    fn status(&self) -> Option<(String, String)> {
        let theirs = self.text("status")?;
        let ours = self.mapping.status(self.kind, &theirs).to_owned();
        if ours == super::statuses::OTHER && self.mapping.word(self.kind.word(), &theirs).is_none() {
            self.warn("status", "is a word that is not known: taken as other");
        }
        Some((theirs, ours))
    }
    /// Telephone numbers of these columns, as a person's `phones`; `None` where the file has none of the columns.
    fn phones(&self, columns: &[(&str, &str)]) -> Option<Vec<Value>> {
        let mut phones = Vec::new();
        if !columns.iter().any(|(column, _)| self.columns.at.contains_key(*column)) {
            return None;
        }
        for (column, label) in columns {
            match self.text(column).map(|text| shapes::phones(&text)) {
                Some(Ok(numbers)) => {
                    phones.extend(numbers.into_iter().map(|number| json!({"number": number, "label": label})));
                }
                Some(Err(why)) => self.wrong(column, why),
                None => {}
            }
        }
        Some(phones)
    }
    /// A moment as it stands in data: on the dealership's wall clock, so that a person can judge a dry run.
    fn stamp(&self, at: Timestamp) -> Value {
        at.in_zone(self.zone).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string().into()
    }
    /// The same; where there is none, that of the file.
    #[expect(clippy::unnecessary_wraps, reason = "an entry of an object")]
    fn or_when(&self, at: Option<Timestamp>) -> Option<Value> {
        Some(at.map_or_else(|| json!(WHEN), |at| self.stamp(at)))
    }
    /// The vehicle that the row names.
    fn vehicle(&self) -> Value {
        object([
            ("vin", self.text("vin").map(Value::from)),
            ("plate", self.text("plate").map(|plate| plate.replace(' ', "").into())),
            ("model_code", self.text("model_code").map(Value::from)),
            ("model_year", self.count("model_year").map(Value::from)),
        ])
    }
    /// The customer whom a row about something else mentions. A number left empty there takes none away.
    fn mentioned(&self) -> Value {
        let phones = self.phones(&[("mobile", "mobile"), ("phone2", "other")]).filter(|phones| !phones.is_empty());
        object([
            ("ref", self.key("customer_no").map(Value::from)),
            ("name", self.text("customer_name").map(Value::from)),
            ("phones", phones.map(Value::from)),
            ("email", self.text("email").map(Value::from)),
        ])
    }
}

/// An object of what is there.
fn object<const N: usize>(entries: [(&str, Option<Value>); N]) -> Value {
    let there = entries.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    Value::Object(there.collect::<Map<_, _>>())
}

fn is_empty(object: &Value) -> bool {
    object.as_object().is_none_or(Map::is_empty)
}
