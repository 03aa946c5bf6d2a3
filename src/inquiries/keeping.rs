//! A thread on the desk: what is told of it is folded into its clocks, and what follows from that is done.
use std::{collections::HashMap, sync::Arc};

use jiff::SignedDuration;
use serde_json::json;

use super::{
    Author, EntryState, Inquiry, PromiseClock, Said, State,
    escalation::{self, Owner, Readers, Step},
    ledger, store,
};
use crate::{
    clock::Timestamp,
    clocks::{
        ClockKind,
        actions::{self as clocks, NewClock},
    },
    db,
    dealerships::{self, Dealership},
    desk::Desk,
    id::Id,
    notices::{
        SubjectKind,
        actions::{Heard, Subject, hear},
        grammar::{Facts, Moment},
    },
    timeline::Entry,
};

/// An inquiry with everything that was said and its clocks.
#[derive(Clone, Debug)]
pub(super) struct Thread {
    pub(super) inquiry: Inquiry,
    pub(super) entries: Vec<Said>,
    pub(super) clocks: Vec<PromiseClock>,
    pub(super) dealership: Arc<Dealership>,
}

/// What a fold changed.
#[derive(Debug, Default)]
struct Changes {
    begun: Vec<PromiseClock>,
    resumed: Vec<PromiseClock>,
    stopped: Vec<PromiseClock>,
    broken: Vec<PromiseClock>,
    gone: Vec<Id<PromiseClock>>,
    mended: bool,
}

/// Threads by the ids of their inquiries; locked until the unit ends.
pub(super) async fn load(desk: &mut Desk<'_>, ids: &[String]) -> db::Result<Vec<Thread>> {
    let inquiries = store::find_and_lock(desk.tx, ids).await?;
    let mut entries = store::entries(desk.tx, ids).await?;
    let mut clocks = store::clocks(desk.tx, ids).await?;
    let mut shops: HashMap<Id<Dealership>, Arc<Dealership>> = HashMap::new();
    let mut threads = Vec::with_capacity(inquiries.len());
    for inquiry in inquiries {
        let dealership = match shops.get(&inquiry.dealership_id) {
            Some(known) => Arc::clone(known),
            None => match dealerships::actions::find(desk.tx, inquiry.dealership_id).await? {
                Some(found) => Arc::clone(shops.entry(inquiry.dealership_id).or_insert(Arc::new(found))),
                None => continue,
            },
        };
        let of = |id: Id<Inquiry>| id == inquiry.id;
        threads.push(Thread {
            entries: entries.extract_if(.., |entry| of(entry.inquiry_id)).collect(),
            clocks: clocks.extract_if(.., |clock| of(clock.inquiry_id)).collect(),
            inquiry,
            dealership,
        });
    }
    Ok(threads)
}

/// One thread, if it is there.
pub(super) async fn load_one(desk: &mut Desk<'_>, id: Id<Inquiry>) -> db::Result<Option<Thread>> {
    Ok(load(desk, &[id.to_string()]).await?.pop())
}

impl Thread {
    /// A clock of the thread that still runs.
    pub(super) fn running(&self, clock: &str) -> Option<&PromiseClock> {
        let open = self.inquiry.state.is_open();
        self.clocks.iter().find(|one| open && one.runs() && one.id.to_string() == clock)
    }
    /// The newest entry: who answers must have seen it.
    pub(super) fn newest_question(&self) -> Option<&Said> {
        self.entries.iter().rev().find(|entry| entry.author == Author::Customer)
    }

    /// Folds the entries anew, and does what follows: clocks are begun, resumed, stopped; a broken promise is recorded once.
    /// Writes the thread.
    pub(super) async fn settle(&mut self, desk: &mut Desk<'_>, said: &[Said]) -> db::Result<()> {
        let changes = if self.inquiry.state.is_set_aside() { Changes::default() } else { self.fold(desk) };
        self.inquiry.updated_at = desk.now;
        store::save(desk.tx, &[&self.inquiry]).await?;
        store::save_entries(desk.tx, &said.iter().collect::<Vec<_>>()).await?;
        store::remove_clocks(desk.tx, &changes.gone).await?;
        store::save_clocks(desk.tx, &self.clocks.iter().collect::<Vec<_>>()).await?;
        self.plan(desk, &changes).await?;
        self.call_no_more(desk, changes.mended).await?;
        self.tell(desk, &changes).await
    }

    fn fold(&mut self, desk: &Desk<'_>) -> Changes {
        let shop = self.dealership.shop();
        let rules = &desk.config.inquiries;
        let rows = ledger::fold(&ledger::facts(&self.entries));
        let mut changes = Changes::default();
        let before = std::mem::take(&mut self.clocks);
        changes.gone = before
            .iter()
            .filter(|clock| rows.iter().all(|row| row.opened_by != clock.opened_by))
            .map(|clock| clock.id)
            .collect();
        for row in rows {
            let known = before.iter().find(|clock| clock.opened_by == row.opened_by);
            let mut clock = known.cloned().unwrap_or_else(|| PromiseClock {
                id: desk.id(),
                inquiry_id: self.inquiry.id,
                dealership_id: self.inquiry.dealership_id,
                opened_by: row.opened_by,
                opened_at: row.opened_at,
                due_at: row.opened_at.plus(rules.due.signed()),
                target_at: shop.open_for(row.opened_at, rules.owner_after.signed()),
                stopped_at: None,
                stopped_by: None,
                stopped_kind: None,
                breached_at: None,
            });
            clock.stopped_at = row.stop.map(|stop| stop.at);
            clock.stopped_by = row.stop.map(|stop| stop.entry);
            clock.stopped_kind = row.stop.map(|stop| stop.by);
            let is_broken = clock.due_at <= desk.now && clock.stopped_at.is_none_or(|at| at > clock.due_at);
            match (known.map(PromiseClock::runs), clock.runs()) {
                (None, true) => changes.begun.push(clock.clone()),
                (Some(false), true) => changes.resumed.push(clock.clone()),
                (None | Some(true), false) => changes.stopped.push(clock.clone()),
                _ => {}
            }
            match (clock.breached_at, is_broken) {
                (None, true) => {
                    clock.breached_at = Some(clock.due_at);
                    changes.broken.push(clock.clone());
                }
                (Some(_), false) => {
                    clock.breached_at = None;
                    changes.mended = true;
                }
                _ => {}
            }
            self.clocks.push(clock);
        }
        self.follow();
        changes
    }

    /// What the inquiry shows of its clocks.
    fn follow(&mut self) {
        let inquiry = &mut self.inquiry;
        let running = self.clocks.iter().filter(|clock| clock.runs());
        inquiry.due_at = running.map(|clock| clock.due_at).min();
        inquiry.answered_at = self.clocks.iter().filter_map(|clock| clock.stopped_at).min();
        inquiry.breached_at = self.clocks.iter().filter_map(|clock| clock.breached_at).min();
        inquiry.state = match (inquiry.due_at, inquiry.state) {
            (Some(_), _) if inquiry.owner_id.is_some() => State::Assigned,
            (Some(_), _) => State::New,
            (None, State::New | State::Assigned) => State::Answered,
            (None, state) => state,
        };
    }

    /// Sets and stops what must happen later.
    async fn plan(&mut self, desk: &mut Desk<'_>, changes: &Changes) -> db::Result<()> {
        let shop = self.dealership.shop();
        let rules = desk.config.inquiries.clone();
        let subject = self.inquiry.id.to_string();
        if self.inquiry.due_at.is_none() && !changes.stopped.is_empty() {
            let kinds = [ClockKind::InquiryEscalation, ClockKind::InquiryAssign];
            clocks::stop(desk, std::slice::from_ref(&subject), &kinds).await?;
        }
        let now = desk.now;
        let mut wanted = Vec::new();
        for (clock, resumed) in
            changes.begun.iter().map(|c| (c, false)).chain(changes.resumed.iter().map(|c| (c, true)))
        {
            let steps = escalation::plan(clock.opened_at, clock.due_at, &shop, &rules, now);
            // What is over already was recorded with the fold, and what was warned of is not warned of again.
            let left =
                steps.into_iter().filter(|planned| planned.at > now || (planned.step != Step::Breach && !resumed));
            wanted.extend(left.map(|planned| NewClock {
                dealership_id: self.inquiry.dealership_id,
                kind: ClockKind::InquiryEscalation,
                subject_id: subject.clone(),
                key: format!("{}:{}", clock.id, planned.step.word()),
                due_at: planned.at,
                detail: json!({}),
            }));
        }
        if !wanted.is_empty() {
            let at = match self.inquiry.owner_id {
                Some(_) => shop.open_for(now, rules.owner_silent.signed()),
                None => Some(now.plus(rules.assign_after.signed())),
            };
            wanted.extend(at.map(|at| self.assign_at(at)));
            let sweep = self.sweep_after(now, &rules);
            wanted.extend(sweep.filter(|sweep| desk.sets_sweep(sweep.dealership_id, sweep.due_at)));
        }
        clocks::set(desk, &wanted).await
    }

    /// When somebody is to be found for it, or its owner has been silent.
    pub(super) fn assign_at(&self, due_at: Timestamp) -> NewClock {
        NewClock {
            dealership_id: self.inquiry.dealership_id,
            kind: ClockKind::InquiryAssign,
            subject_id: self.inquiry.id.to_string(),
            key: String::new(),
            due_at,
            detail: json!({}),
        }
    }

    fn sweep_after(&self, now: Timestamp, rules: &crate::config::Inquiries) -> Option<NewClock> {
        let due_at = escalation::next_sweep(now, &self.dealership.shop(), rules)?;
        Some(NewClock {
            dealership_id: self.inquiry.dealership_id,
            kind: ClockKind::InquirySweep,
            subject_id: self.inquiry.dealership_id.to_string(),
            key: String::new(),
            due_at,
            detail: json!({}),
        })
    }

    /// The record, and the notices that follow.
    async fn tell(&mut self, desk: &mut Desk<'_>, changes: &Changes) -> db::Result<()> {
        for clock in &changes.stopped {
            let mut line = self.line(desk, "inquiry.answered");
            line.at = clock.stopped_at.unwrap_or(desk.now);
            line.detail = json!({"opened_at": clock.opened_at, "due_at": clock.due_at, "stopped_at": clock.stopped_at,
                "by": clock.stopped_kind, "in_time": clock.stopped_at <= Some(clock.due_at)});
            desk.record(line);
        }
        for clock in &changes.resumed {
            let mut line = self.line(desk, "inquiry.clock_resumed");
            line.reason = Some("reply_came_back".to_owned());
            line.detail = json!({"opened_at": clock.opened_at, "due_at": clock.due_at});
            desk.record(line);
        }
        if changes.mended {
            let line = self.line(desk, "inquiry.breach_withdrawn");
            desk.record(line);
        }
        if !changes.stopped.is_empty() && self.inquiry.due_at.is_none() {
            let heard = self.heard("inquiry.replied");
            hear(desk, &heard).await?;
        }
        if let Some(clock) = changes.resumed.iter().find(|clock| clock.due_at > desk.now) {
            let readers = Readers { owner: Owner::Alone, managers: true, directors: false };
            let occasion = format!("{}:resumed:{}", clock.id, desk.now);
            self.warn(desk, clock.due_at, readers, occasion).await?;
        }
        for clock in &changes.broken {
            self.break_promise(desk, clock).await?;
        }
        Ok(())
    }

    /// Recorded once; owner, managers and directors are told, and the customer is told that we are sorry.
    async fn break_promise(&self, desk: &mut Desk<'_>, clock: &PromiseClock) -> db::Result<()> {
        let mut line = self.line(desk, "inquiry.breached");
        line.at = clock.due_at;
        line.detail = json!({"opened_at": clock.opened_at, "due_at": clock.due_at, "stopped_at": clock.stopped_at});
        desk.record(line);
        // History that is read in late is on record, and raises nothing; nor does what was answered, late, meanwhile.
        let is_history = desk.now.since(clock.due_at) > SignedDuration::from_hours(24);
        if is_history || self.is_before_live() || !clock.runs() {
            return Ok(());
        }
        self.tell_staff(desk, "inquiry.breached", Step::Breach.readers(), format!("{}:breach", clock.id), json!({}))
            .await?;
        self.apologise(desk, clock).await
    }

    /// BR-66: what came before the dealership went live raises nothing.
    pub(super) fn is_before_live(&self) -> bool {
        self.dealership.live_from.is_some_and(|live| self.inquiry.received_at < live)
    }

    pub(super) fn heard(&self, event_type: &'static str) -> Heard {
        let inquiry = &self.inquiry;
        let subject = Subject {
            kind: SubjectKind::Inquiry,
            id: inquiry.id.to_string(),
            reference: inquiry.reference.clone(),
            revision: inquiry.revision,
        };
        let facts = Facts::default()
            .at(Moment::ReceivedAt, inquiry.received_at)
            .at(Moment::DueAt, inquiry.due_at)
            .at(Moment::AnsweredAt, inquiry.answered_at);
        Heard {
            customer_id: inquiry.customer_id,
            advisor_id: inquiry.owner_id,
            facts,
            quietly: self.is_before_live(),
            ..Heard::new(event_type, &self.dealership, subject)
        }
    }

    pub(super) fn line(&self, desk: &Desk<'_>, what: &str) -> Entry {
        let mut line = Entry::new(desk.id(), self.inquiry.dealership_id, desk.now, what);
        line.step = Some(1);
        line.customer_id = self.inquiry.customer_id;
        line.vehicle_id = self.inquiry.vehicle_id;
        line.subject_type = Some(SubjectKind::Inquiry.word());
        line.subject_id = Some(self.inquiry.id.to_string());
        line.detail = json!({"state": self.inquiry.state, "due_at": self.inquiry.due_at});
        line
    }

    /// An entry of this thread, said now by us; fill in the rest.
    pub(super) fn entry(&self, desk: &Desk<'_>, author: Author, state: EntryState, body: String) -> Said {
        Said {
            id: desk.id(),
            inquiry_id: self.inquiry.id,
            dealership_id: self.inquiry.dealership_id,
            author,
            state,
            channel: self.inquiry.channel,
            at: desk.now,
            accepted_at: None,
            failed_at: None,
            not_before: None,
            message_key: None,
            thread: sqlx::types::Json(Vec::new()),
            sender: None,
            text_hash: None,
            topic: None,
            body,
            actor: None,
            staff_id: None,
            notice_id: None,
            idempotency_key: None,
            body_hash: None,
            created_at: desk.now,
        }
    }
}
