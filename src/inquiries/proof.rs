//! The proof of the promise (W2): the rows of a month, chained by hashes, and the check of such a file.
//!
//! What it proves: no line of the file was changed, taken out or added since it was made, as long as the head that was noted
//! then is the head now. It proves nothing about what was done to the database before the file was made.
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Channel, ledger::By};
use crate::clock::Timestamp;

/// Of the definition of these numbers; another definition gets another version.
pub const VERSION: u32 = 1;

/// One promise: a clock with the evidence of its beginning and its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, sqlx::FromRow)]
pub struct Promise {
    pub inquiry: String,
    #[serde(rename = "ref")]
    #[sqlx(rename = "ref")]
    pub reference: String,
    pub channel: Channel,
    pub received_at: Timestamp,
    pub due_at: Timestamp,
    /// The question that opened the clock, and the channel's own id of it.
    pub question: String,
    pub message_key: Option<String>,
    /// The reply that counts: when a provider took it, or it was said on the telephone.
    pub answered_at: Option<Timestamp>,
    pub answered_by: Option<By>,
    pub reply: Option<String>,
    /// When that reply was written.
    #[serde(default)]
    pub reply_written_at: Option<Timestamp>,
    /// When a provider took the first answer of a person that did not come back, also beside an approved one.
    #[serde(default)]
    pub human_reply_at: Option<Timestamp>,
    /// Replies of the thread that came back.
    pub bounces: i64,
}

impl Promise {
    /// None while there is still time.
    pub fn in_time(&self, now: Timestamp) -> Option<bool> {
        match self.answered_at {
            Some(at) => Some(at <= self.due_at),
            None => (self.due_at <= now).then_some(false),
        }
    }
    fn minutes(&self) -> Option<i64> {
        self.answered_at.map(|at| at.since(self.received_at).as_mins())
    }
}

/// The numbers of a month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbers {
    pub received: usize,
    pub answered_in_time: usize,
    pub breached: usize,
    /// Neither answered nor due yet.
    pub waiting: usize,
    /// Of those answered in time: by approved answers, reported apart (BR-02).
    pub by_approved_answer: usize,
    /// Of the first response, in minutes; None when there was none.
    pub median_minutes: Option<i64>,
    pub p90_minutes: Option<i64>,
}

impl Numbers {
    pub fn of(promises: &[Promise], now: Timestamp) -> Self {
        let kept = |promise: &&Promise| promise.in_time(now) == Some(true);
        let mut minutes: Vec<i64> = promises.iter().filter_map(Promise::minutes).collect();
        minutes.sort_unstable();
        // The nearest rank: a value that really was one.
        let rank = |hundredths: usize| minutes.get((minutes.len() * hundredths).div_ceil(100).max(1) - 1).copied();
        Self {
            received: promises.len(),
            answered_in_time: promises.iter().filter(kept).count(),
            breached: promises.iter().filter(|promise| promise.in_time(now) == Some(false)).count(),
            waiting: promises.iter().filter(|promise| promise.in_time(now).is_none()).count(),
            by_approved_answer: promises.iter().filter(kept).filter(|p| p.answered_by == Some(By::Approved)).count(),
            median_minutes: rank(50),
            p90_minutes: rank(90),
        }
    }
}

/// The report of one dealership and month.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    pub report: &'static str,
    pub version: u32,
    pub dealership: String,
    pub month: String,
    pub made_at: Timestamp,
    /// Which opening hours and holidays the calendar had, as a hash of them.
    pub calendar: String,
    #[serde(flatten)]
    pub numbers: Numbers,
    #[serde(skip)]
    pub promises: Vec<Promise>,
}

impl Report {
    /// Each promise with its evidence and whether it was kept.
    pub fn rows(&self) -> impl Iterator<Item = Value> {
        self.promises.iter().map(|promise| {
            let mut row = json!(promise);
            row["in_time"] = json!(promise.in_time(self.made_at));
            row
        })
    }
    /// The sealed file: what it is, its rows, its head; each line holds the hash of everything before it.
    pub fn sealed(&self) -> String {
        let opening = json!({"report": self.report, "version": self.version, "dealership": self.dealership, "month": self.month,
            "made_at": self.made_at, "calendar": self.calendar});
        let mut file = String::new();
        let mut hash = String::new();
        let head = json!({"head": {"rows": self.promises.len(), "numbers": self.numbers}});
        for content in std::iter::once(opening).chain(self.rows()).chain(std::iter::once(head)) {
            hash = link(&hash, &content);
            file.push_str(&json!({"content": content, "hash": hash}).to_string());
            file.push('\n');
        }
        file
    }
}

fn link(before: &str, content: &Value) -> String {
    hex(&[before.as_bytes(), content.to_string().as_bytes()])
}

pub(super) fn hex(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    crate::id::hex(&hash.finalize())
}

/// A file whose every line is as it was sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    pub dealership: String,
    pub month: String,
    pub rows: usize,
    /// To be compared with the one that was noted when the file was made.
    pub head: String,
}

/// The first thing that is not as it was sealed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Altered {
    #[error("line 1, which says what the report is, was altered")]
    Opening,
    #[error("row {row} (line {line}) was altered{}", .reference.as_ref().map(|it| format!(": inquiry {it}")).unwrap_or_default())]
    Row { row: usize, line: usize, reference: Option<String> },
    #[error("the head (line {line}) was altered, or rows before it were taken out or added")]
    Head { line: usize },
    #[error("the head is missing: the file was cut off")]
    NoHead,
}

/// Checks a sealed file; needs nothing but the file.
///
/// # Errors
/// The first line that was altered.
pub fn verify(file: &[u8]) -> Result<Verified, Altered> {
    let lines: Vec<&[u8]> = file.strip_suffix(b"\n").unwrap_or(file).split(|byte| *byte == b'\n').collect();
    let mut hash = String::new();
    let mut contents = Vec::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate() {
        let read: Option<Value> = serde_json::from_slice(line).ok();
        let content = read.as_ref().and_then(|read| read.get("content")).cloned();
        let next = content.as_ref().map(|content| link(&hash, content));
        // To the byte: what reads the same but is written otherwise was altered, too.
        let as_sealed = content
            .as_ref()
            .zip(next.as_ref())
            .map(|(content, hash)| json!({"content": content, "hash": hash}).to_string());
        let is_as_sealed = as_sealed.is_some_and(|sealed| sealed.as_bytes() == *line);
        if !is_as_sealed {
            let reference = content.and_then(|content| content.get("ref")?.as_str().map(str::to_owned));
            return Err(match index {
                0 => Altered::Opening,
                _ if index + 1 == lines.len() => Altered::Head { line: index + 1 },
                _ => Altered::Row { row: index, line: index + 1, reference },
            });
        }
        hash = next.unwrap_or_default();
        contents.extend(content);
    }
    check_head(&contents, hash, file.ends_with(b"\n"))
}

fn check_head(contents: &[Value], hash: String, is_whole: bool) -> Result<Verified, Altered> {
    let [opening, rows @ .., last] = contents else { return Err(Altered::NoHead) };
    let head = last.get("head").filter(|_| is_whole).ok_or(Altered::NoHead)?;
    let line = contents.len();
    let promises: Vec<Promise> = rows
        .iter()
        .map(|row| serde_json::from_value(row.clone()))
        .collect::<Result<_, _>>()
        .map_err(|_| Altered::Head { line })?;
    let text = |name: &str| opening.get(name).and_then(Value::as_str).map(str::to_owned);
    let made_at: Timestamp = text("made_at").and_then(|at| at.parse().ok()).ok_or(Altered::Opening)?;
    // The numbers are what their rows say.
    if head.get("rows") != Some(&json!(rows.len()))
        || head.get("numbers") != Some(&json!(Numbers::of(&promises, made_at)))
    {
        return Err(Altered::Head { line });
    }
    let (dealership, month) = text("dealership").zip(text("month")).ok_or(Altered::Opening)?;
    Ok(Verified { dealership, month, rows: rows.len(), head: hash })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("2026-03-{text}:00+08:00").parse().expect("a time")
    }
    fn promise(reference: &str, received: &str, answered: Option<&str>) -> Promise {
        let received_at = at(received);
        Promise {
            inquiry: format!("inq_{reference}"),
            reference: reference.to_owned(),
            channel: Channel::Web,
            received_at,
            due_at: received_at.plus(jiff::SignedDuration::from_hours(24)),
            question: format!("ine_{reference}"),
            message_key: None,
            answered_at: answered.map(at),
            answered_by: answered.map(|_| By::Person),
            reply: None,
            reply_written_at: None,
            human_reply_at: None,
            bounces: 0,
        }
    }
    fn report() -> Report {
        let promises = vec![
            promise("W-1", "02T10:00", Some("02T10:30")),
            promise("W-2", "07T17:50", Some("08T17:50")),
            promise("W-3", "07T17:50", Some("08T17:51")),
            promise("W-4", "07T17:50", None),
            promise("W-5", "31T10:00", None),
        ];
        let made_at = at("31T12:00");
        Report {
            report: "sla",
            version: VERSION,
            dealership: "gz-tianhe".to_owned(),
            month: "2026-03".to_owned(),
            made_at,
            calendar: "c".to_owned(),
            numbers: Numbers::of(&promises, made_at),
            promises,
        }
    }

    #[test]
    fn the_numbers_are_counted_from_the_rows() {
        let numbers = report().numbers;
        let expected = Numbers {
            received: 5,
            answered_in_time: 2,
            breached: 2,
            waiting: 1,
            by_approved_answer: 0,
            median_minutes: Some(1440),
            p90_minutes: Some(1441),
        };
        assert_eq!(numbers, expected);
        assert_eq!(Numbers::of(&[], at("31T12:00")).median_minutes, None);
    }

    #[test]
    fn w2_a_row_that_was_altered_is_named() {
        let file = report().sealed();
        let verified = verify(file.as_bytes()).expect("as it was sealed");
        assert_eq!((verified.rows, verified.month.as_str()), (5, "2026-03"));
        let altered = file.replacen("2026-03-08T09:51", "2026-03-08T09:41", 1);
        let named = verify(altered.as_bytes()).expect_err("altered");
        assert_eq!(named.to_string(), "row 3 (line 4) was altered: inquiry W-3");
        // A row taken out is found at the one after it, a head taken away at the end.
        let without: Vec<&str> = file.lines().enumerate().filter(|(n, _)| *n != 3).map(|(_, line)| line).collect();
        assert_eq!(
            verify((without.join("\n") + "\n").as_bytes()).expect_err("altered").to_string(),
            "row 3 (line 4) was altered: inquiry W-4"
        );
        let cut: Vec<&str> = file.lines().take(4).collect();
        assert_eq!(verify((cut.join("\n") + "\n").as_bytes()), Err(Altered::NoHead));
        assert!(verify(b"").is_err());
    }

    proptest! {
        /// Whichever byte of the file is another one: it is noticed.
        #[test]
        fn w2_one_altered_byte_is_noticed(place in 0_usize..10_000, to in any::<u8>()) {
            let mut file = report().sealed().into_bytes();
            let place = place % file.len();
            prop_assume!(file[place] != to);
            file[place] = to;
            prop_assert!(verify(&file).is_err());
        }
    }
}
