//! `aftercare customer`: what is kept of somebody, out of every table, two who are one (BR-65).

use anyhow::{Context, anyhow};
use clap::Subcommand;

use super::{Failure, open, out::outln};
use crate::{
    app::App,
    config::Config,
    customers::{self, Customer},
    db::Weight,
    desk,
    http::{Access, Error},
    rights::{self, Journal},
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Everything that is kept of a customer, as JSON.
    Export {
        /// Our id or the sender's ref.
        reference: String,
        /// The code of the dealership, where the ref is not unique.
        #[arg(long, value_name = "CODE")]
        dealership: Option<String>,
    },
    /// Take a customer out of every table, for good: what was planned is called off, and what is told of them later is not
    /// stored.
    Erase {
        /// Our id or the sender's ref.
        reference: String,
        #[arg(long, value_name = "CODE")]
        dealership: Option<String>,
    },
    /// Make two customers one: everything of the first is the second's.
    Merge {
        /// Our id or the sender's ref.
        reference: String,
        /// Who is left.
        into: String,
        #[arg(long, value_name = "CODE")]
        dealership: Option<String>,
    },
}

/// For the record.
const ACTOR: &str = "operator";

pub(super) async fn run(command: Command, settings: Config) -> Result<(), Failure> {
    let app = open(settings, false).await?;
    let done = match command {
        Command::Export { reference, dealership } => export(&app, &reference, dealership.as_deref()).await,
        Command::Erase { reference, dealership } => erase(&app, &reference, dealership.as_deref()).await,
        Command::Merge { reference, into, dealership } => merge(&app, &reference, &into, dealership.as_deref()).await,
    };
    app.db.close().await;
    done
}

async fn export(app: &App, reference: &str, dealership: Option<&str>) -> Result<(), Failure> {
    let customer = one(app, reference, dealership).await?;
    let told = rights::actions::export(app, customer.id).await.context("the customer cannot be read")?;
    outln!("{told:#}");
    Ok(())
}

async fn erase(app: &App, reference: &str, dealership: Option<&str>) -> Result<(), Failure> {
    let customer = one(app, reference, dealership).await?;
    let journal = Journal::of(&app.config, &app.db).map_err(Failure::usage)?;
    let erasure = rights::actions::erase(app, &journal, &customer, ACTOR).await.map_err(anyhow::Error::from)?;
    outln!(
        "{} is erased; written down in {}: keep that file apart from the backups",
        erasure.customer,
        journal.path().display()
    );
    Ok(())
}

async fn merge(app: &App, reference: &str, into: &str, dealership: Option<&str>) -> Result<(), Failure> {
    let from = one(app, reference, dealership).await?;
    let left = one(app, into, dealership).await?;
    if from.dealership_id != left.dealership_id {
        return Err(Failure::usage(anyhow!(
            "they are customers of two dealerships: only those of one can be made one"
        )));
    }
    let (from, into, dealership) = (from.id, left.id, left.dealership_id);
    let merged = desk::at(app, Weight::OWN, move |desk| {
        let word = customers::actions::Says { dealership, event_id: None, actor: ACTOR };
        Box::pin(customers::actions::merge_as_said(desk, from, into, word))
    })
    .await;
    let merged = merged.map_err(|error| match error {
        Error::Conflict(_, why) => Failure::usage(anyhow!(why)),
        error => anyhow!(error).context("nothing was changed").into(),
    })?;
    if merged {
        outln!("{from} is {into} from now on");
        return Ok(());
    }
    outln!("{reference} is {into} already");
    Ok(())
}

/// The one customer of that name.
async fn one(app: &App, reference: &str, dealership: Option<&str>) -> Result<Customer, Failure> {
    let mut tx = app.db.read().await.context("the database cannot be asked")?;
    match customers::actions::one(&mut tx, &Access::All, reference, dealership).await {
        Ok(customer) => Ok(customer),
        Err(Error::Database(error)) => Err(anyhow!(error).context("the customer cannot be read").into()),
        Err(_) => Err(Failure::usage(anyhow!(
            "there is no customer {reference:?}, or more than one: say our id, or --dealership CODE"
        ))),
    }
}
