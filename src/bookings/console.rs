//! Booking while somebody is on the telephone: who calls, what is known of their cars, when and what for, what would be wrong
//! with it, booked.
mod form;
mod lacking;
mod times;

use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};

use super::{
    Wanted,
    actions::{self, Booked},
    fields::Fields,
};
use crate::{
    app::App,
    appointments::{api::Shown, slots::offering::Offer},
    console::{
        Page, Right, Visitor, frame,
        pages::Pages,
        pieces::{empty, head, refusal},
    },
    customers::{
        self, Customer,
        actions::{Car, Hit},
    },
    http::{Error, public::Form},
    repairs::actions::{self as repairs, LeftUndone, PastVisit, Whose},
    staff::{self, Staff},
};

/// Where appointments are booked by hand.
pub const BOOK: &str = "/console/book";

pub fn pages() -> Pages {
    Pages::new().get(BOOK, Right::Book, ask).post(BOOK, Right::Book, book).post(
        lacking::COMPLETE,
        Right::Book,
        lacking::complete,
    )
}

/// What the page knows when it is drawn.
#[derive(Default)]
struct Known {
    /// Who may be meant by what was typed.
    hits: Vec<Hit>,
    customer: Option<Customer>,
    cars: Vec<Car>,
    visits: Vec<PastVisit>,
    left_undone: Vec<LeftUndone>,
    advisors: Vec<Staff>,
    is_ours: bool,
    /// The times that can be given, once somebody is booked for.
    offer: Option<Offer>,
    /// Bookings that lack something, while nobody is booked for.
    lacking: Vec<Shown>,
}

impl Known {
    /// Whom it is for is known: the form stands on the page.
    fn is_open(&self, fields: &Fields) -> bool {
        self.customer.is_some() || fields.get("customer") == Some("new")
    }
    /// Nobody is known by what was typed.
    fn is_nobody(&self, fields: &Fields) -> bool {
        self.hits.is_empty() && fields.get("phone").is_some()
    }
}

/// What stands above the form.
enum Note<'a> {
    Nothing,
    Wrong(&'a str),
    /// The booking as it would be, with what is found wrong with it.
    Foreseen(&'a Shown),
}

async fn ask(
    State(app): State<App>,
    visitor: Visitor,
    Query(fields): Query<Vec<(String, String)>>,
) -> Result<Markup, Error> {
    let fields = Fields(fields);
    let known = known(&app, &visitor, &fields).await?;
    Ok(page(&app, &visitor, &fields, &known, &Note::Nothing))
}

/// What is known of the caller, and the times that they can be given.
async fn known(app: &App, visitor: &Visitor, fields: &Fields) -> Result<Known, Error> {
    let mut known = caller(app, visitor, fields).await?;
    if known.is_ours && (known.is_open(fields) || known.is_nobody(fields)) {
        known.offer = Some(times::offered(app, visitor, fields, &known).await?);
    } else if fields.get("phone").is_none() {
        known.lacking = lacking::list(app, visitor).await?;
    }
    Ok(known)
}

async fn caller(app: &App, visitor: &Visitor, fields: &Fields) -> Result<Known, Error> {
    let mut tx = app.db.read().await?;
    let mut known = Known {
        is_ours: actions::is_ours(&mut tx, &visitor.dealership, visitor.now).await?,
        advisors: staff::actions::all_of(&mut tx, visitor.dealership.id).await?,
        ..Known::default()
    };
    known.advisors.retain(|person| person.active && person.roles.iter().any(|role| role == "advisor"));
    let named = fields.get("customer").filter(|named| *named != "new").map(str::to_owned);
    if let (None, Some(typed)) = (&named, fields.get("phone")) {
        known.hits = customers::actions::search(&mut tx, &visitor.dealership, typed).await?;
    }
    // One who calls from a number that one customer has is that customer; anybody can be made somebody new.
    let only = match known.hits.as_slice() {
        [one] if fields.get("customer").is_none() => Some(one.id.to_string()),
        _ => None,
    };
    let Some(id) = named.or(only) else { return Ok(known) };
    let customer = customers::actions::one(&mut tx, &visitor.access(), &id, None).await?;
    known.cars = customers::actions::cars(&mut tx, customer.id).await?;
    (known.visits, known.left_undone) = repairs::history(&mut tx, Whose::Customer(customer.id)).await?;
    known.left_undone.retain(LeftUndone::is_put_off);
    known.customer = Some(customer);
    Ok(known)
}

fn page(app: &App, visitor: &Visitor, fields: &Fields, known: &Known, note: &Note<'_>) -> Markup {
    let w = visitor.words;
    let (is_open, nobody) = (known.is_open(fields), known.is_nobody(fields));
    let body = html! {
        (head(&w.t("book-title"), &html! { p { (w.t("book-lead")) } }, &html! {}))
        @if !known.is_ours { p class="notice" { (w.t("book-elsewhere")) } }
        @else {
            @if let Note::Wrong(said) = note { (refusal(Some(said))) }
            form method="get" action=(BOOK) class="search" role="search" {
                label { span class="vh" { (w.t("book-who")) } input type="search" name="phone" value=(fields.shown("phone")) placeholder=(w.t("book-who")) data-key="/" autofocus[!is_open && !nobody]; }
                button class={ @if is_open { "secondary" } @else { "primary" } } { (w.t("search")) }
            }
            @if is_open || nobody { (form::form(app, visitor, fields, known, note)) }
            @else if !known.hits.is_empty() { (choose(visitor, fields, &known.hits)) }
            @else { (empty(&w.t("book-begin"))) (lacking::section(visitor, &known.lacking)) }
        }
    };
    let done = (fields.get("done") == Some("completed")).then(|| html! { (w.t("done-changed")) });
    let page = Page {
        here: BOOK,
        title: w.t("book-title"),
        done,
        keys: &[("/", "key-search"), ("Ctrl ↵", "key-book")],
        ..Page::default()
    };
    frame(visitor, page, &body)
}

/// Several may be meant, or none of them.
fn choose(visitor: &Visitor, fields: &Fields, hits: &[Hit]) -> Markup {
    let w = visitor.words;
    let typed: String = url::form_urlencoded::byte_serialize(fields.shown("phone").as_bytes()).collect();
    html! {
        section class="card" aria-labelledby="choose-title" {
            h2 id="choose-title" { (w.t("book-choose")) }
            ul class="plain choose" {
                @for (n, hit) in hits.iter().enumerate() {
                    li { a href={ (BOOK) "?phone=" (typed) "&customer=" (hit.id) } data-key=[(n < 9).then_some(n + 1)] {
                        strong { (hit.name.as_deref().unwrap_or(&hit.reference)) } " " span class="muted" { (hit.salutation.as_deref().unwrap_or_default()) }
                        " · " (hit.model.as_deref().unwrap_or_default()) " " span class="num muted" { (hit.plate.as_deref().unwrap_or_default()) }
                        @if n < 9 { " " kbd { (n + 1) } }
                    } }
                }
                li { a href={ (BOOK) "?phone=" (typed) "&customer=new" } { (w.t("book-somebody-new")) } }
            }
        }
    }
}

async fn book(State(app): State<App>, visitor: Visitor, form: Form) -> Result<Response, Error> {
    let fields = Fields(form.0);
    let known = known(&app, &visitor, &fields).await?;
    let again = |error: &Error| {
        let said = said(&visitor, error);
        (error.status(), page(&app, &visitor, &fields, &known, &Note::Wrong(&said))).into_response()
    };
    // Other times were asked for: nothing is booked, nor is anything missing yet.
    if fields.get("then") == Some("times") {
        return Ok(page(&app, &visitor, &fields, &known, &Note::Nothing).into_response());
    }
    let customer = if fields.get("customer") == Some("new") { None } else { known.customer.as_ref() };
    let data = match fields.data(customer, visitor.zone()) {
        Ok(data) => data,
        Err(error) => return Ok(again(&error)),
    };
    let key = fields.get("key").ok_or(Error::NotFound)?.to_owned();
    let wanted = Wanted { data, key, by: visitor.staff().reference.clone(), at: visitor.now };
    let seen = fields.seen();
    let foreseen = match actions::rehearse(&app, &visitor.dealership, &wanted).await {
        Ok(foreseen) => foreseen,
        Err(error @ (Error::Invalid(_) | Error::Conflict(..))) => return Ok(again(&error)),
        Err(error) => return Err(error),
    };
    let is_new = foreseen.warnings.iter().any(|warning| !seen.contains(&warning.code()));
    if is_new || fields.get("then") == Some("check") {
        return Ok((StatusCode::OK, page(&app, &visitor, &fields, &known, &Note::Foreseen(&foreseen))).into_response());
    }
    match actions::book(&app, &visitor.dealership, &wanted).await {
        Ok(Booked::Now(shown) | Booked::Before(shown)) => {
            let customer = shown.customer.map(|customer| customer.id.to_string()).unwrap_or_default();
            Ok(Redirect::to(&format!("/console/customers/{customer}?done=booked")).into_response())
        }
        Err(error @ (Error::Invalid(_) | Error::Conflict(..))) => Ok(again(&error)),
        Err(error) => Err(error),
    }
}

/// In the reader's language, where there are words for it.
fn said(visitor: &Visitor, error: &Error) -> String {
    let w = visitor.words;
    let known = |code: &str, words: &str| {
        if w.knows(&format!("problem-{}", code.replace('_', "-"))) { w.code("problem", code) } else { words.to_owned() }
    };
    match error {
        Error::Conflict(code, words) => known(code, words),
        Error::Invalid(faults) => faults
            .iter()
            .map(|fault| known(fault.code, &format!("{}: {}", fault.pointer.trim_start_matches('/'), fault.message)))
            .collect::<Vec<_>>()
            .join(" "),
        other => other.to_string(),
    }
}
