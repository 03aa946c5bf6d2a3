//! `/a/{token}`: a customer looks at an appointment, and confirms it, takes another time or asks for one, or cancels; on a
//! phone, without script.
mod words;

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use jiff::{SignedDuration, tz::TimeZone};
use maud::{Markup, html};

use self::words::Words;
use super::{
    Appointment, State as Standing,
    actions::{Acted, ask_to_move, cancel_by_customer, confirm_by_customer, take_time},
    slots::{
        Slot,
        offering::{for_a_move, offer},
    },
    store::{self, OnPage},
};
use crate::{
    app::App,
    bookings,
    clock::Timestamp,
    db::{self, Weight},
    desk::Desk,
    http::{
        Access, Error,
        public::{Form, asked_for, page},
    },
    id::Id,
    links::{Purpose, Unopened},
    notices::{Locale, wording},
    timeline::Entry,
};

/// The longest wish for another time, in characters.
const LONGEST_WISH: usize = 500;
/// So many wishes are asked for where no times can be offered.
const WISHES: usize = 3;
/// Times are offered from so long ahead.
const LEAD: SignedDuration = SignedDuration::from_hours(1);
/// So far ahead they are looked for, and so many days are shown.
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 14);
const DAYS: usize = 5;

pub fn routes() -> Router<App> {
    Router::new().route("/a/{token}", get(look).post(act))
}

/// What a customer pressed.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wish {
    Confirm,
    /// One of the times that are offered.
    Take(Timestamp),
    Move(Option<String>),
    Cancel,
}

impl Wish {
    /// None when the form says nothing that we know.
    fn of(fields: &[(String, String)]) -> Option<Self> {
        let field = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim());
        match field("do")? {
            "confirm" => Some(Self::Confirm),
            "cancel" => Some(Self::Cancel),
            "take" => field("slot")?.parse().ok().map(Self::Take),
            "move" => {
                field("wishes")?;
                let wishes = fields.iter().filter(|(key, value)| key == "wishes" && !value.trim().is_empty());
                let wishes: Vec<&str> = wishes.map(|(_, value)| value.trim()).collect();
                let words: String =
                    wishes.join("\n").chars().filter(|c| !c.is_control() || *c == '\n').take(LONGEST_WISH).collect();
                Some(Self::Move(Some(words).filter(|words| !words.is_empty())))
            }
            _ => None,
        }
    }
}

/// Shows the appointment. Mail scanners open every link: nothing changes here.
async fn look(State(app): State<App>, Path(token): Path<String>, headers: HeaderMap) -> Result<Response, Error> {
    Ok(match open(&app, &token, &headers).await? {
        Ok(shown) => render(&shown, app.ids.clock.now(), None).into_response(),
        Err(closed) => closed,
    })
}

/// Does what was pressed; pressed twice it is the same.
async fn act(
    State(app): State<App>,
    Path(token): Path<String>,
    headers: HeaderMap,
    Form(fields): Form,
) -> Result<Response, Error> {
    let shown = match open(&app, &token, &headers).await? {
        Ok(shown) => shown,
        Err(closed) => return Ok(closed),
    };
    let now = app.ids.clock.now();
    let Some(wish) = Wish::of(&fields) else {
        let words = Words::of(shown.locale);
        let said = if fields.iter().any(|(key, value)| key == "do" && value == "take") {
            words.first_pick
        } else {
            words.choose
        };
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&shown, now, Some(said))).into_response());
    };
    let acted = in_a_unit(&app, shown.row.id, wish.clone(), now).await?;
    let words = Words::of(shown.locale);
    let said = match (acted, &wish) {
        (Acted::Done | Acted::Again, Wish::Confirm) => words.confirmed,
        (Acted::Done | Acted::Again, Wish::Take(_)) => words.moved,
        (Acted::Done | Acted::Again, Wish::Move(_)) => words.asked_to_move,
        (Acted::Done | Acted::Again, Wish::Cancel) => words.cancelled,
        (Acted::Taken, _) => words.taken,
        (Acted::TooLate(_), _) => words.too_late,
        (Acted::Unknown, _) => return Ok(closed(StatusCode::NOT_FOUND, shown.locale)),
    };
    // Read again: the page shows what is true now.
    Ok(match open(&app, &token, &headers).await? {
        Ok(shown) if acted == Acted::Taken => (StatusCode::CONFLICT, render(&shown, now, Some(said))).into_response(),
        Ok(shown) => render(&shown, now, Some(said)).into_response(),
        Err(closed) => closed,
    })
}

async fn in_a_unit(app: &App, id: Id<Appointment>, wish: Wish, now: Timestamp) -> Result<Acted, Error> {
    let desk_app = app.clone();
    let done = app.db.write(Weight::ONE, move |tx| {
        let (app, wish) = (desk_app.clone(), wish.clone());
        Box::pin(async move {
            let mut desk = Desk::open(tx, &app);
            let acted = match &wish {
                Wish::Confirm => confirm_by_customer(&mut desk, id, "link", now).await?,
                Wish::Take(start) => take_time(&mut desk, id, *start, "link", now).await?,
                Wish::Cancel => cancel_by_customer(&mut desk, id, "link", now).await?,
                Wish::Move(_) => ask_to_move(&mut desk, id, "link", now).await?,
            };
            if let (Wish::Move(Some(words)), Acted::Done | Acted::Again) = (&wish, acted) {
                note_wishes(&mut desk, id, words, now).await?;
            }
            desk.close().await?;
            Ok::<_, db::Error>(acted)
        })
    });
    Ok(done.await?)
}

/// Which times would suit them, for the advisor who answers.
async fn note_wishes(desk: &mut Desk<'_>, id: Id<Appointment>, words: &str, now: Timestamp) -> db::Result<()> {
    let Some(row) = store::on_page(desk.tx, &id.to_string()).await? else { return Ok(()) };
    let mut line = Entry::new(desk.id(), row.dealership_id, now, "appointment.times_wished");
    line.step = Some(1);
    line.customer_id = row.customer_id;
    line.appointment_id = Some(id);
    line.actor = Some("customer".to_owned());
    desk.record(line);
    // Their words are no part of the record, which nothing can be taken out of.
    store::wish(desk.tx, id, words).await
}

/// An appointment that a good link names, in its reader's language.
struct Shown {
    row: OnPage,
    locale: Locale,
    /// The times that it can be moved to; none where another system keeps the book, or nothing is free.
    slots: Vec<Slot>,
}

async fn open(app: &App, token: &str, headers: &HeaderMap) -> Result<Result<Shown, Response>, Error> {
    let claim = match app.links.key().await?.open(Purpose::Appointment, token, app.ids.clock.now()) {
        Ok(claim) => claim,
        Err(Unopened::Forged) => return Ok(Err(closed(StatusCode::NOT_FOUND, asked_for(headers)))),
        Err(Unopened::Expired) => return Ok(Err(closed(StatusCode::GONE, asked_for(headers)))),
    };
    let Some(row) = store::on_page(&mut app.db.read().await?, &claim.subject).await? else {
        return Ok(Err(closed(StatusCode::NOT_FOUND, asked_for(headers))));
    };
    let locale = Locale::of(row.language.as_deref(), Some(&row.locale));
    let slots = if is_open(&row, app.ids.clock.now()) { offered(app, &row).await? } else { Vec::new() };
    Ok(Ok(Shown { row, locale, slots }))
}

/// It is still to come, and may be confirmed, moved and cancelled here.
fn is_open(row: &OnPage, now: Timestamp) -> bool {
    let is_to_come = row.start_at.is_none_or(|start| now < start);
    is_to_come && matches!(row.state, Standing::Booked | Standing::Confirmed | Standing::MoveRequested)
}

/// Times that can be given in its place, where the book is kept here: those that depend on a part only where all do.
async fn offered(app: &App, row: &OnPage) -> Result<Vec<Slot>, Error> {
    let Some(dealership) = app.directory.by_id(row.dealership_id).await? else { return Ok(Vec::new()) };
    let (now, id) = (app.ids.clock.now(), row.id.to_string());
    let mut tx = app.db.read().await?;
    if !bookings::actions::is_ours(&mut tx, &dealership, now).await? {
        return Ok(Vec::new());
    }
    let access = Access::Only(vec![dealership.id]);
    let Some(found) = store::list_by_reference(&mut tx, &access, &id, None).await?.pop() else { return Ok(Vec::new()) };
    let wish = for_a_move(&mut tx, &dealership, &found.appointment).await?;
    let mut slots = offer(&mut tx, &dealership, &wish, (now.plus(LEAD), now.plus(AHEAD)), now).await?.slots;
    slots.retain(|slot| Some(slot.start_at) != row.start_at);
    if slots.iter().any(|slot| !slot.conditional) {
        slots.retain(|slot| !slot.conditional);
    }
    let date = |slot: &Slot| slot.start_at.in_zone(&dealership.zone).date();
    let mut dates: Vec<_> = slots.iter().map(date).collect();
    dates.dedup();
    dates.truncate(DAYS);
    slots.retain(|slot| dates.contains(&date(slot)));
    Ok(slots)
}

fn closed(status: StatusCode, locale: Locale) -> Response {
    let words = Words::of(locale);
    let (title, text) =
        if status == StatusCode::GONE { (words.over_title, words.over) } else { (words.unknown_title, words.unknown) };
    (status, page(locale, title, &html! { h1 { (title) } p { (text) } })).into_response()
}

/// The appointment, what became of what was pressed, and what can be pressed now.
fn render(shown: &Shown, now: Timestamp, said: Option<&str>) -> Markup {
    let Shown { row, locale, slots } = shown;
    let words = Words::of(*locale);
    let zone = TimeZone::get(&row.time_zone).unwrap_or(TimeZone::UTC);
    let when = row.start_at.map(|at| wording::date_and_time(at.in_zone(&zone).datetime(), *locale));
    let services: Vec<String> = row.services.0.iter().filter_map(|service| service.name.clone()).collect();
    page(
        *locale,
        words.title,
        &html! {
            header { p { (row.dealer) " · " (row.department) } }
            h1 { (words.title) }
            @if let Some(said) = said { p.said role="status" { (said) } }
            @else if let Some(standing) = words.standing(row.state) { p.said { (standing) } }
            dl {
                @if let Some(when) = when { dt { (words.when) } dd { (when) } }
                @if let Some(services) = wording::join(&services, *locale) { dt { (words.work) } dd { (services) } }
                @if let Some(plate) = &row.plate { dt { (words.vehicle) } dd { (plate) } }
                dt { (words.place) } dd { (row.address) }
                dt { (words.phone) } dd { a href=(wording::tel_link(&row.phone, &row.region)) { (row.phone) } }
            }
            @if is_open(row, now) {
                @if row.state == Standing::Booked {
                    form method="post" { button name="do" value="confirm" { (words.confirm) } }
                }
                @if slots.is_empty() { (wishes(words, words.wishes)) }
                @else {
                    (times(words, *locale, &zone, slots))
                    details { summary { (words.none_suits) } (wishes(words, words.none_suits)) }
                }
                details {
                    summary { (words.cancel) }
                    p { (words.sure) }
                    form method="post" { button.second name="do" value="cancel" { (words.cancel_now) } }
                }
            }
        },
    )
}

/// The times that can be given, day by day; one is taken at once.
fn times(words: &Words, locale: Locale, zone: &TimeZone, slots: &[Slot]) -> Markup {
    let date = |slot: &Slot| slot.start_at.in_zone(zone).date();
    html! {
        form method="post" {
            h2 { (words.pick) }
            @for day in slots.chunk_by(|one, other| date(one) == date(other)) {
                fieldset {
                    legend { (wording::date(date(&day[0]), locale)) @if day[0].conditional { " · " (words.conditional) } }
                    div.choices { @for slot in day {
                        label { input type="radio" name="slot" value=(slot.start_at); span { (wording::time(slot.start_at.in_zone(zone).time(), locale)) } }
                    } }
                }
            }
            button.second name="do" value="take" { (words.take) }
        }
    }
}

/// Where no time can be offered, or none suits: up to three wishes, which an advisor answers.
fn wishes(words: &Words, asked: &str) -> Markup {
    html! {
        form method="post" {
            fieldset {
                legend { (asked) }
                @for n in 1..=WISHES { input type="text" name="wishes" maxlength=(LONGEST_WISH / WISHES) aria-label={ (words.wish) " " (n) } autocomplete="off"; }
            }
            button.second name="do" value="move" { (words.ask) }
        }
    }
}
