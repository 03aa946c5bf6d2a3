//! The verbs of notices: a desk tells what it heard, and they raise and withdraw what is to be said; the post room tells
//! what became of messages, and they go on to the next channel or end.
use std::{collections::BTreeMap, sync::Arc};

use jiff::tz::TimeZone;
use serde_json::Value;

pub use super::store::NewNotice;
use super::{
    Audience, ChannelName, Notice, SubjectKind,
    addressing::{Addressed, addressed},
    grammar::Facts,
    plan::Plan,
    playbook::Kind,
    store,
    tracks::{Progress, Step, Tracks},
};
use crate::{
    calls,
    clock::Timestamp,
    customers::{Customer, vehicles::Vehicle},
    db::{self, Tx},
    dealerships::Dealership,
    desk::Desk,
    feeds,
    id::{Id, Ids},
    intake::Event,
    jobs,
    staff::{self, Staff},
    timeline::{self, Entry},
};

/// What a notice is about, at one revision of it.
#[derive(Clone, Debug)]
pub struct Subject {
    pub kind: SubjectKind,
    /// Our id, as text.
    pub id: String,
    /// The sender's name for it.
    pub reference: String,
    pub revision: i64,
}

/// A fact that a desk has applied and that something may have to be said about.
#[derive(Clone, Debug)]
pub struct Heard {
    /// The event's type: `appointment.booked`.
    pub event_type: &'static str,
    /// None for what our own desk found out when something fell due.
    pub event_id: Option<Id<Event>>,
    pub dealership: Arc<Dealership>,
    pub subject: Subject,
    /// Made by this very event: nothing can have been said about it yet.
    pub is_new: bool,
    pub customer_id: Option<Id<Customer>>,
    /// The car it is about: what is addressed to its driver, owner or payer goes to whoever is that, where somebody is.
    pub vehicle_id: Option<Id<Vehicle>>,
    /// The moment whose driver, owner or payer is meant, where that is not now.
    pub people_of: Option<Timestamp>,
    /// Who is told of it as its advisor.
    pub advisor_id: Option<Id<Staff>>,
    /// The source that tells of the subject: BR-19 asks whether it was heard lately.
    pub source: Option<String>,
    /// Tells two notices of one kind about one revision apart: the step of an escalation, the day of a digest.
    pub occasion: Option<String>,
    /// When the customer did what this is the answer to (BR-67), where it was the customer.
    pub acted_at: Option<Timestamp>,
    /// The only channel that the answer may go by: the one by which they wrote.
    pub only_by: Option<ChannelName>,
    /// What the playbook's expressions name.
    pub facts: Facts,
    /// The reader's time zone: the customer's, else the dealership's.
    pub reader_zone: TimeZone,
    /// Kept with the notice for its text, e.g. `{"previous_start_at":"…"}`.
    pub detail: Value,
    /// The subject moved on, but nothing new is to be said (an older fact that fills in, a dealership not yet live).
    pub quietly: bool,
}

impl Heard {
    /// A fact about a subject with nothing else known: fill in what is.
    pub fn new(event_type: &'static str, dealership: &Arc<Dealership>, subject: Subject) -> Self {
        Self {
            event_type,
            event_id: None,
            dealership: Arc::clone(dealership),
            subject,
            is_new: false,
            customer_id: None,
            vehicle_id: None,
            people_of: None,
            advisor_id: None,
            source: None,
            occasion: None,
            acted_at: None,
            only_by: None,
            facts: Facts::default(),
            reader_zone: dealership.zone.clone(),
            detail: Value::Object(serde_json::Map::new()),
            quietly: false,
        }
    }
}

/// Withdraws the open notices about the subject that this event type ends, then raises those that it begins.
pub async fn hear(desk: &mut Desk<'_>, heard: &Heard) -> db::Result<()> {
    let untold = if heard.is_new { Vec::new() } else { withdraw(desk, heard).await? };
    if heard.quietly {
        return Ok(());
    }
    let playbook = Arc::clone(&desk.playbook);
    let was_untold = |kind: &str| untold.iter().find(|notice| notice.kind == kind);
    let mut raised: Vec<NewNotice> = Vec::new();
    for kind in playbook.raised_by(heard.event_type) {
        // Who was never told of the booking is not told of its change, but of the booking as it stands now.
        let first_word = kind.instead_if_untold.as_deref().filter(|instead| was_untold(instead).is_some());
        let kind = first_word.and_then(|instead| playbook.kind(instead)).unwrap_or(kind);
        let Some(tracks) = tracks(kind, heard.only_by) else { continue };
        if !kind.is_meant(&heard.facts, desk.now) {
            continue;
        }
        // A change that was never told is not what the reader compares the next one with.
        let detail = was_untold(&kind.name).map_or(&heard.detail, |notice| &notice.detail.0);
        let is_silent = kind.live && kind.audience.role().is_none() && !is_live(desk, heard).await?;
        let to = addressed(desk, heard, kind.audience).await?;
        for reader in readers(desk, heard, kind).await? {
            let mut notice = plan(desk, heard, (kind, &tracks), detail, (&to, reader));
            if is_silent {
                notice.skip("feed_not_live");
            } else if let (true, Some(source), Some(detail)) = (kind.live, &heard.source, notice.detail.as_object_mut())
            {
                detail.insert("source".to_owned(), source.as_str().into());
            }
            raised.push(notice);
        }
    }
    desk.raised().extend(raised);
    Ok(())
}

/// Whether the subject's source was heard within the last 15 minutes (BR-19).
async fn is_live(desk: &mut Desk<'_>, heard: &Heard) -> db::Result<bool> {
    let Some(source) = &heard.source else { return Ok(false) };
    Ok(!feeds::actions::live(desk.tx, &[(heard.dealership.id, source)], desk.now).await?.is_empty())
}

/// Who reads it: the customer (nobody of ours), the advisor whom the subject names or who stands in for them, or everybody with the role. Where nobody
/// has it, one notice without a reader: it goes to the dealership's own mail. Beside them whoever has the kind's skill.
async fn readers(desk: &mut Desk<'_>, heard: &Heard, kind: &Kind) -> db::Result<Vec<Option<Id<Staff>>>> {
    let Some(role) = kind.audience.role() else {
        let advisor = heard.advisor_id.filter(|_| kind.audience == Audience::Advisor);
        let Some(advisor) = advisor else { return Ok(vec![None]) };
        let standing = staff::standing_in::of(desk, &heard.dealership, advisor).await?;
        return Ok(vec![Some(standing.reader(advisor))]);
    };
    let having = staff::actions::with_role(desk.tx, heard.dealership.id, role).await?;
    let mut told = if having.is_empty() { vec![None] } else { having.into_iter().map(Some).collect() };
    if let Some(skill) = &kind.and_skill {
        let skilled = staff::actions::having_skill(desk.tx, heard.dealership.id, skill).await?;
        let skilled = skilled.into_iter().map(|person| Some(person.id));
        let besides: Vec<_> = skilled.filter(|person| !told.contains(person)).collect();
        told.extend(besides);
    }
    Ok(told)
}

/// Writes the notices of a transaction; those that are due now ring.
pub async fn write(tx: &mut Tx, raised: &[NewNotice]) -> db::Result<()> {
    if raised.iter().any(|notice| notice.not_before.is_some_and(|at| at <= notice.raised_at)) {
        tx.ring(jobs::COMPOSE);
    }
    store::raise(tx, raised).await
}

/// Answers the notices that were withdrawn before anything of them was handed over.
async fn withdraw(desk: &mut Desk<'_>, heard: &Heard) -> db::Result<Vec<store::Open>> {
    let playbook = Arc::clone(&desk.playbook);
    let ended = |kind: &str| playbook.withdrawn_by(heard.event_type).any(|ended| ended.name == kind);
    // Whom no text reached is called; when the subject moves on, that call is of no more use either.
    let called = |kind: &&Kind| kind.tracks.iter().flatten().any(|channel| *channel == ChannelName::Call);
    let called: Vec<&str> =
        playbook.withdrawn_by(heard.event_type).filter(called).map(|kind| kind.name.as_str()).collect();
    calls::actions::withdraw_in_place_of(desk, &heard.subject.id, &called).await?;
    // What this very transaction has raised is not written yet.
    let mut just_raised = Vec::new();
    for notice in desk
        .raised()
        .iter_mut()
        .filter(|notice| notice.subject_id == heard.subject.id && matches!(notice.state, "waiting" | "held"))
    {
        if ended(&notice.kind) {
            just_raised.push(notice.call_off("superseded"));
        } else {
            notice.subject_revision = heard.subject.revision;
            let whose =
                if notice.addressed_as.is_some() { &mut notice.visit_customer_id } else { &mut notice.customer_id };
            *whose = heard.customer_id;
        }
    }
    let (open, stands): (Vec<_>, Vec<_>) =
        store::open_about(desk.tx, &heard.subject.id).await?.into_iter().partition(|notice| ended(&notice.kind));
    // Other details of the same visit, or another customer: what is still to be said is said of the visit as it stands now.
    let (revision, reader) = (heard.subject.revision, heard.customer_id);
    if stands.iter().any(|notice| notice.subject_revision != revision || notice.visitor() != reader) {
        store::follow(desk.tx, &stands, revision, reader).await?;
    }
    if open.is_empty() {
        return Ok(just_raised);
    }
    let gone = store::withdraw(desk.tx, &open, "superseded", desk.now).await?;
    let (untold, told): (Vec<_>, Vec<_>) = open.into_iter().partition(|notice| gone.contains(&notice.id));
    if !told.is_empty() {
        store::stop_tracks(desk.tx, &told, desk.now).await?;
        let ids: Vec<Id<Notice>> = told.iter().map(|notice| notice.id).collect();
        messages_ended(desk.tx, &desk.ids.clone(), &ids, desk.now).await?;
    }
    for notice in &untold {
        let mut line = Entry::new(desk.id(), notice.dealership_id, desk.now, "notice.withdrawn");
        line.customer_id = notice.customer_id;
        line.notice_id = Some(notice.id);
        line.event_id = heard.event_id;
        line.reason = Some("superseded".to_owned());
        desk.record(line);
    }
    Ok(untold.into_iter().chain(just_raised).collect())
}

/// How a kind is told; where only one channel may be used, by that one, and not at all where it is none of the kind's.
fn tracks(kind: &Kind, only_by: Option<ChannelName>) -> Option<Vec<Vec<ChannelName>>> {
    let Some(channel) = only_by else { return Some(kind.tracks.clone()) };
    kind.tracks.iter().flatten().any(|step| *step == channel).then(|| vec![vec![channel]])
}

/// The notice of one kind: waiting for its time, or skipped with the rule's reason.
fn plan(
    desk: &Desk<'_>,
    heard: &Heard,
    (kind, tracks): (&Kind, &[Vec<ChannelName>]),
    detail: &Value,
    (to, reader): (&Addressed, Option<Id<Staff>>),
) -> NewNotice {
    let shop = heard.dealership.shop();
    let plan = kind.plan(&heard.facts, desk.now, &to.zone, &shop, desk.tolerance);
    let (state, reason, nominal_at, not_before, useful_until) = match plan {
        Plan::Raise { nominal, not_before, useful_until } => ("waiting", None, nominal, Some(not_before), useful_until),
        Plan::Skip { reason } => ("skipped", Some(reason), desk.now, None, None),
    };
    let subject = &heard.subject;
    NewNotice {
        id: desk.id(),
        dealership_id: heard.dealership.id,
        kind: kind.name.clone(),
        class: kind.class,
        audience: kind.audience,
        subject_type: subject.kind,
        subject_id: subject.id.clone(),
        subject_ref: subject.reference.clone(),
        subject_revision: subject.revision,
        customer_id: to.customer_id,
        addressed_as: to.role.map(|(role, _)| role),
        vehicle_id: to.role.map(|(_, vehicle)| vehicle),
        visit_customer_id: heard.customer_id.filter(|_| to.role.is_some()),
        staff_id: reader,
        dedupe_key: dedupe_key(kind, heard, reader),
        event_id: heard.event_id,
        raised_at: desk.now,
        // Who acted is who is answered; a word to somebody else is no answer.
        acted_at: heard.acted_at.filter(|_| to.customer_id == heard.customer_id),
        state,
        reason,
        nominal_at,
        not_before,
        useful_until,
        detail: detail.clone(),
        tracks: Tracks::declared(tracks.to_vec(), kind.class),
    }
}

/// One kind says one thing about one revision to one reader once.
fn dedupe_key(kind: &Kind, heard: &Heard, reader: Option<Id<Staff>>) -> String {
    let mut key = format!("{}:{}:{}", kind.name, heard.subject.id, heard.subject.revision);
    for more in [heard.occasion.clone(), reader.map(|reader| reader.to_string())].into_iter().flatten() {
        key.push(':');
        key.push_str(&more);
    }
    key
}

/// Messages of these notices ended: the next channel's turn, or the notice's own end.
pub async fn messages_ended(tx: &mut Tx, ids: &Ids, notices: &[Id<Notice>], now: Timestamp) -> db::Result<()> {
    if notices.is_empty() {
        return Ok(());
    }
    store::lock(tx, notices).await?;
    let mut by_notice: BTreeMap<Id<Notice>, Vec<store::Sent>> = BTreeMap::new();
    for sent in store::being_sent(tx, notices).await? {
        by_notice.entry(sent.id).or_default().push(sent);
    }
    let (mut moved, mut lines) = (Vec::new(), Vec::new());
    for (id, sent) in by_notice {
        let first = &sent[0];
        let superseded = first.notice_reason.as_deref() == Some("superseded");
        let steps = steps(&sent);
        let (state, reason, not_before) = match first.tracks.progress(&steps) {
            Progress::Open => continue,
            // What is held goes on when a person lets it; all of it called off, nothing is left to hold.
            progress if first.notice_state == "held" && progress != Progress::Called => continue,
            // What was overtaken by events tries no further channel, and nobody is to call because of it.
            Progress::Next | Progress::Failed if superseded => ("done", Some("superseded".to_owned()), None),
            // A track that waits for its hour keeps its time.
            Progress::Next if !first.tracks.fell_through(&steps) => continue,
            Progress::Next => {
                tx.ring(jobs::COMPOSE);
                ("sending", first.notice_reason.clone(), Some(now))
            }
            Progress::Done => ("done", None, None),
            Progress::Called => {
                ("withdrawn", Some(if superseded { "superseded" } else { "cancelled" }.to_owned()), None)
            }
            Progress::Failed | Progress::Skipped => ("failed", Some("track_ran_out".to_owned()), None),
        };
        if state == "failed" {
            let mut line = Entry::new(ids.next(), first.dealership_id, now, "notice.failed");
            line.customer_id = first.customer_id;
            line.notice_id = Some(id);
            line.reason.clone_from(&reason);
            lines.push(line);
        }
        moved.push(store::Moved { id, state, reason, not_before });
    }
    store::go_on(tx, &moved, now).await?;
    timeline::actions::write(tx, &lines).await
}

/// One of the notice's messages was taken up again by a person.
pub async fn reopen(tx: &mut Tx, notice: Id<Notice>, now: Timestamp) -> db::Result<()> {
    store::reopen(tx, notice, now).await
}

/// A message of this notice came back after the notice was done: the next channel's turn, or the notice has failed.
pub async fn message_came_back(tx: &mut Tx, ids: &Ids, notice: Id<Notice>, now: Timestamp) -> db::Result<()> {
    store::undo(tx, notice, now).await?;
    messages_ended(tx, ids, &[notice], now).await
}

/// What is due to be composed: how many rows, at most `most`, and since when the oldest.
pub async fn due(tx: &mut Tx, now: Timestamp, most: i64) -> db::Result<(i64, Option<Timestamp>)> {
    store::due(tx, now, most).await
}

fn steps(sent: &[store::Sent]) -> Vec<Step> {
    let place = |n: i64| usize::try_from(n).unwrap_or(usize::MAX);
    sent.iter().map(|sent| Step { track: place(sent.track), step: place(sent.step), state: sent.state }).collect()
}
