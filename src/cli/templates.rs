//! `aftercare templates`: check every text, list them, look at one, send one to somebody.

use std::{fmt::Write, sync::Arc};

use anyhow::{Context, anyhow};
use clap::Subcommand;

use super::{Failure, open, out::outln};
use crate::{
    app::App,
    calendar::Region,
    channels::{Delivered, Outcome, sms::Approved},
    config::Config,
    dealerships::Dealership,
    messages::trial,
    notices::{
        ChannelName, Locale,
        letters::{ABSENT, Letters, Rendered},
        playbook::Playbook,
        segments,
        sources::Sources,
    },
    texts::providers,
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Render every kind, channel and language with its samples and name every fault; exit 1 when there is one.
    Check {
        /// The code of a dealership whose providers' templates are looked at too.
        #[arg(long, value_name = "CODE")]
        dealership: Option<String>,
    },
    /// List every text and the version in force.
    List,
    /// Show one text with a sample.
    Preview(Which),
    /// Send one text with a sample to an address, over the configured channel.
    SendTest {
        #[command(flatten)]
        which: Which,
        /// An e-mail address, a telephone number in international form, an openid, or a `WeCom` user id (`robot:CODE` for the
        /// group of a dealership).
        #[arg(long, value_name = "ADDRESS")]
        to: String,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// The kind of notice: parts.arrived.
    kind: String,
    /// zh-CN, en, ja.
    #[arg(long, default_value = "zh-CN", value_name = "LANGUAGE")]
    locale: String,
    /// email, sms, wechat, wecom.
    #[arg(long, default_value = "email")]
    channel: ChannelName,
    /// The code of a dealership whose text it is; without it, the program's own.
    #[arg(long, value_name = "CODE")]
    dealership: Option<String>,
    /// The name of a sample.
    #[arg(long, default_value = "full", value_name = "NAME")]
    sample: String,
}

pub(super) async fn run(command: Command, settings: Config) -> Result<(), Failure> {
    match command {
        Command::Check { dealership: None } => check(&settings, 0),
        Command::Check { dealership: Some(code) } => {
            let app = open(settings.clone(), false).await?;
            let faults = check_bindings(&app, &code).await;
            app.db.close().await;
            check(&settings, faults?)
        }
        Command::List => {
            let app = open(settings, false).await?;
            let done = list(&app).await;
            app.db.close().await;
            done
        }
        Command::Preview(which) => match &which.dealership {
            // The program's own texts can be looked at before there is a database.
            None => {
                let letters = own(&settings)?;
                show(&letters, &which)
            }
            Some(code) => {
                let app = open(settings, false).await?;
                let letters = letters_of(&app, code, &which.kind).await.map(|(letters, _)| letters);
                app.db.close().await;
                show(&*letters?, &which)
            }
        },
        Command::SendTest { which, to } => {
            let app = open(settings, false).await?;
            let done = send_test(&app, &which, &to).await;
            app.db.close().await;
            done
        }
    }
}

fn own(settings: &Config) -> Result<Letters, Failure> {
    let load = || -> anyhow::Result<Letters> {
        let sources = Sources::read(settings.templates.folder.as_deref())?;
        let playbook = Playbook::from_sources(&sources)?;
        Ok(Letters::from_sources(&sources, &playbook)?)
    };
    load().map_err(Failure::Failed)
}

/// `before`: faults that were named already.
fn check(settings: &Config, before: usize) -> Result<(), Failure> {
    let letters = own(settings)?;
    let (findings, gaps) = (letters.check(), letters.gaps());
    for finding in &findings {
        let (locale, channel) = (finding.locale.code(), finding.channel.word());
        outln!("{}/{locale} {channel} (sample {}): {}", finding.kind, finding.sample, finding.fault);
    }
    for gap in &gaps {
        outln!("{}/{} {}: its tracks need a text, and there is none", gap.kind, gap.locale.code(), gap.channel.word());
    }
    for (kind, channel, locale, why) in ABSENT {
        outln!("{kind}/{} {}: left out on purpose: {why}", locale.code(), channel.word());
    }
    let faults = before + findings.len() + gaps.len() + declared(&letters);
    if faults > 0 {
        return Err(Failure::Failed(anyhow!("{faults} fault(s) in the texts: correct the files named above")));
    }
    outln!("{} texts, every sample well", letters.texts().count());
    Ok(())
}

/// The templates that the kinds themselves declare: every word is one of theirs, and the full sample fits.
fn declared(letters: &Letters) -> usize {
    let mut faults = 0;
    for kind in letters.playbook().kinds() {
        for (provider, binding) in &kind.bindings {
            let unknown = letters.knows(kind.subject, binding.words()).err().map(|error| error.to_string());
            let channel = providers::channel_of(provider);
            let misfits = binding.misfits(letters, &kind.name, Locale::ZhCn, (channel, true));
            let misfit =
                misfits.iter().find(|(sample, why)| *sample == "full" && why.reason() != "template_not_approved");
            let misfit = misfit.map(|(_, why)| format!("{} {}", why.reason(), why.word().unwrap_or_default()));
            for fault in unknown.into_iter().chain(misfit) {
                outln!("{} {provider}: {fault}", kind.name);
                faults += 1;
            }
        }
    }
    faults
}

/// The templates in force at a dealership: those that are lacking and those that do not even fit the full sample are faults.
async fn check_bindings(app: &App, code: &str) -> Result<usize, Failure> {
    let found = app.directory.by_code(code).await.context("cannot look the dealership up")?;
    let dealership = found.ok_or_else(|| no_such(code))?;
    let mut faults = 0;
    for standing in providers::standings(app, &dealership).await.context("cannot read its templates")? {
        let (kind, provider) = (&standing.kind, &standing.provider);
        if standing.is_lacking() {
            outln!(
                "{kind} {provider}: {code} needs an approved template, and has none: PUT /v1/bindings/{kind}/{provider}"
            );
            faults += 1;
            continue;
        }
        for misfit in &standing.misfits {
            let word = misfit.word.as_deref().unwrap_or_default();
            outln!("{kind} {provider} (sample {}): {} {word}", misfit.sample, misfit.reason);
            faults += usize::from(misfit.sample == "full");
        }
    }
    Ok(faults)
}

fn no_such(code: &str) -> Failure {
    Failure::usage(anyhow!("there is no dealership {code:?}: add it with aftercare setup FILE"))
}

async fn list(app: &App) -> Result<(), Failure> {
    let in_force = crate::texts::actions::in_force(app).await.context("cannot read the versions")?;
    for (kind, locale, channel) in app.letters.texts() {
        let mut line = format!("{kind}\t{}\t{}\t0", locale.code(), channel.word());
        for version in &in_force {
            let place = &version.place;
            if (place.kind.as_str(), place.locale, place.channel) != (kind, locale, channel) {
                continue;
            }
            let whose = match place.dealership {
                None => "everybody".to_owned(),
                Some(id) => {
                    let found = app.directory.by_id(id).await.context("cannot read a dealership")?;
                    found.map_or_else(|| id.to_string(), |dealership| dealership.code.clone())
                }
            };
            let _ = write!(line, "\t{} for {whose}", version.number);
        }
        outln!("{line}");
    }
    Ok(())
}

async fn letters_of(app: &App, code: &str, kind: &str) -> Result<(Arc<Letters>, Arc<Dealership>), Failure> {
    let found = app.directory.by_code(code).await.context("cannot look the dealership up")?;
    let dealership = found.ok_or_else(|| no_such(code))?;
    let letters = app.shelf.letters(dealership.id, kind).await.context("cannot read its texts")?;
    Ok((letters, dealership))
}

fn render(letters: &Letters, which: &Which) -> Result<(Rendered, Option<String>), Failure> {
    let locale = Locale::parse(&which.locale)
        .ok_or_else(|| Failure::usage(anyhow!("--locale is zh-CN, en or ja, not {:?}", which.locale)))?;
    let samples = letters.samples(&which.kind, locale);
    let Some((_, letter)) = samples.iter().find(|(name, _)| *name == which.sample) else {
        let names: Vec<_> = samples.iter().map(|(name, _)| *name).collect();
        return Err(Failure::usage(if names.is_empty() {
            anyhow!("there is no kind {:?} with samples: see aftercare templates list", which.kind)
        } else {
            anyhow!("{} has the samples {}", which.kind, names.join(", "))
        }));
    };
    let rendered =
        letters.render(&which.kind, locale, which.channel, letter).map_err(|error| Failure::usage(anyhow!(error)))?;
    Ok((rendered, letter.signature.clone()))
}

fn show(letters: &Letters, which: &Which) -> Result<(), Failure> {
    let (rendered, signature) = render(letters, which)?;
    match rendered {
        Rendered::Email { subject, html, text } => outln!("Subject: {subject}\n\n{text}\n{html}"),
        Rendered::Sms { text } => {
            let signed = segments::signed(&text, signature.as_deref());
            let size = segments::count(&signed);
            let forced = size.forced_by.map_or_else(|| "GSM-7".to_owned(), |c| format!("UCS-2 because of {c:?}"));
            outln!("{signed}\n{} units, {} part(s), {forced}", size.units, size.parts);
        }
        Rendered::Wecom { text } => outln!("{text}"),
        Rendered::Wechat { fields } => {
            for (name, value) in fields {
                outln!("{name}: {value}");
            }
        }
    }
    Ok(())
}

/// The provider's template with the sample's values, as a message of the dealership would be sent.
async fn approved(
    app: &App,
    letters: &Letters,
    (which, rendered): (&Which, &Rendered),
    dealership: Option<&Dealership>,
) -> Result<Option<Approved>, Failure> {
    let provider = providers::providers(app).into_iter().find(|(_, channel)| *channel == which.channel);
    let (Some(dealership), Some((provider, _))) = (dealership, provider) else { return Ok(None) };
    let bound = app.shelf.binding(dealership.id, &which.kind, provider).await.context("cannot read its template")?;
    let Some(bound) = bound else { return Ok(None) };
    let locale = Locale::parse(&which.locale).unwrap_or(Locale::ZhCn);
    let samples = letters.samples(&which.kind, locale);
    let letter = samples.iter().find(|(name, _)| *name == which.sample).map(|(_, letter)| letter);
    let words = serde_json::to_value(letter).unwrap_or_default();
    let mainland = Region::of(&dealership.region) == Region::China;
    let fitted = match rendered {
        Rendered::Wechat { fields } => bound.fields(&words, fields),
        _ => bound.approved(&words, mainland),
    };
    fitted.map(Some).map_err(|unusable| Failure::Failed(anyhow!(unusable)))
}

async fn send_test(app: &App, which: &Which, to: &str) -> Result<(), Failure> {
    let (letters, dealership) = match &which.dealership {
        None => (Arc::clone(&app.letters), None),
        Some(code) => {
            let (letters, dealership) = letters_of(app, code, &which.kind).await?;
            (letters, Some(dealership))
        }
    };
    let (rendered, _) = render(&letters, which)?;
    let approved = approved(app, &letters, (which, &rendered), dealership.as_deref()).await?;
    let sent = trial::send(app, dealership.as_deref(), rendered, approved.as_ref(), to).await;
    let (id, delivered) = sent.map_err(Failure::usage)?;
    match delivered {
        Delivered::Answered(delivery) if delivery.outcome == Outcome::Accepted => {
            outln!("accepted: {id}");
            Ok(())
        }
        Delivered::Answered(delivery) => Err(Failure::Failed(anyhow!(
            "not accepted: {:?} at {:?}: {}",
            delivery.outcome,
            delivery.phase,
            said(&delivery)
        ))),
        Delivered::TooEarly(wait) => {
            Err(Failure::Failed(anyhow!("its turn comes in {} s: try again then", wait.as_secs().max(1))))
        }
        Delivered::Stopped => Err(Failure::Failed(anyhow!("it was stopped before it left"))),
    }
}

fn said(delivery: &crate::channels::Delivery) -> String {
    delivery.reply.clone().unwrap_or_else(|| delivery.reason.to_owned())
}
