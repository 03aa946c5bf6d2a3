//! The verbs of providers' templates: note what was approved for a dealership, and look at what has one and what lacks it.
pub mod console;

use serde::Serialize;
use sqlx::types::Json;

use super::{
    actions::TextError,
    bindings::{Binding, Unusable},
    store,
};
use crate::{
    app::App,
    calendar::Region,
    channels::sms::Needs,
    config::SmsProvider,
    db::{self, Weight},
    dealerships::Dealership,
    desk, lanes,
    notices::{ChannelName, Locale, held},
};

/// The name under which the templates of whoever carries SMS here are kept; None where nobody does.
pub fn provider(app: &App) -> Option<&'static str> {
    (app.config.sms.provider == SmsProvider::Http).then_some("http")
}

/// Where a kind stands with the provider of SMS, at one dealership.
#[derive(Debug, Serialize)]
pub struct Standing {
    pub kind: String,
    pub provider: String,
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
    /// Whether texts of this kind cannot go by SMS at all.
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

/// Every kind that customers are texted, with its template at a dealership.
///
/// # Errors
/// The database's.
pub async fn standings(app: &App, dealership: &Dealership) -> db::Result<Vec<Standing>> {
    let Some(provider) = provider(app) else { return Ok(Vec::new()) };
    let own = store::bindings_of(&mut app.db.read().await?, dealership.id).await?;
    let locale = Locale::of(None, Some(&dealership.locale));
    let mainland = Region::of(&dealership.region) == Region::China;
    let needed = lanes::routes(app).map_or(Needs::Text, |routes| routes.sms_needs()).a_template(mainland);
    let mut standings = Vec::new();
    for kind in app.playbook.kinds().filter(|kind| !kind.audience.works_here()) {
        if !kind.tracks.iter().flatten().any(|channel| *channel == ChannelName::Sms) {
            continue;
        }
        let row = own.iter().find(|row| row.kind == kind.name && row.provider == provider);
        let stored = row.and_then(|row| serde_json::from_value::<Binding>(row.binding.0.clone()).ok());
        let (own, binding) = (stored.is_some(), stored.or_else(|| kind.bindings.get(provider).cloned()));
        let misfits = binding.iter().flat_map(|binding| binding.misfits(&app.letters, &kind.name, locale, mainland));
        let misfits = misfits.map(|(sample, unusable)| misfit(sample, &unusable)).collect();
        standings.push(Standing {
            kind: kind.name.clone(),
            provider: provider.to_owned(),
            binding,
            own,
            needed,
            misfits,
        });
    }
    Ok(standings)
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
