//! A calendar's answer to our invitation becomes a fact about the appointment.
use serde_json::json;

use super::{
    applying::{Unapplied, Work, ended},
    invite::{InviteReply, Says},
    store::Settled,
    threads::sender,
};
use crate::{
    app::App,
    appointments,
    http::{self, Access},
    intake::{
        self,
        envelope::{Format, Sheet},
    },
    messages::returning,
};

/// Tells intake of it. Answers how the mail ends: what a program answers to an old version, or for somebody else, is kept
/// and changes nothing.
pub(super) async fn take(
    app: &App,
    work: &Work,
    invite: &InviteReply,
) -> Result<Option<(&'static str, Settled)>, Unapplied> {
    let id = invite.uid.split_once('@').map_or(invite.uid.as_str(), |(id, _)| id).to_owned();
    let mut tx = app.db.read().await?;
    let found = appointments::actions::for_letters(&mut tx, std::slice::from_ref(&id)).await?.pop();
    let Some(reading) = found else { return Ok(Some(ended("ignored", "about_nothing_of_ours"))) };
    // Only who was invited answers, and from the address that was invited.
    let sender = sender(&work.letter).filter(|sender| sender.eq_ignore_ascii_case(&invite.attendee));
    let written = match &sender {
        Some(sender) => returning::written_to(&mut tx, &id, sender).await?,
        None => None,
    };
    drop(tx);
    let Some(returning::Written { dealership_id, subject_ref }) = written else {
        return Ok(Some(ended("ignored", "not_invited")));
    };
    let settled = |reason: &str| Settled {
        reason: Some(reason.to_owned()),
        dealership_id: Some(dealership_id),
        subject_type: Some("appointment"),
        subject_id: Some(id.clone()),
        ..Settled::default()
    };
    if invite.sequence < reading.revision {
        return Ok(Some(("ignored", settled("old_invitation"))));
    }
    let kind = match invite.says {
        Says::Accepted => "appointment.confirmed",
        Says::Declined => "appointment.cancelled",
        Says::Tentative => return Ok(Some(("ignored", settled("tentative")))),
    };
    let Some(dealership) = app.directory.by_id(dealership_id).await? else {
        return Ok(Some(ended("ignored", "no_dealership")));
    };
    let event = json!({
        "specversion": "1.0",
        "id": work.claimed.id,
        "source": "/mail/invite-reply",
        "type": kind,
        "time": work.claimed.received_at,
        "dealership": dealership.code,
        "data": {
            "ref": subject_ref,
            "at": work.claimed.received_at,
            "by": "customer",
            "reason": "invite_reply",
        },
    });
    match tell(app, Access::Only(vec![dealership_id]), event.to_string().as_bytes()).await {
        Ok(()) => Ok(Some(("applied", settled(kind)))),
        Err(http::Error::Database(error)) => Err(error.into()),
        Err(error) => {
            tracing::error!(inbound = %work.claimed.id, error = &error as &dyn std::error::Error, "an answer to an invitation was refused");
            Ok(Some(("failed", settled("refused"))))
        }
    }
}

async fn tell(app: &App, access: Access, body: &[u8]) -> Result<(), http::Error> {
    let sheet = Sheet::read(Format::One, body)?;
    let envelopes = intake::actions::admit(app, &access, &sheet).await?;
    intake::actions::take(app, envelopes).await.map(drop)
}
