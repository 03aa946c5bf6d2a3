//! The page on which files of other systems are taken in: chosen, judged, imported, and what was rejected of them fetched.
use axum::{
    body::Body,
    extract::{Path, Request, State as Known},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use futures_util::stream;
use maud::{Markup, html};
use tokio::io::AsyncReadExt;

mod judged;

use super::{
    Kind,
    uploads::{
        self, MOST_WAITING, Place, State, Upload,
        arriving::{self, Refusal},
        work,
    },
};
use crate::{
    app::App,
    console::{
        Page, Right, Visitor, frame,
        pages::Pages,
        pieces::{head, moment, refusal, tag},
    },
    files,
    http::Error,
    id::Id,
};

/// Where files are chosen.
pub const PAGE: &str = "/console/import";
/// While something is being done, a page without script asks again so often, in seconds.
const AGAIN: HeaderValue = HeaderValue::from_static("2");
const PIECE: usize = 64 << 10;

pub fn pages() -> Pages {
    Pages::new()
        .get(PAGE, Right::Import, list)
        .post(PAGE, Right::Import, upload)
        .get("/console/import/{id}", Right::Import, show)
        .post("/console/import/{id}/start", Right::Import, start)
        .post("/console/import/{id}/drop", Right::Import, throw_away)
        .get("/console/import/{id}/rejected", Right::Import, rejected)
}

async fn list(Known(app): Known<App>, visitor: Visitor) -> Result<Markup, Error> {
    page(&app, &visitor, None)
}

fn page(app: &App, visitor: &Visitor, wrong: Option<Refusal>) -> Result<Markup, Error> {
    let w = visitor.words;
    let own = uploads::of(app, visitor.dealership.id, visitor.staff().id).map_err(Error::Internal)?;
    let megabytes = app.config.imports.upload_limit >> 20;
    let hours = app.config.imports.keep_uploads.get().as_secs() / 3600;
    let said = wrong.map(|why| match why {
        Refusal::TooLarge => w.ta("import-refused-too-large", &[("n", megabytes.into())]),
        Refusal::TooMany => w.ta("import-refused-too-many", &[("n", MOST_WAITING.into())]),
        why => w.code("import-refused", why.code()),
    });
    let body = html! {
        (head(&w.t("import-title"), &html! { p { (w.t("import-lead")) } }, &html! {}))
        div class="two-columns" {
            section class="card" aria-labelledby="choose-title" {
                h2 id="choose-title" { (w.t("import-choose")) }
                (refusal(said.as_deref()))
                form method="post" enctype="multipart/form-data" action=(PAGE) {
                    label { (w.t("import-kind")) select name="kind" required {
                        option value="" { (w.t("import-kind-choose")) }
                        @for kind in Kind::ALL { option value=(kind.word()) { (w.code("import-kind", kind.word())) } }
                    } }
                    label { (w.t("import-file")) input type="file" name="file" required accept=".csv,.txt,.tsv,text/csv,text/plain"; }
                    label { (w.t("import-source")) input name="source" maxlength="60" pattern="[A-Za-z0-9_\\-]+" required value=(app.config.imports.source); }
                    p class="muted small" { (w.t("import-source-lead")) }
                    button class="primary" { (w.t("import-look")) }
                }
            }
            section class="card" aria-labelledby="limits-title" {
                h2 id="limits-title" { (w.t("import-limits")) }
                ul class="why" {
                    li { (w.ta("import-limit-size", &[("n", megabytes.into())])) }
                    li { (w.t("import-limit-shape")) }
                    li { (w.t("import-limit-time")) }
                    li { (w.t("import-limit-again")) }
                    li { (w.ta("import-limit-kept", &[("n", hours.into())])) }
                    li { (w.ta("import-limit-many", &[("n", MOST_WAITING.into())])) }
                }
                details { summary { (w.t("import-needs")) }
                    dl class="facts" { @for kind in Kind::ALL { dt { (w.code("import-kind", kind.word())) } dd { code { (kind.needs().join(", ")) } } } }
                }
            }
        }
        @if !own.is_empty() { (table(visitor, &own)) }
    };
    Ok(frame(visitor, Page { here: PAGE, title: w.t("import-title"), ..Page::default() }, &body))
}

fn table(visitor: &Visitor, own: &[Upload]) -> Markup {
    let w = visitor.words;
    html! {
        section aria-labelledby="own-title" {
            h2 id="own-title" { (w.t("import-own")) }
            table class="rows" {
                thead { tr { th scope="col" { (w.t("import-file")) } th scope="col" { (w.t("import-kind")) } th scope="col" { (w.t("col-when")) } th scope="col" { (w.t("col-state")) } } }
                tbody { @for one in own { tr {
                    td { a href={ (PAGE) "/" (one.id) } { (one.name) } }
                    td { (w.code("import-kind", one.kind.word())) }
                    td { (moment(visitor, one.at)) }
                    td { (state(visitor, one)) }
                } } }
            }
        }
    }
}

fn state(visitor: &Visitor, one: &Upload) -> Markup {
    let tone = match one.state {
        State::Arrived | State::Wanted => "",
        State::Judged => "warn",
        State::Imported => "good",
        State::Unusable => "bad",
    };
    tag(&visitor.words.code("import-state", one.state.word()), tone)
}

async fn upload(Known(app): Known<App>, visitor: Visitor, request: Request) -> Result<Response, Error> {
    match arriving::receive(&app, &visitor, request).await? {
        Ok(upload) => {
            work::begin(&app, upload.id).await;
            Ok(to(upload.id))
        }
        Err(why) => {
            let status =
                if why == Refusal::TooLarge { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::UNPROCESSABLE_ENTITY };
            Ok((status, page(&app, &visitor, Some(why))?).into_response())
        }
    }
}

fn to(id: Id<Upload>) -> Response {
    Redirect::to(&format!("{PAGE}/{id}")).into_response()
}

/// The one of that id, when it is theirs.
fn theirs(app: &App, visitor: &Visitor, id: &str) -> Result<Upload, Error> {
    let id = id.parse().map_err(|_| Error::NotFound)?;
    let found = uploads::one_of(app, id, (visitor.dealership.id, visitor.staff().id)).map_err(Error::Internal)?;
    found.ok_or(Error::NotFound)
}

async fn show(Known(app): Known<App>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Error> {
    let upload = theirs(&app, &visitor, &id)?;
    let w = visitor.words;
    let place = Place::of(&app, upload.id);
    let lead = html! { p { (w.code("import-kind", upload.kind.word())) " · " (judged::size(upload.size)) " · " (moment(&visitor, upload.at)) " " (state(&visitor, &upload)) } };
    let body = html! {
        (head(&upload.name, &lead, &html! { a class="button secondary" href=(PAGE) { (w.t("import-another")) } }))
        @match upload.state {
            State::Arrived | State::Wanted => (under_way(&visitor, &upload, place.progress())),
            State::Judged => {
                @if let Some(summary) = &upload.judged { (judged::shown(w, summary)) }
                div class="actions" {
                    form method="post" action={ (PAGE) "/" (upload.id) "/start" } { button class="primary" { (w.t("import-start")) } }
                    form method="post" action={ (PAGE) "/" (upload.id) "/drop" } { button class="secondary" { (w.t("import-drop")) } }
                }
            }
            State::Imported => {
                @if let Some(summary) = &upload.imported {
                    @if summary.rejected > 0 { (rejected_rows(&visitor, &upload, summary.rejected)) }
                    (judged::shown(w, summary))
                }
                form method="post" action={ (PAGE) "/" (upload.id) "/drop" } { button class="secondary" { (w.t("import-forget")) } }
            }
            State::Unusable => {
                section class="card" { p class="error" role="alert" { (w.t("import-unusable")) } p lang="en" { (upload.why.as_deref().unwrap_or_default()) } p class="muted" { (w.t("import-unusable-next")) } }
            }
        }
    };
    let page = frame(&visitor, Page { here: PAGE, title: upload.name.clone(), ..Page::default() }, &body);
    let mut response = page.into_response();
    if matches!(upload.state, State::Arrived | State::Wanted) {
        response.headers_mut().insert(header::REFRESH, AGAIN);
    }
    Ok(response)
}

fn under_way(visitor: &Visitor, upload: &Upload, percent: u64) -> Markup {
    let w = visitor.words;
    html! {
        section class="card" aria-labelledby="way-title" {
            h2 id="way-title" { @if upload.state == State::Arrived { (w.t("import-looking")) } @else { (w.t("import-importing")) } }
            progress class="bar" max="100" value=(percent) aria-labelledby="way-title" { (percent) " %" }
            p class="muted small" { (w.t("import-leave")) }
        }
    }
}

fn rejected_rows(visitor: &Visitor, upload: &Upload, rows: u64) -> Markup {
    let w = visitor.words;
    html! {
        section class="card" aria-labelledby="rejected-title" {
            h2 id="rejected-title" { (w.ta("import-rejected-rows", &[("n", rows.into())])) }
            p { (w.t("import-rejected-lead")) }
            p class="actions" { a class="button primary" href={ (PAGE) "/" (upload.id) "/rejected" } { (w.t("import-rejected-fetch")) } }
        }
    }
}

async fn start(Known(app): Known<App>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Error> {
    let upload = theirs(&app, &visitor, &id)?;
    if work::want(&app, upload.id).map_err(Error::Internal)? {
        work::begin(&app, upload.id).await;
    }
    Ok(to(upload.id))
}

async fn throw_away(Known(app): Known<App>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Error> {
    let upload = theirs(&app, &visitor, &id)?;
    let is_gone = work::throw_away(&app, &upload).map_err(Error::Internal)?;
    Ok(if is_gone { Redirect::to(PAGE).into_response() } else { to(upload.id) })
}

/// The rows that were rejected, as a file to be corrected and chosen here again; read piece by piece.
async fn rejected(Known(app): Known<App>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Error> {
    let upload = theirs(&app, &visitor, &id)?;
    let place = Place::of(&app, upload.id);
    if upload.state != State::Imported {
        return Err(Error::NotFound);
    }
    let file = tokio::fs::File::open(place.rejected()).await.map_err(|_| Error::NotFound)?;
    let pieces = stream::try_unfold(file, |mut file| async move {
        let mut piece = vec![0; PIECE];
        let length = file.read(&mut piece).await?;
        piece.truncate(length);
        Ok::<_, std::io::Error>((length > 0).then_some((piece, file)))
    });
    let name = format!("{}.rejected.csv", upload.name);
    Ok(files::actions::download((&name, "text/csv; charset=utf-8"), Body::from_stream(pieces)))
}
