//! `/u/{token}`: a customer says what they wish to hear of, how, and in which language; and the one click of RFC 8058.
use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use maud::{Markup, html};

use super::{
    Action, Consent, Purpose, Source, Suppression,
    actions::{self, NewSuppression, Said},
};
use crate::{
    app::App,
    customers::{self, Customer},
    db::{self, Weight},
    desk::Desk,
    http::{
        Access, Error,
        body::RawBody,
        public::{asked_for, page},
        storable,
    },
    links::{Purpose as Link, Unopened},
    notices::{ChannelName, Locale},
};

/// What our own page writes as the reason of a suppression; only such are lifted by it.
const BY_PAGE: &str = "preferences";

pub fn routes() -> Router<App> {
    Router::new().route("/u/{token}", get(look).post(say))
}

/// What a link to this page names: a customer, and the list that one click leaves (RFC 8058: the address itself says both).
pub fn subject(customer: &str, list: Option<Purpose>) -> String {
    match list {
        Some(Purpose::Marketing) => format!("{customer}:marketing"),
        Some(_) => format!("{customer}:followup"),
        None => customer.to_owned(),
    }
}

struct Opened {
    customer: Customer,
    list: Option<Purpose>,
    locale: Locale,
}

async fn open(app: &App, token: &str, headers: &HeaderMap) -> Result<Result<Opened, Response>, Error> {
    let claim = match app.links.key().await?.open(Link::Preferences, token, app.ids.clock.now()) {
        Ok(claim) => claim,
        Err(Unopened::Forged) => return Ok(Err(closed(StatusCode::NOT_FOUND, asked_for(headers)))),
        Err(Unopened::Expired) => return Ok(Err(closed(StatusCode::GONE, asked_for(headers)))),
    };
    let (id, list) =
        claim.subject.split_once(':').map_or((claim.subject.as_str(), None), |(id, list)| (id, Some(list)));
    let list = list.map(|list| if list == "marketing" { Purpose::Marketing } else { Purpose::Followup });
    let mut tx = app.db.read().await?;
    let customer = match customers::actions::one(&mut tx, &Access::All, id, None).await {
        Ok(customer) => customer,
        Err(Error::NotFound) => return Ok(Err(closed(StatusCode::NOT_FOUND, asked_for(headers)))),
        Err(error) => return Err(error),
    };
    let locale = customer.language.as_deref().and_then(Locale::parse).unwrap_or_else(|| asked_for(headers));
    Ok(Ok(Opened { customer, list, locale }))
}

fn closed(status: StatusCode, locale: Locale) -> Response {
    let words = Words::of(locale);
    (status, page(locale, words.closed_title, &html! { h1 { (words.closed_title) } p { (words.closed) } }))
        .into_response()
}

/// Shows the wishes. Mail scanners open every link: nothing changes here.
async fn look(State(app): State<App>, Path(token): Path<String>, headers: HeaderMap) -> Result<Response, Error> {
    match open(&app, &token, &headers).await? {
        Ok(opened) => Ok(form(&app, &opened, false).await?.into_response()),
        Err(closed) => Ok(closed),
    }
}

/// One click, or the form. Both answer 200 without a redirect.
async fn say(
    State(app): State<App>,
    Path(token): Path<String>,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<Response, Error> {
    let opened = match open(&app, &token, &headers).await? {
        Ok(opened) => opened,
        Err(closed) => return Ok(closed),
    };
    let fields = storable::form(&body)?;
    // As a form or as multipart: both are allowed, and nothing else has this name.
    let one_click = String::from_utf8_lossy(&body).contains("List-Unsubscribe");
    let wishes = if one_click { Wishes::leaving(opened.list) } else { Wishes::of(&fields) };
    apply(&app, &opened.customer, wishes, if one_click { Source::OneClick } else { Source::Form }).await?;
    if one_click {
        let words = Words::of(opened.locale);
        let body = html! { h1 { (words.left_title) } p { (words.left) } };
        return Ok(page(opened.locale, words.left_title, &body).into_response());
    }
    match open(&app, &token, &headers).await? {
        Ok(opened) => Ok(form(&app, &opened, true).await?.into_response()),
        Err(closed) => Ok(closed),
    }
}

/// What somebody wishes; None leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Wishes {
    marketing: Option<bool>,
    followup: Option<bool>,
    sms: Option<bool>,
    email: Option<bool>,
    language: Option<Locale>,
    /// The inner None is no preference.
    #[expect(clippy::option_option, reason = "not asked, asked and none, asked and one: three things")]
    preferred: Option<Option<ChannelName>>,
}

impl Wishes {
    fn leaving(list: Option<Purpose>) -> Self {
        let (marketing, followup) = match list {
            Some(Purpose::Marketing) => (Some(false), None),
            Some(_) => (None, Some(false)),
            // A link that names no list leaves both: the wider reading is the reader's.
            None => (Some(false), Some(false)),
        };
        Self { marketing, followup, ..Self::default() }
    }
    /// A box that is not ticked is not posted.
    fn of(fields: &[(String, String)]) -> Self {
        let field = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let ticked = |name: &str| Some(field(name).is_some());
        Self {
            marketing: ticked("marketing"),
            followup: ticked("followup"),
            sms: ticked("sms"),
            email: ticked("email"),
            language: field("language").and_then(Locale::parse),
            preferred: field("preferred").map(|channel| match channel {
                "email" => Some(ChannelName::Email),
                "sms" => Some(ChannelName::Sms),
                _ => None,
            }),
        }
    }
}

/// What holds now.
struct Now {
    marketing: bool,
    followup: bool,
    suppressions: Vec<Suppression>,
}

impl Now {
    async fn read(tx: &mut db::Tx, customer: &Customer) -> db::Result<Self> {
        let ledger = actions::ledger(tx, customer.id).await?;
        let last = |purposes: &[Purpose]| {
            let of = |consent: &&Consent| purposes.contains(&consent.purpose) && consent.channel.is_none();
            ledger
                .iter()
                .filter(of)
                .max_by_key(|consent| (consent.at, consent.recorded_at))
                .map(|consent| consent.action)
        };
        let suppressions = actions::suppressions(tx, &Access::All, Some(customer.id.to_string()), (None, 500)).await?;
        Ok(Self {
            marketing: last(&[Purpose::Marketing]) == Some(Action::Grant),
            followup: last(&[Purpose::Followup, Purpose::Survey]) != Some(Action::Revoke),
            suppressions: suppressions.into_iter().filter(|one| one.lifted_at.is_none()).collect(),
        })
    }
    /// The suppressions of a whole channel that end messages on it.
    fn stops(&self, channel: ChannelName) -> impl Iterator<Item = &Suppression> {
        self.suppressions.iter().filter(move |one| one.scope == "all" && one.channel == Some(channel))
    }
    fn wants(&self, channel: ChannelName) -> bool {
        self.stops(channel).next().is_none()
    }
}

async fn apply(app: &App, customer: &Customer, wishes: Wishes, source: Source) -> Result<(), Error> {
    let (desk_app, customer) = (app.clone(), customer.clone());
    let done = app.db.write(Weight::ONE, move |tx| {
        let (app, customer, wishes) = (desk_app.clone(), customer.clone(), wishes.clone());
        Box::pin(async move {
            let mut desk = Desk::open(tx, &app);
            let now = Now::read(desk.tx, &customer).await?;
            let mut said = Vec::new();
            for (wish, holds, purpose) in [
                (wishes.marketing, now.marketing, Purpose::Marketing),
                (wishes.followup, now.followup, Purpose::Followup),
            ] {
                // A no is written down even where nothing was agreed: it is evidence, and it outlives a later import.
                let Some(wish) = wish.filter(|wish| *wish != holds || (!*wish && source == Source::OneClick)) else {
                    continue;
                };
                said.push(Said {
                    purpose,
                    action: if wish { Action::Grant } else { Action::Revoke },
                    channel: None,
                    source,
                    evidence: Some("/u".to_owned()),
                    text_version: Some("preferences-1".to_owned()),
                    at: desk.now,
                });
            }
            actions::say(&mut desk, (customer.dealership_id, customer.id), &said, "customer").await?;
            for (wish, channel) in [(wishes.sms, ChannelName::Sms), (wishes.email, ChannelName::Email)] {
                match wish {
                    Some(false) if now.wants(channel) => {
                        let stop = NewSuppression {
                            dealership_id: customer.dealership_id,
                            customer_id: Some(customer.id),
                            address: None,
                            channel: Some(channel),
                            scope: "all".to_owned(),
                            reason: BY_PAGE.to_owned(),
                            until: None,
                            by: "customer".to_owned(),
                        };
                        actions::suppress(&mut desk, &[stop]).await?;
                    }
                    Some(true) => {
                        let stops: Vec<_> =
                            now.stops(channel).filter(|one| one.reason == BY_PAGE).map(|one| one.id).collect();
                        for id in stops {
                            actions::lift(&mut desk, &Access::All, id, "customer", Some(BY_PAGE.to_owned())).await?;
                        }
                    }
                    _ => {}
                }
            }
            let language = wishes.language.map(|locale| locale.code().to_owned());
            customers::actions::set_wishes(&mut desk, &customer, language, wishes.preferred).await?;
            desk.close().await?;
            Ok::<_, db::Error>(())
        })
    });
    Ok(done.await?)
}

async fn form(app: &App, opened: &Opened, saved: bool) -> Result<Markup, Error> {
    let words = Words::of(opened.locale);
    let customer = &opened.customer;
    let now = Now::read(&mut app.db.read().await?, customer).await?;
    let tick = |name: &str, is_on: bool, text: &str| {
        html! { label.tick { input type="checkbox" name=(name) value="1" checked[is_on]; span { (text) } } }
    };
    let radio = |value: &str, is_on: bool, text: &str| {
        html! { label.tick { input type="radio" name="preferred" value=(value) checked[is_on]; span { (text) } } }
    };
    let languages = [(Locale::ZhCn, "简体中文"), (Locale::En, "English"), (Locale::Ja, "日本語")];
    Ok(page(
        opened.locale,
        words.title,
        &html! {
            h1 { (words.title) }
            @if saved { p.said role="status" { (words.saved) } }
            form method="post" {
                fieldset { legend { (words.topics) }
                    (tick("marketing", now.marketing, words.marketing)) (tick("followup", now.followup, words.followup))
                    p.small { (words.always) } }
                fieldset { legend { (words.channels) }
                    (tick("sms", now.wants(ChannelName::Sms), words.sms)) (tick("email", now.wants(ChannelName::Email), words.email)) }
                fieldset { legend { (words.preferred) }
                    (radio("none", customer.preferred_channel.is_none(), words.no_preference))
                    (radio("sms", customer.preferred_channel == Some(ChannelName::Sms), words.sms))
                    (radio("email", customer.preferred_channel == Some(ChannelName::Email), words.email)) }
                fieldset { legend { label for="language" { (words.language) } }
                    select #language name="language" {
                        @for (locale, name) in languages { option value=(locale.code()) selected[locale == opened.locale] { (name) } }
                    } }
                button { (words.save) }
            }
        },
    ))
}

/// What the page says, in one language.
struct Words {
    title: &'static str,
    topics: &'static str,
    marketing: &'static str,
    followup: &'static str,
    always: &'static str,
    channels: &'static str,
    sms: &'static str,
    email: &'static str,
    preferred: &'static str,
    no_preference: &'static str,
    language: &'static str,
    save: &'static str,
    saved: &'static str,
    left_title: &'static str,
    left: &'static str,
    closed_title: &'static str,
    closed: &'static str,
}

impl Words {
    fn of(locale: Locale) -> &'static Self {
        locale.choose(&ZH, &EN, &JA)
    }
}

const ZH: Words = Words {
    title: "联系偏好",
    topics: "您想收到什么",
    marketing: "保养到期提醒和优惠活动",
    followup: "到店后的回访和满意度调查",
    always: "您预约、维修和零件的通知，以及召回通知，不受影响。",
    channels: "可以用什么方式联系您",
    sms: "短信",
    email: "电子邮件",
    preferred: "首选方式",
    no_preference: "都可以",
    language: "语言",
    save: "保存",
    saved: "已保存。",
    left_title: "已退订",
    left: "您不会再收到这类消息。",
    closed_title: "打不开这个链接",
    closed: "链接不完整、已过期或不是我们发出的。请从最近的邮件中打开。",
};
const EN: Words = Words {
    title: "How we may contact you",
    topics: "What you would like to hear of",
    marketing: "Maintenance coming up, and offers",
    followup: "How your visit was: calls and surveys",
    always: "What concerns your own appointment, repair or parts, and recalls, still reaches you.",
    channels: "How we may reach you",
    sms: "SMS",
    email: "E-mail",
    preferred: "What you like best",
    no_preference: "Either",
    language: "Language",
    save: "Save",
    saved: "Saved.",
    left_title: "Unsubscribed",
    left: "You will not receive messages of this kind any more.",
    closed_title: "This link cannot be opened",
    closed: "It is incomplete, has ended, or is not ours. Please open it from a newer mail.",
};
const JA: Words = Words {
    title: "ご連絡の設定",
    topics: "受け取りたい内容",
    marketing: "点検時期のご案内・お得な情報",
    followup: "ご来店後のお伺い・アンケート",
    always: "ご予約・修理・部品のご連絡、およびリコールのお知らせは引き続きお届けします。",
    channels: "ご連絡方法",
    sms: "SMS",
    email: "メール",
    preferred: "ご希望の方法",
    no_preference: "どちらでも",
    language: "言語",
    save: "保存",
    saved: "保存しました。",
    left_title: "配信を停止しました",
    left: "この種類のお知らせは今後届きません。",
    closed_title: "リンクを開けません",
    closed: "リンクが不完全か、有効期限が切れているか、当店のものではありません。新しいメールから開いてください。",
};
