//! `/a/{token}`: a customer looks at an appointment, and confirms it, asks for another time or cancels; on a phone, without script.
use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use jiff::tz::TimeZone;
use maud::{Markup, html};
use serde_json::json;

use super::{
    Appointment, State as Standing,
    actions::{Acted, ask_to_move, cancel_by_customer, confirm_by_customer},
    store::{self, OnPage},
};
use crate::{
    app::App,
    clock::Timestamp,
    db::{self, Weight},
    desk::Desk,
    http::{
        Error,
        public::{Form, asked_for, page},
    },
    id::Id,
    links::{Purpose, Unopened},
    notices::{Locale, wording},
    timeline::Entry,
};

/// The longest wish for another time, in characters.
const LONGEST_WISH: usize = 500;

pub fn routes() -> Router<App> {
    Router::new().route("/a/{token}", get(look).post(act))
}

/// What a customer pressed.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wish {
    Confirm,
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
            "move" => {
                let words: String =
                    field("wishes")?.chars().filter(|c| !c.is_control() || *c == '\n').take(LONGEST_WISH).collect();
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
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&shown, now, Some(words.choose))).into_response());
    };
    let acted = in_a_unit(&app, shown.row.id, wish.clone(), now).await?;
    let words = Words::of(shown.locale);
    let said = match (acted, &wish) {
        (Acted::Done | Acted::Again, Wish::Confirm) => words.confirmed,
        (Acted::Done | Acted::Again, Wish::Move(_)) => words.asked_to_move,
        (Acted::Done | Acted::Again, Wish::Cancel) => words.cancelled,
        (Acted::TooLate(_), _) => words.too_late,
        (Acted::Unknown, _) => return Ok(closed(StatusCode::NOT_FOUND, shown.locale)),
    };
    // Read again: the page shows what is true now.
    Ok(match open(&app, &token, &headers).await? {
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
    line.detail = json!({"wishes": words});
    desk.record(line);
    Ok(())
}

/// An appointment that a good link names, in its reader's language.
struct Shown {
    row: OnPage,
    locale: Locale,
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
    Ok(Ok(Shown { row, locale }))
}

fn closed(status: StatusCode, locale: Locale) -> Response {
    let words = Words::of(locale);
    let (title, text) =
        if status == StatusCode::GONE { (words.over_title, words.over) } else { (words.unknown_title, words.unknown) };
    (status, page(locale, title, &html! { h1 { (title) } p { (text) } })).into_response()
}

/// The appointment, what became of what was pressed, and what can be pressed now.
fn render(shown: &Shown, now: Timestamp, said: Option<&str>) -> Markup {
    let Shown { row, locale } = shown;
    let words = Words::of(*locale);
    let zone = TimeZone::get(&row.time_zone).unwrap_or(TimeZone::UTC);
    let when = row.start_at.map(|at| wording::date_and_time(at.in_zone(&zone).datetime(), *locale));
    let services: Vec<String> = row.services.0.iter().filter_map(|service| service.name.clone()).collect();
    let is_to_come = row.start_at.is_none_or(|start| now < start);
    let is_open = is_to_come && matches!(row.state, Standing::Booked | Standing::Confirmed | Standing::MoveRequested);
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
            @if is_open {
                @if row.state == Standing::Booked {
                    form method="post" { button name="do" value="confirm" { (words.confirm) } }
                }
                form method="post" {
                    label.asked for="wishes" { (words.wishes) }
                    textarea #wishes name="wishes" maxlength=(LONGEST_WISH) {}
                    button.second name="do" value="move" { (words.ask) }
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

/// What the page says, in one language.
struct Words {
    title: &'static str,
    when: &'static str,
    work: &'static str,
    vehicle: &'static str,
    place: &'static str,
    phone: &'static str,
    confirm: &'static str,
    wishes: &'static str,
    ask: &'static str,
    cancel: &'static str,
    sure: &'static str,
    cancel_now: &'static str,
    choose: &'static str,
    confirmed: &'static str,
    asked_to_move: &'static str,
    cancelled: &'static str,
    over_visit: &'static str,
    too_late: &'static str,
    over_title: &'static str,
    over: &'static str,
    unknown_title: &'static str,
    unknown: &'static str,
}

impl Words {
    fn of(locale: Locale) -> &'static Self {
        locale.choose(&ZH, &EN, &JA)
    }
    fn standing(&self, state: Standing) -> Option<&'static str> {
        match state {
            Standing::Confirmed => Some(self.confirmed),
            Standing::MoveRequested => Some(self.asked_to_move),
            Standing::Cancelled => Some(self.cancelled),
            Standing::Arrived | Standing::InService | Standing::Completed | Standing::NoShow => Some(self.over_visit),
            _ => None,
        }
    }
}

const ZH: Words = Words {
    title: "您的预约",
    when: "时间",
    work: "项目",
    vehicle: "车牌",
    place: "地址",
    phone: "电话",
    confirm: "确认到店",
    wishes: "想改时间?请写下方便的日期和时段",
    ask: "请求改期",
    cancel: "取消预约",
    sure: "取消后,这个时间会留给其他客户。",
    cancel_now: "确定取消",
    choose: "请选择确认、改期或取消。",
    confirmed: "已确认,到时见。",
    asked_to_move: "已收到改期请求,服务顾问会与您联系。在此之前,原时间仍为您保留。",
    cancelled: "预约已取消。",
    over_visit: "这次到店已有记录,不能再更改。",
    too_late: "现在已不能在此更改,请致电我们。",
    over_title: "链接已过期",
    over: "这个链接已不再有效,请致电我们。",
    unknown_title: "打不开这个链接",
    unknown: "链接不完整或不是我们发出的。请从邮件中重新打开,或致电我们。",
};
const EN: Words = Words {
    title: "Your appointment",
    when: "When",
    work: "Work",
    vehicle: "Vehicle",
    place: "Address",
    phone: "Telephone",
    confirm: "I will come",
    wishes: "Another time? Write which days and hours suit you",
    ask: "Ask for another time",
    cancel: "Cancel the appointment",
    sure: "Your time will be given to somebody else.",
    cancel_now: "Yes, cancel it",
    choose: "Please confirm, ask for another time, or cancel.",
    confirmed: "Confirmed. See you then.",
    asked_to_move: "We have your request: your advisor will contact you. Until then your time is kept.",
    cancelled: "The appointment is cancelled.",
    over_visit: "This visit is on record and can no longer be changed.",
    too_late: "This can no longer be changed here: please call us.",
    over_title: "This link has ended",
    over: "The link is no longer good. Please call us.",
    unknown_title: "This link cannot be opened",
    unknown: "It is incomplete, or not ours. Open it from the mail again, or call us.",
};
const JA: Words = Words {
    title: "ご予約",
    when: "日時",
    work: "作業内容",
    vehicle: "お車",
    place: "住所",
    phone: "電話",
    confirm: "来店を確認する",
    wishes: "変更をご希望の場合は、ご都合のよい日時をお書きください",
    ask: "日時の変更を依頼する",
    cancel: "予約をキャンセルする",
    sure: "キャンセルすると、このお時間は他のお客様にご案内します。",
    cancel_now: "キャンセルを確定する",
    choose: "確認、変更、キャンセルのいずれかをお選びください。",
    confirmed: "ご来店の確認を承りました。お待ちしております。",
    asked_to_move: "変更のご依頼を承りました。担当者よりご連絡いたします。それまで現在のお時間を確保しております。",
    cancelled: "ご予約をキャンセルしました。",
    over_visit: "このご来店は記録済みのため、変更できません。",
    too_late: "こちらでは変更できません。お電話ください。",
    over_title: "リンクの有効期限が切れています",
    over: "このリンクは使用できません。お電話ください。",
    unknown_title: "リンクを開けません",
    unknown: "リンクが不完全か、当店のものではありません。メールから開き直すか、お電話ください。",
};
