//! What of a row is news since the last file, and the events that it becomes. Pure.
//!
//! An event's id is made of its source, its thing, its content and of what the thing's row said before: the same file again
//! makes the same ids, and a value that comes back after it was another one is news all the same.
use jiff::SignedDuration;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::rows::{Fact, Understood};
use crate::clock::Timestamp;

/// What a row whose last moment is so long past tells is history: it is told under that moment.
const HISTORY: SignedDuration = SignedDuration::from_hours(24);

/// The part of a source that every event of a file has, so that it is never taken for a live feed (BR-19).
pub(super) const PREFIX: &str = crate::feeds::FILES;

/// A file's way of naming its events.
#[derive(Clone, Debug)]
pub(super) struct Naming {
    /// `/csv/NAME/KIND`.
    pub(super) source: String,
    /// The code of the dealership.
    pub(super) dealership: String,
    /// When the file was made.
    pub(super) made_at: Timestamp,
}

impl Naming {
    /// The events of what is news, and what is to be remembered of the row.
    pub(super) fn events(&self, row: &Understood, before: &str) -> (Vec<Value>, String) {
        let hashes: Vec<String> = row.facts.iter().map(|fact| self.hash(&row.reference, fact)).collect();
        let time = match row.latest {
            // Something that changed since the last file changed now, whatever times stand in it.
            Some(latest) if before.is_empty() && latest < self.made_at.minus(HISTORY) => latest,
            _ => self.made_at,
        };
        let begin = first_news(&before.split_terminator(' ').collect::<Vec<_>>(), &hashes);
        let events = row.facts.iter().zip(&hashes).skip(begin).map(|(fact, hash)| {
            json!({
                "specversion": "1.0",
                "id": format!("row-{}", digest(&[hash, before])),
                "source": self.source,
                "type": fact.kind,
                "time": time,
                "dealership": self.dealership,
                "data": fact.data_at(time),
            })
        });
        (events.collect(), hashes.join(" "))
    }
    fn hash(&self, reference: &str, fact: &Fact) -> String {
        digest(&[&self.dealership, &self.source, reference, fact.kind, &fact.data.to_string()])
    }
    /// Under what a row is remembered: a key without the customer's name or number in it.
    #[expect(clippy::unused_self, reason = "asked of the same one as the ids")]
    pub(super) fn key(&self, reference: &str) -> String {
        digest(&[reference])
    }
}

/// From where on the facts are news. Where the last word was taken back (a cancelled visit is booked again), the one before
/// it is said again.
fn first_news(before: &[&str], now: &[String]) -> usize {
    let same = before.iter().zip(now).take_while(|(before, now)| **before == now.as_str()).count();
    if same == now.len() && before.len() > now.len() { now.len().saturating_sub(1) } else { same }
}

/// 128 bits are enough to tell rows apart.
fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    crate::id::hex(&hash.finalize()[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(facts: &[(&'static str, &str)]) -> Understood {
        let facts = facts.iter().map(|(kind, data)| Fact { kind, data: json!({ "x": data }) }).collect();
        Understood { reference: "A-1".to_owned(), facts, ..Understood::default() }
    }
    fn naming() -> Naming {
        let made_at = "2026-03-05T02:00:00+08:00".parse().unwrap();
        Naming { source: "/csv/dms/appointments".to_owned(), dealership: "gz".to_owned(), made_at }
    }
    fn kinds(events: &[Value]) -> Vec<&str> {
        events.iter().map(|event| event["type"].as_str().unwrap()).collect()
    }

    #[test]
    fn only_news_is_told_and_what_comes_back_is_news() {
        let (first, monday) = naming().events(&row(&[("booked", "9:00")]), "");
        assert_eq!(kinds(&first), ["booked"]);
        assert_eq!(
            naming().events(&row(&[("booked", "9:00")]), "").0,
            first,
            "the same file, read again after a crash"
        );
        assert!(naming().events(&row(&[("booked", "9:00")]), &monday).0.is_empty(), "the same row");
        let (moved, tuesday) = naming().events(&row(&[("booked", "10:00")]), &monday);
        assert_eq!(kinds(&moved), ["booked"]);
        let (back, _) = naming().events(&row(&[("booked", "9:00")]), &tuesday);
        assert_eq!(kinds(&back), ["booked"]);
        assert_ne!(back[0]["id"], first[0]["id"]);

        let (gone, cancelled) = naming().events(&row(&[("booked", "9:00"), ("cancelled", "")]), &monday);
        assert_eq!(kinds(&gone), ["cancelled"]);
        let (again, _) = naming().events(&row(&[("booked", "9:00")]), &cancelled);
        assert_eq!(kinds(&again), ["booked"], "booked again under the same number");
    }

    #[test]
    fn history_is_told_under_its_own_time_and_a_change_of_it_under_the_files() {
        let old = Understood { latest: "2024-01-05T10:00:00+08:00".parse().ok(), ..row(&[("opened", "a")]) };
        assert_eq!(naming().events(&old, "").0[0]["time"], json!(old.latest));
        assert_eq!(naming().events(&old, "other").0[0]["time"], json!(naming().made_at));
    }
}
