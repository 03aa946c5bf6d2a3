//! What kind of visit one is (seed step 1: 便于识别遗留工作,返修和未预约维修): pure, from what is on record.
use serde::Serialize;

use super::{RepairOrder, State};
use crate::{clock::Timestamp, http::Error};

/// A mark on a visit; one may have several, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tag {
    /// The work was begun on a former day, or before the doors closed today, and is not done.
    CarryOver,
    /// The same trouble again (BR-09).
    Comeback,
    /// Nobody had an appointment for it.
    WalkIn,
}

impl Tag {
    pub const ALL: [Self; 3] = [Self::CarryOver, Self::Comeback, Self::WalkIn];

    pub fn word(self) -> &'static str {
        match self {
            Self::CarryOver => "carry_over",
            Self::Comeback => "comeback",
            Self::WalkIn => "walk_in",
        }
    }
    /// The mark of a filter.
    ///
    /// # Errors
    /// 422 for a word that is none.
    pub fn read(word: Option<&str>) -> Result<Option<Self>, Error> {
        let Some(word) = word else { return Ok(None) };
        let tag = Self::ALL.into_iter().find(|tag| tag.word() == word);
        let wrong = || Error::invalid("/tag", "unknown_value", "must be carry_over, comeback or walk_in");
        tag.map(Some).ok_or_else(wrong)
    }
}

/// The marks of a repair order. `closed_at`: when the doors closed last for a day.
pub fn of(order: &RepairOrder, closed_at: Option<Timestamp>) -> Vec<Tag> {
    let is_left_over = order.state == State::Open && lasts_since(order.opened_at, closed_at);
    let walked_in = order.opened_at.is_some() && order.appointment_ref.is_none();
    let marks = [(Tag::CarryOver, is_left_over), (Tag::Comeback, order.is_comeback), (Tag::WalkIn, walked_in)];
    marks.into_iter().filter(|(_, is_so)| *is_so).map(|(tag, _)| tag).collect()
}

/// Whether work that was begun then has seen the doors close.
pub fn lasts_since(opened_at: Option<Timestamp>, closed_at: Option<Timestamp>) -> bool {
    opened_at.zip(closed_at).is_some_and(|(opened, closed)| opened < closed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::Clock,
        id::{Ids, Random},
        repairs::life::Folder,
    };

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }
    fn order() -> RepairOrder {
        let now = at("2026-03-03T10:00:00Z");
        let ids = Ids { clock: Clock::fixed(now), random: Random::seeded(1) };
        let mut order = Folder::new(&ids, ids.next(), "R-1", now, now).order;
        order.opened_at = Some(at("2026-03-02T10:00:00Z"));
        order.appointment_ref = Some("A-1".to_owned());
        order
    }

    #[test]
    fn each_mark_is_read_from_what_is_on_record() {
        let closed = Some(at("2026-03-02T18:00:00Z"));
        assert_eq!(of(&order(), closed), [Tag::CarryOver]);
        assert_eq!(of(&order(), Some(at("2026-03-01T18:00:00Z"))), [], "the doors have not closed since");
        assert_eq!(of(&order(), None), [], "a dealership that never closes");
        for state in [State::Ready, State::Delivered, State::Closed] {
            assert_eq!(of(&RepairOrder { state, ..order() }, closed), [], "{state:?}: the work is done");
        }
        let back = RepairOrder { is_comeback: true, appointment_ref: None, ..order() };
        assert_eq!(of(&back, closed), Tag::ALL);
        let unheard = RepairOrder { opened_at: None, appointment_ref: None, ..order() };
        assert_eq!(of(&unheard, closed), [], "a fact about it came before it was opened");
    }

    #[test]
    fn a_filter_knows_the_three_words() {
        for tag in Tag::ALL {
            assert_eq!(Tag::read(Some(tag.word())).expect("a tag"), Some(tag));
        }
        assert!(Tag::read(Some("late")).is_err() && Tag::read(None).expect("none").is_none());
    }
}
