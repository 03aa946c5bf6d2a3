//! `aftercare replay`: recorded events on a virtual clock, and what would have been sent, to whom, when and why.
use std::{
    fs::File,
    io::{BufReader, BufWriter, Write},
    path::PathBuf,
};

use anyhow::{Context, anyhow};
use jiff::SignedDuration;

use super::{Failure, open, setup};
use crate::{
    clock::Timestamp,
    config::Config,
    db::{self, Weight},
    dealerships,
    desk::Desk,
    replay::{Scene, Script, Stage},
    staff,
};

/// The first line: what each column is.
const COLUMNS: &str = "at\twhat\tkind\tsubject\treader\tway\tmeant for\twhy\ttext";
/// What falls due after the last event is played for so long where no end is given.
const AFTER_THE_LAST: SignedDuration = SignedDuration::from_hours(21 * 24);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// `CloudEvents`, one a line.
    file: PathBuf,
    /// Print from here on (RFC 3339); what happened before still counts.
    #[arg(long, value_name = "TIME")]
    from: Option<Timestamp>,
    /// Stop here; three weeks after the last event when it is not given.
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// Dealerships and staff as for aftercare setup; without it those of the configured database.
    #[arg(long, value_name = "FILE")]
    setup: Option<PathBuf>,
}

pub(super) async fn run(args: Args, settings: Config) -> Result<(), Failure> {
    let named = args.file.display().to_string();
    let file = File::open(&args.file).with_context(|| format!("cannot read {named}")).map_err(Failure::Usage)?;
    let script = Script::read(BufReader::new(file)).with_context(|| named.clone()).map_err(Failure::Usage)?;
    let (Some(first), Some(last)) = (script.0.first(), script.0.last()) else {
        return Err(Failure::usage(anyhow!("{named} has no events")));
    };
    let from = args.from.unwrap_or(first.at);
    let until = args.until.unwrap_or_else(|| last.at.plus(AFTER_THE_LAST));
    if until < from {
        return Err(Failure::usage(anyhow!("--until is before --from")));
    }
    let stage =
        Stage::open(&settings, first.at.minus(SignedDuration::from_millis(1))).await.context("the stage is not set")?;
    match &args.setup {
        Some(file) => {
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("cannot read {}", file.display()))
                .map_err(Failure::Usage)?;
            setup::store_text(&stage.app, &text).await?;
        }
        None => Box::pin(copy_dealerships(settings, &stage)).await?,
    }
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut failed = writeln!(out, "{COLUMNS}").err();
    stage
        .play(&script, (from, until), |scenes| {
            let written = scenes.iter().try_for_each(|scene| writeln!(out, "{}", line(scene)));
            failed = written.err();
            failed.is_none()
        })
        .await
        .with_context(|| named.clone())?;
    let written = failed.map_or_else(|| out.flush(), Err);
    match written {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written.context("cannot write")?),
    }
}

/// The rules that a scene follows, of its kind and of what held or ended it, and the reason itself.
fn why(scene: &Scene) -> String {
    let Some(reason) = &scene.reason else { return scene.rule.clone() };
    let of_the_reason = rule_of(reason).filter(|rule| !scene.rule.split(", ").any(|own| own == *rule));
    let rules = [Some(scene.rule.as_str()).filter(|rule| !rule.is_empty()), of_the_reason];
    let rules: Vec<&str> = rules.into_iter().flatten().collect();
    format!("{} {reason}", rules.join(", ")).trim_start().to_owned()
}

/// The rule that names a reason (`domain/rules.md` G3); none where the outside world is the reason.
fn rule_of(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "superseded" | "subject_gone" => "BR-13",
        "too_late" => "BR-12",
        "feed_not_live" => "BR-19",
        "qc" => "BR-16",
        "quiet_hours" | "quiet_past_use" | "enough_for_today" | "one_offer_a_week" | "cap_past_use" => "BR-60",
        "suppressed" | "opted_out" | "stopped_on_channel" | "no_consent" | "consent_revoked" => "BR-61",
        reason if reason.starts_with("template_") => "BR-61",
        "shadow" => "BR-66",
        "tries_used_up" => "BR-70",
        _ => return None,
    })
}

/// One scene as a line of columns, a tab between them: time on the dealership's clock, what, kind, subject, reader, channel and address, when, why, text.
fn line(scene: &Scene) -> String {
    let local = |at: Timestamp| at.in_zone(&scene.zone).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
    let dash = || "-".to_owned();
    let way = match (&scene.channel, &scene.to) {
        (Some(channel), Some(to)) => format!("{channel} {to}"),
        _ => dash(),
    };
    let why = why(scene);
    let text = scene.text.as_deref().unwrap_or("-").split_whitespace().collect::<Vec<_>>().join(" ");
    [
        local(scene.at),
        scene.what.clone(),
        scene.kind.clone(),
        format!("{}/{}", scene.dealership, scene.subject),
        scene.reader.clone().unwrap_or_else(dash),
        way,
        scene.meant_for.map_or_else(dash, local),
        if why.is_empty() { dash() } else { why },
        text,
    ]
    .join("\t")
}

/// The dealerships and staff of the configured database, as they are.
async fn copy_dealerships(settings: Config, stage: &Stage) -> Result<(), Failure> {
    let app = open(settings, false).await?;
    let read = async {
        let mut tx = app.db.read().await?;
        let dealerships = dealerships::actions::all(&mut tx).await?;
        let mut people = Vec::new();
        for dealership in &dealerships {
            people.extend(staff::actions::all_of(&mut tx, dealership.id).await?);
        }
        Ok::<_, db::Error>((dealerships, people))
    };
    let read = read.await;
    app.db.close().await;
    let (dealerships, people) = read.context("cannot read the dealerships")?;
    let stage_app = stage.app.clone();
    stage
        .app
        .db
        .write::<_, staff::actions::Refused, _>(Weight(dealerships.len() + people.len()), move |tx| {
            let (app, dealerships, people) = (stage_app.clone(), dealerships.clone(), people.clone());
            Box::pin(async move {
                let mut desk = Desk::open(tx, &app);
                for dealership in dealerships {
                    dealerships::actions::put(&mut desk, dealership, "replay").await?;
                }
                staff::actions::put_all(&mut desk, &people, "replay").await?;
                Ok(desk.close().await?)
            })
        })
        .await
        .context("the stage is not set")?;
    Ok(())
}
