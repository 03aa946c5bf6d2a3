//! Questions to the parts counter in the console: who waits for which part, and the answer.
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use jiff::civil::Date;
use maud::{Markup, html};
use serde_json::json;

use super::{Answer, actions, store::Read};
use crate::{
    app::App,
    calendar::local_moment,
    console::{
        Page, Right, Visitor, frame,
        pages::Pages,
        pieces::{empty, head, moment, refusal, tag},
    },
    http::{Error, public::Form},
};

const QUESTIONS: &str = "/console/parts/questions";
const MOST: i64 = 100;

pub fn pages() -> Pages {
    Pages::new().get(QUESTIONS, Right::Parts, list).post("/console/parts/questions/{id}", Right::Parts, answer)
}

async fn list(State(app): State<App>, visitor: Visitor) -> Result<Markup, Error> {
    page(&app, &visitor, None).await
}

async fn page(app: &App, visitor: &Visitor, wrong: Option<&str>) -> Result<Markup, Error> {
    let w = visitor.words;
    let open = actions::open(&mut app.db.read().await?, &visitor.access(), None, MOST).await?;
    let body = html! {
        (head(&w.t("questions-title"), &html! { p { (w.t("questions-lead")) } }, &html! { a class="button secondary" href="/console/parts" { (w.t("back")) } }))
        (refusal(wrong))
        @if open.is_empty() { (empty(&w.t("questions-empty"))) }
        @for read in &open { (question(visitor, read)) }
    };
    Ok(frame(visitor, Page { here: "/console/parts", title: w.t("questions-title"), ..Page::default() }, &body))
}

fn question(visitor: &Visitor, read: &Read) -> Markup {
    let (w, question) = (visitor.words, &read.question);
    let action = format!("{QUESTIONS}/{}", question.id);
    html! {
        section class="card" {
            h2 { (question.name) @if let Some(number) = &question.part_no { " " code { (number) } } " × " (question.qty) @if question.reminded_at.is_some() { " " (tag(&w.t("questions-reminded"), "bad")) } }
            @if let Some(words) = &question.question { blockquote { (words) } }
            dl class="facts" {
                dt { (w.t("questions-asked")) } dd { (read.asker.as_deref().unwrap_or(&read.asker_ref)) " · " (moment(visitor, question.asked_at)) }
                @if let Some(at) = question.needed_at { dt { (w.t("questions-needed")) } dd { (moment(visitor, at)) } }
                @if let Some(plate) = &read.plate { dt { (w.t("col-vehicle")) } dd { (plate) } }
            }
            form method="post" class="inline" action=(action) { input type="hidden" name="available" value="yes"; button class="primary" { (w.t("questions-here")) } }
            form method="post" action=(action) data-guard {
                label { (w.t("questions-eta")) input type="date" name="eta" required; }
                label { (w.t("questions-order")) input type="text" name="order_ref" maxlength="200"; }
                button class="secondary" { (w.t("questions-not-here")) }
            }
        }
    }
}

async fn answer(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response, Error> {
    let day = form.get("eta").and_then(|day| day.parse::<Date>().ok());
    // A day is named, not an hour: by its end the part is here.
    let eta = day.map(|day| local_moment(day.at(18, 0, 0, 0), visitor.zone()));
    let said = Answer::parse(json!({
        "by": visitor.staff().reference,
        "available": form.get("available").is_some(),
        "eta": eta,
        "order_ref": form.get("order_ref"),
    }));
    let wrong = match said {
        Err(_) => visitor.words.t("problem-required"),
        Ok(said) => match actions::answer(&app, &visitor.access(), &id, said, visitor.actor()).await {
            Ok(_) => return Ok(Redirect::to(QUESTIONS).into_response()),
            Err(Error::Conflict(_, said)) => said,
            Err(error) => return Err(error),
        },
    };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&app, &visitor, Some(&wrong)).await?).into_response())
}
