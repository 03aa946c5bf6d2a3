//! Mail that took no effect, for those who look after the outbox: why, what is in it, and the button to read it again.
use axum::{
    extract::{Path, Query, State},
    response::{Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Inbound, api,
    unread::{self, Unread},
};
use crate::{
    app::App,
    console::{
        Page, Right, Visitor, frame,
        pages::Pages,
        pieces::{empty, head, moment, tag},
    },
    http::Error,
    id::Id,
};

const UNREAD: &str = "/console/mail";
/// So many stand on the page, the newest first.
const MOST: i64 = 100;

pub fn pages() -> Pages {
    Pages::new().get(UNREAD, Right::Outbox, list).get("/console/mail/{id}/raw", Right::HandleOutbox, raw).post(
        "/console/mail/{id}/retry",
        Right::HandleOutbox,
        retry,
    )
}

#[derive(Default, Deserialize)]
struct Asked {
    done: Option<String>,
    /// Those that came before the one with this id.
    after: Option<String>,
}

async fn list(State(app): State<App>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Markup, Error> {
    let w = visitor.words;
    let mails = unread::list(&mut app.db.read().await?, &visitor.access(), asked.after, MOST).await?;
    let is_full = i64::try_from(mails.len()).is_ok_and(|shown| shown >= MOST);
    let last = mails.last().filter(|_| is_full).map(|mail| mail.id);
    let body = html! {
        (head(&w.t("mail-title"), &html! { p { (w.t("mail-lead")) } }, &html! { a class="button secondary" href="/console/outbox" { (w.t("nav-outbox")) } }))
        @if mails.is_empty() { (empty(&w.t("mail-empty"))) }
        @else {
            table class="rows" {
                thead { tr { th scope="col" { (w.t("col-when")) } th scope="col" { (w.t("mail-from")) } th scope="col" { (w.t("col-to")) } th scope="col" { (w.t("col-state")) } th scope="col" { span class="vh" { (w.t("col-action")) } } } }
                tbody { @for mail in &mails { (row(&visitor, mail)) } }
            }
            @if let Some(last) = last { p class="actions" { a class="button secondary" href={ (UNREAD) "?after=" (last) } { (w.t("older")) } } }
        }
    };
    let page = Page {
        here: "/console/outbox",
        title: w.t("mail-title"),
        done: asked.done.is_some().then(|| html! { (w.t("mail-done")) }),
        ..Page::default()
    };
    Ok(frame(&visitor, page, &body))
}

fn row(visitor: &Visitor, mail: &Unread) -> Markup {
    let w = visitor.words;
    let (why, handles) = (mail.reason.as_deref().unwrap_or("unreadable"), visitor.may(Right::HandleOutbox));
    html! {
        tr id={ "row-" (mail.id) } {
            td { (moment(visitor, mail.received_at)) }
            td { (mail.envelope_from.as_deref().filter(|from| !from.is_empty()).unwrap_or("<>")) }
            td { (mail.recipient) }
            td { (tag(&w.code("state", &mail.state), "bad")) br; span class="small" { (w.code("mail-reason", why)) } }
            td class="act" {
                @if handles && mail.is_kept {
                    a class="button secondary" href={ (UNREAD) "/" (mail.id) "/raw" } { (w.t("mail-raw")) }
                    form method="post" action={ (UNREAD) "/" (mail.id) "/retry" } class="inline" { button class="secondary" { (w.t("mail-retry")) } }
                }
            }
        }
    }
}

async fn raw(State(app): State<App>, visitor: Visitor, Path(id): Path<Id<Inbound>>) -> Result<Response, Error> {
    let bytes = unread::raw(&mut app.db.read().await?, &visitor.access(), id).await?.ok_or(Error::NotFound)?;
    Ok(api::download(id, bytes))
}

async fn retry(State(app): State<App>, visitor: Visitor, Path(id): Path<Id<Inbound>>) -> Result<Redirect, Error> {
    if !unread::read_again(&app, &visitor.access(), id, &visitor.actor()).await? {
        return Err(Error::NotFound);
    }
    Ok(Redirect::to(&format!("{UNREAD}?done=1")))
}
