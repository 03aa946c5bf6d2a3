//! `aftercare key`: the keys of systems.

use anyhow::{Context, anyhow};
use clap::Subcommand;
use secrecy::ExposeSecret;

use super::{Failure, open, out::outln};
use crate::{
    app::App,
    config::Config,
    fields::wrong_with,
    staff::keys::{self, Key, Scope},
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a key and print it, alone and only this once.
    Create {
        /// Whose key it is, for people.
        name: String,
        /// What it may do: events:write, messages:send, write, read, calls, admin.
        #[arg(long, value_delimiter = ',', required = true)]
        scopes: Vec<Scope>,
        /// The code of the one dealership it is for; without it, all.
        #[arg(long, value_name = "CODE")]
        dealership: Option<String>,
    },
    /// List the keys, without their secrets.
    List,
    /// End a key.
    Revoke {
        /// Its id: the 12 characters after ac_.
        id: String,
    },
}

pub(super) async fn run(command: Command, settings: Config) -> Result<(), Failure> {
    let app = open(settings, false).await?;
    let done = match command {
        Command::Create { name, scopes, dealership } => create(&app, &name, scopes, dealership).await,
        Command::List => list(&app).await,
        Command::Revoke { id } => revoke(&app, &id).await,
    };
    app.db.close().await;
    done
}

async fn create(app: &App, name: &str, scopes: Vec<Scope>, dealership: Option<String>) -> Result<(), Failure> {
    if let Some((_, message)) = wrong_with(name, 100) {
        return Err(Failure::usage(anyhow!("the name {message}")));
    }
    let dealership = match dealership {
        None => None,
        Some(code) => {
            let found = app.directory.by_code(&code).await.context("cannot look the dealership up")?;
            let found = found.ok_or_else(|| {
                Failure::usage(anyhow!("there is no dealership {code:?}: add it with aftercare setup FILE"))
            })?;
            Some(found.id)
        }
    };
    let mut unique: Vec<Scope> = Vec::new();
    for scope in scopes {
        if !unique.contains(&scope) {
            unique.push(scope);
        }
    }
    let (key, text) = Key::new(name, unique, dealership, &app.ids);
    app.keys.insert(key).await.context("the key could not be stored")?;
    outln!("{}", text.expose_secret());
    Ok(())
}

async fn list(app: &App) -> Result<(), Failure> {
    for key in app.keys.list().await.context("cannot read the keys")? {
        let dealership = match key.dealership {
            None => "all dealerships".to_owned(),
            Some(id) => {
                let found = app.directory.by_id(id).await.context("cannot read the key's dealership")?;
                found.map_or_else(|| id.to_string(), |found| found.code.clone())
            }
        };
        let scopes: Vec<_> = key.scopes.iter().map(|scope| scope.word()).collect();
        let state = key.revoked_at.map_or_else(|| "in force".to_owned(), |at| format!("revoked {at}"));
        outln!("{}\t{}\t{}\t{dealership}\tcreated {}\t{state}", key.id, key.name, scopes.join(","), key.created_at);
    }
    Ok(())
}

async fn revoke(app: &App, id: &str) -> Result<(), Failure> {
    let id = keys::id_in(id);
    let was_open = app.keys.revoke(id, app.ids.clock.now()).await.context("the key could not be revoked")?;
    if was_open {
        Ok(())
    } else {
        Err(Failure::usage(anyhow!(
            "no key in force has the id {:?}: see aftercare key list",
            id.chars().take(20).collect::<String>()
        )))
    }
}
