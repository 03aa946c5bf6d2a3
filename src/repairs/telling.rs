//! What is told on of a repair order: the line of the record, and the fact that notices hear.
use std::sync::Arc;

use jiff::tz::TimeZone;
use serde_json::json;

use super::{
    cabinet::Kept,
    life::{Effect, Verdict},
    waits_for_qc,
};
use crate::{
    clock::Timestamp,
    dealerships::Dealership,
    desk::{Desk, Told},
    id::Id,
    intake::Event,
    notices::{
        SubjectKind,
        actions::{Heard, Subject},
        grammar::{Facts, Flag, Moment},
    },
    timeline::Entry,
};

/// The line of the record: what was heard, at which step of the service journey; of a stale fact, why nothing came of it.
pub(super) fn line(desk: &Desk<'_>, told: &Told<'_, super::Fact>, kept: &Kept, verdict: &Verdict) -> Entry {
    let event_type = told.fact.said.event_type();
    let mut line =
        about(desk, kept, told.time, if matches!(verdict, Verdict::Stale(_)) { "event.stale" } else { event_type });
    line.step = Some(told.fact.said.step());
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
    let order = &kept.folder.order;
    let mut line = Entry::new(desk.id(), order.dealership_id, at, what);
    line.customer_id = order.customer_id;
    line.vehicle_id = order.vehicle_id;
    line.subject_type = Some("repair_order");
    line.subject_id = Some(order.id.to_string());
    line.detail = json!({"state": order.state, "revision": order.revision, "promised_at": order.promised_at});
    line
}

/// When and by which event something became known: none when it fell due.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source {
    pub(super) event_id: Option<Id<Event>>,
    pub(super) time: Timestamp,
}

/// The fact as notices hear it.
pub(super) fn heard(dealership: &Arc<Dealership>, source: Source, kept: &Kept, effect: &Effect) -> Heard {
    let order = &kept.folder.order;
    let subject = Subject {
        kind: SubjectKind::RepairOrder,
        id: order.id.to_string(),
        reference: order.reference.clone(),
        revision: order.revision,
    };
    let facts = Facts::default()
        .at(Moment::OccurredAt, source.time)
        .at(Moment::OpenedAt, order.opened_at)
        .at(Moment::PromisedAt, order.promised_at)
        .at(Moment::ReadyAt, order.ready_at)
        .at(Moment::DeliveredAt, order.delivered_at)
        .flag(Flag::IsComeback, order.is_comeback)
        .flag(Flag::QcPassed, is_checked(dealership, kept));
    let customer_zone = kept.customer_zone.as_deref().and_then(|zone| TimeZone::get(zone).ok());
    Heard {
        event_id: source.event_id,
        is_new: kept.is_new,
        customer_id: order.customer_id,
        vehicle_id: order.vehicle_id,
        advisor_id: order.advisor_id,
        facts,
        reader_zone: customer_zone.unwrap_or_else(|| dealership.zone.clone()),
        detail: effect.detail.clone(),
        // BR-66: what happened before the dealership went live is on record, and raises nothing.
        quietly: effect.quietly || dealership.live_from.is_some_and(|live| source.time < live),
        ..Heard::new(effect.event_type, dealership, subject)
    }
}

/// BR-16: quality control is on record, or nobody records it here.
pub(super) fn is_checked(dealership: &Dealership, kept: &Kept) -> bool {
    kept.folder.order.qc_at.is_some() || !waits_for_qc(dealership)
}
