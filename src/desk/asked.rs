//! What one colleague asks another, whatever it is about: it is answered once, and a clock that goes with the doors sees to it
//! that somebody does.
use jiff::SignedDuration;
use serde::Serialize;
use serde_json::json;

use crate::{
    clocks::{
        ClockKind,
        actions::{self as clocks, NewClock},
    },
    db::{self, Tx},
    dealerships::Dealership,
    desk::Desk,
    http::Error,
    id::Id,
    staff::{self, Staff},
};

/// Asked, then answered; an answer is final, because somebody acts on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum State {
    Open,
    Answered,
}

/// Who asks or answers, by their ref.
///
/// # Errors
/// 422 at `/by` where nobody of that ref works there; the database's.
pub async fn who(tx: &mut Tx, dealership: Id<Dealership>, reference: &str) -> Result<Id<Staff>, Error> {
    let found = staff::actions::find_id(tx, dealership, reference).await?;
    found.ok_or_else(|| Error::invalid("/by", "unknown_staff", "nobody of that ref works there"))
}

/// What whoever was slower is told.
pub fn answered_already() -> Error {
    Error::Conflict("already_answered", "this question is answered: look at it, and ask another one".to_owned())
}

/// Sets the clocks of a question: each rings when the doors have been open for so long. A house that never opens is not
/// reminded.
pub async fn wait(
    desk: &mut Desk<'_>,
    dealership: &Dealership,
    (kind, subject_id): (ClockKind, &str),
    waits: &[(&str, SignedDuration)],
) -> db::Result<()> {
    let shop = dealership.shop();
    let set = waits.iter().filter_map(|(key, wait)| {
        Some(NewClock {
            dealership_id: dealership.id,
            kind,
            subject_id: subject_id.to_owned(),
            key: (*key).to_owned(),
            due_at: shop.open_for(desk.now, *wait)?,
            detail: json!({}),
        })
    });
    let set: Vec<NewClock> = set.collect();
    clocks::set(desk, &set).await
}
