//! The post lanes: one per channel and priority, so that a slow provider never holds another.
use std::sync::Arc;

use futures_util::future::BoxFuture;
use jiff::{SignedDuration, tz::TimeZone};

use super::{
    Priority, State,
    fate::Policy,
    lane_name,
    marks::Marks,
    settling::{End, Worked, moved_by},
    store::{self, Claimed, Closed, Outcome},
};
use crate::{
    app::App,
    calendar::Region,
    channels::{Delivered, HandOver, Routes},
    clock::Timestamp,
    customers::{
        self,
        consent::{
            self,
            actions::{HowDeep, Whom},
            permission::{Question, Standing, Verdict},
        },
    },
    db::{self, Bell, Tx},
    desk::Desk,
    failpoints,
    id::Ids,
    inquiries,
    jobs::{self, Key, Lane, Want},
    notices::{self, ChannelName, Class},
    receipts, telemetry,
    timeline::{self, Entry},
};

/// Delivers the messages of one channel and priority.
pub struct Post {
    pub channel: ChannelName,
    pub priority: Priority,
    pub concurrency: usize,
    pub routes: Arc<Routes>,
    pub policy: Policy,
    pub lease: SignedDuration,
    /// An answer to the customer's own act of so long ago may ring at any hour (BR-67).
    pub own_act: SignedDuration,
    pub ids: Ids,
    pub marks: Marks,
    pub app: App,
}

/// A control run's hand-over without a mark: the tests must notice.
struct Unmarked;

impl HandOver for Unmarked {
    fn mark(&self) -> BoxFuture<'_, bool> {
        Box::pin(async { true })
    }
}

impl Post {
    fn lane(&self) -> (ChannelName, Priority) {
        (self.channel, self.priority)
    }

    /// What holds again when a message is about to leave (BR-61): a retry may have run into the night, and somebody may have
    /// said stop since it was composed.
    fn permission(&self, message: &Claimed, now: Timestamp) -> Verdict {
        let envelope = &message.envelope;
        let zone = TimeZone::get(&envelope.zone).unwrap_or(TimeZone::UTC);
        let question = Question {
            kind: &envelope.kind,
            class: envelope.class,
            channel: self.channel,
            immediate: true,
            despite_stop: envelope.despite_stop,
            answers_an_act: envelope.acted_at.is_some_and(|at| now.since(at) <= self.own_act),
            region: Region::of(&envelope.region),
            zone: &zone,
            now,
        };
        let standing = match message.customer_id {
            Some(customer) => message.standings.of(customer, &message.to_address, now),
            None => Standing::default(),
        };
        question.verdict_at_the_door(&standing)
    }

    fn line(&self, now: Timestamp, moved: &store::Moved) -> Entry {
        let mut line = Entry::new(self.ids.next(), moved.dealership_id, now, format!("message.{}", moved.state.word()));
        line.customer_id = moved.customer_id;
        line.notice_id = Some(moved.notice_id);
        line.message_id = Some(moved.id);
        line.reason.clone_from(&moved.reason);
        line
    }

    /// Writes the record of what moved, and lets the notices go on.
    async fn follow_up(&self, tx: &mut Tx, moved: &[store::Moved], now: Timestamp) -> db::Result<()> {
        let lines: Vec<Entry> = moved
            .iter()
            .filter(|moved| !matches!(moved.state, State::Ready | State::Sending))
            .map(|moved| self.line(now, moved))
            .collect();
        timeline::actions::write(tx, &lines).await?;
        let ended: Vec<_> = moved
            .iter()
            .filter(|moved| moved.state.ending() != super::Ending::Open)
            .map(|moved| moved.notice_id)
            .collect();
        notices::actions::messages_ended(tx, &self.ids, &ended, now).await?;
        if receipts::are_told_of(&self.app.config, self.channel) {
            self.look_for_receipts(tx, moved).await?;
        }
        if self.channel == ChannelName::Wechat {
            self.mark_lost_addresses(tx, moved).await?;
        }
        tell_on(&self.app, tx, moved).await
    }

    /// What a gateway reported before its own answer was recorded, or instead of it, counts now; of those that it took, word
    /// of their delivery is waited for.
    async fn look_for_receipts(&self, tx: &mut Tx, moved: &[store::Moved]) -> db::Result<()> {
        let is_left = |moved: &&store::Moved| matches!(moved.state, State::Accepted | State::Unknown | State::Held);
        let left: Vec<_> = moved.iter().filter(is_left).map(|moved| moved.id).collect();
        if left.is_empty() {
            return Ok(());
        }
        let mut desk = Desk::open(tx, &self.app);
        let taken = moved.iter().filter(|moved| moved.state == State::Accepted);
        let taken: Vec<_> = taken.map(|moved| (moved.id, moved.dealership_id)).collect();
        receipts::actions::wait_for(&mut desk, self.channel, &taken).await?;
        receipts::actions::apply(&mut desk, &left).await?;
        desk.close().await
    }

    /// Who does not follow the account any more gets nothing there from now on. That it knows no such address says as much of
    /// the account that is set as of the customer's: then this one message goes another way.
    async fn mark_lost_addresses(&self, tx: &mut Tx, moved: &[store::Moved]) -> db::Result<()> {
        let is_lost = |moved: &&store::Moved| {
            moved.state == State::Failed && moved.reason.as_deref() == Some(customers::NOT_FOLLOWING)
        };
        let lost: Vec<_> = moved.iter().filter(is_lost).map(|moved| moved.id).collect();
        if lost.is_empty() {
            return Ok(());
        }
        let about = store::about(tx, &lost).await?;
        let mut desk = Desk::open(tx, &self.app);
        for about in about {
            customers::actions::openid_lost(&mut desk, &about.to_address, None).await?;
        }
        desk.close().await
    }
}

impl Lane for Post {
    type Claimed = Claimed;
    type Outcome = Worked;

    fn name(&self) -> &'static str {
        lane_name(self.channel, self.priority)
    }
    fn bell(&self) -> Bell {
        bell(self.channel, self.priority)
    }
    fn concurrency(&self) -> usize {
        self.concurrency
    }
    fn key(&self, claimed: &Claimed) -> Key {
        Key { id: claimed.id.to_string(), fence: claimed.fence }
    }

    fn claim<'t>(&'t self, tx: &'t mut Tx, want: Want) -> BoxFuture<'t, db::Result<Vec<Claimed>>> {
        Box::pin(async move {
            let now = self.ids.clock.now();
            let (suspect, most) = match want {
                Want::Suspect => (true, 1),
                Want::Batch(most) => (false, i64::try_from(most).unwrap_or(i64::MAX)),
            };
            let claim = store::Claim {
                channel: self.channel,
                priority: self.priority,
                suspect,
                most,
                now,
                lease_until: now.plus(self.lease),
            };
            let mut claimed = store::claim(tx, claim).await?;
            let mut readers = Vec::new();
            let mut depth = HowDeep::default();
            for message in &claimed {
                let Some(customer_id) = message.customer_id else { continue };
                depth.consents |= matches!(message.envelope.class, Class::Marketing | Class::ServiceFollowup);
                readers.push(Whom { customer_id, address: Some(message.to_address.clone()) });
            }
            let standings = Arc::new(consent::actions::standings(tx, &readers, depth, now).await?);
            for message in &mut claimed {
                message.standings = Arc::clone(&standings);
            }
            Ok(claimed)
        })
    }

    fn tidy<'t>(&'t self, tx: &'t mut Tx) -> BoxFuture<'t, db::Result<()>> {
        Box::pin(async move {
            let now = self.ids.clock.now();
            let lane = self.lane();
            if self.priority == Priority::Bulk && receipts::are_told_of(&self.app.config, self.channel) {
                receipts::actions::forget_of_nobody(tx, &self.app.config, now).await?;
            }
            let may_resend = self.policy.resend_unknown && self.channel == ChannelName::Email;
            let mut moved = store::lose_marked(tx, lane, now, now.plus(self.policy.unknown_wait)).await?;
            moved.extend(store::lose_unmarked(tx, lane, now).await?);
            moved.extend(store::give_up_waiting(tx, lane, now, may_resend).await?);
            moved.extend(store::expire(tx, lane, now).await?);
            if moved.is_empty() {
                return Ok(());
            }
            for one in &moved {
                telemetry::message_moved(self.channel.word(), one.state.word());
            }
            self.follow_up(tx, &moved, now).await
        })
    }

    fn work(self: Arc<Self>, message: Claimed) -> BoxFuture<'static, Worked> {
        Box::pin(async move {
            failpoints::point("claim");
            let started_at = self.ids.clock.now();
            let forbidden = match self.permission(&message, started_at) {
                Verdict::Go => None,
                Verdict::Wait(until, _) => Some(End::Postponed(until, "quiet_hours")),
                Verdict::Pass(reason) => Some(End::Forbidden(reason, false)),
                Verdict::Never(reason) => Some(End::Forbidden(reason, true)),
            };
            if let Some(end) = forbidden {
                return Worked { message, started_at, marked: None, end };
            }
            let handing = self.marks.for_message(self.key(&message), started_at);
            let delivered = if failpoints::is_on("mark-skipped") {
                self.deliver(&message, &Unmarked).await
            } else {
                self.deliver(&message, &handing).await
            };
            let end = match delivered {
                Delivered::Answered(delivery) => End::Answered(delivery),
                Delivered::TooEarly(wait) => End::Postponed(self.ids.clock.now().plus(wait), "own_pace"),
                Delivered::Stopped => End::Stopped,
            };
            Worked { message, started_at, marked: handing.marked(), end }
        })
    }

    fn panicked(&self, message: Claimed) -> Worked {
        // Whether its mark was made is not known here: the row knows, and its lease will end.
        Worked { message, started_at: self.ids.clock.now(), marked: None, end: End::Stopped }
    }

    fn record<'t>(&'t self, tx: &'t mut Tx, outcomes: &'t [Worked]) -> BoxFuture<'t, db::Result<()>> {
        Box::pin(async move {
            failpoints::point("record");
            let now = self.ids.clock.now();
            let settled: Vec<(&Worked, Outcome, Option<Closed>)> = outcomes
                .iter()
                .filter_map(|worked| self.settle(worked, now).map(|(outcome, closed)| (worked, outcome, closed)))
                .collect();
            let rows: Vec<Outcome> = settled.iter().map(|(_, outcome, _)| outcome.clone()).collect();
            if rows.is_empty() {
                return Ok(());
            }
            let written = store::settle(tx, &rows, now).await?;
            // By id and fence: an older claim of the same message may be in the same batch, and does not count as written.
            let number = |outcome: &Outcome| {
                let mine = written.iter().find(|(id, fence, _)| (*id, *fence) == (outcome.id, outcome.fence));
                mine.map(|(_, _, n)| *n)
            };
            let (mut closed, mut moved, mut late) = (Vec::new(), Vec::new(), Vec::new());
            for (worked, outcome, attempt) in settled {
                let n = number(&outcome);
                match (attempt, n) {
                    (Some(attempt), Some(n)) => closed.push(Closed { n, ..attempt }),
                    // The claim was lost meanwhile: the answer is kept, and folds into `unknown`.
                    (Some(attempt), None) if worked.marked.is_some() => {
                        let outcome_kept =
                            if attempt.outcome == "accepted" { "late_accepted" } else { attempt.outcome };
                        closed.push(Closed { outcome: outcome_kept, ..attempt });
                        if matches!(outcome.state, State::Accepted | State::Failed) {
                            late.push(outcome.clone());
                        }
                    }
                    _ => {}
                }
                if n.is_some() {
                    telemetry::message_moved(self.channel.word(), outcome.state.word());
                    moved.push(moved_by(worked, &outcome));
                } else if late.last().is_some_and(|late| late.id == outcome.id) {
                    moved.push(moved_by(worked, &outcome));
                }
            }
            store::close_attempts(tx, &closed).await?;
            if !late.is_empty() {
                let folded = store::fold_late(tx, &late, now).await?;
                moved.retain(|moved| !late.iter().any(|late| late.id == moved.id) || folded.contains(&moved.id));
            }
            self.follow_up(tx, &moved, now).await
        })
    }

    fn lease<'t>(&'t self, tx: &'t mut Tx, keys: &'t [Key], until: Timestamp) -> BoxFuture<'t, db::Result<()>> {
        Box::pin(store::lease(tx, keys, until))
    }
    fn give_back<'t>(&'t self, tx: &'t mut Tx, keys: &'t [Key]) -> BoxFuture<'t, db::Result<()>> {
        Box::pin(store::give_back(tx, keys))
    }
}

/// What became of messages is told to the desks whose promises hang on it: a reply that was accepted stops a clock.
async fn tell_on(app: &App, tx: &mut Tx, moved: &[store::Moved]) -> db::Result<()> {
    let is_news = |state: State| !matches!(state, State::Ready | State::Sending | State::Unknown | State::Held);
    let ended: Vec<_> =
        moved.iter().filter(|moved| is_news(moved.state)).map(|moved| (moved.notice_id, moved.state)).collect();
    if ended.is_empty() {
        return Ok(());
    }
    let mut desk = Desk::open(tx, app);
    inquiries::actions::replies_ended(&mut desk, &ended).await?;
    desk.close().await
}

/// The bell that wakes the lane of a channel and priority.
pub fn bell(channel: ChannelName, priority: Priority) -> Bell {
    match (channel, priority) {
        (ChannelName::Email, Priority::Urgent) => jobs::POST_EMAIL_URGENT,
        (ChannelName::Email, Priority::Bulk) => jobs::POST_EMAIL_BULK,
        (ChannelName::Wechat, Priority::Urgent) => jobs::POST_WECHAT_URGENT,
        (ChannelName::Wechat, Priority::Bulk) => jobs::POST_WECHAT_BULK,
        (ChannelName::Wecom, Priority::Urgent) => jobs::POST_WECOM_URGENT,
        (ChannelName::Wecom, Priority::Bulk) => jobs::POST_WECOM_BULK,
        (ChannelName::Sms | ChannelName::Call, Priority::Urgent) => jobs::POST_SMS_URGENT,
        (ChannelName::Sms | ChannelName::Call, Priority::Bulk) => jobs::POST_SMS_BULK,
    }
}
