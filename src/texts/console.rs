//! Texts: the grid of what is said, where a language is missing, each text on a sample, its versions, and putting one in force.
use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Place, Version, VersionState,
    actions::{self, TextError},
    providers,
};
use crate::{
    app::App,
    console::{
        Page, Right, Visitor, frame,
        pages::Pages,
        pieces::{head, moment, refusal, tag},
    },
    http::{Error, public::Form},
    notices::{ChannelName, Locale, letters::Rendered},
};

const TEMPLATES: &str = "/console/templates";

pub fn pages() -> Pages {
    Pages::new()
        .get(TEMPLATES, Right::Templates, grid)
        .get("/console/templates/{kind}/{locale}/{channel}", Right::Templates, one)
        .post("/console/templates/{kind}/{locale}/{channel}/draft", Right::Publish, draft)
        .post("/console/templates/{kind}/{locale}/{channel}/publish", Right::Publish, publish)
        .post("/console/templates/{kind}/{locale}/{channel}/rollback", Right::Publish, roll_back)
        .merge(providers::console::pages())
}

type At = (String, String, String);

/// Kind by channel, each with its languages; what a dealership says in its own words is marked.
async fn grid(State(app): State<App>, visitor: Visitor) -> Result<Markup, Error> {
    let w = visitor.words;
    let in_force = actions::in_force(&app).await?;
    let mut kinds: BTreeMap<&str, BTreeMap<&'static str, Vec<Locale>>> = BTreeMap::new();
    for (kind, locale, channel) in app.letters.texts() {
        kinds.entry(kind).or_default().entry(channel.word()).or_default().push(locale);
    }
    let channels = ["email", "sms", "wechat", "wecom"];
    let own = |kind: &str, locale: Locale, channel: &str| {
        in_force.iter().find(|version| {
            version.place.kind == kind
                && version.place.locale == locale
                && version.place.channel.word() == channel
                && version.place.dealership.is_none_or(|id| id == visitor.dealership.id)
        })
    };
    let body = html! {
        (head(&w.t("templates-title"), &html! { p { (w.ta("templates-lead", &[("n", kinds.len().into())])) } }, &html! { a class="button secondary" href="/console/templates/providers" { (w.t("providers-title")) } }))
        table class="rows grid" {
            thead { tr { th scope="col" { (w.t("col-what")) } @for channel in channels { th scope="col" { (w.code("channel", channel)) } } } }
            tbody { @for (kind, by_channel) in &kinds { tr {
                th scope="row" { strong { (w.code("kind", kind)) } br; code class="muted small" { (kind) } }
                @for channel in channels { td {
                    @match by_channel.get(channel) {
                        None => span class="muted" { "—" },
                        Some(there) => @for locale in Locale::ALL {
                            @if there.contains(&locale) {
                                a class={ "chip" @if own(kind, locale, channel).is_some() { " own" } } href={ (TEMPLATES) "/" (kind) "/" (locale.code()) "/" (channel) } lang=(locale.code()) { (locale.choose("中", "EN", "日")) @if let Some(version) = own(kind, locale, channel) { " v" (version.number) } }
                            } @else { span class="chip missing" title=(w.t("templates-missing")) { (locale.choose("中", "EN", "日")) } }
                            " "
                        },
                    }
                } }
            } } }
        }
    };
    Ok(frame(&visitor, Page { here: TEMPLATES, title: w.t("templates-title"), ..Page::default() }, &body))
}

#[derive(Default, Deserialize)]
struct Shown {
    sample: Option<String>,
    number: Option<i64>,
    done: Option<String>,
}

fn place(app: &App, visitor: &Visitor, (kind, locale, channel): At) -> Result<Place, Error> {
    let locale = Locale::ALL.into_iter().find(|known| known.code() == locale).ok_or(Error::NotFound)?;
    let channel: ChannelName = channel.parse().map_err(|_| Error::NotFound)?;
    if app.playbook.kind(&kind).is_none() {
        return Err(Error::NotFound);
    }
    // The console writes a dealership's own words; what everybody says is changed by a key for everybody.
    Ok(Place { kind, locale, channel, dealership: Some(visitor.dealership.id) })
}

fn address(place: &Place) -> String {
    format!("{TEMPLATES}/{}/{}/{}", place.kind, place.locale.code(), place.channel.word())
}

async fn one(
    State(app): State<App>,
    visitor: Visitor,
    Path(at): Path<At>,
    Query(shown): Query<Shown>,
) -> Result<Markup, Error> {
    let place = place(&app, &visitor, at)?;
    page(&app, &visitor, &place, &shown, None, None).await
}

/// `typed`: what somebody wrote that is not kept yet, and what is wrong with it.
async fn page(
    app: &App,
    visitor: &Visitor,
    place: &Place,
    shown: &Shown,
    typed: Option<BTreeMap<String, String>>,
    wrong: Option<&str>,
) -> Result<Markup, Error> {
    let w = visitor.words;
    let versions = actions::versions(app, place).await?;
    let in_force = versions.iter().find(|version| version.state == VersionState::Published);
    let looked_at =
        shown.number.and_then(|number| versions.iter().find(|version| version.number == number)).or(in_force);
    let own: BTreeMap<String, String> = app.shelf.own_files(place).into_iter().collect();
    if own.is_empty() && versions.is_empty() {
        return Err(Error::NotFound);
    }
    let files = typed.unwrap_or_else(|| looked_at.map_or_else(|| own.clone(), |version| version.files.clone()));
    let letters = match looked_at {
        Some(version) => {
            Arc::new(app.shelf.with(&place.kind, &[version]).map_err(|error| Error::Internal(error.into()))?)
        }
        None => app.shelf.letters(visitor.dealership.id, &place.kind).await?,
    };
    let samples = letters.samples(&place.kind, place.locale);
    let wanted = shown.sample.as_deref().unwrap_or("full");
    let rendered = samples
        .iter()
        .find(|(name, _)| *name == wanted)
        .or(samples.first())
        .and_then(|(_, letter)| letters.render(&place.kind, place.locale, place.channel, letter).ok());
    let body = html! {
        (head(&w.code("kind", &place.kind), &html! { p { (w.code("channel", place.channel.word())) " · " span lang=(place.locale.code()) { (w.code("language", place.locale.code())) } } }, &html! { a class="button secondary" href=(TEMPLATES) { (w.t("back")) } }))
        div class="two-columns" {
            div {
                section class="card" aria-labelledby="preview-title" {
                    h2 id="preview-title" { (w.t("templates-preview")) }
                    nav class="tabs" aria-label=(w.t("templates-samples")) { @for (name, _) in &samples { a href={ (address(place)) "?sample=" (name) } aria-current=[(*name == wanted).then_some("page")] { (name) } } }
                    @match &rendered { Some(rendered) => (preview(place, rendered)), None => p class="bad" { (w.t("templates-broken")) } }
                }
                (history(visitor, place, &versions))
            }
            (editor(visitor, place, &files, wrong))
        }
    };
    let done = shown.done.is_some().then(|| html! { (w.t("done-changed")) });
    Ok(frame(visitor, Page { here: TEMPLATES, title: w.code("kind", &place.kind), done, ..Page::default() }, &body))
}

fn preview(place: &Place, rendered: &Rendered) -> Markup {
    html! {
        article class="bubble" lang=(place.locale.code()) {
            @match rendered {
                Rendered::Email { subject, text, .. } => { p { strong { (subject) } } p class="prose" { (text) } }
                Rendered::Sms { text } | Rendered::Wecom { text } => p class="prose" { (text) },
                Rendered::Wechat { fields } => dl class="facts" { @for (name, value) in fields { dt { (name) } dd { (value) } } },
            }
        }
    }
}

fn history(visitor: &Visitor, place: &Place, versions: &[Version]) -> Markup {
    let w = visitor.words;
    let may = visitor.may(Right::Publish);
    html! {
        section class="card" aria-labelledby="versions-title" {
            h2 id="versions-title" { (w.t("templates-versions")) }
            ol class="plain" reversed {
                @for version in versions.iter().rev() { li {
                    a href={ (address(place)) "?number=" (version.number) } { "v" (version.number) } " " (tag(&w.code("version", state(version.state)), if version.state == VersionState::Published { "good" } else { "" })) " "
                    span class="muted small" { (moment(visitor, version.written_at)) }
                    @if may && version.state != VersionState::Published {
                        " " form method="post" class="inline" action={ (address(place)) "/publish" } { input type="hidden" name="number" value=(version.number); button class="secondary" { (w.t("templates-publish")) } }
                    }
                } }
                li { (w.t("templates-own")) @if may && !versions.is_empty() { " " form method="post" class="inline" action={ (address(place)) "/publish" } { input type="hidden" name="number" value="0"; button class="secondary" { (w.t("templates-publish")) } } } }
            }
            @if may && versions.len() > 1 { form method="post" action={ (address(place)) "/rollback" } { button class="secondary" { (w.t("templates-roll-back")) } } }
        }
    }
}

fn state(state: VersionState) -> &'static str {
    match state {
        VersionState::Draft => "draft",
        VersionState::Published => "published",
        VersionState::Retired => "retired",
    }
}

fn editor(visitor: &Visitor, place: &Place, files: &BTreeMap<String, String>, wrong: Option<&str>) -> Markup {
    let w = visitor.words;
    html! {
        section class="card" aria-labelledby="editor-title" {
            h2 id="editor-title" { (w.t("templates-editor")) }
            (refusal(wrong))
            @if visitor.may(Right::Publish) {
                form method="post" action={ (address(place)) "/draft" } data-guard {
                    @for name in place.files() {
                        label { code { (name) } textarea class="code" name=(name) lang=(place.locale.code()) rows=(if name.contains("html") { 14 } else { 6 }) spellcheck="false" { (files.get(*name).map(String::as_str).unwrap_or_default()) } }
                    }
                    p class="muted small" { (w.t("templates-draft-lead")) }
                    button class="primary" { (w.t("templates-draft")) }
                }
            } @else {
                @for (name, text) in files { h3 { code { (name) } } pre { (text) } }
            }
        }
    }
}

async fn draft(State(app): State<App>, visitor: Visitor, Path(at): Path<At>, form: Form) -> Result<Response, Error> {
    let place = place(&app, &visitor, at)?;
    let typed = |name: &str| form.0.iter().find(|(key, _)| key == name).map(|(_, text)| text.replace("\r\n", "\n"));
    let files: BTreeMap<String, String> =
        place.files().iter().filter_map(|name| Some(((*name).to_owned(), typed(name)?))).collect();
    match actions::draft(&app, place.clone(), files.clone(), &visitor.actor()).await {
        Ok(version) => {
            Ok(Redirect::to(&format!("{}?number={}&done=1", address(&place), version.number)).into_response())
        }
        Err(TextError::Database(error)) => Err(error.into()),
        Err(error) => {
            let wrong = match &error {
                TextError::Faulty(findings) => findings
                    .iter()
                    .take(5)
                    .map(|finding| format!("{} ({})", finding.fault, finding.sample))
                    .collect::<Vec<_>>()
                    .join("; "),
                other => other.to_string(),
            };
            let page = page(&app, &visitor, &place, &Shown::default(), Some(files), Some(&wrong)).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
    }
}

async fn publish(State(app): State<App>, visitor: Visitor, Path(at): Path<At>, form: Form) -> Result<Redirect, Error> {
    let place = place(&app, &visitor, at)?;
    let number = form.get("number").and_then(|number| number.parse().ok()).ok_or(Error::NotFound)?;
    actions::publish(&app, place.clone(), number, &visitor.actor()).await.map_err(problem)?;
    Ok(Redirect::to(&format!("{}?done=1", address(&place))))
}

async fn roll_back(State(app): State<App>, visitor: Visitor, Path(at): Path<At>) -> Result<Redirect, Error> {
    let place = place(&app, &visitor, at)?;
    actions::roll_back(&app, place.clone(), &visitor.actor()).await.map_err(problem)?;
    Ok(Redirect::to(&format!("{}?done=1", address(&place))))
}

fn problem(error: TextError) -> Error {
    match error {
        TextError::Database(error) => error.into(),
        TextError::NoVersion(_) | TextError::UnknownPlace => Error::NotFound,
        other => Error::Conflict("text_refused", other.to_string()),
    }
}
