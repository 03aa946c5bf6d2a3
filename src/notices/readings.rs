//! Readings: a notice's subject as its desk holds it now, read again when something is to be said about it (BR-13).
use std::collections::{BTreeMap, HashMap};

use super::{SubjectKind, words::About};
use crate::{
    appointments,
    db::{self, Tx},
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
            _ => Vec::new(),
        };
        found.extend(readings.into_iter().map(|reading| (reading.subject_id.clone(), reading)));
    }
    Ok(found)
}
