//! Help in the console: who waits for it, what was asked about one thing, and the answer.
use axum::{
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use jiff::SignedDuration;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;

use super::{Answer, Asked, LONGEST, Read, State as AssistState, TECHNICAL_LEAD, Thing, Whom, actions, store};
use crate::{
    app::App,
    console::{
        Page, Right, Visitor, frame, live as live_screen,
        pages::Pages,
        pieces::{empty, head, moment, refusal, tag},
    },
    customers::Customer,
    db::Tx,
    http::{Error, public::Form},
    id::Id,
    repairs::actions::PastVisit,
};

pub const ASSISTS: &str = "/console/assists";
/// Its entry in the navigation: the day is where those who ask and those who are asked begin.
const DAY: &str = "/console/day";
const MOST: i64 = 100;
/// So many of one's own are shown, and so many about a thing or a customer.
const OWN: i64 = 20;
/// An answer stands on the day's page for so long.
const NEWS: SignedDuration = SignedDuration::from_hours(24);

pub fn pages() -> Pages {
    Pages::new()
        .get(ASSISTS, Right::Assist, list)
        .get("/console/assists/live", Right::Assist, list_live)
        .get("/console/assists/about/{kind}/{id}", Right::Assist, about)
        .post("/console/assists/about/{kind}/{id}", Right::Assist, ask)
        .get("/console/assists/{id}", Right::Assist, one)
        .get("/console/assists/{id}/live", Right::Assist, one_live)
        .post("/console/assists/{id}", Right::Assist, answer)
}

/// The way to ask for help with something.
pub fn link(visitor: &Visitor, thing: Thing, id: &str) -> Markup {
    html! {
        @if visitor.may(Right::Assist) {
            a class="small" href={ (ASSISTS) "/about/" (thing.word()) "/" (id) } { (visitor.words.t("assist-ask")) }
        }
    }
}

/// Whether it is this one's turn: they are asked, or stand above who was asked and has not answered.
fn is_mine(visitor: &Visitor, read: &Read) -> bool {
    let has = |role: &str| visitor.staff().roles.iter().any(|has| has == role);
    let leads = visitor.staff().skills.iter().any(|skill| skill == TECHNICAL_LEAD);
    let was_escalated = read.assist.escalated_at.is_some();
    read.assist.asked_by != visitor.staff().id
        && match read.assist.asked_of {
            Whom::ServiceManager => has("service_manager") || was_escalated && has("director"),
            Whom::TechnicalLead => leads || was_escalated && has("service_manager"),
        }
}

/// For the page with which a day begins: who waits for this one's help, and what they were answered.
pub async fn news(tx: &mut Tx, visitor: &Visitor) -> Result<Markup, Error> {
    let w = visitor.words;
    if !visitor.may(Right::Assist) {
        return Ok(html! {});
    }
    let open = actions::open(tx, &visitor.access(), None, MOST).await?;
    let own = store::list_by_asker(tx, visitor.staff().id, OWN).await?;
    let is_news =
        |read: &&Read| read.assist.answered_at.is_some_and(|at| visitor.now.since(at) < NEWS) && !read.is_over();
    let to_me = open.iter().filter(|read| is_mine(visitor, read));
    Ok(html! {
        @for read in to_me {
            p class="notice bad" { strong { (w.ta("assist-wanted", &[("who", asker(read).into())])) } " " a href={ (ASSISTS) "/" (read.assist.id) } { (title(visitor, read)) } " · " (excerpt(&read.assist.words)) }
        }
        @for read in own.iter().filter(is_news) {
            p class="notice" { strong { (w.ta("assist-news", &[("who", answerer(read).into())])) } " " a href={ (ASSISTS) "/" (read.assist.id) } { (title(visitor, read)) } " · " (excerpt(read.assist.answer.as_deref().unwrap_or_default())) }
        }
    })
}

/// A customer's requests with their answers, beside the journey on which they stand.
pub async fn panel(tx: &mut Tx, visitor: &Visitor, customer: Id<Customer>) -> Result<Markup, Error> {
    let w = visitor.words;
    let found = store::list_by_customer(tx, visitor.dealership.id, customer, OWN).await?;
    Ok(html! {
        @if !found.is_empty() {
            section class="card" aria-labelledby="assists-title" {
                h2 id="assists-title" { (w.t("assists-title")) }
                ol class="plain" { @for read in found.iter().rev() { li { (said(visitor, read)) } } }
            }
        }
    })
}

fn asker(read: &Read) -> String {
    read.asker.clone().unwrap_or_else(|| read.asker_ref.clone())
}
fn answerer(read: &Read) -> String {
    read.answerer.clone().or_else(|| read.answerer_ref.clone()).unwrap_or_default()
}
fn excerpt(text: &str) -> String {
    text.chars().take(120).collect()
}
/// Repair order R-1.
fn title(visitor: &Visitor, read: &Read) -> String {
    format!("{} {}", visitor.words.code("assist-about", read.assist.subject_type.word()), read.subject_ref)
}

fn standing(visitor: &Visitor, read: &Read) -> Markup {
    let w = visitor.words;
    html! {
        @match read.assist.state {
            AssistState::Answered => (tag(&w.t("assist-answered"), "good")),
            AssistState::Open if read.is_over() => (tag(&w.t("assist-over"), "")),
            AssistState::Open if read.assist.escalated_at.is_some() => (tag(&w.t("assist-escalated"), "bad")),
            AssistState::Open if read.assist.reminded_at.is_some() => (tag(&w.t("assist-reminded"), "warn")),
            AssistState::Open => (tag(&w.t("assist-open"), "warn")),
        }
    }
}

/// What was asked and answered, in a few lines.
fn said(visitor: &Visitor, read: &Read) -> Markup {
    let w = visitor.words;
    html! {
        a href={ (ASSISTS) "/" (read.assist.id) } { (title(visitor, read)) } " " (standing(visitor, read)) br;
        span class="muted small" { (asker(read)) " → " (w.code("assist-of", read.assist.asked_of.word())) " · " (moment(visitor, read.assist.asked_at)) } br;
        span class="prose" { (read.assist.words) }
        @if let (Some(answer), Some(at)) = (&read.assist.answer, read.assist.answered_at) {
            br; span class="muted small" { (answerer(read)) " · " (moment(visitor, at)) } br;
            strong class="prose" { (answer) }
        }
    }
}

async fn list(State(app): State<App>, visitor: Visitor) -> Result<Markup, Error> {
    let w = visitor.words;
    let region = region(&app, &visitor).await?;
    let body = html! { (head(&w.t("assists-title"), &html! { p { (w.t("assists-lead")) } }, &html! {})) (region) };
    let live = Some(format!("{ASSISTS}/live"));
    Ok(frame(&visitor, Page { here: DAY, title: w.t("assists-title"), live, ..Page::default() }, &body))
}

async fn list_live(State(app): State<App>, visitor: Visitor) -> Response {
    live_screen::region(app, visitor, |app, visitor| async move { region(&app, &visitor).await })
}

async fn region(app: &App, visitor: &Visitor) -> Result<Markup, Error> {
    let w = visitor.words;
    let mut tx = app.db.read().await?;
    let open = actions::open(&mut tx, &visitor.access(), None, MOST).await?;
    let own = store::list_by_asker(&mut tx, visitor.staff().id, OWN).await?;
    Ok(html! {
        section id="assists" aria-label=(w.t("assists-title")) {
            @if open.is_empty() { (empty(&w.t("assists-empty"))) }
            @else { (table(visitor, &open.iter().collect::<Vec<_>>())) }
            @if !own.is_empty() { h2 { (w.t("assists-own")) } (table(visitor, &own.iter().rev().collect::<Vec<_>>())) }
        }
    })
}

fn table(visitor: &Visitor, shown: &[&Read]) -> Markup {
    let w = visitor.words;
    html! {
        table class="rows" {
            thead { tr { th scope="col" { (w.t("assist-with")) } th scope="col" { (w.t("assist-words")) } th scope="col" { (w.t("assist-whom")) } th scope="col" { (w.t("assist-asked")) } th scope="col" { (w.t("col-state")) } } }
            tbody { @for read in shown { tr {
                td { a href={ (ASSISTS) "/" (read.assist.id) } { strong { (title(visitor, read)) } } br; span class="muted small" { (read.customer.as_deref().unwrap_or_default()) " " (read.plate.as_deref().unwrap_or_default()) } }
                td { (excerpt(&read.assist.words)) }
                td { (w.code("assist-of", read.assist.asked_of.word())) @if is_mine(visitor, read) && read.waits() { " " (tag(&w.t("assist-you"), "bad")) } }
                td { (moment(visitor, read.assist.asked_at)) br; span class="muted small" { (asker(read)) } }
                td { (standing(visitor, read)) }
            } } }
        }
    }
}

/// What was typed and refused, and why.
#[derive(Default)]
struct Written<'a> {
    words: &'a str,
    of: &'a str,
    wrong: Option<String>,
}

async fn about(
    State(app): State<App>,
    visitor: Visitor,
    Path((kind, id)): Path<(String, String)>,
) -> Result<Markup, Error> {
    let thing = Thing::read(&kind).ok_or(Error::NotFound)?;
    about_page(&app, &visitor, (thing, &id), &Written::default()).await
}

/// What was asked about a thing, and the place to ask.
async fn about_page(
    app: &App,
    visitor: &Visitor,
    (thing, id): (Thing, &str),
    written: &Written<'_>,
) -> Result<Markup, Error> {
    let w = visitor.words;
    let mut tx = app.db.read().await?;
    let (reference, before) = actions::about(&mut tx, visitor.dealership.id, (thing, id), (None, MOST)).await?;
    drop(tx);
    let name = format!("{} {reference}", w.code("assist-about", thing.word()));
    let key = format!("{id} {}", visitor.now);
    let body = html! {
        (head(&w.t("assist-ask"), &html! { p { (name) } }, &html! { a class="button secondary" href=(ASSISTS) { (w.t("assists-title")) } }))
        (refusal(written.wrong.as_deref()))
        form class="card" method="post" action={ (ASSISTS) "/about/" (thing.word()) "/" (id) } data-guard data-keep {
            input type="hidden" name="key" value=(key);
            label { (w.t("assist-whom")) select name="of" { @for whom in Whom::ALL { option value=(whom.word()) selected[whom.word() == written.of] { (w.code("assist-of", whom.word())) } } } }
            label { (w.t("assist-words")) textarea name="words" rows="4" maxlength=(LONGEST) required { (written.words) } }
            p class="muted small" { (w.t("assist-ask-lead")) }
            button class="primary" { (w.t("assist-send")) }
        }
        @if !before.is_empty() {
            section class="card" aria-labelledby="before-title" {
                h2 id="before-title" { (w.t("assist-before")) }
                ol class="plain" { @for read in before.iter().rev() { li { (said(visitor, read)) } } }
            }
        }
    };
    Ok(frame(visitor, Page { here: DAY, title: w.t("assist-ask"), ..Page::default() }, &body))
}

async fn ask(
    State(app): State<App>,
    visitor: Visitor,
    Path((kind, id)): Path<(String, String)>,
    form: Form,
) -> Result<Response, Error> {
    let thing = Thing::read(&kind).ok_or(Error::NotFound)?;
    let (of, words) = (form.get("of").unwrap_or_default(), form.get("words").unwrap_or_default());
    let told = json!({"subject": {"type": thing.word(), "ref": id}, "by": visitor.staff().reference, "of": of, "words": words});
    let key = form.get("key").map(|key| key.chars().take(200).collect());
    let w = visitor.words;
    let wrong = match Asked::parse(told) {
        Err(_) => w.t("problem-required"),
        Ok((told, _)) => match actions::ask(&app, &visitor.dealership, told, key, visitor.actor()).await {
            Ok(taken) => {
                let to = format!("{ASSISTS}/{}?done=asked", taken.read().assist.id);
                return Ok(Redirect::to(&to).into_response());
            }
            Err(Error::Invalid(faults)) if faults.iter().any(|fault| fault.code == "unknown_subject") => {
                return Err(Error::NotFound);
            }
            Err(Error::Invalid(_)) => w.t("assist-refused"),
            Err(error) => return Err(error),
        },
    };
    let page = about_page(&app, &visitor, (thing, &id), &Written { words, of, wrong: Some(wrong) }).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

#[derive(Default, Deserialize)]
struct Done {
    done: Option<String>,
}

async fn one(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(query): Query<Done>,
) -> Result<Markup, Error> {
    let w = visitor.words;
    let done = query
        .done
        .map(|done| html! { (w.t(if done == "asked" { "assist-done-asked" } else { "assist-done-answered" })) });
    one_page(&app, &visitor, &id, (done, &Written::default())).await
}

async fn one_live(State(app): State<App>, visitor: Visitor, Path(id): Path<String>) -> Response {
    live_screen::region(app, visitor, move |app, visitor| {
        let id = id.clone();
        async move {
            let read = actions::one(&app, &visitor.access(), &id).await?;
            let last = actions::last_visit(&mut app.db.read().await?, &read).await?;
            Ok::<_, Error>(whole(&visitor, &read, last.as_ref()))
        }
    })
}

async fn one_page(
    app: &App,
    visitor: &Visitor,
    id: &str,
    (done, written): (Option<Markup>, &Written<'_>),
) -> Result<Markup, Error> {
    let w = visitor.words;
    let read = actions::one(app, &visitor.access(), id).await?;
    let last = actions::last_visit(&mut app.db.read().await?, &read).await?;
    let title = title(visitor, &read);
    let body = html! {
        (head(&title, &html! { p { (w.t("assist-lead")) } }, &html! { a class="button secondary" href=(ASSISTS) { (w.t("assists-title")) } }))
        (refusal(written.wrong.as_deref()))
        (whole(visitor, &read, last.as_ref()))
        @if read.waits() && read.assist.asked_by != visitor.staff().id {
            form class="card" method="post" action={ (ASSISTS) "/" (read.assist.id) } data-guard data-keep {
                label { (w.t("assist-answer")) textarea name="answer" rows="4" maxlength=(LONGEST) required { (written.words) } }
                button class="primary" { (w.t("assist-answer-send")) }
            }
        }
    };
    let live = Some(format!("{ASSISTS}/{}/live", read.assist.id));
    Ok(frame(visitor, Page { here: DAY, title, live, done, ..Page::default() }, &body))
}

/// Everything of a request but the place to answer, which is not replaced while somebody types.
fn whole(visitor: &Visitor, read: &Read, last: Option<&PastVisit>) -> Markup {
    let w = visitor.words;
    let assist = &read.assist;
    let joined = |names: Vec<String>| names.join(w.0.choose("、", ", ", "、"));
    html! {
        section id="assist" class="card" aria-label=(w.t("assist-words")) {
            p { (standing(visitor, read)) }
            blockquote class="prose" { (assist.words) }
            dl class="facts" {
                dt { (w.t("assist-asked")) } dd { (asker(read)) " · " (moment(visitor, assist.asked_at)) }
                dt { (w.t("assist-whom")) } dd { (w.code("assist-of", assist.asked_of.word())) }
                @if let Some(customer) = read.customer_id { dt { (w.t("col-customer")) } dd { a href={ "/console/customers/" (customer) } { (read.customer.as_deref().unwrap_or("—")) } } }
                @if read.vehicle_id.is_some() { dt { (w.t("col-vehicle")) } dd class="num" { (read.model_code.as_deref().unwrap_or_default()) " " (read.plate.as_deref().unwrap_or_default()) " " span class="muted" { (read.vin.as_deref().unwrap_or_default()) } } }
                @if let Some(last) = last { dt { (w.t("assist-last")) } dd { span class="num" { (last.reference) } @if let Some(at) = last.opened_at { " · " (moment(visitor, at)) } " " (joined(actions::jobs(last))) } }
            }
            @if let (Some(answer), Some(at)) = (&assist.answer, assist.answered_at) {
                h2 { (w.t("assist-answer")) }
                blockquote class="prose" { (answer) }
                p class="muted small" { (answerer(read)) " · " (moment(visitor, at)) }
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
    let w = visitor.words;
    let words = form.get("answer").unwrap_or_default();
    let said = Answer::parse(json!({"by": visitor.staff().reference, "answer": words}));
    let wrong = match said {
        Err(_) => w.t("problem-required"),
        Ok(said) => match actions::answer(&app, &visitor.access(), &id, said, visitor.actor()).await {
            Ok(_) => return Ok(Redirect::to(&format!("{ASSISTS}/{id}?done=answered")).into_response()),
            Err(Error::Conflict(..)) => w.t("assist-too-late"),
            Err(Error::Invalid(_)) => w.t("assist-refused"),
            Err(error) => return Err(error),
        },
    };
    let page = one_page(&app, &visitor, &id, (None, &Written { words, of: "", wrong: Some(wrong) })).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}
