//! What is told on of an order of parts: the line of the record, and the fact that notices hear.
use std::sync::Arc;

use jiff::{SignedDuration, tz::TimeZone};
use serde_json::json;

use super::{
    chest::Kept,
    life::{Effect, Verdict},
    pace,
};
use crate::{
    clock::Timestamp,
    dealerships::Dealership,
    desk::{Desk, Told},
    id::{Id, Ids},
    intake::Event,
    notices::{
        SubjectKind,
        actions::{Heard, Subject},
        grammar::{Facts, Flag, Moment},
    },
    timeline::Entry,
};

/// Parts are waited for while the work is done: step 5 of the service journey (seed §3).
const STEP: i64 = 5;

/// The line of the record: what was heard; of a stale fact, why nothing came of it.
pub(super) fn line(desk: &Desk<'_>, told: &Told<'_, super::Fact>, kept: &Kept, verdict: &Verdict) -> Entry {
    let event_type = told.fact.said.event_type();
    let mut line =
        about(desk, kept, told.time, if matches!(verdict, Verdict::Stale(_)) { "event.stale" } else { event_type });
    line.event_id = Some(told.event_id);
    line.actor = Some(told.source.to_owned());
    match verdict {
        Verdict::Stale(reason) => {
            line.reason = Some((*reason).to_owned());
            line.detail["type"] = json!(event_type);
        }
        Verdict::Applied(effects) => {
            for (key, value) in effects.iter().filter_map(|effect| effect.detail.as_object()).flatten() {
                line.detail[key] = value.clone();
            }
        }
    }
    line
}

/// A line about this order, with how it stands.
pub(super) fn about(desk: &Desk<'_>, kept: &Kept, at: Timestamp, what: &str) -> Entry {
    let order = &kept.drawer.order;
    let mut line = Entry::new(desk.id(), order.dealership_id, at, what);
    line.step = Some(STEP);
    line.customer_id = order.customer_id;
    line.vehicle_id = order.vehicle_id;
    line.subject_type = Some("parts_order");
    line.subject_id = Some(order.id.to_string());
    let standing = kept.drawer.standing();
    line.detail =
        json!({"revision": order.revision, "to_come": standing.open, "in_hand": standing.in_hand, "eta": standing.eta});
    line
}

/// When and by which event something became known: none when it fell due.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source {
    pub(super) event_id: Option<Id<Event>>,
    pub(super) time: Timestamp,
}

/// The fact as notices hear it.
pub(super) fn heard(ids: &Ids, dealership: &Arc<Dealership>, source: Source, kept: &Kept, effect: &Effect) -> Heard {
    let order = &kept.drawer.order;
    let standing = kept.drawer.standing();
    let subject = Subject {
        kind: SubjectKind::PartsOrder,
        id: order.id.to_string(),
        reference: order.reference.clone(),
        revision: order.revision,
    };
    let facts = Facts::default()
        .at(Moment::OccurredAt, source.time)
        .at(Moment::OrderedAt, order.ordered_at)
        .at(Moment::Eta, standing.eta)
        .at(Moment::ReceivedAt, order.complete_at)
        .at(Moment::ReturnBy, order.complete_at.map(pace::return_by))
        .at(Moment::TellAt, tell_at(ids, dealership))
        .flag(Flag::Complete, order.complete_at.is_some())
        .flag(Flag::HasEta, standing.eta.is_some());
    let customer_zone = kept.customer_zone.as_deref().and_then(|zone| TimeZone::get(zone).ok());
    Heard {
        event_id: source.event_id,
        is_new: kept.is_new,
        customer_id: order.customer_id,
        advisor_id: order.advisor_id,
        facts,
        reader_zone: customer_zone.unwrap_or_else(|| dealership.zone.clone()),
        detail: effect.detail.clone(),
        // BR-66: what happened before the dealership went live is on record, and raises nothing.
        quietly: effect.quietly || dealership.live_from.is_some_and(|live| source.time < live),
        ..Heard::new(effect.event_type, dealership, subject)
    }
}

/// BR-20: now, or after the next opening, up to three minutes apart from the others (BR-72).
fn tell_at(ids: &Ids, dealership: &Dealership) -> Timestamp {
    let jitter = i64::try_from(ids.random.below(180)).unwrap_or(0);
    pace::tell_at(&dealership.shop(), ids.clock.now(), SignedDuration::from_secs(jitter))
}
