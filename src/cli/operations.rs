//! `aftercare report operations|approve|define|brand`: the workshop's month, its definitions, and what the brand gets of it.
use std::path::Path;

use anyhow::{Context, anyhow};
use clap::ValueEnum;
use serde::Deserialize;

use super::{
    Failure, open,
    out::{out, outln},
};
use crate::{
    config::Config,
    console::Words,
    http::Access,
    notices::Locale,
    reports::{
        Month, Question, brand as export,
        operations::{
            Approval, Kpi, actions,
            actions::{Refused, Traced},
            csv,
            definition::Defined,
            html,
        },
    },
};

/// How many rows are read at once.
const AT_ONCE: i64 = 500;
/// Who wrote it down, where nobody has signed in.
const RECORDER: &str = "command line";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Written like 2026-03.
    #[arg(long, value_name = "MONTH")]
    month: Month,
    /// The code of a dealership; all of them, beside each other, without it.
    #[arg(long, value_name = "CODE")]
    dealership: Option<String>,
    /// Only what this advisor served, by their ref.
    #[arg(long, value_name = "REF")]
    advisor: Option<String>,
    /// By this version of the definition; the newest without it.
    #[arg(long, value_name = "VERSION")]
    definition: Option<i64>,
    /// Instead of the report, the rows that one of its numbers was counted from.
    #[arg(long, value_name = "NUMBER")]
    rows: Option<String>,
    /// The language of the page: en, zh-CN or ja.
    #[arg(long, default_value = "en")]
    locale: String,
    /// Of rows csv, unless json is asked for.
    #[arg(long, value_enum, default_value_t = Format::Html)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Html,
    Csv,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Listing {
    Csv,
    /// JSON lines.
    Json,
}

#[derive(Debug, clap::Args)]
pub(super) struct Approve {
    /// The version that was approved.
    #[arg(long)]
    version: i64,
    /// Who approved it.
    #[arg(long)]
    by: String,
    /// Their letter's number, or where it is kept.
    #[arg(long)]
    reference: Option<String>,
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Database(_) => Self::Failed(refused.into()),
            _ => Self::usage(refused),
        }
    }
}

pub(super) async fn run(args: Args, settings: Config) -> Result<(), Failure> {
    let locale = Locale::parse(&args.locale)
        .ok_or_else(|| Failure::usage(anyhow!("--locale {}: must be en, zh-CN or ja", args.locale)))?;
    let question = Question { month: args.month, dealership: args.dealership, advisor: args.advisor };
    let app = open(settings, false).await?;
    let text = if let Some(name) = &args.rows {
        rows(&app, &question, name, args.definition, args.format).await?
    } else {
        let report = actions::report(&app, &Access::All, &question, args.definition).await?;
        match args.format {
            Format::Html => html::html(&report, Words(locale), html::Rows::Named),
            Format::Csv => csv::csv(&report),
            Format::Json => serde_json::to_string_pretty(&report).context("cannot write JSON")?,
        }
    };
    app.db.close().await;
    outln!("{}", text.trim_end());
    Ok(())
}

async fn rows(
    app: &crate::app::App,
    question: &Question,
    name: &str,
    version: Option<i64>,
    format: Format,
) -> Result<String, Failure> {
    let names = Kpi::ALL.map(Kpi::word).join(", ");
    let kpi = Kpi::parse(name).ok_or_else(|| Failure::usage(anyhow!("--rows {name}: must be one of {names}")))?;
    let mut all = Vec::new();
    loop {
        let after = all.last().map(|row: &crate::reports::operations::Row| row.id.clone());
        let traced = Traced { after, limit: AT_ONCE, ..Traced::default() };
        let found = actions::rows(app, &Access::All, question, (kpi, version), traced).await?;
        let is_last = i64::try_from(found.len()).unwrap_or(0) < AT_ONCE;
        all.extend(found);
        if is_last {
            break;
        }
    }
    match format {
        Format::Json => Ok(serde_json::to_string_pretty(&all).context("cannot write JSON")?),
        Format::Csv | Format::Html => Ok(csv::rows(&all)),
    }
}

pub(super) async fn approve(args: Approve, settings: Config) -> Result<(), Failure> {
    let app = open(settings, false).await?;
    let approval = Approval { at: app.ids.clock.now(), by: args.by, reference: args.reference };
    let done = actions::approve(&app, args.version, approval, RECORDER).await;
    app.db.close().await;
    done?;
    outln!("operations v{} is approved", args.version);
    Ok(())
}

pub(super) async fn define(file: &Path, settings: Config) -> Result<(), Failure> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Changed {
        numbers: Vec<Defined>,
    }
    let named = || file.display().to_string();
    let text = std::fs::read(file).with_context(named).map_err(Failure::Usage)?;
    let changed: Changed = serde_json::from_slice(&text).with_context(named).map_err(Failure::Usage)?;
    let app = open(settings, false).await?;
    let version = actions::define(&app, changed.numbers, RECORDER).await;
    app.db.close().await;
    outln!("operations v{} is kept; reports are made by it from now on", version?);
    Ok(())
}

pub(super) async fn brand(question: Question, format: Listing, settings: Config) -> Result<(), Failure> {
    let app = open(settings, false).await?;
    let mut all: Vec<export::Visit> = Vec::new();
    loop {
        let after = all.last().map(|visit| visit.id.clone());
        let found = export::actions::visits(&app, &Access::All, &question, after.as_deref(), AT_ONCE).await;
        let found = found.context("cannot read the visits")?.ok_or(Refused::NoDealership)?;
        let is_last = i64::try_from(found.len()).unwrap_or(0) < AT_ONCE;
        all.extend(found);
        if is_last {
            break;
        }
    }
    app.db.close().await;
    match format {
        Listing::Csv => out!("{}", export::csv(&all)),
        Listing::Json => {
            for visit in &all {
                outln!("{}", serde_json::to_string(visit).context("cannot write JSON")?);
            }
        }
    }
    Ok(())
}
