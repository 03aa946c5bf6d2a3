//! A test of a channel from the dealership's own page: what the other side says to it stands beside it.
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};

use super::{Note, Sheet, page};
use crate::{
    app::App,
    channels::{Delivered, Outcome, sms::Approved, wecom},
    config::Provider,
    console::Visitor,
    customers::phone::{self, Phone},
    dealerships::looks_like_an_address,
    http::{Error, public::Form},
    lanes,
    messages::trial,
    notices::{ChannelName, letters::Rendered},
    texts::providers,
};

/// In the order in which they stand in the list.
const TESTED: [ChannelName; 4] = [ChannelName::Email, ChannelName::Sms, ChannelName::Wechat, ChannelName::Wecom];

/// Whether the configuration has a way out for this channel.
pub(super) fn is_set(app: &App, channel: ChannelName) -> bool {
    let config = &app.config;
    match channel {
        ChannelName::Email => config.email.url.is_some(),
        ChannelName::Sms => config.sms.provider != Provider::None,
        ChannelName::Wechat => config.wechat.provider != Provider::None,
        ChannelName::Wecom => config.wecom.provider != Provider::None,
        ChannelName::Call => false,
    }
}

/// The form, and what came of a test.
pub(super) fn card(app: &App, visitor: &Visitor, said: Option<&Markup>) -> Markup {
    let w = visitor.words;
    let channels: Vec<ChannelName> = TESTED.into_iter().filter(|channel| is_set(app, *channel)).collect();
    let has_group = channels.contains(&ChannelName::Wecom);
    html! {
        section class="card" id="test" aria-labelledby="test-title" {
            h2 id="test-title" { (w.t("settings-test")) }
            p class="muted small" { (w.t("settings-test-lead")) }
            @if let Some(said) = said { div role="status" { (said) } }
            @if channels.is_empty() { p class="muted" { (w.t("settings-not-set")) } } @else {
                form method="post" action="/console/settings/test" {
                    label { (w.t("col-channel")) select name="channel" {
                        @for channel in &channels { option value=(channel.word()) { (w.code("channel", channel.word())) } }
                    } }
                    label { (w.t("settings-test-to")) input name="to" required[!has_group] maxlength="254" autocomplete="off"; }
                    @if has_group { p class="muted small" { (w.t("settings-test-group")) } }
                    button class="secondary" { (w.t("settings-test-send")) }
                }
            }
        }
    }
}

/// What is sent where, as its channel takes it.
struct Wanted {
    to: String,
    rendered: Rendered,
    approved: Option<Approved>,
}

async fn wanted(app: &App, visitor: &Visitor, form: &Form) -> Result<Result<Wanted, String>, Error> {
    let (w, typed) = (visitor.words, form.get("to").unwrap_or_default());
    let text = w.ta("settings-test-text", &[("name", visitor.dealership.name.clone().into())]);
    let channel = form.get("channel").and_then(|word| word.parse().ok()).unwrap_or(ChannelName::Email);
    let shop = &visitor.dealership;
    let mut approved = None;
    let (to, rendered) = match channel {
        ChannelName::Sms => {
            let number = match phone::read(typed, Some(&shop.region)) {
                Ok(Phone::Good(number)) => Some(number),
                _ => None,
            };
            (number, Rendered::Sms { text })
        }
        ChannelName::Wecom => {
            let user = Some(typed).filter(|typed| !typed.is_empty());
            let routes = lanes::routes(app).map_err(|error| Error::Conflict("bad_settings", error.to_string()))?;
            // What names no one person (another dealership's robot, all of them) is no address from here.
            let is_somebody = user.is_none_or(wecom::is_user);
            let to = is_somebody.then(|| routes.wecom_address(&shop.code, user)).flatten();
            (to, Rendered::Wecom { text })
        }
        ChannelName::Wechat => match providers::a_template_message(app, shop).await? {
            Some((fields, template)) => {
                approved = Some(template);
                (Some(typed.to_owned()).filter(|typed| !typed.is_empty()), Rendered::Wechat { fields })
            }
            None => return Ok(Err(w.code("reason", "template_not_bound"))),
        },
        ChannelName::Email | ChannelName::Call => {
            let letter = html! { p { (text) } }.into_string();
            let address = Some(typed.to_owned()).filter(|typed| looks_like_an_address(typed));
            (address, Rendered::Email { subject: w.t("settings-test"), html: letter, text })
        }
    };
    Ok(match to {
        Some(to) => Ok(Wanted { to, rendered, approved }),
        None => Err(w.t("settings-test-no-address")),
    })
}

/// Sends it and says what came of it.
pub(super) async fn test(State(app): State<App>, visitor: Visitor, form: Form) -> Result<Response, Error> {
    let w = visitor.words;
    let (status, said) = match wanted(&app, &visitor, &form).await? {
        Err(wrong) => (StatusCode::UNPROCESSABLE_ENTITY, html! { p class="bad" { (wrong) } }),
        Ok(Wanted { to, rendered, approved }) => {
            let sent = trial::send(&app, Some(&visitor.dealership), rendered, approved.as_ref(), &to).await;
            let refused = w.t("settings-test-refused");
            let said = match sent {
                Ok((_, Delivered::Answered(answer))) if answer.outcome == Outcome::Accepted => {
                    html! { p class="good" { (w.t("settings-test-taken")) } }
                }
                Ok((_, Delivered::Answered(answer))) => html! {
                    p class="bad" { (refused) " " (w.code("reason", answer.reason)) }
                    @if let Some(reply) = &answer.reply { p class="muted small" { (reply) } }
                },
                Ok((_, Delivered::TooEarly(_))) => {
                    html! { p class="bad" { (refused) " " (w.code("reason", "own_pace")) } }
                }
                Ok((_, Delivered::Stopped)) => html! { p class="bad" { (refused) } },
                Err(error) => html! { p class="bad" { (refused) " " (error) } },
            };
            (StatusCode::OK, said)
        }
    };
    Ok((
        status,
        page(&app, &visitor, &Sheet::of(&visitor.dealership), &Note { tested: Some(&said), ..Note::default() }),
    )
        .into_response())
}
