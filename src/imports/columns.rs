//! Which column of a file is what: header aliases in three languages, as data; the delimiter; and the rows of one file.
use std::collections::HashMap;

use csv::StringRecord;
use serde::Deserialize;

use super::Kind;

/// What the program knows by itself; a dealership's own words are laid over it.
const KNOWN: &str = include_str!("columns.toml");
/// A header stands in one of the first rows; above it some systems print a title.
pub(super) const FIRST_ROWS: usize = 10;
/// The column that we add to rejected rows.
pub(super) const REASON: &str = "reject_reason";
const DELIMITERS: [char; 4] = [',', '\t', ';', '|'];

/// Header words by kind and column.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Words(HashMap<String, HashMap<String, Vec<String>>>);

impl Words {
    /// # Errors
    /// In the words of the parser.
    pub(super) fn known() -> Result<Self, toml::de::Error> {
        toml::from_str(KNOWN)
    }
    /// Adds what a source calls its columns.
    pub(super) fn lay_over(&mut self, own: Words) {
        for (kind, columns) in own.0 {
            let known = self.0.entry(kind).or_default();
            for (column, words) in columns {
                known.entry(column).or_default().extend(words);
            }
        }
    }
    /// The columns of a header; those that are nobody's are passed over by name.
    pub(super) fn read(&self, kind: Kind, header: &StringRecord) -> Columns {
        let mut columns = Columns::default();
        let Some(known) = self.0.get(kind.word()) else { return columns };
        for (at, cell) in header.iter().enumerate() {
            let cell = cell.trim();
            let folded = folded(cell);
            let column = known.iter().find(|(column, words)| {
                self::folded(column) == folded || words.iter().any(|word| self::folded(word) == folded)
            });
            match column {
                Some((column, _)) if !columns.at.contains_key(column) => {
                    columns.at.insert(column.clone(), at);
                }
                _ if cell.is_empty() || cell == REASON => {}
                _ => columns.unknown.push(cell.to_owned()),
            }
        }
        columns.width = header.len();
        columns
    }
}

/// Where each column stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Columns {
    pub(super) at: HashMap<String, usize>,
    /// Headers that mean nothing to us, as they are written.
    pub(super) unknown: Vec<String>,
    pub(super) width: usize,
}

impl Columns {
    /// Each header with the column that it is, in their order.
    pub(super) fn named(&self, header: &StringRecord) -> Vec<(String, String)> {
        let mut at: Vec<(usize, &String)> = self.at.iter().map(|(column, at)| (*at, column)).collect();
        at.sort_unstable();
        let written = |at| header.get(at).unwrap_or_default().trim().to_owned();
        at.into_iter().map(|(at, column)| (written(at), column.clone())).collect()
    }
    pub(super) fn missing(&self, kind: Kind) -> Vec<&'static str> {
        kind.needs().iter().copied().filter(|column| !self.at.contains_key(*column)).collect()
    }
}

/// The delimiter of a text: the one that makes most of its first rows into columns that are known.
pub(super) fn delimiter(words: &Words, kind: Kind, beginning: &str) -> u8 {
    let score = |delimiter: char| {
        beginning
            .lines()
            .take(FIRST_ROWS)
            .map(|line| {
                let cells: StringRecord = line.split(delimiter).map(|cell| cell.trim_matches('"')).collect();
                (words.read(kind, &cells).at.len(), cells.len())
            })
            .max()
            .unwrap_or_default()
    };
    let best = DELIMITERS.into_iter().rev().max_by_key(|delimiter| score(*delimiter)).unwrap_or(',');
    u8::try_from(best).unwrap_or(b',')
}

/// A header as it is compared: without case, blanks and marks, full width as half.
pub(super) fn folded(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
            c => c,
        })
        .filter(|c| {
            !c.is_whitespace() && !matches!(c, '_' | '-' | '.' | ':' | '(' | ')' | '/' | '*' | '#' | '\u{feff}')
        })
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_known_in_three_languages_and_whatever_their_spelling() {
        let words = Words::known().expect("the data file is right");
        for header in [
            "appointment_no,start_at,mobile,plate",
            "预约单号,预约时间,手机号码,车牌号",
            "予約番号,予約日時,携帯電話,登録番号",
            "Appointment No.,Start At,Mobile,Plate",
        ] {
            let columns = words.read(Kind::Appointments, &header.split(',').collect());
            let mut found: Vec<&str> = columns.at.keys().map(String::as_str).collect();
            found.sort_unstable();
            assert_eq!(found, ["appointment_no", "mobile", "plate", "start_at"], "{header}");
        }
        let columns = words.read(Kind::Customers, &"客户编号,星座,reject_reason".split(',').collect());
        assert_eq!(columns.unknown, ["星座"]);
        assert_eq!(words.read(Kind::Customers, &"姓名".split(',').collect()).missing(Kind::Customers), ["customer_no"]);
    }

    #[test]
    fn the_delimiter_is_the_one_that_makes_sense() {
        let words = Words::known().expect("the data file is right");
        for delimiter in DELIMITERS {
            let text = ["Export, 2026; 03 | 05\t", "customer_no,name,mobile", "1,a;b|c,2"].join("\n");
            let text = text.replace("no,name,mobile", &["no", "name", "mobile"].join(&delimiter.to_string()));
            assert_eq!(char::from(self::delimiter(&words, Kind::Customers, &text)), delimiter);
        }
    }
}
