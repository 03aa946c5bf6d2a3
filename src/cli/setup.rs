//! `aftercare setup`: what the PUTs of dealerships and staff do, from one file, all of it or nothing; or by questions.
use std::{
    collections::HashMap,
    io::{self, IsTerminal},
    path::PathBuf,
};

use anyhow::{Context, anyhow};
use serde_json::{Map, Value};

use super::{Failure, open, questions};
use crate::{
    app::App,
    config::Config,
    db::Weight,
    dealerships::{self, Dealership},
    desk::Desk,
    http::Fault,
    id::Id,
    staff::{self, Staff, actions::Refused},
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A TOML file with [[dealership]] and [[staff]] entries; without it, questions are asked for one dealership.
    file: Option<PathBuf>,
    /// Ask where there is no terminal too: the answers are read from standard input, a line each.
    #[arg(long, conflicts_with = "file")]
    questions: bool,
}

pub(super) async fn run(args: Args, settings: Config) -> Result<(), Failure> {
    let Some(file) = args.file else {
        if !args.questions && !io::stdin().is_terminal() {
            return Err(Failure::usage(anyhow!(
                "there is no terminal to ask questions on: write a TOML file with [[dealership]] and [[staff]] entries and give it (aftercare setup FILE), or pipe the answers to aftercare setup --questions"
            )));
        }
        let app = open(settings, false).await?;
        let done = Box::pin(questions::run(&app)).await;
        app.db.close().await;
        return done;
    };
    let text = std::fs::read_to_string(&file)
        .with_context(|| format!("cannot read {}", file.display()))
        .map_err(Failure::Usage)?;
    let entries = Entries::read(&text, &file.display().to_string())?;
    let app = open(settings, false).await?;
    let done = store_entries(&app, entries).await;
    app.db.close().await;
    done
}

/// Stores the dealerships and staff of a text like that of FILE.
pub(super) async fn store_text(app: &App, text: &str) -> Result<(), Failure> {
    store_entries(app, Entries::read(text, "the built-in dealerships")?).await
}

pub(super) async fn store_entries(app: &App, entries: Entries) -> Result<(), Failure> {
    let plan = entries.plan(app).await?;
    store(app, plan).await.map_err(|refused| match refused {
        Refused::Substitute { of, fault } => {
            Failure::usage(anyhow!("nothing was stored: staff {of}: substitute: {}", fault.message))
        }
        error @ Refused::Database(_) => anyhow::Error::new(error).context("nothing was stored").into(),
    })
}

/// The two lists of the file, as JSON.
pub(super) struct Entries {
    pub(super) dealerships: Vec<Value>,
    pub(super) staff: Vec<Value>,
}

/// What is to be stored. The staff of a dealership that is in the file too name it by its code.
#[derive(Clone)]
struct Plan {
    dealerships: Vec<Dealership>,
    staff: Vec<(String, Staff)>,
}

impl Entries {
    fn read(text: &str, named: &str) -> Result<Self, Failure> {
        toml::from_str::<toml::Table>(text)
            .map_err(|error| anyhow!("{named}: {}", one_line(&error.to_string())))
            .and_then(|table| Entries::of(table).with_context(|| named.to_owned()))
            .map_err(Failure::Usage)
    }
    fn of(mut table: toml::Table) -> anyhow::Result<Self> {
        let mut list = |name: &str| match table.remove(name) {
            None => Ok(Vec::new()),
            Some(toml::Value::Array(list)) => Ok(list.into_iter().map(json).collect()),
            Some(_) => Err(anyhow!("write [[{name}]], with two brackets")),
        };
        let entries = Self { dealerships: list("dealership")?, staff: list("staff")? };
        match table.keys().next() {
            Some(other) => Err(anyhow!("{other} is not known: entries are [[dealership]] and [[staff]]")),
            None => Ok(entries),
        }
    }

    /// Checks every entry before anything is stored.
    async fn plan(self, app: &App) -> Result<Plan, Failure> {
        let mut wrong = Vec::new();
        let mut plan = Plan { dealerships: Vec::new(), staff: Vec::new() };
        let mut ids: HashMap<String, Id<Dealership>> = HashMap::new();
        for (at, entry) in self.dealerships.into_iter().enumerate() {
            let code = text_of(&entry, "code");
            let named = format!("dealership {} ({code})", at + 1);
            if ids.contains_key(&code) {
                wrong.push(format!("{named}: code: is in the file twice"));
            }
            match Dealership::parse(app.ids.next(), &code, "", entry) {
                Ok(dealership) => {
                    ids.insert(code, dealership.id);
                    plan.dealerships.push(dealership);
                }
                Err(faults) => {
                    // So that its staff are not complained about as well.
                    ids.insert(code, app.ids.next());
                    wrong.extend(faults.iter().map(|fault| said(&named, fault)));
                }
            }
        }
        for (at, entry) in self.staff.into_iter().enumerate() {
            let (reference, code) = (text_of(&entry, "ref"), text_of(&entry, "dealership"));
            let named = format!("staff {} ({reference} of {code})", at + 1);
            let dealership = match ids.get(&code) {
                Some(id) => Some(*id),
                None => {
                    app.directory.by_code(&code).await.context("cannot look a dealership up")?.map(|found| found.id)
                }
            };
            let Some(dealership) = dealership else {
                wrong.push(format!("{named}: dealership: is neither in the file nor in the database"));
                continue;
            };
            match Staff::parse(app.ids.next(), dealership, &reference, "", entry) {
                Ok(staff) => plan.staff.push((code, staff)),
                Err(faults) => wrong.extend(faults.iter().map(|fault| said(&named, fault))),
            }
        }
        if wrong.is_empty() {
            Ok(plan)
        } else {
            Err(Failure::usage(anyhow!("nothing was stored: {}", wrong.join("; "))))
        }
    }
}

async fn store(app: &App, plan: Plan) -> Result<(), Refused> {
    let desk_app = app.clone();
    let weight = Weight(plan.dealerships.len() + plan.staff.len());
    app.db
        .write(weight, move |tx| {
            let (app, plan) = (desk_app.clone(), plan.clone());
            Box::pin(async move {
                let mut desk = Desk::open(tx, &app);
                let mut stored = HashMap::new();
                for dealership in plan.dealerships {
                    let it = dealerships::actions::put(&mut desk, dealership, "setup").await?;
                    stored.insert(it.code, it.id);
                }
                let mut people = Vec::with_capacity(plan.staff.len());
                for (code, mut staff) in plan.staff {
                    // The dealership may have had an id before this file.
                    staff.dealership_id = stored.get(&code).copied().unwrap_or(staff.dealership_id);
                    people.push(staff);
                }
                staff::actions::put_all(&mut desk, &people, "setup").await?;
                Ok(desk.close().await?)
            })
        })
        .await
}

fn said(named: &str, fault: &Fault) -> String {
    format!("{named}: {}: {}", fault.pointer.trim_start_matches('/'), fault.message)
}

fn text_of(entry: &Value, name: &str) -> String {
    entry.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// TOML as JSON; its dates and times as the texts that the API takes.
fn json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(flag) => flag.into(),
        toml::Value::Datetime(at) => Value::String(at.to_string()),
        toml::Value::Array(list) => list.into_iter().map(json).collect(),
        toml::Value::Table(table) => Value::Object(table.into_iter().map(|(k, v)| (k, json(v))).collect::<Map<_, _>>()),
    }
}
