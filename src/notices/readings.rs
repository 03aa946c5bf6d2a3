//! Readings: a notice's subject as its desk holds it now, read again when something is to be said about it (BR-13).
use std::collections::{BTreeMap, HashMap};

use super::{
    SubjectKind,
    actions::Subject,
    words::{About, customer, digest},
};
use crate::{
    appointments, assists, calls, cases,
    customers::{self, Customer, vehicles},
    db::{self, Tx},
    dealerships::Dealership,
    http::Access,
    id::Id,
    inquiries, parts, repairs, surveys,
};

/// One subject, read by its desk.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Our id of it, as text.
    pub subject_id: String,
    /// A word of its state machine: what `holds_while` of the playbook names.
    pub state: String,
    /// Counts the changes that a customer can see; a calendar entry's SEQUENCE.
    pub revision: i64,
    /// The advisor's name, where somebody is assigned.
    pub advisor: Option<String>,
    pub plate: Option<String>,
    pub model_code: Option<String>,
    pub model_year: Option<i64>,
    /// What its letters may say. None while a fact that every letter needs is missing.
    pub about: Option<About>,
}

/// Reads subjects, one statement for each kind that is there. What is gone is not among them.
pub async fn read(tx: &mut Tx, subjects: &[(SubjectKind, &str)]) -> db::Result<HashMap<String, Reading>> {
    let mut by_kind: BTreeMap<SubjectKind, Vec<String>> = BTreeMap::new();
    for (kind, id) in subjects {
        by_kind.entry(*kind).or_default().push((*id).to_owned());
    }
    let mut found = HashMap::new();
    for (kind, ids) in by_kind {
        let readings = match kind {
            SubjectKind::Appointment => appointments::actions::for_letters(tx, &ids).await?,
            SubjectKind::Survey => surveys::actions::for_letters(tx, &ids).await?,
            SubjectKind::Case => cases::actions::for_letters(tx, &ids).await?,
            SubjectKind::CallTask => calls::actions::for_letters(tx, &ids).await?,
            SubjectKind::RepairOrder => repairs::actions::for_letters(tx, &ids).await?,
            SubjectKind::PartsOrder => parts::actions::for_letters(tx, &ids).await?,
            SubjectKind::PartsQuestion => parts::questions::actions::for_letters(tx, &ids).await?,
            SubjectKind::Assist => assists::actions::for_letters(tx, &ids).await?,
            SubjectKind::Inquiry => inquiries::actions::for_letters(tx, &ids).await?,
            SubjectKind::Vehicle => vehicles::actions::for_letters(tx, &ids).await?,
            // Nobody's state machine: the notice itself says who and which shop.
            SubjectKind::Customer => alone(ids, || About::Customer(customer::Facts::default())),
            SubjectKind::Dealership => alone(ids, || About::Digest(digest::Facts::default())),
        };
        found.extend(readings.into_iter().map(|reading| (reading.subject_id.clone(), reading)));
    }
    Ok(found)
}

/// Subjects of which a letter needs nothing but what was kept with the notice.
fn alone(ids: Vec<String>, about: impl Fn() -> About) -> Vec<Reading> {
    let reading = |subject_id| Reading {
        subject_id,
        state: "known".to_owned(),
        revision: 0,
        advisor: None,
        plate: None,
        model_code: None,
        model_year: None,
        about: Some(about()),
    };
    ids.into_iter().map(reading).collect()
}

/// A subject that somebody named, and whose it is.
#[derive(Clone, Debug)]
pub struct Named {
    pub subject: Subject,
    pub customer_id: Option<Id<Customer>>,
}

/// What a ref, or our id, means at a dealership. None for a subject about which nothing is said by hand.
pub async fn named(
    tx: &mut Tx,
    kind: SubjectKind,
    dealership_id: Id<Dealership>,
    reference: &str,
) -> db::Result<Option<Vec<Named>>> {
    match kind {
        SubjectKind::Appointment => appointments::actions::named(tx, dealership_id, reference).await.map(Some),
        SubjectKind::Customer => {
            let access = Access::Only(vec![dealership_id]);
            let found = customers::actions::named(tx, &access, reference, None).await?;
            let named = |customer: Customer| Named {
                customer_id: Some(customer.id),
                subject: Subject { kind, id: customer.id.to_string(), reference: customer.reference, revision: 0 },
            };
            Ok(Some(found.into_iter().map(named).collect()))
        }
        _ => Ok(None),
    }
}
