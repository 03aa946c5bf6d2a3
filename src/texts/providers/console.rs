//! Providers' templates in the console: which kinds have an approved one, which lack it, and noting what was approved.
use axum::{
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{Standing, WECHAT, bind, provider as provider_of_sms, standings};
use crate::{
    app::App,
    console::{
        Page, Right, Visitor, frame,
        pages::Pages,
        pieces::{empty, head, refusal, tag},
    },
    http::{Error, public::Form},
    texts::{
        actions::TextError,
        bindings::{Binding, Params},
    },
};

const PROVIDERS: &str = "/console/templates/providers";

pub fn pages() -> Pages {
    Pages::new()
        .get(PROVIDERS, Right::Templates, list)
        .get("/console/templates/providers/{kind}", Right::Templates, one)
        .post("/console/templates/providers/{kind}", Right::Publish, note)
}

/// Every kind that customers are texted, those that lack their template first.
async fn list(State(app): State<App>, visitor: Visitor) -> Result<Markup, Error> {
    let w = visitor.words;
    let mut standings = standings(&app, &visitor.dealership).await?;
    standings.sort_by_key(|standing| !standing.is_lacking());
    let lacking = standings.iter().filter(|standing| standing.is_lacking()).count();
    let lead = if lacking > 0 { w.ta("providers-lacking", &[("n", lacking.into())]) } else { w.t("providers-lead") };
    let body = html! {
        (head(&w.t("providers-title"), &html! { p { (lead) } }, &html! { a class="button secondary" href="/console/templates" { (w.t("back")) } }))
        @if standings.is_empty() { (empty(&w.t("providers-none"))) } @else {
            table class="rows" {
                thead { tr { th scope="col" { (w.t("col-what")) } th scope="col" { (w.t("col-channel")) } th scope="col" { (w.t("providers-template")) } th scope="col" { (w.t("providers-state")) } } }
                tbody { @for standing in &standings { tr {
                    th scope="row" { a href=(address(standing)) { (w.code("kind", &standing.kind)) } br; code class="muted small" { (standing.kind) } }
                    td { (w.code("channel", standing.channel.word())) }
                    td { @if let Some(binding) = &standing.binding { code { (binding.template) } } @else { span class="muted" { "—" } } }
                    td { (state(&visitor, standing)) }
                } } }
            }
        }
    };
    Ok(frame(&visitor, Page { here: "/console/templates", title: w.t("providers-title"), ..Page::default() }, &body))
}

fn state(visitor: &Visitor, standing: &Standing) -> Markup {
    let w = visitor.words;
    match &standing.binding {
        Some(binding) if binding.approved => html! {
            (tag(&w.t("providers-approved"), "good"))
            @if !standing.misfits.is_empty() { " " (tag(&w.t("providers-misfits"), "warn")) }
        },
        Some(_) => tag(&w.code("reason", "template_not_approved"), "bad"),
        None if standing.needed => tag(&w.code("reason", "template_not_bound"), "bad"),
        None => tag(&w.t("providers-words"), ""),
    }
}

/// One kind's page; of SMS where nothing else is said.
fn address(standing: &Standing) -> String {
    match standing.provider.as_str() {
        WECHAT => format!("{PROVIDERS}/{}?provider={WECHAT}", standing.kind),
        _ => format!("{PROVIDERS}/{}", standing.kind),
    }
}

#[derive(Default, Deserialize)]
struct Shown {
    provider: Option<String>,
    done: Option<String>,
}

async fn one(
    State(app): State<App>,
    visitor: Visitor,
    Path(kind): Path<String>,
    Query(shown): Query<Shown>,
) -> Result<Markup, Error> {
    let standing = standing(&app, &visitor, (&kind, shown.provider.as_deref())).await?;
    let typed = standing.binding.as_ref().map_or_else(Typed::default, |binding| Typed {
        template: binding.template.clone(),
        params: binding.params.to_string(),
        approved: binding.approved,
    });
    Ok(page(&app, &visitor, &standing, &typed, None, shown.done.is_some()))
}

async fn standing(app: &App, visitor: &Visitor, (kind, provider): (&str, Option<&str>)) -> Result<Standing, Error> {
    let provider = provider.filter(|provider| !provider.is_empty()).or(provider_of_sms(app));
    let is_it = |standing: &Standing| standing.kind == kind && Some(standing.provider.as_str()) == provider;
    standings(app, &visitor.dealership).await?.into_iter().find(is_it).ok_or(Error::NotFound)
}

/// What stands in the form.
#[derive(Default)]
struct Typed {
    template: String,
    params: String,
    approved: bool,
}

fn page(
    app: &App,
    visitor: &Visitor,
    standing: &Standing,
    typed: &Typed,
    wrong: Option<&str>,
    is_done: bool,
) -> Markup {
    let w = visitor.words;
    let kind = &standing.kind;
    let body = html! {
        (head(&w.code("kind", kind), &html! { p { (w.code("channel", standing.channel.word())) " " (state(visitor, standing)) } }, &html! { a class="button secondary" href=(PROVIDERS) { (w.t("back")) } }))
        div class="two-columns" {
            section class="card" aria-labelledby="binding-title" {
                h2 id="binding-title" { (w.t("providers-template")) }
                (refusal(wrong))
                form method="post" action={ (PROVIDERS) "/" (kind) } data-guard {
                    input type="hidden" name="provider" value=(standing.provider);
                    label { (w.t("providers-id")) input type="text" name="template" value=(typed.template) required maxlength="100" readonly[!visitor.may(Right::Publish)]; }
                    label { (w.t("providers-params")) textarea class="code" name="params" rows="6" spellcheck="false" readonly[!visitor.may(Right::Publish)] { (typed.params) } }
                    p class="muted small" { (w.t("providers-params-lead")) }
                    @if visitor.may(Right::Publish) {
                        label class="check" { input type="checkbox" name="approved" value="yes" checked[typed.approved]; " " (w.t("providers-is-approved")) }
                        p class="muted small" { (w.t("providers-approved-lead")) }
                        button class="primary" { (w.t("save")) }
                    }
                }
                @if !standing.misfits.is_empty() {
                    h3 { (w.t("providers-misfits")) }
                    ul { @for misfit in &standing.misfits { li { code { (misfit.sample) } " " (w.code("reason", misfit.reason)) @if let Some(word) = &misfit.word { " " code { (word) } } } } }
                }
            }
            (words(app, visitor, kind))
        }
    };
    let done = is_done.then(|| html! { (w.t("done-changed")) });
    frame(visitor, Page { here: "/console/templates", title: w.code("kind", kind), done, ..Page::default() }, &body)
}

/// The words that a parameter may be, with the values of the full sample.
fn words(app: &App, visitor: &Visitor, kind: &str) -> Markup {
    let locale = crate::notices::Locale::of(None, Some(&visitor.dealership.locale));
    let sample = app.letters.samples(kind, locale).into_iter().next();
    let values = sample.and_then(|(_, letter)| serde_json::to_value(&letter).ok()).unwrap_or_default();
    let of_text = values.as_object().into_iter().flatten().filter_map(|(word, value)| Some((word, value.as_str()?)));
    html! {
        section class="card" aria-labelledby="words-title" {
            h2 id="words-title" { (visitor.words.t("providers-vocabulary")) }
            dl class="facts" lang=(locale.code()) { @for (word, value) in of_text.filter(|(_, value)| !value.is_empty()) { dt { code { (word) } } dd { (value) } } }
        }
    }
}

async fn note(
    State(app): State<App>,
    visitor: Visitor,
    Path(kind): Path<String>,
    form: Form,
) -> Result<Response, Error> {
    let shown = standing(&app, &visitor, (&kind, form.get("provider"))).await?;
    let typed = Typed {
        template: form.get("template").unwrap_or_default().trim().to_owned(),
        params: form.0.iter().find(|(key, _)| key == "params").map(|(_, text)| text.clone()).unwrap_or_default(),
        approved: form.get("approved").is_some(),
    };
    let binding = match Params::read(&typed.params) {
        Ok(_) if typed.template.is_empty() => Err(visitor.words.t("problem-required")),
        Ok(params) => Ok(Binding { template: typed.template.clone(), params, approved: typed.approved }),
        Err(error) => Err(error.to_string()),
    };
    let wrong = match binding {
        Err(wrong) => wrong,
        Ok(binding) => {
            let by = (kind.clone(), shown.provider.clone());
            match bind(&app, &visitor.dealership, by, &binding, &visitor.actor()).await {
                Ok(()) => {
                    let shown = address(&shown);
                    let more = if shown.contains('?') { '&' } else { '?' };
                    return Ok(Redirect::to(&format!("{shown}{more}done=1")).into_response());
                }
                Err(TextError::Database(error)) => return Err(error.into()),
                Err(error) => error.to_string(),
            }
        }
    };
    let page = page(&app, &visitor, &shown, &typed, Some(&wrong), false);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}
