//! What deserves a second look about a visit: whom to greet as whom, what to have ready, what is missing.
use super::store::day::Visit;
use crate::notices::words::digest::Mark;

/// What whoever receives the customer knows before they come in (acceptance 12, 33).
pub(super) fn greeting(visit: &Visit) -> Vec<Mark> {
    kept([
        (visit.is_comeback, Mark::Comeback),
        (visit.vip == Some(true), Mark::Vip),
        (visit.needs.as_ref().is_some_and(|needs| !needs.is_empty()), Mark::NeedsHelp),
        (visit.parts_ready == Some(false), Mark::MissingParts),
    ])
}

/// What has to be found before they come (acceptance 23).
pub(super) fn missing(visit: &Visit) -> Vec<Mark> {
    kept([
        (!visit.has_phone, Mark::MissingPhone),
        (visit.vin.is_none(), Mark::MissingVin),
        (visit.model_code.is_none(), Mark::MissingModel),
        (visit.parts_ready == Some(false), Mark::MissingParts),
    ])
}

fn kept<const N: usize>(marks: [(bool, Mark); N]) -> Vec<Mark> {
    marks.into_iter().filter_map(|(holds, mark)| holds.then_some(mark)).collect()
}
