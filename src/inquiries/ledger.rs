//! The promise clock as a fold over what was said (BR-01, BR-02): which clocks were opened, and what stopped each.
use serde::{Deserialize, Serialize};

use crate::{clock::Timestamp, id::Id};

use super::{Author, Said};

/// Who gave the reply that counts: people and approved answers are reported apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum By {
    Person,
    Approved,
}

/// What happened to a thread, as the clock sees it. Acknowledgements are none of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    Question {
        entry: Id<Said>,
        at: Timestamp,
    },
    /// A provider took a substantive reply, or somebody was told on the telephone.
    Accepted {
        entry: Id<Said>,
        /// When it was written: what was asked later is not answered by it.
        written_at: Timestamp,
        at: Timestamp,
        by: By,
    },
    /// A reply came back: it was never one.
    Failed {
        entry: Id<Said>,
        at: Timestamp,
    },
}

impl Fact {
    /// Their order in time; at one moment a question comes before its answer, and that before its report.
    fn place(&self) -> (Timestamp, u8) {
        match self {
            Self::Question { at, .. } => (*at, 0),
            Self::Accepted { at, .. } => (*at, 1),
            Self::Failed { at, .. } => (*at, 2),
        }
    }
}

/// One clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    pub opened_by: Id<Said>,
    pub opened_at: Timestamp,
    pub stop: Option<Stop>,
}

/// The reply that stopped it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    pub entry: Id<Said>,
    pub written_at: Timestamp,
    pub at: Timestamp,
    pub by: By,
}

/// Folds facts into clocks. A question opens one unless one runs; the first reply that counts, and was written after it was
/// opened, stops it; a reply that comes back stops none, whatever was thought of it until then. A question that was asked
/// while a reply was on its way is not answered by that: once the reply has stopped the clock, it has one of its own.
pub fn fold(facts: &[Fact]) -> Vec<Row> {
    let mut facts = facts.to_vec();
    facts.sort_by_key(Fact::place);
    let mut rows: Vec<Row> = Vec::new();
    let mut replies: Vec<Stop> = Vec::new();
    // Asked while a clock ran: that clock stands for them as long as it does.
    let mut joined: Vec<(Id<Said>, Timestamp)> = Vec::new();
    for fact in facts {
        match fact {
            Fact::Question { entry, at } => joined.push((entry, at)),
            Fact::Accepted { entry, written_at, at, by } => replies.push(Stop { entry, written_at, at, by }),
            Fact::Failed { entry, .. } => replies.retain(|reply| reply.entry != entry),
        }
        for row in &mut rows {
            row.stop = replies.iter().find(|reply| reply.written_at >= row.opened_at).copied();
        }
        if rows.iter().all(|row| row.stop.is_some()) {
            joined.retain(|(_, at)| replies.iter().all(|reply| reply.written_at < *at));
            if !joined.is_empty() {
                let (opened_by, opened_at) = joined.remove(0);
                rows.push(Row { opened_by, opened_at, stop: None });
            }
        }
    }
    rows
}

/// The facts that the entries of a thread tell.
pub fn facts(entries: &[Said]) -> Vec<Fact> {
    let mut facts = Vec::new();
    for entry in entries {
        let by = match entry.author {
            Author::Customer => {
                facts.push(Fact::Question { entry: entry.id, at: entry.at });
                continue;
            }
            Author::System => continue,
            Author::Person => By::Person,
            Author::Approved => By::Approved,
        };
        let accepted =
            entry.accepted_at.map(|at| Fact::Accepted { entry: entry.id, written_at: entry.at.min(at), at, by });
        // A report cannot come before what it reports about.
        let failed = entry
            .failed_at
            .zip(entry.accepted_at)
            .map(|(at, taken)| Fact::Failed { entry: entry.id, at: at.max(taken) });
        facts.extend(accepted.into_iter().chain(failed));
    }
    facts
}

#[cfg(test)]
mod tests;
