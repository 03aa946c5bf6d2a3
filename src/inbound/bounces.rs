//! A report about a mail of ours: what it means for the message, for the address, and for us.
use jiff::SignedDuration;

use super::{
    addresses::Recipient,
    applying::{Work, ended},
    reports::{Action, Recipient as Reported, Report, Severity},
    store::{self, Bounce, Settled},
};
use crate::{
    customers, db,
    desk::Desk,
    id::Id,
    messages::{
        Message, State,
        returning::{self, About},
    },
    notices::ChannelName,
    timeline::Entry,
};

/// So many failures about the person within [`AGAIN`] mean that nothing arrives there (`domain/channels.md` E8).
const TOO_OFTEN: i64 = 5;
const AGAIN: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Applies a report; only one about an attempt of ours counts, anything else is kept and believed in nothing.
pub(super) async fn apply(desk: &mut Desk<'_>, work: &Work, report: &Report) -> db::Result<(&'static str, Settled)> {
    let (message, is_signed) = match &work.recipient {
        Recipient::Bounce(message) => (Some(*message), true),
        _ => (report.message.as_deref().and_then(|id| id.parse::<Id<Message>>().ok()), false),
    };
    // Where our mails have envelope senders of their own, a report that came another way is not one about them.
    if !is_signed && work.signs_senders {
        return Ok(ended("ignored", "not_to_its_sender"));
    }
    let Some(message) = message else { return Ok(ended("ignored", "about_nothing_of_ours")) };
    let Some(about) = returning::about(desk.tx, &[message]).await?.pop() else {
        return Ok(ended("ignored", "about_nothing_of_ours"));
    };
    let of = |state, reason| {
        let (_, settled) = ended(state, reason);
        let settled = Settled {
            dealership_id: Some(about.dealership_id),
            customer_id: about.customer_id,
            about_id: Some(about.id),
            subject_type: Some(about.subject_type.word()),
            subject_id: Some(about.subject_id.clone()),
            ..settled
        };
        (state, settled)
    };
    let was_sent = matches!(about.state, State::Accepted | State::Unknown | State::Delivered | State::Undelivered);
    if about.channel != ChannelName::Email || !was_sent {
        return Ok(of("ignored", "no_attempt"));
    }
    let is_about_it = |one: &&Reported| is_signed || names(one, &about);
    let Some(failed) = report.recipients.iter().filter(is_about_it).find(|one| one.action == Action::Failed) else {
        let delayed = report.recipients.iter().any(|one| one.action == Action::Delayed);
        return Ok(of("ignored", if delayed { "delayed" } else { "no_failure" }));
    };
    let severity = failed.severity();
    let bounce = Bounce {
        id: desk.id(),
        inbound_id: work.claimed.id,
        message_id: about.id,
        address: about.to_address.clone(),
        severity,
        status: failed.status.map(|status| status.to_string()),
        at: desk.now,
    };
    let since = desk.now.minus(AGAIN);
    let times = store::count_bounce(desk.tx, bounce, since).await?;
    let reason = match severity {
        Severity::Gone => "mailbox_unknown",
        Severity::Person => "mailbox_unavailable",
        Severity::Message => "refused_by_policy",
    };
    returning::came_back(desk, about.id, ChannelName::Email, reason).await?;
    if let Some(customer) = about.customer_id {
        let person = (about.dealership_id, customer);
        match severity {
            Severity::Gone => {
                customers::actions::address_bounced(desk, person, &about.to_address, "mailbox_unknown").await?;
            }
            Severity::Person if times >= TOO_OFTEN => {
                customers::actions::address_bounced(desk, person, &about.to_address, "bounced_again_and_again").await?;
            }
            Severity::Person | Severity::Message => {}
        }
    }
    if severity == Severity::Message {
        alert(desk, &about, failed);
    }
    Ok(of("applied", reason))
}

fn names(one: &Reported, about: &About) -> bool {
    let is = |address: &Option<String>| address.as_deref().is_some_and(|it| it.eq_ignore_ascii_case(&about.to_address));
    is(&one.address) || is(&one.original)
}

/// Not the reader is at fault but our mail, our domain or our server: whoever runs it must hear of it.
fn alert(desk: &mut Desk<'_>, about: &About, failed: &Reported) {
    let status = failed.status.map(|status| status.to_string()).unwrap_or_default();
    tracing::error!(
        message = %about.id,
        status,
        "a mail server refuses our mail for what it is: check SPF, DKIM, DMARC and the sender's reputation"
    );
    metrics::counter!("aftercare_mail_refused_by_policy_total").increment(1);
    let mut line = Entry::new(desk.id(), about.dealership_id, desk.now, "mail.refused_by_policy");
    line.customer_id = about.customer_id;
    line.message_id = Some(about.id);
    line.reason = Some(status);
    line.detail = serde_json::json!({"level": "warning"});
    desk.record(line);
}
