//! The advisors' screens: what waits for an answer with its countdown, and one thread with the place to answer.
mod list;
mod menu;
mod sorting_out;
mod thread;

use axum::{
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::Markup;
use serde::Deserialize;

use super::{
    Channel, Inquiry, PromiseClock, Said, State as InquiryState,
    actions::{self, Deed, NewReply, NoReply, unfilled},
    store::{self, Found},
};
use crate::{
    app::App,
    calendar::local_moment,
    console::{Right, Visitor, pages::Pages},
    db::{Tx, Weight},
    desk,
    files::{self, File},
    http::{Error, public::Form, uploads::Uploads},
    id::Id,
    rights,
    staff::{self, Staff},
};

const LIST: &str = "/console/inquiries";
/// The longest answer in characters.
const LONGEST: usize = 20_000;

pub fn pages() -> Pages {
    Pages::new()
        .get(LIST, Right::Inquiries, list::show)
        .get("/console/inquiries/live/list", Right::Inquiries, list::live)
        .get("/console/inquiries/{id}", Right::Inquiries, look)
        .get("/console/inquiries/{id}/live", Right::Inquiries, thread::live)
        .post("/console/inquiries/{id}/reply", Right::Inquiries, reply)
        .post("/console/inquiries/{id}/claim", Right::Inquiries, claim)
        .post("/console/inquiries/{id}/take", Right::Inquiries, take)
        .post("/console/inquiries/{id}/assign", Right::Inquiries, assign)
        .post("/console/inquiries/{id}/close", Right::Inquiries, close)
        .post("/console/inquiries/{id}/spam", Right::Inquiries, spam)
        .post("/console/inquiries/{id}/merge", Right::Inquiries, sorting_out::merge)
        .post("/console/inquiries/{id}/split", Right::Inquiries, sorting_out::split)
        .get("/console/inquiries/{id}/files/{file}", Right::Inquiries, sorting_out::download)
}

#[derive(Default, Deserialize)]
struct Shown {
    done: Option<String>,
    /// The code of the canned reply to begin from.
    canned: Option<String>,
}

async fn look(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<Id<Inquiry>>,
    Query(shown): Query<Shown>,
) -> Result<Markup, Error> {
    let written = Written { canned: shown.canned, ..Written::default() };
    page(&app, &visitor, id, shown.done.as_deref(), written).await
}

/// What was typed and why it did not go, so that nobody types it twice.
#[derive(Default)]
struct Written {
    text: String,
    wrong: Option<String>,
    /// The canned reply that was chosen.
    canned: Option<String>,
}

/// One thread with all that its page shows.
struct Looked {
    found: Found,
    entries: Vec<Said>,
    clocks: Vec<PromiseClock>,
    files: Vec<File>,
    /// The canned replies of the house, in the customer's language.
    menu: Vec<menu::Choice>,
    staff: Vec<Staff>,
}

impl Looked {
    async fn at(app: &App, visitor: &Visitor, id: Id<Inquiry>) -> Result<Self, Error> {
        let mut tx = app.db.read().await?;
        let found = find(&mut tx, visitor, id).await?;
        let ids = [found.inquiry.id.to_string()];
        let entries = store::entries(&mut tx, &ids).await?;
        let owners: Vec<String> = entries.iter().map(|entry| entry.id.to_string()).collect();
        Ok(Self {
            clocks: store::clocks(&mut tx, &ids).await?,
            files: files::actions::of(&mut tx, &owners).await?,
            menu: menu::of(&mut tx, &visitor.dealership, found.language()).await?,
            staff: staff::actions::all_of(&mut tx, visitor.dealership.id).await?,
            found,
            entries,
        })
    }
}

async fn page(
    app: &App,
    visitor: &Visitor,
    id: Id<Inquiry>,
    done: Option<&str>,
    mut written: Written,
) -> Result<Markup, Error> {
    let looked = Looked::at(app, visitor, id).await?;
    let chosen = looked.menu.iter().find(|choice| written.canned.as_deref() == Some(&choice.code));
    if let Some(chosen) = chosen.filter(|_| written.text.is_empty()) {
        written.text.clone_from(&chosen.body);
    }
    Ok(thread::page(visitor, &looked, done, &written))
}

async fn find(tx: &mut Tx, visitor: &Visitor, id: Id<Inquiry>) -> Result<Found, Error> {
    Error::unless_one(store::list_by_reference(tx, &visitor.access(), &id.to_string(), None).await?)
}

/// Sends what was written, unless somebody wrote first: then the page comes back with both.
async fn reply(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<Id<Inquiry>>,
    Uploads { form, files }: Uploads,
) -> Result<Response, Error> {
    find(&mut app.db.read().await?, &visitor, id).await?;
    let w = visitor.words;
    let had_files = !files.is_empty();
    let text = form.get("text").unwrap_or_default().to_owned();
    let by_phone = form.get("how") == Some("phone");
    let send_at = match form.get("send_at").filter(|_| !by_phone) {
        None => None,
        Some(typed) => {
            let at = typed.parse().map_err(|_| Error::invalid("/send_at", "not_a_time", "must be a day and a time"))?;
            Some(local_moment(at, visitor.zone()))
        }
    };
    let again = async |wrong: String, status: StatusCode| {
        // No page can put files back into a form: whoever chose them is told to choose them again.
        let wrong = if had_files { format!("{wrong} {}", w.t("reply-files-again")) } else { wrong };
        let written = Written { text: text.clone(), wrong: Some(wrong), canned: None };
        Ok((status, page(&app, &visitor, id, None, written).await?).into_response())
    };
    if text.is_empty() || text.chars().count() > LONGEST {
        return again(w.t("reply-empty"), StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    if let Some(prompt) = unfilled(&text).first() {
        let wrong = w.ta("reply-unfilled", &[("what", prompt.clone().into())]);
        return again(wrong, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let files = match menu::enclosed(&files, by_phone) {
        Ok(files) => files,
        Err(unfit) => return again(w.code("unfit", unfit), StatusCode::UNPROCESSABLE_ENTITY).await,
    };
    let new = NewReply {
        text: text.clone(),
        channel: if by_phone { Channel::Phone } else { Channel::Email },
        staff: visitor.staff().clone(),
        actor: visitor.actor(),
        seen: form.get("seen").and_then(|seen| seen.parse().ok()),
        not_before: send_at,
        idempotency_key: form.get("key").map(str::to_owned),
        files,
        spoken: None,
    };
    let answered = desk::at(&app, Weight::ONE, move |desk| {
        let new = new.clone();
        Box::pin(async move {
            rights::actions::hold_off(desk.tx).await?;
            actions::answer(desk, id, &new).await
        })
    })
    .await;
    match answered {
        Ok(_) => {
            let done = if by_phone {
                "phoned"
            } else if send_at.is_some() {
                "scheduled"
            } else {
                "sent"
            };
            Ok(Redirect::to(&format!("{LIST}/{id}?done={done}")).into_response())
        }
        Err(NoReply::Database(error)) => Err(error.into()),
        Err(refused) => {
            let wrong = match &refused {
                NoReply::NewerMessage => w.t("reply-newer-message"),
                NoReply::NewerReply => w.t("reply-newer-reply"),
                NoReply::Claimed(who) => w.ta("reply-claimed", &[("who", who.clone().into())]),
                NoReply::NoAddress => w.t("reply-no-address"),
                NoReply::SetAside => w.t("reply-set-aside"),
                NoReply::KeyReused | NoReply::Database(_) => w.t("reply-again"),
            };
            again(wrong, StatusCode::CONFLICT).await
        }
    }
}

/// The page says that somebody has begun to write.
async fn claim(State(app): State<App>, visitor: Visitor, Path(id): Path<Id<Inquiry>>) -> Result<StatusCode, Error> {
    decide(&app, &visitor, id, Deed::Claim(visitor.staff().reference.clone())).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn take(State(app): State<App>, visitor: Visitor, Path(id): Path<Id<Inquiry>>) -> Result<Redirect, Error> {
    decide(&app, &visitor, id, Deed::Assign(Box::new(visitor.staff().clone()))).await?;
    Ok(Redirect::to(&format!("{LIST}/{id}?done=assigned")))
}

async fn assign(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<Id<Inquiry>>,
    form: Form,
) -> Result<Redirect, Error> {
    let to = person(&app, &visitor, form.get("to").unwrap_or_default()).await?;
    decide(&app, &visitor, id, Deed::Assign(Box::new(to))).await?;
    Ok(Redirect::to(&format!("{LIST}/{id}?done=assigned")))
}

async fn close(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<Id<Inquiry>>,
    form: Form,
) -> Result<Redirect, Error> {
    decide(&app, &visitor, id, Deed::Close(reason(&form)?)).await?;
    Ok(Redirect::to(&format!("{LIST}?done=closed")))
}

async fn spam(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<Id<Inquiry>>,
    form: Form,
) -> Result<Redirect, Error> {
    decide(&app, &visitor, id, Deed::Spam(reason(&form)?)).await?;
    Ok(Redirect::to(&format!("{LIST}?done=spam")))
}

fn reason(form: &Form) -> Result<String, Error> {
    let reason = form.get("reason").ok_or_else(|| Error::invalid("/reason", "reason_required", "say why"))?;
    Ok(reason.chars().take(200).collect())
}

async fn person(app: &App, visitor: &Visitor, reference: &str) -> Result<Staff, Error> {
    let mut tx = app.db.read().await?;
    let found = match staff::actions::find_id(&mut tx, visitor.dealership.id, reference).await? {
        Some(id) => staff::actions::find(&mut tx, id).await?,
        None => None,
    };
    let nobody = || Error::invalid("/to", "unknown_staff", "nobody of that ref works here");
    found.filter(|staff| staff.active).ok_or_else(nobody)
}

/// Does it; answers the inquiry it came to.
async fn decide(app: &App, visitor: &Visitor, id: Id<Inquiry>, deed: Deed) -> Result<Id<Inquiry>, Error> {
    find(&mut app.db.read().await?, visitor, id).await?;
    let actor = visitor.actor();
    let came_to = desk::at(app, Weight::ONE, move |desk| {
        let (deed, actor) = (deed.clone(), actor.clone());
        Box::pin(async move { actions::decide(desk, id, &deed, &actor).await })
    });
    Ok(came_to.await?)
}

fn tone(state: InquiryState) -> &'static str {
    match state {
        InquiryState::New => "warn",
        InquiryState::Answered | InquiryState::Closed => "good",
        InquiryState::Assigned | InquiryState::Spam | InquiryState::Merged => "",
    }
}
