//! What was handed over already, and what waits for a fact that has no time: quality control (BR-16).
pub use super::store::Told;
use super::{approving::AWAITS_A_TEMPLATE, store};
use crate::{
    db::{self, Tx},
    dealerships::Dealership,
    desk::Desk,
    id::Id,
    jobs,
    timeline::Entry,
};

/// What customers were handed over about these subjects, the oldest first: what a new word is measured by.
pub async fn told(tx: &mut Tx, subjects: &[String]) -> db::Result<Vec<Told>> {
    if subjects.is_empty() {
        return Ok(Vec::new());
    }
    store::told(tx, subjects).await
}

/// Holds the notices of one kind about a subject that this very transaction raised: call it right after `hear`.
pub fn hold(desk: &mut Desk<'_>, subject: &str, kind: &str, reason: &'static str) {
    let is_wanted = |notice: &&mut super::actions::NewNotice| {
        notice.subject_id == subject && notice.kind == kind && notice.state == "waiting"
    };
    let mut held = Vec::new();
    for notice in desk.raised().iter_mut().filter(is_wanted) {
        (notice.state, notice.reason, notice.not_before) = ("held", Some(reason), None);
        held.push((notice.id, notice.dealership_id, notice.customer_id));
    }
    for (id, dealership_id, customer_id) in held {
        let mut line = Entry::new(desk.id(), dealership_id, desk.now, "notice.held");
        (line.notice_id, line.customer_id, line.reason) = (Some(id), customer_id, Some(reason.to_owned()));
        desk.record(line);
    }
}

/// Lets the notices of a kind go that were held for want of a provider's template, now that there is one.
pub async fn release_kind(desk: &mut Desk<'_>, (dealership, kind): (Id<Dealership>, &str)) -> db::Result<()> {
    let now = desk.now;
    let released = store::release_kind(desk.tx, (dealership, kind), AWAITS_A_TEMPLATE, now).await?;
    if !released.is_empty() {
        desk.tx.ring(jobs::COMPOSE);
    }
    for one in released {
        let mut line = Entry::new(desk.id(), one.dealership_id, now, "notice.released");
        (line.notice_id, line.customer_id) = (Some(one.id), one.customer_id);
        desk.record(line);
    }
    Ok(())
}

/// Lets the notices about a subject go that are held for this reason.
pub async fn release(
    desk: &mut Desk<'_>,
    (kind, subject): (&'static str, &str),
    reason: &'static str,
) -> db::Result<()> {
    let now = desk.now;
    let is_held = |notice: &&mut super::actions::NewNotice| {
        notice.subject_id == subject && notice.state == "held" && notice.reason == Some(reason)
    };
    for notice in desk.raised().iter_mut().filter(is_held) {
        (notice.state, notice.reason, notice.not_before) = ("waiting", None, Some(now.max(notice.nominal_at)));
    }
    let released = store::release(desk.tx, subject, reason, now).await?;
    if !released.is_empty() {
        desk.tx.ring(jobs::COMPOSE);
    }
    for one in released {
        let mut line = Entry::new(desk.id(), one.dealership_id, now, "notice.released");
        (line.notice_id, line.customer_id, line.reason) = (Some(one.id), one.customer_id, Some(reason.to_owned()));
        (line.subject_type, line.subject_id) = (Some(kind), Some(subject.to_owned()));
        desk.record(line);
    }
    Ok(())
}
