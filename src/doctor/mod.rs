//! Looks at everything that a shop depends on, says of each fault what to do about it, and sends nobody anything.
mod database;
mod files;
mod house;
mod mail;
mod names;
mod store;
mod web;

use std::{fmt, path::Path, time::Duration};

use futures_util::future::join_all;
use serde::Serialize;

use crate::{
    config::Config,
    id::Ids,
    notices::{letters::Letters, playbook::Playbook, sources::Sources},
};

/// One look at something else takes no longer than this.
const LIMIT: Duration = Duration::from_secs(5);
/// Rendering every text is work of this machine's own, and no waiting for another.
const RENDERED: Duration = Duration::from_mins(1);
/// One step of a look, so that it can say which step it was.
const STEP: Duration = Duration::from_secs(4);
/// Clocks that are further apart than this make reminders early or late, and signatures invalid.
const APART: i64 = 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Ok,
    /// Works, or could not be looked at; somebody should know.
    Warn,
    /// Something that was promised cannot be kept like this.
    Bad,
}

/// What was found at one place. Holds no secret and nobody's data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub level: Level,
    /// Which check: `database`, `clock`, `mail`, `dns`, `sms`, `web`, …
    pub check: &'static str,
    /// What was looked at: a file, a host, a dealership.
    pub subject: String,
    pub found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_do: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, subject: impl Into<String>, found: impl Into<String>) -> Self {
        Self { level: Level::Ok, check, subject: subject.into(), found: found.into(), to_do: None }
    }
    fn warn(
        check: &'static str,
        subject: impl Into<String>,
        found: impl Into<String>,
        to_do: impl Into<String>,
    ) -> Self {
        Self { level: Level::Warn, to_do: Some(to_do.into()), ..Self::ok(check, subject, found) }
    }
    fn bad(
        check: &'static str,
        subject: impl Into<String>,
        found: impl Into<String>,
        to_do: impl Into<String>,
    ) -> Self {
        Self { level: Level::Bad, to_do: Some(to_do.into()), ..Self::ok(check, subject, found) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Ok => "ok  ",
            Level::Warn => "warn",
            Level::Bad => "bad ",
        };
        write!(f, "{level} {} {}: {}", self.check, self.subject, self.found)?;
        self.to_do.as_ref().map_or(Ok(()), |to_do| write!(f, " → {to_do}"))
    }
}

/// Everything that was found, in the order of the checks. `file` is where settings were read from. The looks go on side by
/// side, each for five seconds at most.
pub async fn look(config: &Config, file: &Path, ids: &Ids) -> Vec<Finding> {
    let now = ids.clock.now();
    let looks: [futures_util::future::BoxFuture<'_, Vec<Finding>>; 6] = [
        Box::pin(database::look(config, ids)),
        Box::pin(within("mail", "email.url", mail::look(config, now))),
        Box::pin(within("dns", "email.from", names::look(config))),
        Box::pin(within("sms", "sms.http.url", web::gateway(config, now))),
        Box::pin(within("web", "http.public_url", web::public(config, now))),
        Box::pin(texts(config)),
    ];
    let mut found = join_all(looks).await.concat();
    found.extend(files::look(config, file));
    found
}

/// What a look found, or that it found nothing in time.
async fn within(check: &'static str, subject: &str, look: impl Future<Output = Vec<Finding>>) -> Vec<Finding> {
    let late = || {
        let found = format!("no answer within {} s", LIMIT.as_secs());
        vec![Finding::bad(check, subject, found, "look whether what it names is overloaded, or cut off by a firewall")]
    };
    tokio::time::timeout(LIMIT, look).await.unwrap_or_else(|_| late())
}

/// Whether the texts can be used. Rendering all of them is work, and no reason to keep the others waiting.
async fn texts(config: &Config) -> Vec<Finding> {
    let folder = config.templates.folder.clone();
    let subject = folder.as_ref().map_or_else(|| "built-in".to_owned(), |folder| folder.display().to_string());
    let checked = tokio::task::spawn_blocking(move || -> anyhow::Result<usize> {
        let sources = Sources::read(folder.as_deref())?;
        let playbook = Playbook::from_sources(&sources)?;
        let letters = Letters::from_sources(&sources, &playbook)?;
        Ok(letters.check().len() + letters.gaps().len())
    });
    let to_do = "aftercare templates check names each fault";
    let checked = match tokio::time::timeout(RENDERED, checked).await {
        Ok(checked) => checked.map_err(anyhow::Error::from).and_then(|checked| checked),
        Err(_) => return vec![Finding::warn("templates", subject, "could not all be looked at in time", to_do)],
    };
    vec![match checked {
        Ok(0) => Finding::ok("templates", subject, "every text renders with its samples"),
        Ok(faults) => Finding::bad("templates", subject, format!("{faults} fault(s) in the texts"), to_do),
        Err(error) => Finding::bad("templates", subject, format!("the texts cannot be used: {error:#}"), to_do),
    }]
}

/// A finding about two clocks, by how many seconds theirs is ahead of ours.
fn apart(subject: &str, seconds: i64) -> Finding {
    let away = seconds.abs();
    if away <= APART {
        return Finding::ok("clock", subject, format!("its clock and ours are {away} s apart"));
    }
    let found = format!("its clock and ours are {away} s apart");
    Finding::bad("clock", subject, found, "set this machine's clock by NTP (timedatectl set-ntp true); ask for theirs")
}
