//! A call-back that somebody promises outside of any call: a customer asked to be called at a time (BR-43).
use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::json;

use super::{CallTask, CallType, NewTask, actions, planning::Agreed, store::attempts};
use crate::{
    clock::Timestamp, customers::Customer, dealerships::Dealership, desk::Desk, http::Error, id::Id,
    notices::SubjectKind, staff::Staff,
};

/// How far ahead a call may be agreed.
pub(super) const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 60);

/// What was agreed with whom.
#[derive(Clone, Debug)]
pub(super) struct Promise {
    pub(super) customer_id: Id<Customer>,
    pub(super) at: Timestamp,
    /// Who promised it makes the call; it is anybody's when they do not come for it.
    pub(super) by_me: bool,
    /// What it is to be about; kept as a draft, shown to whoever has the call.
    pub(super) note: Option<String>,
}

impl Promise {
    /// # Errors
    /// A time that is past, or too far ahead.
    pub(super) fn check(&self, now: Timestamp) -> Result<(), Error> {
        if self.at <= now || self.at.since(now) > AHEAD {
            return Err(Error::invalid("/at", "not_ahead", "must be later than now, and within 60 days"));
        }
        Ok(())
    }
}

/// Plans the call; one for each time that was agreed with a customer, however often it is said.
///
/// # Errors
/// 409 when a call at that time was promised before; those of the database.
pub(super) async fn promise(
    desk: &mut Desk<'_>,
    dealership: &Arc<Dealership>,
    agent: &Staff,
    promise: &Promise,
) -> Result<Id<CallTask>, Error> {
    let tolerance = desk.config.calls.callback_tolerance.signed();
    let subject = (SubjectKind::Customer, promise.customer_id.to_string());
    let times = (promise.at.minus(tolerance), promise.at.plus(tolerance));
    let task = NewTask {
        round: promise.at.get().as_second() / 60,
        agreed: Some(Agreed { at: promise.at, by: promise.by_me.then_some(agent.id) }),
        ..NewTask::new(CallType::Callback, dealership, promise.customer_id, subject, "promised", times)
    };
    let planned = actions::plan(desk, &[task]).await?;
    let id = planned.first().copied().ok_or_else(|| {
        Error::Conflict("promised_already", "a call to this customer at that time is promised already".to_owned())
    })?;
    if let Some(note) = &promise.note {
        attempts::keep_draft(desk.tx, id, agent.id, json!({ "note": note }), desk.now).await?;
    }
    Ok(id)
}
