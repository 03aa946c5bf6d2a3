//! What came of a file, so that a person can judge it: what was understood, what was not, and why.
use std::{collections::BTreeMap, fmt, path::PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::rows::{Problem, Understood};

/// Reasons are sentences of ours and few; where a file brings more of them they are counted as one.
const MOST_REASONS: usize = 40;
/// Rows that are shown as they were understood.
const SHOWN: usize = 3;

/// What came of a file, or would come of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Summary {
    pub is_dry: bool,
    pub encoding: String,
    pub delimiter: char,
    pub rows: u64,
    /// Rows of which something was news.
    pub taken: u64,
    /// Those of them whose thing no earlier row of this source was about.
    pub new: u64,
    /// Rows that say what they said the last time.
    pub unchanged: u64,
    pub rejected: u64,
    /// Events that were stored, or would be.
    pub events: u64,
    /// Our word and theirs, and how many rows.
    #[serde(with = "as_list")]
    pub statuses: BTreeMap<(String, String), u64>,
    /// Headers as they are written, and our word for each, in their order.
    pub columns: Vec<(String, String)>,
    /// Headers that mean nothing to us.
    pub unknown_columns: Vec<String>,
    /// By column and sentence: how many rows, and the line of the first.
    #[serde(with = "as_list")]
    pub reasons: BTreeMap<(String, String), (u64, u64)>,
    #[serde(with = "as_list")]
    pub warnings: BTreeMap<(String, String), (u64, u64)>,
    /// The first rows as they were understood.
    pub first: Vec<String>,
    /// Where the rejected rows are.
    pub rejected_file: Option<PathBuf>,
}

impl Summary {
    pub(super) fn understood(&mut self, line: u64, row: &Understood) {
        if let Some((theirs, ours)) = &row.status {
            let key = (ours.clone(), theirs.clone());
            if self.statuses.len() < MOST_REASONS || self.statuses.contains_key(&key) {
                *self.statuses.entry(key).or_default() += 1;
            }
        }
        count(&mut self.warnings, line, &row.warnings);
        if self.is_dry && self.first.len() < SHOWN {
            let facts = row.facts.iter().map(|fact| format!("{} {}", fact.kind, shown(&fact.data)));
            let staff = row.staff.iter().map(|staff| format!("staff {} {}", row.reference, shown(staff)));
            self.first.push(format!("line {line}: {}", facts.chain(staff).collect::<Vec<_>>().join("\n    ")));
        }
    }
    pub(super) fn rejected(&mut self, line: u64, why: &[Problem]) {
        self.rejected += 1;
        count(&mut self.reasons, line, why);
    }
}

/// The data as JSON; where a time is that of the file, it says so.
fn shown(data: &serde_json::Value) -> String {
    data.to_string().replace("\\u0001when", "(when the file was made)")
}

fn count(in_: &mut BTreeMap<(String, String), (u64, u64)>, line: u64, problems: &[Problem]) {
    for problem in problems {
        let mut key = (problem.column.clone(), problem.why.clone());
        if in_.len() >= MOST_REASONS && !in_.contains_key(&key) {
            key = (String::new(), "other reasons: see each row".to_owned());
        }
        in_.entry(key).or_insert((0, line)).0 += 1;
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let delimiter = if self.delimiter == '\t' { "tab".to_owned() } else { self.delimiter.to_string() };
        let would = if self.is_dry { "dry run, nothing was stored: " } else { "" };
        writeln!(f, "{would}{} rows, read as {} with {delimiter} between cells", self.rows, self.encoding)?;
        writeln!(
            f,
            "{} with news ({} events), {} unchanged, {} rejected",
            self.taken, self.events, self.unchanged, self.rejected
        )?;
        for ((ours, theirs), rows) in &self.statuses {
            writeln!(f, "  status {ours}: {rows} rows that say {theirs:?}")?;
        }
        if !self.unknown_columns.is_empty() {
            writeln!(f, "columns that mean nothing to us: {}", self.unknown_columns.join(", "))?;
        }
        for (title, list) in [("warning", &self.warnings), ("rejected", &self.reasons)] {
            for ((column, why), (rows, line)) in list {
                let said = format!("{column} {why}");
                writeln!(f, "{title}: {rows} rows, the first on line {line}: {}", said.trim())?;
            }
        }
        for first in &self.first {
            writeln!(f, "understood {first}")?;
        }
        if let Some(file) = &self.rejected_file {
            writeln!(f, "rejected rows with their reasons: {}", file.display())?;
        }
        Ok(())
    }
}

/// JSON has no keys of two words.
mod as_list {
    use super::{BTreeMap, Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<K: Serialize, V: Serialize, S: Serializer>(
        map: &BTreeMap<K, V>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(map)
    }

    pub(super) fn deserialize<'de, K, V, D>(from: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(from)?.into_iter().collect())
    }
}
