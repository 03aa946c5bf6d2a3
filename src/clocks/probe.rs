//! A desk for the tests of the lane: it writes down what it was handed, and does what the clock's detail orders.
use serde_json::json;

use super::{
    Clock, ClockKind,
    actions::{NewClock, set},
};
use crate::{db, desk::Desk, timeline::Entry};

/// `{"fails": true}` makes the desk fail, `{"panics": true}` panic, `{"again": "…"}` sets the next one at that time.
pub(super) async fn ring(desk: &mut Desk<'_>, clocks: &[Clock]) -> db::Result<()> {
    let together = clocks.len();
    for (place, clock) in clocks.iter().enumerate() {
        let mut line = Entry::new(desk.id(), clock.dealership_id, desk.now, "probe.rang");
        line.actor = Some(clock.subject_id.clone());
        line.reason = Some(clock.key.clone());
        line.detail = json!({"due_at": clock.due_at, "together": together, "place": place});
        desk.record(line);
        assert!(clock.detail["panics"] != true, "ordered to panic");
        if clock.detail["fails"] == true {
            return Err(db::Error::RolledBack);
        }
        if let Some(again) = clock.detail["again"].as_str().and_then(|at| at.parse().ok()) {
            let next = NewClock {
                dealership_id: clock.dealership_id,
                kind: ClockKind::Probe,
                subject_id: clock.subject_id.clone(),
                key: clock.key.clone(),
                due_at: again,
                detail: json!({}),
            };
            set(desk, &[next]).await?;
        }
    }
    Ok(())
}
