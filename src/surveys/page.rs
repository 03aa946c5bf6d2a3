//! `/s/{token}`: a customer answers about a visit; on a phone, without script, once. Looking records nothing.
use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::{
    Answers, State as SurveyState,
    actions::{self, Recorded},
    questionnaire::{Kind, Question, Questionnaire, Words},
    store::{self, Shown},
    words::PageWords,
};
use crate::{
    app::App,
    cases::triggers,
    db::Weight,
    dealerships,
    desk::Desk,
    http::{
        Error, Fault,
        public::{Form, asked_for, page},
    },
    links::{Purpose, Unopened},
    notices::{Locale, wording},
};

pub fn routes() -> Router<App> {
    Router::new().route("/s/{token}", get(look).post(answer))
}

/// Shows the questions, or why there are none. Mail scanners open every link: nothing changes here.
async fn look(State(app): State<App>, Path(token): Path<String>, headers: HeaderMap) -> Result<Response, Error> {
    let shown = match find(&app, &token).await? {
        Ok(shown) => shown,
        Err(closed) => return Ok(closed_page(&app, closed, asked_for(&headers))),
    };
    if let Some(closed) = shown.is_closed(&app) {
        return Ok(closed_page(&app, closed, shown.locale));
    }
    Ok(questions(&app, &shown, &[], &[]).into_response())
}

/// Takes the answers; the same form sent twice is answered as the first time.
async fn answer(
    State(app): State<App>,
    Path(token): Path<String>,
    headers: HeaderMap,
    Form(fields): Form,
) -> Result<Response, Error> {
    let shown = match find(&app, &token).await? {
        Ok(shown) => shown,
        Err(closed) => return Ok(closed_page(&app, closed, asked_for(&headers))),
    };
    if let Some(closed) = shown.is_closed(&app) {
        return Ok(closed_page(&app, closed, shown.locale));
    }
    let survey = shown.row.survey.id.to_string();
    let answers = match Answers::of_form(&shown.asked, &fields) {
        Ok(answers) => answers,
        Err(faults) => {
            in_a_unit(&app, survey, None).await?;
            let page = questions(&app, &shown, &fields, &faults);
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let gist = answers.gist(&shown.asked);
    match in_a_unit(&app, survey, Some(answers)).await? {
        Some(Recorded::New(_)) => {
            let dealership =
                dealerships::actions::find(&mut app.db.read().await?, shown.row.survey.dealership_id).await?;
            let is_hot = dealership.is_some_and(|dealership| {
                let trigger = triggers::Trigger::of(&gist, &triggers::Rules::of(&dealership));
                trigger.is_some_and(|trigger| trigger.severity() == crate::cases::Severity::Hot)
            });
            let words = &app.questionnaires.page;
            let text = if is_hot { &words.thanks_sorry } else { &words.thanks };
            Ok(plain(shown.locale, Some(&shown.row), &words.thanks_title, text).into_response())
        }
        Some(Recorded::Before) => Ok(closed_page(&app, Closed::Answered(Box::new(shown.row)), shown.locale)),
        Some(Recorded::NotTaken) | None => Ok(closed_page(&app, Closed::Over(Some(Box::new(shown.row))), shown.locale)),
    }
}

/// Takes answers, or notes that somebody began to give some and left a question out.
async fn in_a_unit(app: &App, survey: String, answers: Option<Answers>) -> Result<Option<Recorded>, Error> {
    let (desk_app, told) = (app.clone(), Arc::new((survey, answers)));
    let done = app.db.write(Weight::ONE, move |tx| {
        let (app, told) = (desk_app.clone(), Arc::clone(&told));
        Box::pin(async move {
            let mut desk = Desk::open(tx, &app);
            let recorded = if let Some(answers) = &told.1 {
                Some(actions::answer_on_page(&mut desk, &told.0, answers.clone()).await?)
            } else {
                actions::opened(&mut desk, &told.0).await?;
                None
            };
            desk.close().await?;
            Ok::<_, crate::db::Error>(recorded)
        })
    });
    Ok(done.await?)
}

/// A survey that a good link names, with the language of its reader and the questions it was sent with.
struct Open {
    row: Shown,
    locale: Locale,
    asked: Questionnaire,
}

/// Why there is nothing to answer.
enum Closed {
    Unknown,
    Over(Option<Box<Shown>>),
    Answered(Box<Shown>),
}

impl Open {
    fn is_closed(&self, app: &App) -> Option<Closed> {
        let (survey, now) = (&self.row.survey, app.ids.clock.now());
        if survey.state == SurveyState::Completed {
            Some(Closed::Answered(Box::new(self.row.clone())))
        } else if survey.takes_answers(false, now) {
            None
        } else {
            Some(Closed::Over(Some(Box::new(self.row.clone()))))
        }
    }
}

async fn find(app: &App, token: &str) -> Result<Result<Open, Closed>, Error> {
    let key = app.links.key().await?;
    let claim = match key.open(Purpose::Survey, token, app.ids.clock.now()) {
        Ok(claim) => claim,
        Err(Unopened::Forged) => return Ok(Err(Closed::Unknown)),
        Err(Unopened::Expired) => return Ok(Err(Closed::Over(None))),
    };
    let row = store::shown(&mut app.db.read().await?, &claim.subject).await?;
    let Some((row, asked)) = row.and_then(|row| {
        let asked = app.questionnaires.version(row.survey.version)?.clone();
        Some((row, asked))
    }) else {
        return Ok(Err(Closed::Unknown));
    };
    let locale = Locale::of(row.language.as_deref(), Some(&row.locale));
    Ok(Ok(Open { row, locale, asked }))
}

fn closed_page(app: &App, closed: Closed, locale: Locale) -> Response {
    let words = &app.questionnaires.page;
    let (status, row, title, text) = match closed {
        Closed::Unknown => (StatusCode::NOT_FOUND, None, &words.unknown_title, &words.unknown),
        Closed::Over(row) => (StatusCode::GONE, row, &words.over_title, &words.over),
        Closed::Answered(row) => (StatusCode::OK, Some(row), &words.already_title, &words.already),
    };
    (status, plain(locale, row.as_deref(), title, text)).into_response()
}

/// One sentence, and whom to call.
fn plain(locale: Locale, row: Option<&Shown>, title: &Words, text: &Words) -> Markup {
    let title = title.in_locale(locale);
    page(
        locale,
        title,
        &html! {
            @if let Some(row) = row { (head(row)) }
            h1 { (title) }
            p { (text.in_locale(locale)) }
            @if let Some(row) = row { p { a href=(wording::tel_link(&row.phone, &row.region)) { (row.phone) } } }
        },
    )
}

fn head(row: &Shown) -> Markup {
    html! { header { p { (row.dealer) " · " (row.department) } } }
}

/// The form; `given` and `faults` of a form that came back incomplete.
fn questions(app: &App, open: &Open, given: &[(String, String)], faults: &[Fault]) -> Markup {
    let (words, locale, row) = (&app.questionnaires.page, open.locale, &open.row);
    let title = words.title.in_locale(locale);
    let zone = TimeZone::get(&row.time_zone).unwrap_or(TimeZone::UTC);
    let date = wording::date(row.survey.delivered_at.in_zone(&zone).date(), locale);
    let plate = row.plate.as_deref().map(|plate| words.about_plate.in_locale(locale).replace("{plate}", plate));
    let about = words.about.in_locale(locale).replace("{date}", &date).replace("{plate}", &plate.unwrap_or_default());
    let ask = |question: &Question| {
        let value = given.iter().rev().find(|(name, _)| *name == question.key).map(|(_, value)| value.as_str());
        let is_wrong = faults.iter().any(|fault| fault.pointer == format!("/{}", question.key));
        ask(words, locale, question, value, is_wrong)
    };
    page(
        locale,
        title,
        &html! {
            (head(row))
            h1 { (title) }
            p { (about) }
            // The address is the form's own: a survey is answered where it was opened.
            form method="post" action="" {
                @for question in &open.asked.questions { (ask(question)) }
                button type="submit" { (words.send.in_locale(locale)) }
                p.small { (words.privacy.in_locale(locale)) }
            }
        },
    )
}

fn ask(words: &PageWords, locale: Locale, question: &Question, value: Option<&str>, is_wrong: bool) -> Markup {
    let (key, text) = (&question.key, question.text.in_locale(locale));
    let choice = |name: &str, label: &str| {
        html! {
            label {
                input type="radio" name=(key) value=(name) checked[value == Some(name)] required[question.required];
                span { (label) }
            }
        }
    };
    html! {
        fieldset {
            @match question.kind {
                Kind::YesNo => {
                    legend { (text) }
                    @if is_wrong { p.wrong { (words.required.in_locale(locale)) } }
                    div.choices {
                        (choice("yes", words.yes.in_locale(locale)))
                        (choice("no", words.no.in_locale(locale)))
                    }
                }
                Kind::Scale => {
                    legend { (text) }
                    @if is_wrong { p.wrong { (words.required.in_locale(locale)) } }
                    div.choices {
                        @for step in question.steps() { @let step = step.to_string(); (choice(&step, &step)) }
                    }
                    @if let (Some(low), Some(high)) = (&question.low, &question.high) {
                        p.ends { span { (question.from) " " (low.in_locale(locale)) } span { (question.to) " " (high.in_locale(locale)) } }
                    }
                }
                Kind::Text => {
                    label.asked for=(key) { (text) }
                    textarea id=(key) name=(key) maxlength="2000" { (value.unwrap_or_default()) }
                }
                Kind::Tick => {
                    label.tick { input type="checkbox" name=(key) value="on" checked[value.is_some()]; (text) }
                }
            }
        }
    }
}
