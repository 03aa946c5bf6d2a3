//! `aftercare report`: the numbers of a month, as a page to print, a table or JSON; the proof of a month, and its check.
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::{Subcommand, ValueEnum};

use super::{
    Failure, open, operations,
    out::{out, outln},
};
use crate::{
    app::App,
    config::Config,
    dealerships,
    http::Access,
    inquiries::{
        proof::{self, Report},
        report::{self, papers},
    },
    reports::{Month, Question, satisfaction},
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// How satisfied the customers of a month were: scores, first time right, causes, cases.
    Satisfaction {
        /// Written like 2026-03.
        #[arg(long, value_name = "MONTH")]
        month: Month,
        /// The code of a dealership; all of them without it.
        #[arg(long, value_name = "CODE")]
        dealership: Option<String>,
        /// Only the visits of this advisor, by their ref.
        #[arg(long, value_name = "REF")]
        advisor: Option<String>,
        #[arg(long, value_enum, default_value_t = Format::Html)]
        format: Format,
    },
    /// What the workshop's month was in numbers: load, no-shows, answers, parts, follow-up, first time right.
    Operations(operations::Args),
    /// Write down that the brand agreed to a version of the operations report.
    Approve(operations::Approve),
    /// Keep a changed definition of the operations report as its next version; a file of JSON, as the API takes it.
    Define { file: PathBuf },
    /// The visits of a month for the brand: whole with consent, under pseudonyms without.
    Brand {
        /// Written like 2026-03.
        #[arg(long, value_name = "MONTH")]
        month: Month,
        /// The code of a dealership; all of them without it.
        #[arg(long, value_name = "CODE")]
        dealership: Option<String>,
        #[arg(long, value_enum, default_value_t = operations::Listing::Csv)]
        format: operations::Listing,
    },
    /// The 24-hour promise in a month: the numbers, or the sealed file with every inquiry.
    Sla {
        /// Such as 2026-03.
        #[arg(long)]
        month: String,
        /// The code of a dealership; all of them without it, but for the sealed file.
        #[arg(long, value_name = "CODE")]
        dealership: Option<String>,
        #[arg(long, value_enum, default_value_t = Form::Json)]
        format: Form,
    },
    /// Check a sealed file, without a database; names the first line that was altered.
    Verify {
        file: PathBuf,
        /// The head that was noted when the file was made.
        #[arg(long)]
        head: Option<String>,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Format {
    Html,
    Csv,
    Json,
}

/// How the promise of a month is written.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Form {
    /// The numbers.
    Json,
    /// A row for each promise.
    Csv,
    /// A page to print.
    Html,
    /// JSON lines, each with the hash of those before it.
    Sealed,
}

pub(super) async fn run(command: Command, settings: Config) -> Result<(), Failure> {
    match command {
        Command::Satisfaction { month, dealership, advisor, format } => {
            Box::pin(of_satisfaction(Question { month, dealership, advisor }, format, settings)).await
        }
        Command::Operations(args) => Box::pin(operations::run(args, settings)).await,
        Command::Approve(args) => Box::pin(operations::approve(args, settings)).await,
        Command::Define { file } => Box::pin(operations::define(&file, settings)).await,
        Command::Brand { month, dealership, format } => {
            Box::pin(operations::brand(Question { month, dealership, advisor: None }, format, settings)).await
        }
        Command::Sla { month, dealership, format } => {
            Box::pin(of_the_promise((&month, dealership), format, settings)).await
        }
        Command::Verify { file, head } => {
            let bytes = std::fs::read(&file)
                .with_context(|| format!("cannot read {}", file.display()))
                .map_err(Failure::Usage)?;
            let verified = proof::verify(&bytes).with_context(|| file.display().to_string())?;
            if head.as_ref().is_some_and(|head| *head != verified.head) {
                let error = anyhow::anyhow!(
                    "{}: whole in itself, but not the file that was made then: its head is {}",
                    file.display(),
                    verified.head
                );
                return Err(Failure::Failed(error));
            }
            let proof::Verified { dealership, month, rows, head } = verified;
            outln!("{dealership} {month}: {rows} rows as they were sealed, head {head}");
            Ok(())
        }
    }
}

async fn of_the_promise(
    (month, dealership): (&str, Option<String>),
    format: Form,
    settings: Config,
) -> Result<(), Failure> {
    if dealership.is_none() && matches!(format, Form::Sealed) {
        return Err(Failure::usage(anyhow!("a file is sealed for one dealership: add --dealership CODE")));
    }
    let app = open(settings, false).await?;
    let reports = promises(&app, month, dealership.as_deref()).await;
    app.db.close().await;
    let reports = reports?;
    match (format, reports.as_slice()) {
        (Form::Sealed, [report]) => out!("{}", report.sealed()),
        (Form::Csv, _) => out!("{}", papers::csv(&reports)),
        (Form::Html, _) => outln!("{}", papers::html(&reports)),
        // One that was named is one object, as over HTTP.
        (_, [report]) if dealership.is_some() => outln!("{}", pretty(report)?),
        _ => outln!("{}", pretty(&reports)?),
    }
    Ok(())
}

async fn promises(app: &App, month: &str, dealership: Option<&str>) -> Result<Vec<Report>, Failure> {
    let codes = if let Some(code) = dealership {
        vec![code.to_owned()]
    } else {
        let mut tx = app.db.read().await.context("cannot read the database")?;
        let all = dealerships::actions::all(&mut tx).await.context("cannot read the dealerships")?;
        all.into_iter().map(|found| found.code).collect()
    };
    let mut reports = Vec::with_capacity(codes.len());
    for code in codes {
        reports.push(report::of(app, &code, month).await.map_err(Failure::usage)?);
    }
    Ok(reports)
}

fn pretty(value: &impl serde::Serialize) -> Result<String, Failure> {
    Ok(serde_json::to_string_pretty(value).context("the report cannot be written")?)
}

async fn of_satisfaction(question: Question, format: Format, settings: Config) -> Result<(), Failure> {
    let app = open(settings, false).await?;
    let report = satisfaction::actions::report(&app, &Access::All, &question)
        .await
        .context("cannot read the rows of the report");
    app.db.close().await;
    let Some(report) = report? else {
        let code = question.dealership.unwrap_or_default();
        return Err(Failure::usage(anyhow!("there is no dealership {code:?}")));
    };
    match format {
        Format::Html => outln!("{}", satisfaction::html::html(&report)),
        Format::Csv => out!("{}", satisfaction::csv::csv(&report)),
        Format::Json => outln!("{}", serde_json::to_string_pretty(&report).context("cannot write JSON")?),
    }
    Ok(())
}
