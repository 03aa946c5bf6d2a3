//! What systems call the states of things, and what we call them: data, which each source may lay its own words over.
use std::{collections::HashMap, path::Path};

use anyhow::Context;
use serde::Deserialize;

use super::{
    Kind,
    columns::{Words, folded},
    shapes::DayOrder,
};

const KNOWN: &str = include_str!("statuses.toml");

/// Our word for what nobody knows: the row is taken, and says nothing of its state.
pub(super) const OTHER: &str = "other";

/// Words by list and by our word for them. Lists are the kinds that have a status, and `severities`, `roles`, `pay_types`.
type Lists = HashMap<String, HashMap<String, Vec<String>>>;

/// How one source writes: its headers, its words and its days.
#[derive(Clone, Debug)]
pub(super) struct Mapping {
    pub(super) columns: Words,
    /// By list, then by the folded word.
    words: HashMap<String, HashMap<String, String>>,
    pub(super) days: DayOrder,
}

/// A source's own file: `imports.mappings`/NAME.toml.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    #[serde(default)]
    columns: Words,
    #[serde(default)]
    words: Lists,
    days: Option<DayOrder>,
}

impl Mapping {
    /// What the program knows, with what a file of the source's name in `folder` says laid over it.
    ///
    /// # Errors
    /// The file cannot be read; the text says which and where.
    pub(super) fn of(source: &str, region: &str, folder: Option<&Path>) -> anyhow::Result<Self> {
        let own = match folder.map(|folder| folder.join(format!("{source}.toml"))).filter(|file| file.is_file()) {
            Some(file) => {
                let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
                toml::from_str::<Own>(&text).with_context(|| format!("{} cannot be used", file.display()))?
            }
            None => Own::default(),
        };
        let mut columns = Words::known().context("the built-in headers cannot be read")?;
        columns.lay_over(own.columns);
        let mut mapping = Self {
            columns,
            words: HashMap::new(),
            days: own.days.unwrap_or(if region == "US" { DayOrder::MonthDay } else { DayOrder::Unsaid }),
        };
        mapping.learn(toml::from_str(KNOWN).context("the built-in words cannot be read")?);
        mapping.learn(own.words);
        Ok(mapping)
    }
    /// A later word replaces an earlier one.
    fn learn(&mut self, lists: Lists) {
        for (list, ours) in lists {
            let known = self.words.entry(list).or_default();
            for (our, theirs) in ours {
                known.insert(folded(&our), our.clone());
                known.extend(theirs.iter().map(|word| (folded(word), our.clone())));
            }
        }
    }
    /// Our word for theirs.
    pub(super) fn word(&self, list: &str, theirs: &str) -> Option<&str> {
        self.words.get(list)?.get(&folded(theirs)).map(String::as_str)
    }
    pub(super) fn status(&self, kind: Kind, theirs: &str) -> &str {
        self.word(kind.word(), theirs).unwrap_or(OTHER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_lays_its_own_words_over_ours() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(
            folder.path().join("r3.toml"),
            "days = \"day_month\"\n[columns.customers]\ncustomer_no = [\"KUNNR\"]\n[words.appointments]\ncancelled = [\"booked\", \"X9\"]\n",
        )
        .expect("written");
        let plain = Mapping::of("dms", "CN", Some(folder.path())).expect("built in");
        let own = Mapping::of("r3", "CN", Some(folder.path())).expect("its own");
        assert_eq!(plain.status(Kind::Appointments, "已取消"), "cancelled");
        assert_eq!(plain.status(Kind::Appointments, "No-Show"), "no_show");
        assert_eq!(plain.status(Kind::Appointments, "X9"), OTHER);
        assert_eq!(
            (own.status(Kind::Appointments, "x9"), own.status(Kind::Appointments, "Booked")),
            ("cancelled", "cancelled")
        );
        assert_eq!(own.columns.read(Kind::Customers, &"KUNNR,姓名".split(',').collect()).at.len(), 2);
        assert_eq!((plain.days, own.days), (DayOrder::Unsaid, DayOrder::DayMonth));
        std::fs::write(folder.path().join("bad.toml"), "[status]\nx = 1").expect("written");
        assert!(Mapping::of("bad", "CN", Some(folder.path())).is_err());
    }
}
