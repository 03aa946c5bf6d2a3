//! The answers that a dealership has prepared: what is answered at once from the record, and texts to answer with.
use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    super::approved::{self, Topic},
    Canned, LONGEST_BODY, LONGEST_CODE, LONGEST_TITLE, Text, actions,
};
use crate::{
    app::App,
    console::{
        Page, Right, Visitor, frame,
        pages::Pages,
        pieces::{empty, head, refusal},
    },
    db::Weight,
    desk,
    http::{Error, public::Form},
    notices::Locale,
};

pub const ANSWERS: &str = "/console/answers";

pub fn pages() -> Pages {
    Pages::new()
        .get(ANSWERS, Right::Settings, show)
        .post("/console/answers/approved", Right::Settings, switch)
        .post("/console/answers/canned", Right::Settings, keep)
        .post("/console/answers/canned/remove", Right::Settings, remove)
}

#[derive(Default, Deserialize)]
struct Asked {
    /// The code of the one that is edited.
    code: Option<String>,
    done: Option<String>,
}

async fn show(State(app): State<App>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Markup, Error> {
    let blank = || Canned { code: asked.code.clone().unwrap_or_default(), texts: std::collections::BTreeMap::new() };
    let mut tx = app.db.read().await?;
    let all = actions::all(&mut tx, visitor.dealership.id).await?;
    let on = approved::actions::switched_on(&mut tx, visitor.dealership.id).await?;
    let edited = all.iter().find(|one| asked.code.as_ref() == Some(&one.code)).cloned().unwrap_or_else(blank);
    Ok(page(&visitor, (&all, &on), &edited, None, asked.done.is_some()))
}

fn page(
    visitor: &Visitor,
    (all, on): (&[Canned], &[Topic]),
    edited: &Canned,
    wrong: Option<&str>,
    done: bool,
) -> Markup {
    let w = visitor.words;
    let body = html! {
        (head(&w.t("answers-title"), &html! { p { (w.t("answers-lead")) } }, &html! {}))
        div class="two-columns" {
            (switches(visitor, on))
            section class="card" aria-labelledby="canned-title" {
                h2 id="canned-title" { (w.t("answers-canned")) }
                p class="muted small" { (w.t("answers-canned-lead")) }
                @if all.is_empty() { (empty(&w.t("answers-canned-empty"))) }
                ul class="plain" { @for one in all { (row(visitor, one)) } }
            }
            (editor(visitor, edited, wrong))
        }
    };
    let done = done.then(|| html! { (w.t("done-changed")) });
    frame(visitor, Page { here: "/console/settings", title: w.t("answers-title"), done, ..Page::default() }, &body)
}

fn switches(visitor: &Visitor, on: &[Topic]) -> Markup {
    let w = visitor.words;
    html! {
        section class="card" aria-labelledby="approved-title" {
            h2 id="approved-title" { (w.t("answers-approved")) }
            p class="muted small" { (w.t("answers-approved-lead")) }
            form method="post" action="/console/answers/approved" {
                @for topic in Topic::ALL {
                    label class="tick" { input type="checkbox" name="topic" value=(topic.word()) checked[on.contains(&topic)]; (w.code("approved", topic.word())) }
                }
                button class="primary" { (w.t("save")) }
            }
        }
    }
}

fn row(visitor: &Visitor, one: &Canned) -> Markup {
    let w = visitor.words;
    let title = one.text(w.0, w.0).map(|text| text.title.as_str()).unwrap_or_default();
    html! {
        li id={ "canned-" (one.code) } {
            a href={ (ANSWERS) "?code=" (one.code) "#edit" } { (title) } " " span class="muted small" { (one.code) " · " (one.texts.keys().copied().collect::<Vec<_>>().join(", ")) }
            form method="post" action="/console/answers/canned/remove" class="inline" { input type="hidden" name="code" value=(one.code); button class="quiet small" { (w.t("answers-remove")) } }
        }
    }
}

fn editor(visitor: &Visitor, edited: &Canned, wrong: Option<&str>) -> Markup {
    let w = visitor.words;
    let language = |locale: Locale| locale.choose("中文", "English", "日本語");
    html! {
        section class="card" id="edit" aria-labelledby="edit-title" {
            h2 id="edit-title" { (w.t("answers-edit")) }
            (refusal(wrong))
            form method="post" action="/console/answers/canned" data-guard {
                label { (w.t("answers-code")) input name="code" value=(edited.code) required maxlength=(LONGEST_CODE) pattern="[a-z0-9\\-]+"; }
                @for locale in Locale::ALL {
                    @let text = edited.texts.get(locale.code());
                    fieldset {
                        legend { (language(locale)) }
                        label { (w.t("answers-name")) input name={ "title_" (locale.code()) } value=(text.map(|text| text.title.as_str()).unwrap_or_default()) maxlength=(LONGEST_TITLE) lang=(locale.code()); }
                        label { (w.t("answers-text")) textarea name={ "body_" (locale.code()) } rows="4" maxlength=(LONGEST_BODY) lang=(locale.code()) { (text.map(|text| text.body.as_str()).unwrap_or_default()) } }
                    }
                }
                button class="primary" { (w.t("save")) }
            }
        }
    }
}

async fn switch(State(app): State<App>, visitor: Visitor, form: Form) -> Result<Redirect, Error> {
    let named = form.0.iter().filter(|(name, _)| name == "topic");
    let on: Vec<Topic> = named.filter_map(|(_, word)| Topic::read(word)).collect();
    let (id, actor) = (visitor.dealership.id, visitor.actor());
    desk::at(&app, Weight::ONE, move |desk| {
        let (on, actor) = (on.clone(), actor.clone());
        Box::pin(async move { approved::actions::switch(desk, id, &on, &actor).await.map_err(Error::from) })
    })
    .await?;
    Ok(Redirect::to(&format!("{ANSWERS}?done=1")))
}

/// A language without a text is left out.
async fn keep(State(app): State<App>, visitor: Visitor, form: Form) -> Result<Response, Error> {
    let field = |name: String| form.get(&name).unwrap_or_default().to_owned();
    let text = |locale: Locale| {
        let text =
            Text { title: field(format!("title_{}", locale.code())), body: field(format!("body_{}", locale.code())) };
        let is_there = !(text.title.is_empty() && text.body.is_empty());
        is_there.then_some((locale.code(), text))
    };
    let one = Canned { code: field("code".to_owned()), texts: Locale::ALL.into_iter().filter_map(text).collect() };
    let (id, actor, kept) = (visitor.dealership.id, visitor.actor(), one.clone());
    let done = desk::at(&app, Weight::ONE, move |desk| {
        let (one, actor) = (kept.clone(), actor.clone());
        Box::pin(async move { actions::keep(desk, id, &one, &actor).await })
    })
    .await;
    match done {
        Ok(()) => Ok(Redirect::to(&format!("{ANSWERS}?done=1")).into_response()),
        Err(Error::Invalid(_)) => {
            let mut tx = app.db.read().await?;
            let all = actions::all(&mut tx, id).await?;
            let on = approved::actions::switched_on(&mut tx, id).await?;
            let page = page(&visitor, (&all, &on), &one, Some(&visitor.words.t("answers-wrong")), false);
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(other) => Err(other),
    }
}

async fn remove(State(app): State<App>, visitor: Visitor, form: Form) -> Result<Redirect, Error> {
    let (id, actor, code) = (visitor.dealership.id, visitor.actor(), form.get("code").unwrap_or_default().to_owned());
    let is_gone = desk::at(&app, Weight::ONE, move |desk| {
        let (code, actor) = (code.clone(), actor.clone());
        Box::pin(async move { actions::remove(desk, id, &code, &actor).await.map_err(Error::from) })
    });
    if is_gone.await? { Ok(Redirect::to(&format!("{ANSWERS}?done=1"))) } else { Err(Error::NotFound) }
}
