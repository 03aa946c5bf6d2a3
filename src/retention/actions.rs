//! The nightly round.
use serde_json::json;

use super::{AGAIN, AT_ONCE, Kind, store};
use crate::{
    clocks::{
        Clock, ClockKind,
        actions::{NewClock, set, set_next},
    },
    db,
    desk::Desk,
    id::Id,
    messages::Message,
};

/// The key of a clock that goes on with what a night could not finish.
const MORE: &str = "more";

/// Forgets what was kept long enough, some of each kind; what is left is gone on with shortly.
pub(crate) async fn forget(desk: &mut Desk<'_>, clocks: &[Clock]) -> db::Result<()> {
    let nightly: Vec<Clock> = clocks.iter().filter(|clock| clock.key != MORE).cloned().collect();
    set_next(desk, ClockKind::Retention, &nightly).await?;
    // It is one round for the whole house, whichever dealership's night it is.
    let Some(clock) = clocks.first() else { return Ok(()) };
    let rules = desk.config.retention.clone();
    let mut is_more = false;
    for kind in Kind::ALL {
        let before = desk.now.minus(kind.kept(&rules));
        // Ids begin with the time at which they were made: whatever kind this one is of, the rest of it is a time.
        let bound = Id::<Message>::new(before, [0; 10]).to_string();
        let Some((_, bound)) = bound.split_once('_') else { continue };
        is_more |= store::forget(desk.tx, kind, bound, AT_ONCE, desk.now).await? >= AT_ONCE;
    }
    if is_more {
        let again = NewClock {
            dealership_id: clock.dealership_id,
            kind: ClockKind::Retention,
            subject_id: clock.subject_id.clone(),
            key: MORE.to_owned(),
            due_at: desk.now.plus(AGAIN),
            detail: json!({}),
        };
        set(desk, &[again]).await?;
    }
    Ok(())
}
