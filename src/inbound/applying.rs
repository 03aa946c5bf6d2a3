//! A mail that was read takes effect: one unit of work, in which also its own row comes to its end.
use std::sync::Arc;

use serde_json::json;

use super::{
    Class, Envelope,
    addresses::Recipient,
    bounces,
    letter::Letter,
    questions, refusals, replies,
    sorting::{Sorted, sort},
    store::{self, Claimed, Settled},
    threads::{self, Whose},
};
use crate::{
    app::App,
    db::{self, Weight},
    desk::Desk,
    notices::SubjectKind,
    rights,
    timeline::Entry,
};

/// Everything one mail's unit of work needs; a unit may be run again.
pub(super) struct Work {
    pub(super) claimed: Claimed,
    pub(super) letter: Letter,
    pub(super) sorted: Sorted,
    pub(super) recipient: Recipient,
    /// Our mails have envelope senders of their own.
    pub(super) signs_senders: bool,
}

/// Why a mail took no effect now.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unapplied {
    /// Another claim has it: nothing of this one is stored.
    #[error("the claim was lost")]
    Lost,
    #[error(transparent)]
    Database(#[from] db::Error),
}

/// A state and its reason, with nothing else known.
pub(super) fn ended(state: &'static str, reason: &'static str) -> (&'static str, Settled) {
    (state, Settled { reason: Some(reason.to_owned()), ..Settled::default() })
}

/// Sorts the mail and lets it take effect.
pub(super) async fn apply(app: &App, claimed: Claimed, letter: Letter) -> Result<(), Unapplied> {
    let recipient = app.addresses.get().await?.read(&claimed.recipient);
    let recipient = recipient.unwrap_or_else(|| Recipient::Elsewhere(claimed.recipient.clone()));
    let envelope = Envelope { from: claimed.envelope_from.clone(), to: claimed.recipient.clone() };
    let sorted = sort(&letter, &envelope, &recipient);
    metrics::counter!("aftercare_inbound_sorted_total", "class" => sorted.class.word()).increment(1);
    let signs_senders = app.config.email.bounce_domain.is_some();
    let work = Arc::new(Work { claimed, letter, sorted, recipient, signs_senders });
    // An answer to an invitation is a fact like any other: it goes the road of facts, and is known there if it comes again.
    let answered = match &work.letter.invite {
        Some(invite) if work.sorted.class == Class::InviteReply => replies::take(app, &work, invite).await?,
        _ => None,
    };
    let (answered, app) = (Arc::new(answered), app.clone());
    let db = app.db.clone();
    db.write(Weight::ONE, move |tx| {
        let (work, answered, app) = (Arc::clone(&work), Arc::clone(&answered), app.clone());
        Box::pin(async move {
            let mut desk = Desk::open(tx, &app);
            rights::actions::hold_off(desk.tx).await?;
            let (state, settled) = match answered.as_ref() {
                Some((state, settled)) => (*state, settled.clone()),
                None => effect(&mut desk, &work).await?,
            };
            let settled = Settled {
                class: Some(work.sorted.class),
                from_address: threads::sender(&work.letter).or_else(|| work.letter.from.clone()),
                ..settled
            };
            let now = desk.now;
            if !store::settle(desk.tx, (work.claimed.id, work.claimed.fence), state, settled, now).await? {
                return Err(Unapplied::Lost);
            }
            // Who writes anew is heard; what programs still say of what was sent before is not kept.
            if !matches!(work.sorted.class, Class::Person | Class::OptOut) {
                store::forget_of_erased(desk.tx, work.claimed.id, &work.claimed.raw_id).await?;
            }
            desk.close().await?;
            Ok(())
        })
    })
    .await
}

async fn effect(desk: &mut Desk<'_>, work: &Work) -> db::Result<(&'static str, Settled)> {
    if let (Class::Bounce, Some(report)) = (work.sorted.class, &work.sorted.report) {
        return bounces::apply(desk, work, report).await;
    }
    if work.sorted.class == Class::Complaint {
        return refusals::complained(desk, work).await;
    }
    let whose = threads::find(desk.tx, &work.letter, &work.recipient).await?;
    let Some(dealership) = &whose.dealership else {
        return Ok(ended("ignored", "no_dealership"));
    };
    let state = if work.sorted.class == Class::AutoReply { "ignored" } else { "applied" };
    let mut settled = Settled {
        reason: work.sorted.reason.map(str::to_owned),
        dealership_id: Some(dealership.id),
        customer_id: whose.customer_id,
        about_id: whose.about.as_ref().map(|about| about.id),
        subject_type: whose.thread.as_ref().map(|(kind, _)| kind.word()),
        subject_id: whose.thread.as_ref().map(|(_, id)| id.clone()),
        ..Settled::default()
    };
    if work.sorted.class == Class::OptOut {
        refusals::opted_out(desk, work, &whose, dealership.id).await?;
    }
    write_down(desk, work, &whose, dealership.id);
    if work.sorted.class == Class::Person {
        let inquiry = questions::hand_over(desk, work, &whose, dealership).await?;
        (settled.subject_type, settled.subject_id) = (Some(SubjectKind::Inquiry.word()), Some(inquiry.to_string()));
    }
    Ok((state, settled))
}

fn write_down(
    desk: &mut Desk<'_>,
    work: &Work,
    whose: &Whose,
    dealership: crate::id::Id<crate::dealerships::Dealership>,
) {
    let mut line = Entry::new(desk.id(), dealership, desk.now, format!("mail.{}", work.sorted.class.word()));
    line.customer_id = whose.customer_id;
    line.message_id = whose.about.as_ref().map(|about| about.id);
    line.notice_id = whose.about.as_ref().map(|about| about.notice_id);
    if let Some((kind, id)) = &whose.thread {
        (line.subject_type, line.subject_id) = (Some(kind.word()), Some(id.clone()));
    }
    line.reason = work.sorted.reason.map(str::to_owned);
    line.detail = json!({
        "inbound": work.claimed.id,
        "attachments": work.letter.attachments.len(),
        "stranger": whose.is_stranger,
    });
    desk.record(line);
}
