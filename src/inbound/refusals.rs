//! Somebody wants no more of our mail, and says so by mail: to the unsubscribe address, in a subject, or with a button that
//! tells their provider that it is spam. What concerns a visit that they booked still reaches them.
use super::{
    applying::{Work, ended},
    store::Settled,
    threads::{Whose, sender},
};
use crate::{
    customers::{
        Customer,
        consent::{
            Action, Purpose, Source,
            actions::{NewSuppression, Said, say, suppress},
        },
    },
    db,
    dealerships::Dealership,
    desk::Desk,
    id::Id,
    messages::{Message, returning},
    notices::ChannelName,
};

/// Who refuses what, and what proves it.
struct Refusal {
    dealership_id: Id<Dealership>,
    customer_id: Option<Id<Customer>>,
    address: Option<String>,
    reason: &'static str,
    evidence: String,
}

/// An opt-out by mail: effective with this transaction's commit.
pub(super) async fn opted_out(
    desk: &mut Desk<'_>,
    work: &Work,
    whose: &Whose,
    dealership_id: Id<Dealership>,
) -> db::Result<()> {
    // The signed address says whose it is; without it only the sender can be meant.
    // Of somebody who was erased nothing else is known.
    let written_to = whose.about.as_ref().map(|about| about.to_address.clone()).filter(|to| !to.is_empty());
    let refusal = Refusal {
        dealership_id,
        customer_id: whose.customer_id,
        address: written_to.or_else(|| sender(&work.letter)),
        reason: "customer",
        evidence: format!("mail {}", work.claimed.id),
    };
    apply(desk, refusal).await
}

/// A complaint that a provider passes on (RFC 5965). The mail that is complained of must be one of ours.
pub(super) async fn complained(desk: &mut Desk<'_>, work: &Work) -> db::Result<(&'static str, Settled)> {
    let message = work.letter.report.as_ref().and_then(|report| report.message.as_deref()?.parse::<Id<Message>>().ok());
    let about = match message {
        Some(message) => returning::about(desk.tx, &[message]).await?.pop(),
        None => None,
    };
    let Some(about) = about.filter(|about| about.channel == ChannelName::Email) else {
        return Ok(ended("ignored", "about_nothing_of_ours"));
    };
    let refusal = Refusal {
        dealership_id: about.dealership_id,
        customer_id: about.customer_id,
        address: Some(about.to_address.clone()).filter(|to| !to.is_empty()),
        reason: "complaint",
        evidence: format!("complaint {}", work.claimed.id),
    };
    apply(desk, refusal).await?;
    let (state, settled) = ended("applied", "marketing_refused");
    let settled = Settled {
        dealership_id: Some(about.dealership_id),
        customer_id: about.customer_id,
        about_id: Some(about.id),
        subject_type: Some(about.subject_type.word()),
        subject_id: Some(about.subject_id),
        ..settled
    };
    Ok((state, settled))
}

async fn apply(desk: &mut Desk<'_>, refusal: Refusal) -> db::Result<()> {
    if let Some(customer) = refusal.customer_id {
        let word = |purpose| Said {
            purpose,
            action: Action::Revoke,
            channel: Some(ChannelName::Email),
            source: Source::Reply,
            evidence: Some(refusal.evidence.clone()),
            text_version: None,
            at: desk.now,
        };
        let said = [word(Purpose::Marketing)];
        say(desk, (refusal.dealership_id, customer), &said, "mail").await?;
    }
    let Some(address) = refusal.address else { return Ok(()) };
    let suppression = NewSuppression {
        dealership_id: refusal.dealership_id,
        customer_id: refusal.customer_id,
        address: Some(address),
        channel: Some(ChannelName::Email),
        scope: "marketing".to_owned(),
        reason: refusal.reason.to_owned(),
        until: None,
        by: "mail".to_owned(),
    };
    suppress(desk, &[suppression]).await.map(drop)
}
