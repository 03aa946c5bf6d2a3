//! The script of a replay: events in the order in which they happened.
use std::io::BufRead;

use serde::Deserialize;

use crate::clock::Timestamp;

/// Events by their time; of two at the same time the first in the file comes first.
#[derive(Debug)]
pub struct Script(pub Vec<Told>);

/// One event, as it was written.
#[derive(Debug)]
pub struct Told {
    pub at: Timestamp,
    pub line: String,
    /// Its line in the file, from 1.
    pub number: usize,
}

/// A line that cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum BadLine {
    #[error("line {0} cannot be read")]
    Unreadable(usize, #[source] std::io::Error),
    #[error("line {0} is no event with a time: {1}")]
    NoTime(usize, serde_json::Error),
}

impl Script {
    /// Reads events, one a line; empty lines are passed over.
    ///
    /// # Errors
    /// The first line that is no event with a `time`. What else is wrong with an event is found when it is told.
    pub fn read(from: impl BufRead) -> Result<Self, BadLine> {
        #[derive(Deserialize)]
        struct Dated {
            time: Timestamp,
        }
        let mut events = Vec::new();
        for (n, line) in from.lines().enumerate() {
            let number = n + 1;
            let line = line.map_err(|error| BadLine::Unreadable(number, error))?;
            if line.trim().is_empty() {
                continue;
            }
            let dated: Dated = serde_json::from_str(&line).map_err(|error| BadLine::NoTime(number, error))?;
            events.push(Told { at: dated.time, line, number });
        }
        events.sort_by_key(|event| event.at);
        Ok(Self(events))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_told_in_the_order_in_which_they_happened() {
        let text = "{\"id\":\"b\",\"time\":\"2026-03-02T10:00:00+08:00\"}\n\n{\"id\":\"a\",\"time\":\"2026-03-02T01:00:00Z\"}\n{\"id\":\"c\",\"time\":\"2026-03-02T02:00:00Z\"}\n";
        let script = Script::read(text.as_bytes()).expect("a script");
        let order: Vec<usize> = script.0.iter().map(|told| told.number).collect();
        assert_eq!(order, [3, 1, 4]);
        let wrong = Script::read("{\"time\":\"yesterday\"}".as_bytes()).expect_err("no time");
        assert!(wrong.to_string().starts_with("line 1 is no event with a time"), "{wrong}");
    }
}
