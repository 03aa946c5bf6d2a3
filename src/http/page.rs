//! What most addresses take: which dealership is meant, and of a list so many at a time, in the order of their ids.
use serde::{Deserialize, Deserializer, Serialize};

use super::Error;
use crate::clock::Timestamp;

/// The most that one answer holds.
const MOST: i64 = 500;
const USUAL: i64 = 50;

/// How many, and after which id. Flattened into each list's own filters.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Paging {
    #[serde(default, deserialize_with = "number")]
    limit: Option<i64>,
    #[serde(default)]
    pub after: Option<String>,
}

/// A query's values are texts; flattened, the reader does not turn them into numbers by itself.
fn number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    text.map(|text| text.parse().map_err(serde::de::Error::custom)).transpose()
}

impl Paging {
    /// From 1 to 500; 50 when nothing is said.
    pub fn limit(&self) -> i64 {
        self.limit.unwrap_or(USUAL).clamp(1, MOST)
    }
}

/// A moment in a list's filters.
///
/// # Errors
/// 422 at `pointer` when the text is none.
pub fn time(text: Option<String>, pointer: &str) -> Result<Option<Timestamp>, Error> {
    let wrong = || Error::invalid(pointer, "wrong_type", "must be a time like 2026-03-05T09:30:00Z");
    text.map(|text| text.parse().map_err(|_| wrong())).transpose()
}

/// `?dealership=CODE`: which one is meant, where a ref or a key does not say it.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Where {
    pub dealership: Option<String>,
}

/// One page of a list; `next` is what to send as `after`, null at the end.
#[derive(Clone, Debug, Serialize)]
pub struct Page<T> {
    items: Vec<T>,
    next: Option<String>,
}

impl<T> Page<T> {
    /// A page of items, of which at most `paging.limit()` were asked for.
    pub fn new(items: Vec<T>, paging: &Paging, id: impl Fn(&T) -> String) -> Self {
        let full = i64::try_from(items.len()).unwrap_or(i64::MAX) >= paging.limit();
        let next = items.last().filter(|_| full).map(id);
        Self { items, next }
    }
}
