//! The verbs of providers' templates: note what was approved for a dealership, and look at what has one and what lacks it.
pub mod console;

use serde::Serialize;
use sqlx::types::Json;

use super::{
    actions::TextError,
    bindings::{Binding, Params, Unusable},
    store,
};
use crate::{
    app::App,
    calendar::Region,
    channels::sms::Approved,
    config::Provider,
    db::{self, Weight},
    dealerships::Dealership,
    desk, lanes,
    notices::{ChannelName, Locale, held, letters::Rendered},
};

/// The name under which the templates of the official account are kept.
pub const WECHAT: &str = "wechat";

/// The name under which the templates of whoever carries SMS here are kept; None where nobody does.
pub fn provider(app: &App) -> Option<&'static str> {
    (app.config.sms.provider == Provider::Http).then_some("http")
}

/// The names of all whose templates are kept here, with their channels.
pub fn providers(app: &App) -> Vec<(&'static str, ChannelName)> {
    let wechat = (app.config.wechat.provider == Provider::Http).then_some((WECHAT, ChannelName::Wechat));
    provider(app).map(|sms| (sms, ChannelName::Sms)).into_iter().chain(wechat).collect()
}

/// Which channel a provider's templates are for.
pub fn channel_of(provider: &str) -> ChannelName {
    if provider == WECHAT { ChannelName::Wechat } else { ChannelName::Sms }
}

/// Where a kind stands with a provider, at one dealership.
#[derive(Debug, Serialize)]
pub struct Standing {
    pub kind: String,
    pub provider: String,
    pub channel: ChannelName,
    /// None: it goes as words, or, where one is needed, not at all.
    pub binding: Option<Binding>,
    /// Whether it is the dealership's own, and not the one that the kind declares.
    pub own: bool,
    /// Whether the gateway takes nothing else for this dealership.
    pub needed: bool,
    /// The samples that it does not fit.
    pub misfits: Vec<Misfit>,
}

impl Standing {
    /// Whether texts of this kind cannot go by this channel at all.
    pub fn is_lacking(&self) -> bool {
        self.needed && !self.binding.as_ref().is_some_and(|binding| binding.approved)
    }
}

/// A sample that a template does not fit, and which word is at fault.
#[derive(Debug, Serialize)]
pub struct Misfit {
    pub sample: &'static str,
    pub reason: &'static str,
    pub word: Option<String>,
}

/// Every kind that customers are told on a provider's channel, with its template at a dealership.
///
/// # Errors
/// The database's.
pub async fn standings(app: &App, dealership: &Dealership) -> db::Result<Vec<Standing>> {
    let providers = providers(app);
    if providers.is_empty() {
        return Ok(Vec::new());
    }
    let own = store::bindings_of(&mut app.db.read().await?, dealership.id).await?;
    let locale = Locale::of(None, Some(&dealership.locale));
    let mainland = Region::of(&dealership.region) == Region::China;
    let routes = lanes::routes(app).ok();
    let mut standings = Vec::new();
    for (provider, channel) in providers {
        let needed = routes.as_ref().is_some_and(|routes| match channel {
            ChannelName::Wechat => routes.wechat_needs_a_template(),
            _ => routes.sms_needs().a_template(mainland),
        });
        for kind in app.playbook.kinds().filter(|kind| !kind.audience.works_here()) {
            if !kind.tracks.iter().flatten().any(|step| *step == channel) {
                continue;
            }
            let row = own.iter().find(|row| row.kind == kind.name && row.provider == provider);
            let stored = row.and_then(|row| serde_json::from_value::<Binding>(row.binding.0.clone()).ok());
            let (own, binding) = (stored.is_some(), stored.or_else(|| kind.bindings.get(provider).cloned()));
            let misfits = binding
                .iter()
                .flat_map(|binding| binding.misfits(&app.letters, &kind.name, locale, (channel, mainland)));
            let misfits = misfits.map(|(sample, unusable)| misfit(sample, &unusable)).collect();
            let (kind, provider) = (kind.name.clone(), provider.to_owned());
            standings.push(Standing { kind, provider, channel, binding, own, needed, misfits });
        }
    }
    Ok(standings)
}

/// The full sample of the first kind whose template of the official account is approved for a dealership and fits: something
/// to see by whether the channel works.
///
/// # Errors
/// The database's.
pub async fn a_template_message(
    app: &App,
    dealership: &Dealership,
) -> db::Result<Option<(Vec<(String, String)>, Approved)>> {
    let locale = Locale::of(None, Some(&dealership.locale));
    for standing in standings(app, dealership).await?.into_iter().filter(|it| it.channel == ChannelName::Wechat) {
        let Some(binding) = standing.binding.filter(|binding| binding.approved) else { continue };
        let Some((_, letter)) = app.letters.samples(&standing.kind, locale).into_iter().next() else { continue };
        let rendered = app.letters.render(&standing.kind, locale, ChannelName::Wechat, &letter);
        let Ok(Rendered::Wechat { fields }) = rendered else { continue };
        if let Ok(approved) = binding.fields(&serde_json::to_value(&letter).unwrap_or_default(), &fields) {
            return Ok(Some((fields, approved)));
        }
    }
    Ok(None)
}

fn misfit(sample: &'static str, unusable: &Unusable) -> Misfit {
    Misfit { sample, reason: unusable.reason(), word: unusable.word().map(str::to_owned) }
}

/// Notes what a provider has approved for a dealership; what was held for want of it goes on.
///
/// # Errors
/// When there is no such kind, or a parameter names a word that texts of this kind do not have.
pub async fn bind(
    app: &App,
    dealership: &Dealership,
    (kind, provider): (String, String),
    binding: &Binding,
    actor: &str,
) -> Result<(), TextError> {
    let Some(declared) = app.playbook.kind(&kind) else { return Err(TextError::UnknownPlace) };
    app.letters.knows(declared.subject, binding.words())?;
    let names_none = matches!(&binding.params, Params::Ordered(params) if !params.is_empty());
    if channel_of(&provider) == ChannelName::Wechat && names_none {
        return Err(TextError::FieldsWithoutNames);
    }
    let row = store::BoundRow {
        kind,
        provider,
        dealership_id: dealership.id,
        binding: Json(serde_json::to_value(binding).unwrap_or_default()),
    };
    let (approved, actor) = (binding.approved, actor.to_owned());
    desk::at::<_, db::Error>(app, Weight::ONE, move |desk| {
        let (row, actor) = (row.clone(), actor.clone());
        Box::pin(async move {
            store::put_binding(desk.tx, &row, &actor, desk.now).await?;
            if approved { held::release_kind(desk, (row.dealership_id, &row.kind)).await } else { Ok(()) }
        })
    })
    .await?;
    app.shelf.forget();
    Ok(())
}
