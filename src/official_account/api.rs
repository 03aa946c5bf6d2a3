//! `GET` and `POST /in/wechat`: the door of the official account's own server.
use std::sync::Arc;

use axum::{
    Router,
    extract::{Query, State},
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::json;

use super::{BLOCKED, Signed, Told, Unread, Word, read};
use crate::{
    app::App,
    customers::actions::{openid_found, openid_lost},
    db::{self, Weight},
    dealerships::{self, Dealership},
    desk::{self, Desk},
    http::{Error, body::RawBody},
    inbound_texts::{self, Received, Via, actions::Outcome},
    notices::ChannelName,
    receipts::{self, Said},
};

/// The provider of this door, as receipts and texts name it.
const PROVIDER: &str = "wechat";
/// A body of theirs is far below it.
const LARGEST: usize = 64 * 1024;
/// With which they are told not to come again.
const TAKEN: &str = "success";

pub fn routes() -> Router<App> {
    Router::new().route("/in/wechat", get(shake_hands).post(take))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(flatten)]
    signed: Signed,
    /// To be given back, when the account's page is told this address.
    echostr: Option<String>,
    /// The dealership that answers followers whom no dealership knows, where there are several.
    dealership: Option<String>,
}

impl Asked {
    /// Where no token is set there is no such door.
    fn checked(&self, app: &App) -> Result<(), Error> {
        let token = app.config.wechat.token.as_ref().ok_or(Error::NotFound)?;
        let is_theirs = self.signed.is_by(token.expose_secret(), app.ids.clock.now());
        if is_theirs { Ok(()) } else { Err(Error::Unauthorized) }
    }
}

async fn shake_hands(State(app): State<App>, Query(asked): Query<Asked>) -> Result<Response, Error> {
    asked.checked(&app)?;
    let word = asked.echostr.ok_or_else(|| Error::invalid("/echostr", "required", "is what is given back"))?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], word).into_response())
}

/// 200 after the commit of everything that it does; the same again does nothing.
async fn take(
    State(app): State<App>,
    Query(asked): Query<Asked>,
    RawBody(body): RawBody,
) -> Result<&'static str, Error> {
    asked.checked(&app)?;
    if body.len() > LARGEST {
        return Err(Error::TooLarge(LARGEST));
    }
    let told = match read(&body) {
        Ok(Word { told: Told::Other, .. }) => return Ok(TAKEN),
        Ok(word) => word,
        Err(Unread::Encrypted) => {
            return Err(Error::UnsupportedMediaType("set the account to messages in plain text"));
        }
        Err(unread) => return Err(Error::Unreadable(unread.to_string())),
    };
    let answers = match &asked.dealership {
        None => None,
        Some(code) => {
            let found = dealerships::actions::find_by_code(&mut app.db.read().await?, code).await?;
            Some(found.ok_or_else(|| Error::invalid("/dealership", "unknown_dealership", "is no dealership of ours"))?)
        }
    };
    let told = Arc::new((told, answers));
    let outcome = desk::at::<_, db::Error>(&app, Weight::ONE, move |desk| {
        let told = Arc::clone(&told);
        Box::pin(async move { apply(desk, &told.0, told.1.as_ref()).await })
    })
    .await?;
    if outcome == Some(Outcome::NoDealership) {
        return Err(Error::invalid(
            "/dealership",
            "required",
            "several dealerships are here: add ?dealership= to the address at the account's page",
        ));
    }
    Ok(TAKEN)
}

/// Does what was told; the outcome where somebody wrote.
async fn apply(desk: &mut Desk<'_>, word: &Word, answers: Option<&Dealership>) -> db::Result<Option<Outcome>> {
    // A clock of theirs that runs ahead must not outlast what they tell later.
    let told_at = word.at.map_or(desk.now, |at| at.min(desk.now));
    match &word.told {
        Told::Finished { openid, msgid, status, reason } => {
            let said = Said {
                provider_ref: msgid.clone(),
                status: *status,
                reason: reason.clone(),
                at: desk.now,
                raw: json!({ "event": "TEMPLATESENDJOBFINISH", "reason": reason }),
            };
            receipts::actions::receive(desk, (PROVIDER, ChannelName::Wechat), &[said]).await?;
            if reason.as_deref() == Some(BLOCKED) {
                openid_lost(desk, openid, Some(told_at)).await?;
            }
            Ok(None)
        }
        Told::Follows { openid } => openid_found(desk, openid, told_at).await.map(|()| None),
        Told::Left { openid } => openid_lost(desk, openid, Some(told_at)).await.map(|()| None),
        Told::Wrote { openid, id, text } => {
            // Only a follower can write.
            openid_found(desk, openid, told_at).await?;
            let (provider_id, from, body) = (id.clone(), openid.clone(), text.clone());
            let text = Received { provider_id, from, to: None, body, at: desk.now };
            let via = Via { provider: PROVIDER, channel: ChannelName::Wechat };
            // Whoever is known is answered by whom they know; the account's own dealership is for strangers.
            let outcome = match inbound_texts::actions::receive(desk, via, &text, None).await? {
                Outcome::NoDealership if answers.is_some() => {
                    inbound_texts::actions::receive(desk, via, &text, answers.cloned()).await?
                }
                outcome => outcome,
            };
            Ok(Some(outcome))
        }
        Told::Other => Ok(None),
    }
}
