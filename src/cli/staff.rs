//! `aftercare staff`: the people who sign in to the console, and their passwords.

use anyhow::{Context, anyhow};
use clap::Subcommand;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::{Failure, open, out::outln};
use crate::{
    app::App,
    config::Config,
    dealerships::Dealership,
    http::Error,
    id::Id,
    staff::{
        ROLES, Staff,
        accounts::{self, actions::Reach},
        actions,
    },
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Let somebody sign in; prints the password to hand over, alone and only this once. Again for another dealership: the
    /// same login works at both, and nothing is printed.
    Add {
        /// Their ref at the dealership; somebody unknown is added.
        reference: String,
        #[arg(long, value_name = "CODE")]
        dealership: String,
        /// What they are called; needed for somebody unknown.
        #[arg(long)]
        name: Option<String>,
        /// `advisor`, `parts`, `agent`, `supervisor`, `service_manager`, `director`, `admin`, `auditor`.
        #[arg(long, value_delimiter = ',')]
        roles: Vec<String>,
        /// Such as zh-CN,en; the dealership's own without it.
        #[arg(long, value_delimiter = ',')]
        languages: Vec<String>,
        /// What they type to sign in; their ref without it.
        #[arg(long)]
        login: Option<String>,
    },
    /// Everybody of a dealership: roles, login, and whether they may sign in.
    List {
        #[arg(long, value_name = "CODE")]
        dealership: String,
    },
    /// Sign somebody out everywhere, and let them sign in no more.
    Disable {
        reference: String,
        #[arg(long, value_name = "CODE")]
        dealership: String,
    },
    /// A new password in place of a forgotten one; prints it, alone and only this once.
    ResetPassword {
        reference: String,
        #[arg(long, value_name = "CODE")]
        dealership: String,
    },
}

/// For the record.
const ACTOR: &str = "operator";
pub(super) const BY: (&str, Reach) = (ACTOR, Reach::Everywhere);

pub(super) async fn run(command: Command, settings: Config) -> Result<(), Failure> {
    let app = open(settings, false).await?;
    let done = match command {
        Command::Add { reference, dealership, name, roles, languages, login } => {
            let wanted = Wanted { reference, name, roles, languages, login };
            add(&app, &dealership, wanted).await
        }
        Command::List { dealership } => list(&app, &dealership).await,
        Command::Disable { reference, dealership } => disable(&app, &reference, &dealership).await,
        Command::ResetPassword { reference, dealership } => reset(&app, &reference, &dealership).await,
    };
    app.db.close().await;
    done
}

struct Wanted {
    reference: String,
    name: Option<String>,
    roles: Vec<String>,
    languages: Vec<String>,
    login: Option<String>,
}

async fn add(app: &App, code: &str, wanted: Wanted) -> Result<(), Failure> {
    let dealership = dealership(app, code).await?;
    let known = known(app, dealership.id, &wanted.reference).await?;
    let name = wanted.name.or_else(|| known.as_ref().and_then(|known| known.name.clone()));
    let name = name.ok_or_else(|| {
        Failure::usage(anyhow!("nobody of the ref {:?} is known at {code}: add --name and --roles", wanted.reference))
    })?;
    let before = known.map(|known| serde_json::to_value(known).unwrap_or_default());
    let mut body = before.unwrap_or_else(|| json!({ "languages": [dealership.locale] }));
    body["name"] = json!(name);
    body["active"] = json!(true);
    if !wanted.roles.is_empty() {
        body["roles"] = json!(wanted.roles);
    }
    if !wanted.languages.is_empty() {
        body["languages"] = json!(wanted.languages);
    }
    if body["roles"].as_array().is_none_or(Vec::is_empty) {
        return Err(Failure::usage(anyhow!("say what they do: --roles with some of {}", ROLES.join(", "))));
    }
    let parsed = Staff::parse(app.ids.next(), dealership.id, &wanted.reference, "", body).map_err(|faults| {
        let said: Vec<String> = faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.message)).collect();
        Failure::usage(anyhow!("{}", said.join("; ")))
    })?;
    let stored = actions::put_now(app, parsed, ACTOR.to_owned()).await;
    let staff = stored.map_err(|error| anyhow::Error::new(error).context("the person was not stored"))?;
    let login = wanted.login.unwrap_or(wanted.reference);
    match accounts::actions::open(app, &staff, &login, BY).await.map_err(failed)? {
        Some(password) => print_once(&password),
        None => outln!("{login} signs in at {code} too, with the password that they have"),
    }
    Ok(())
}

async fn list(app: &App, code: &str) -> Result<(), Failure> {
    let dealership = dealership(app, code).await?;
    let mut tx = app.db.read().await.context("cannot read the database")?;
    let people = actions::all_of(&mut tx, dealership.id).await.context("cannot read the people")?;
    let logins = accounts::actions::logins(&mut tx, Some(dealership.id)).await.context("cannot read the accounts")?;
    for person in people {
        let login = logins.iter().find(|(id, ..)| *id == person.id);
        let account = match login {
            None => "no account".to_owned(),
            Some((_, login, false, _)) => format!("{login} (closed)"),
            Some((_, login, true, true)) => format!("{login} (password to be changed)"),
            Some((_, login, true, false)) => login.clone(),
        };
        let standing = if person.active { "" } else { "  left" };
        outln!(
            "{}  {}  {}  {account}{standing}",
            person.reference,
            person.name.as_deref().unwrap_or("-"),
            person.roles.join(",")
        );
    }
    Ok(())
}

async fn disable(app: &App, reference: &str, code: &str) -> Result<(), Failure> {
    let staff = person(app, reference, code).await?;
    accounts::actions::close(app, &staff, BY).await.map_err(failed)?;
    outln!("{reference} is signed out and signs in no more");
    Ok(())
}

async fn reset(app: &App, reference: &str, code: &str) -> Result<(), Failure> {
    let staff = person(app, reference, code).await?;
    print_once(&accounts::actions::reset_password(app, &staff, BY).await.map_err(failed)?);
    Ok(())
}

fn print_once(password: &SecretString) {
    outln!("{}", password.expose_secret());
}

async fn dealership(app: &App, code: &str) -> Result<std::sync::Arc<Dealership>, Failure> {
    let found = app.directory.by_code(code).await.context("cannot look the dealership up")?;
    found.ok_or_else(|| Failure::usage(anyhow!("there is no dealership {code:?}: add it with aftercare setup")))
}

async fn known(app: &App, dealership: Id<Dealership>, reference: &str) -> Result<Option<Staff>, Failure> {
    let mut tx = app.db.read().await.context("cannot read the database")?;
    Ok(actions::find_by_ref(&mut tx, dealership, reference).await.context("cannot look the person up")?)
}

async fn person(app: &App, reference: &str, code: &str) -> Result<Staff, Failure> {
    let dealership = dealership(app, code).await?;
    let found = known(app, dealership.id, reference).await?;
    found.ok_or_else(|| Failure::usage(anyhow!("nobody of the ref {reference:?} works at {code}")))
}

/// What a door would have answered, as a line.
pub(super) fn failed(error: Error) -> Failure {
    match error {
        Error::NotFound => Failure::usage(anyhow!("they have no account: aftercare staff add gives them one")),
        Error::Invalid(faults) => {
            let said: Vec<String> = faults.into_iter().map(|fault| fault.message).collect();
            Failure::usage(anyhow!("the login {}", said.join("; ")))
        }
        other => Failure::Failed(other.into()),
    }
}
