//! What falls due while an inquiry waits: warnings, the broken promise, somebody to answer, the list before closing.
use jiff::SignedDuration;
use serde_json::json;

use super::{
    Author, EntryState, PromiseClock, State,
    escalation::{self, Step},
    keeping::{self, Thread},
    store,
};
use crate::{
    appointments,
    calls::{self, CallType, NewTask},
    clock::Timestamp,
    clocks::{
        Clock, ClockKind,
        actions::{self as clocks, NewClock},
    },
    customers, db, dealerships,
    desk::Desk,
    id::Id,
    notices::{
        SubjectKind,
        actions::{Heard, Subject, hear},
    },
    staff::{self, Staff},
};

/// A step of the escalation (BR-03); each is taken once, because its clock is gone when it has rung.
pub async fn escalate(desk: &mut Desk<'_>, rung: &[Clock]) -> db::Result<()> {
    for clock in rung {
        let Some((of, step)) = clock.key.rsplit_once(':') else { continue };
        let (Some(step), Ok(id)) = (Step::read(step), clock.subject_id.parse()) else { continue };
        let Some(mut thread) = keeping::load_one(desk, id).await? else { continue };
        let Some(promise) = thread.running(of).cloned() else { continue };
        take(desk, &mut thread, &promise, step).await?;
    }
    Ok(())
}

async fn take(desk: &mut Desk<'_>, thread: &mut Thread, promise: &PromiseClock, step: Step) -> db::Result<()> {
    let is_over = promise.due_at <= desk.now;
    match step {
        Step::Breach => return thread.settle(desk, &[]).await,
        Step::After => {
            let occasion = format!("{}:after", promise.id);
            return thread.tell_staff(desk, "inquiry.breached", step.readers(), occasion, json!({})).await;
        }
        // Rung days late: the breach says all there is to say.
        _ if is_over => return Ok(()),
        Step::Draft if thread.inquiry.owner_id.is_none() => prepare(desk, thread).await?,
        Step::Draft => return Ok(()),
        _ => {}
    }
    let mut line = thread.line(desk, "inquiry.escalated");
    line.reason = Some(step.word().to_owned());
    desk.record(line);
    thread.warn(desk, promise.due_at, step.readers(), format!("{}:{}", promise.id, step.word())).await
}

/// At 90 % nobody has it: the manager on duty gets it, with an answer to begin from.
async fn prepare(desk: &mut Desk<'_>, thread: &mut Thread) -> db::Result<()> {
    let managers = staff::actions::having_role(desk.tx, thread.inquiry.dealership_id, "service_manager").await?;
    thread.inquiry.draft = Some(super::replies::draft(thread));
    let duty = thread.on_duty(&managers, desk.now).first().copied();
    let here = managers.iter().find(|manager| !manager.is_away(&thread.dealership, desk.now));
    if let Some(manager) = duty.or(here).or(managers.first()) {
        give(desk, thread, manager.id, "nobody_took_it");
    }
    thread.settle(desk, &[]).await
}

fn give(desk: &mut Desk<'_>, thread: &mut Thread, owner: Id<Staff>, reason: &str) {
    thread.inquiry.owner_id = Some(owner);
    thread.inquiry.owner_since = Some(desk.now);
    thread.inquiry.revision += 1;
    if thread.inquiry.state == State::New {
        thread.inquiry.state = State::Assigned;
    }
    let mut line = thread.line(desk, "inquiry.assigned");
    line.reason = Some(reason.to_owned());
    line.detail = json!({"owner": owner});
    desk.record(line);
}

/// Gives an inquiry to somebody, and watches whether they say anything.
pub(super) async fn assign(desk: &mut Desk<'_>, thread: &mut Thread, owner: Id<Staff>, reason: &str) -> db::Result<()> {
    give(desk, thread, owner, reason);
    let silent = desk.config.inquiries.owner_silent.signed();
    let at = thread.dealership.shop().open_for(desk.now, silent);
    let watch: Vec<NewClock> =
        at.filter(|_| thread.inquiry.due_at.is_some()).map(|at| thread.assign_at(at)).into_iter().collect();
    clocks::set(desk, &watch).await
}

/// Nobody has taken it, or its owner has said nothing (BR-05).
pub async fn assign_waiting(desk: &mut Desk<'_>, rung: &[Clock]) -> db::Result<()> {
    for clock in rung {
        let Ok(id) = clock.subject_id.parse() else { continue };
        let Some(mut thread) = keeping::load_one(desk, id).await? else { continue };
        if !thread.inquiry.state.is_open() {
            continue;
        }
        if let Some(owner) = thread.inquiry.owner_id {
            let since = thread.inquiry.owner_since.unwrap_or(thread.inquiry.received_at);
            let spoke = thread.entries.iter().any(|entry| entry.author == Author::Person && entry.created_at >= since);
            if spoke {
                continue;
            }
            thread.inquiry.previous_owner_id = Some(owner);
            (thread.inquiry.owner_id, thread.inquiry.owner_since) = (None, None);
            thread.inquiry.revision += 1;
            let mut line = thread.line(desk, "inquiry.returned");
            line.reason = Some("owner_silent".to_owned());
            line.detail = json!({"owner": owner});
            desk.record(line);
            thread.settle(desk, &[]).await?;
            let again = desk.now.plus(desk.config.inquiries.assign_after.signed());
            let again = thread.assign_at(again);
            clocks::set(desk, &[again]).await?;
        } else {
            match somebody(desk, &thread).await? {
                Found::One(somebody) => {
                    assign(desk, &mut thread, somebody, "assigned_by_rule").await?;
                    thread.settle(desk, &[]).await?;
                }
                Found::Later(at) => {
                    let again = thread.assign_at(at);
                    clocks::set(desk, &[again]).await?;
                }
                Found::Nobody => {}
            }
        }
    }
    Ok(())
}

/// Whom an inquiry can be given to.
enum Found {
    One(Id<Staff>),
    /// All are off; the first of them is back then.
    Later(Timestamp),
    Nobody,
}

/// The advisor who last had the vehicle if they are on shift, else of those on shift the one who has waited longest for an
/// inquiry (BR-05). Who was silent about it comes last.
async fn somebody(desk: &mut Desk<'_>, thread: &Thread) -> db::Result<Found> {
    let inquiry = &thread.inquiry;
    let advisors = staff::actions::having_role(desk.tx, inquiry.dealership_id, "advisor").await?;
    let here: Vec<Id<Staff>> = thread.on_duty(&advisors, desk.now).iter().map(|advisor| advisor.id).collect();
    if here.is_empty() {
        let shop = thread.dealership.shop();
        let back = advisors.iter().filter_map(|advisor| advisor.next_on_shift(&shop, desk.now)).min();
        return Ok(back.map_or(Found::Nobody, Found::Later));
    }
    if let Some(vehicle) = inquiry.vehicle_id
        && let Some(last) = appointments::actions::last_advisor(desk.tx, vehicle).await?
        && here.contains(&last)
        && inquiry.previous_owner_id != Some(last)
    {
        return Ok(Found::One(last));
    }
    let mut given = store::last_given(desk.tx, &here).await?;
    given.sort_by_key(|(id, at)| (Some(*id) == inquiry.previous_owner_id, *at, *id));
    Ok(given.first().map_or(Found::Nobody, |(id, _)| Found::One(*id)))
}

/// The list before closing (BR-04), and when the next one is made.
pub async fn sweep(desk: &mut Desk<'_>, rung: &[Clock]) -> db::Result<()> {
    for clock in rung {
        let Some(dealership) = dealerships::actions::find(desk.tx, clock.dealership_id).await? else { continue };
        let dealership = std::sync::Arc::new(dealership);
        let (shop, rules) = (dealership.shop(), desk.config.inquiries.clone());
        let closes = shop.next_day_end(desk.now);
        let back = closes.and_then(|end| shop.next_opening(end.minus(SignedDuration::from_micros(1))));
        let until = back
            .map_or_else(|| desk.now.plus(SignedDuration::from_hours(48)), |at| at.plus(SignedDuration::from_hours(1)));
        // Made hours late it would be about another evening.
        let is_in_time = desk.now.since(clock.due_at) < rules.sweep_before.signed();
        let listed = if is_in_time { store::due_before(desk.tx, dealership.id, until).await? } else { Vec::new() };
        if !listed.is_empty() {
            let items: Vec<_> = listed
                .iter()
                .map(|found| {
                    json!({"at": found.inquiry.due_at, "ref": found.inquiry.reference, "plate": found.plate,
                        "customer": found.customer_name.as_ref().map(|name| json!({"name": name})),
                        "what": found.inquiry.topic.iter().collect::<Vec<_>>(), "advisor": found.owner_name})
                })
                .collect();
            let day = desk.now.in_zone(&dealership.zone).date();
            let subject = Subject {
                kind: SubjectKind::Dealership,
                id: dealership.id.to_string(),
                reference: dealership.code.clone(),
                revision: 0,
            };
            let heard = Heard {
                is_new: true,
                occasion: Some(day.to_string()),
                detail: json!({"date": day, "by": closes, "items": items}),
                ..Heard::new("inquiries.closing_sweep_due", &dealership, subject)
            };
            hear(desk, &heard).await?;
        }
        let waits = !store::list_open(desk.tx, Some(dealership.id), None, 1).await?.is_empty();
        if let Some(due_at) = escalation::next_sweep(desk.now, &shop, &rules).filter(|_| waits) {
            let next = NewClock {
                dealership_id: dealership.id,
                kind: ClockKind::InquirySweep,
                subject_id: dealership.id.to_string(),
                key: String::new(),
                due_at,
                detail: json!({}),
            };
            clocks::set(desk, &[next]).await?;
        }
    }
    Ok(())
}

impl Thread {
    /// Who of these is on shift; while the doors are closed, who is when they open. Where they never open, all of them.
    fn on_duty<'s>(&self, people: &'s [Staff], now: Timestamp) -> Vec<&'s Staff> {
        let shop = self.dealership.shop();
        let on_shift = |at| people.iter().filter(|person| person.is_on_shift(&shop, at)).collect::<Vec<_>>();
        let here = on_shift(now);
        if !here.is_empty() || shop.is_open_at(now) {
            return here;
        }
        shop.next_opening(now).map_or_else(|| people.iter().collect(), on_shift)
    }

    /// A broken promise is answered at last, was none after all, or is set aside: nobody needs to call about it any more.
    pub(super) async fn call_no_more(&self, desk: &mut Desk<'_>, is_mended: bool) -> db::Result<()> {
        let was_broken = self.inquiry.breached_at.is_some() || is_mended;
        if self.inquiry.due_at.is_none() && was_broken {
            let subject = self.inquiry.id.to_string();
            calls::actions::withdraw(desk, &subject, &[CallType::InquiryRescue], "answered").await?;
        }
        Ok(())
    }

    /// The customer is told that we are sorry; a call is promised only when a task for it exists.
    pub(super) async fn apologise(&self, desk: &mut Desk<'_>, promise: &PromiseClock) -> db::Result<()> {
        let inquiry = &self.inquiry;
        let mut detail = json!({});
        if let Some(customer) = inquiry.customer_id
            && customers::actions::may_be_called(desk.tx, customer).await?
        {
            let opens = if self.dealership.shop().is_open_at(desk.now) {
                Some(desk.now)
            } else {
                self.dealership.shop().next_opening(desk.now)
            };
            let by = opens.and_then(|at| self.dealership.shop().open_for(at, SignedDuration::from_hours(2)));
            if let (Some(opens), Some(by)) = (opens, by) {
                let subject = (SubjectKind::Inquiry, inquiry.id.to_string());
                let task = NewTask {
                    // Each broken promise of a thread has its own call.
                    round: promise.opened_at.get().as_second(),
                    vehicle_id: inquiry.vehicle_id,
                    is_urgent: true,
                    ..NewTask::new(
                        CallType::InquiryRescue,
                        &self.dealership,
                        customer,
                        subject,
                        "breached",
                        (opens, by),
                    )
                };
                if !calls::actions::plan(desk, &[task]).await?.is_empty() {
                    detail["call_by"] = json!(by);
                }
            }
        }
        let heard = Heard { occasion: Some(promise.id.to_string()), detail, ..self.heard("inquiry.overdue") };
        hear(desk, &heard).await
    }
}

/// Replies that were written for now; each yields when the customer has written since.
pub async fn send_scheduled(desk: &mut Desk<'_>, rung: &[Clock]) -> db::Result<()> {
    for clock in rung {
        let Ok(id) = clock.subject_id.parse() else { continue };
        let Some(mut thread) = keeping::load_one(desk, id).await? else { continue };
        let Some(index) = thread
            .entries
            .iter()
            .position(|entry| entry.id.to_string() == clock.key && entry.state == EntryState::Scheduled)
        else {
            continue;
        };
        let mut reply = thread.entries[index].clone();
        let has_written = thread.newest_question().is_some_and(|question| question.created_at > reply.created_at);
        if has_written || thread.inquiry.state.is_set_aside() {
            reply.state = EntryState::Withdrawn;
            let mut line = thread.line(desk, "inquiry.reply_withdrawn");
            line.reason = Some("customer_wrote_first".to_owned());
            desk.record(line);
        } else {
            reply.state = EntryState::Pending;
            super::replies::raise(desk, &thread, &mut reply).await?;
        }
        thread.entries[index] = reply.clone();
        thread.settle(desk, &[reply]).await?;
    }
    Ok(())
}
