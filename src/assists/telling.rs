//! Who is told of a request for help, and what the record says of it.
use std::{collections::BTreeSet, sync::Arc};

use serde_json::json;

use super::{Read, TECHNICAL_LEAD, Thing, Whom};
use crate::{
    db,
    dealerships::Dealership,
    desk::Desk,
    id::Id,
    notices::{
        SubjectKind,
        actions::{Heard, Subject, hear},
    },
    staff::{self, Staff, standing_in},
    timeline::Entry,
};

/// Who is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readers {
    /// Who was asked; who asks is not asked themselves.
    Asked,
    /// Who stands above them.
    Above,
}

/// Tells them, each by their own channel; who is away is told nothing, who stands in for them is.
pub(super) async fn ask(
    desk: &mut Desk<'_>,
    dealership: &Arc<Dealership>,
    read: &Read,
    (event_type, readers): (&'static str, Readers),
) -> db::Result<()> {
    let is_new = event_type == "assist.asked";
    for reader in of(desk, dealership, read, readers).await? {
        let told = Heard {
            is_new,
            advisor_id: reader,
            occasion: (!is_new).then(|| event_type.to_owned()),
            detail: json!({"again": !is_new}),
            ..heard(event_type, dealership, read)
        };
        hear(desk, &told).await?;
    }
    Ok(())
}

/// Tells who asked.
pub(super) async fn answered(desk: &mut Desk<'_>, dealership: &Arc<Dealership>, read: &Read) -> db::Result<()> {
    let told = Heard { advisor_id: Some(read.assist.asked_by), ..heard("assist.answered", dealership, read) };
    hear(desk, &told).await
}

/// Nobody of ours where nobody is there for it: the dealership's own mail is read by somebody.
async fn of(
    desk: &mut Desk<'_>,
    dealership: &Dealership,
    read: &Read,
    readers: Readers,
) -> db::Result<BTreeSet<Option<Id<Staff>>>> {
    let id = dealership.id;
    let mut people = match (read.assist.asked_of, readers) {
        (Whom::TechnicalLead, Readers::Asked) => staff::actions::having_skill(desk.tx, id, TECHNICAL_LEAD).await?,
        (Whom::ServiceManager, Readers::Asked) | (Whom::TechnicalLead, Readers::Above) => Vec::new(),
        (Whom::ServiceManager, Readers::Above) => staff::actions::having_role(desk.tx, id, "director").await?,
    };
    people.retain(|person| person.id != read.assist.asked_by);
    if people.is_empty() {
        people = staff::actions::having_role(desk.tx, id, "service_manager").await?;
        people.retain(|person| person.id != read.assist.asked_by);
    }
    let mut told = BTreeSet::new();
    for person in people {
        told.insert(Some(standing_in::of(desk, dealership, person.id).await?.reader(person.id)));
    }
    if told.is_empty() {
        told.insert(None);
    }
    Ok(told)
}

fn heard(event_type: &'static str, dealership: &Arc<Dealership>, read: &Read) -> Heard {
    let subject = Subject {
        kind: SubjectKind::Assist,
        id: read.assist.id.to_string(),
        reference: read.subject_ref.clone(),
        revision: 0,
    };
    Heard { customer_id: read.customer_id, ..Heard::new(event_type, dealership, subject) }
}

/// A line of the record. What was said stands on the request alone.
pub(super) fn line(desk: &Desk<'_>, read: &Read, what: &str, actor: Option<String>) -> Entry {
    let assist = &read.assist;
    let mut line = Entry::new(desk.id(), assist.dealership_id, desk.now, what);
    line.step = Some(assist.subject_type.step());
    line.customer_id = read.customer_id;
    line.vehicle_id = read.vehicle_id;
    match assist.subject_type {
        Thing::Appointment => line.appointment_id = assist.subject_id.parse().ok(),
        Thing::RepairOrder | Thing::Inquiry | Thing::Case => {
            line.subject_type = Some(assist.subject_type.word());
            line.subject_id = Some(assist.subject_id.clone());
        }
    }
    line.actor = actor;
    line.detail = json!({"assist": assist.id, "of": assist.asked_of.word()});
    line
}
