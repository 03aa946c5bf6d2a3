//! One batch of rows on its way in: understood, compared with what was said before, taken as events, and remembered.
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use anyhow::{Context, anyhow};
use csv::StringRecord;
use serde_json::{Value, json};

use super::{
    Kind, Summary,
    columns::Columns,
    news::Naming,
    reading::Line,
    rejected::Rejected,
    rows::{self, Problem, Understood},
    statuses::Mapping,
    store::{self, Said},
};
use crate::{
    app::App,
    db::{self, Weight},
    dealerships::Dealership,
    desk, failpoints,
    http::{Access, Error, Fault},
    intake::{
        self,
        actions::Status,
        envelope::{Envelope, Sheet},
    },
    staff::{self, Staff, actions::Refused},
};

/// A file on its way in.
pub(super) struct Importer<'a> {
    pub(super) app: &'a App,
    pub(super) dealership: Arc<Dealership>,
    pub(super) kind: Kind,
    pub(super) naming: Naming,
    pub(super) mapping: Mapping,
    pub(super) columns: Columns,
    pub(super) header: StringRecord,
    pub(super) summary: Summary,
    /// None in a dry run.
    pub(super) rejected: Option<Rejected>,
}

/// A row that was understood.
struct Read {
    line: Line,
    row: Understood,
}

/// The events of a batch, each with the index of its row.
struct Admitted {
    envelopes: Vec<(usize, Envelope)>,
    said: HashMap<String, String>,
    /// Rows of things of which nothing was said before.
    new: HashSet<usize>,
}

impl Importer<'_> {
    /// Takes rows in their order; those that cannot be taken cost only themselves.
    ///
    /// # Errors
    /// The database or the disk fails: everything up to this batch is in, and nothing of it is lost when it is read again.
    pub(super) async fn take(&mut self, lines: Vec<Line>) -> anyhow::Result<()> {
        let mut rows = Vec::with_capacity(lines.len());
        for line in lines {
            self.summary.rows += 1;
            let read = rows::read(self.kind, (&self.columns, &self.mapping), &self.dealership.zone, &line.record);
            match read {
                Ok(row) => {
                    self.summary.understood(line.number, &row);
                    rows.push(Read { line, row });
                }
                Err(why) => self.reject(&line, &why)?,
            }
        }
        if self.kind == Kind::Staff {
            self.set_up(rows).await?;
        } else {
            self.tell(rows).await?;
        }
        if let Some(rejected) = &mut self.rejected {
            rejected.flush().context("the rejected rows cannot be written")?;
        }
        Ok(())
    }

    fn reject(&mut self, line: &Line, why: &[Problem]) -> anyhow::Result<()> {
        self.summary.rejected(line.number, why);
        match &mut self.rejected {
            Some(rejected) => {
                rejected.add(&self.header, &line.record, why).context("the rejected rows cannot be written")
            }
            None => Ok(()),
        }
    }

    async fn tell(&mut self, mut rows: Vec<Read>) -> anyhow::Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let keys: Vec<String> = rows.iter().map(|read| self.naming.key(&read.row.reference)).collect();
        let whose = (self.dealership.id, self.naming.source.clone());
        let mut tx = self.app.db.read().await.context("the database cannot be asked")?;
        let before = store::list(&mut tx, (whose.0, &whose.1), &keys).await.context("the database cannot be asked")?;
        drop(tx);
        let before: HashMap<String, String> = before.into_iter().map(|one| (one.row_key, one.said)).collect();
        let Admitted { envelopes, said, new } = self.admit(&mut rows, &before).await?;
        let told: HashSet<usize> = envelopes.iter().map(|(row, _)| *row).collect();
        self.summary.taken += told.len() as u64;
        self.summary.new += new.intersection(&told).count() as u64;
        self.summary.unchanged += (rows.len() - told.len()) as u64;
        if self.summary.is_dry {
            self.summary.events += envelopes.len() as u64;
            return Ok(());
        }
        self.store(envelopes).await?;
        failpoints::point("remember");
        let said: Vec<Said> = said.into_iter().map(|(row_key, said)| Said { row_key, said }).collect();
        if said.is_empty() {
            return Ok(());
        }
        let said = Arc::new(said);
        let written: db::Result<()> = self
            .app
            .db
            .write(Weight(said.len()), move |tx| {
                let (said, whose) = (Arc::clone(&said), whose.clone());
                Box::pin(async move { store::save(tx, (whose.0, &whose.1), &said).await })
            })
            .await;
        written.context("what was read cannot be remembered")
    }

    /// The events of what is news; rows that the door refuses are rejected, and the others admitted without them.
    async fn admit(&mut self, rows: &mut Vec<Read>, before: &HashMap<String, String>) -> anyhow::Result<Admitted> {
        loop {
            let mut now: HashMap<String, String> = HashMap::new();
            let (mut events, mut owners, mut new) = (Vec::new(), Vec::new(), HashSet::new());
            for (index, read) in rows.iter().enumerate() {
                let key = self.naming.key(&read.row.reference);
                let last = now.get(&key).or_else(|| before.get(&key)).map_or("", String::as_str);
                if last.is_empty() {
                    new.insert(index);
                }
                let (news, said) = self.naming.events(&read.row, last);
                owners.extend(std::iter::repeat_n(index, news.len()));
                events.extend(news);
                now.insert(key, said);
            }
            now.retain(|key, said| before.get(key) != Some(said));
            if events.is_empty() {
                return Ok(Admitted { envelopes: Vec::new(), said: now, new });
            }
            match intake::actions::admit(self.app, &Access::All, &Sheet::of(events)).await {
                Ok(envelopes) => {
                    let envelopes = owners.into_iter().zip(envelopes).collect();
                    return Ok(Admitted { envelopes, said: now, new });
                }
                Err(Error::Invalid(faults)) => {
                    let mut why: HashMap<usize, Vec<Problem>> = HashMap::new();
                    for fault in &faults {
                        let (event, problem) = self.problem(fault);
                        let row = owners.get(event).copied().ok_or_else(|| anyhow!("a fault is of no row"))?;
                        let known = why.entry(row).or_default();
                        if !known.contains(&problem) {
                            known.push(problem);
                        }
                    }
                    let mut kept = Vec::with_capacity(rows.len());
                    for (index, read) in std::mem::take(rows).into_iter().enumerate() {
                        match why.get(&index) {
                            Some(why) => self.reject(&read.line, why)?,
                            None => kept.push(read),
                        }
                    }
                    *rows = kept;
                }
                Err(error) => return Err(anyhow!(error).context("the rows cannot be taken")),
            }
        }
    }

    /// What a fault of the door means in the file: its pointer as a column.
    fn problem(&self, fault: &Fault) -> (usize, Problem) {
        let pointer = fault.pointer.trim_start_matches('/');
        let (event, inside) = pointer.split_once('/').unwrap_or((pointer, ""));
        let inside = inside.strip_prefix("data/").unwrap_or(inside);
        let last = inside.rsplit('/').next().unwrap_or_default();
        let column = match last {
            _ if inside.contains("phones/0") => "mobile",
            _ if inside.contains("phones/") => "phone2",
            "ref" if inside.contains("customer") => "customer_no",
            "ref" | "order_ref" => self.kind.needs().first().copied().unwrap_or(last),
            "name" if inside.contains("customer") => "customer_name",
            "name" if inside.contains("items") => "item_name",
            "name" if inside.contains("lines") => "part_name",
            "code" if inside.contains("services") => "service_codes",
            "advisor_ref" => "advisor_no",
            "line_ref" => "line_no",
            "qty" => "qty_ordered",
            "time_zone" => "timezone",
            "next_service_at" => "next_service_date",
            other => other,
        };
        (event.parse().unwrap_or(usize::MAX), Problem { column: column.to_owned(), why: fault.message.clone() })
    }

    async fn store(&mut self, envelopes: Vec<(usize, Envelope)>) -> anyhow::Result<()> {
        let all: Vec<Envelope> = envelopes.iter().map(|(_, envelope)| envelope.clone()).collect();
        match self.count(all).await {
            Err(Error::Conflict(..)) => {}
            done => return done.context("the rows cannot be stored"),
        }
        // An id is made of its event's content: one that was here with another body differs by the file's time alone.
        for of_row in envelopes.chunk_by(|one, next| one.0 == next.0) {
            match self.count(of_row.iter().map(|(_, envelope)| envelope.clone()).collect()).await {
                Ok(()) | Err(Error::Conflict(..)) => {}
                Err(error) => return Err(anyhow!(error).context("the rows cannot be stored")),
            }
        }
        Ok(())
    }

    async fn count(&mut self, envelopes: Vec<Envelope>) -> Result<(), Error> {
        let answer = intake::patiently::take(self.app, envelopes).await?;
        let is_new = |status: Status| matches!(status, Status::Accepted | Status::Stored);
        self.summary.events += answer.events.iter().filter(|event| is_new(event.status)).count() as u64;
        Ok(())
    }

    /// People who work here: what `PUT /v1/staff/{ref}` does. What a row does not tell of shifts and of who stands in stays as
    /// it is: other systems know people, and seldom their hours.
    async fn set_up(&mut self, rows: Vec<Read>) -> anyhow::Result<()> {
        let mut people = Vec::with_capacity(rows.len());
        let mut tx = self.app.db.read().await.context("the database cannot be asked")?;
        for Read { line, row } in rows {
            let mut body = row.staff.unwrap_or_default();
            let before = staff::actions::find_by_ref(&mut tx, self.dealership.id, &row.reference).await;
            let before = before.context("the database cannot be asked")?;
            if let Some(before) = &before {
                keep(&mut body, before);
            }
            match Staff::parse(self.app.ids.next(), self.dealership.id, &row.reference, "", body) {
                Ok(staff) => {
                    self.summary.new += u64::from(before.is_none());
                    people.push((line, staff));
                }
                Err(faults) => self.reject(&line, &faults.iter().map(problem).collect::<Vec<_>>())?,
            }
        }
        drop(tx);
        // Whose substitute cannot be one costs only their own row.
        while let Some((of, fault)) = self.put(&people).await? {
            let (wrong, rest): (Vec<_>, Vec<_>) = people.into_iter().partition(|(_, person)| person.reference == of);
            for (line, _) in &wrong {
                self.reject(line, &[problem(&fault)])?;
            }
            people = rest;
        }
        self.summary.taken += people.len() as u64;
        Ok(())
    }

    /// Stores them all, or says whose substitute cannot be one and stores nothing; a dry run stores nothing either way.
    async fn put(&self, people: &[(Line, Staff)]) -> anyhow::Result<Option<(String, Fault)>> {
        if people.is_empty() {
            return Ok(None);
        }
        let people: Arc<Vec<Staff>> = Arc::new(people.iter().map(|(_, person)| person.clone()).collect());
        let is_dry = self.summary.is_dry;
        let written: Result<(), Unwritten> = desk::at(self.app, Weight(people.len()), move |desk| {
            let people = Arc::clone(&people);
            Box::pin(async move {
                staff::actions::put_all(desk, &people, "import").await.map_err(Unwritten::Refused)?;
                if is_dry { Err(Unwritten::OnlyTried) } else { Ok(()) }
            })
        })
        .await;
        match written {
            Ok(()) | Err(Unwritten::OnlyTried) => Ok(None),
            Err(Unwritten::Refused(Refused::Substitute { of, fault })) => Ok(Some((of, fault))),
            Err(Unwritten::Refused(error)) => Err(anyhow::Error::new(error).context("the staff cannot be stored")),
        }
    }
}

/// Why nothing was written.
enum Unwritten {
    Refused(Refused),
    OnlyTried,
}

impl From<db::Error> for Unwritten {
    fn from(error: db::Error) -> Self {
        Self::Refused(error.into())
    }
}

/// The column of a file in which a fault stands.
fn problem(fault: &Fault) -> Problem {
    let mut path = fault.pointer.trim_start_matches('/').split('/');
    let column = match (path.next().unwrap_or_default(), path.next()) {
        ("roles", _) => "role",
        ("shifts", Some("away")) => "away",
        (column, _) => column,
    };
    Problem { column: column.to_owned(), why: fault.message.clone() }
}

/// Fills in what a row does not tell.
fn keep(body: &mut Value, before: &Staff) {
    let kept = serde_json::to_value(&before.shifts).unwrap_or_default();
    for part in ["week", "away"] {
        if body["shifts"].get(part).is_none() && kept.get(part).is_some() {
            body["shifts"][part] = kept[part].clone();
        }
    }
    if body.get("substitute").is_none() {
        body["substitute"] = json!(before.substitute);
    }
}
