//! The verbs of approved answers: switched on and off, and given.
use jiff::SignedDuration;
use serde_json::json;

use super::{
    super::{Arrival, Author, Channel, EntryState, Kind, Said, keeping::Thread, replies, store},
    Topic, asked, facts, texts,
};
use crate::{
    customers,
    db::{self, Tx},
    dealerships::{self, Dealership},
    desk::Desk,
    http::Access,
    id::Id,
    notices::{
        Locale,
        actions::{Heard, hear},
        grammar::Moment,
    },
    timeline::Entry,
};

/// So many automatic answers to one sender in a day: two programs that write to each other stop.
const MOST_A_DAY: i64 = 3;

/// Which topics a dealership has switched on.
pub async fn switched_on(tx: &mut Tx, dealership: Id<Dealership>) -> db::Result<Vec<Topic>> {
    store::approved(tx, dealership).await
}

/// Switches exactly these on; what changed is on record.
pub async fn switch(desk: &mut Desk<'_>, dealership: Id<Dealership>, on: &[Topic], actor: &str) -> db::Result<()> {
    // Two who switch at once would each record what the other did.
    dealerships::actions::hold(desk.tx, dealership).await?;
    let before = store::approved(desk.tx, dealership).await?;
    for topic in Topic::ALL {
        let what = match (before.contains(&topic), on.contains(&topic)) {
            (false, true) => {
                store::approve(desk.tx, dealership, topic, actor, desk.now).await?;
                "approved_answer.switched_on"
            }
            (true, false) => {
                store::disapprove(desk.tx, dealership, topic).await?;
                "approved_answer.switched_off"
            }
            _ => continue,
        };
        let mut line = Entry::new(desk.id(), dealership, desk.now, what);
        line.actor = Some(actor.to_owned());
        line.detail = json!({"topic": topic});
        desk.record(line);
    }
    Ok(())
}

/// Answers a new question at once, where it asks plainly for what is on record and switched on. False: a person answers.
pub(in super::super) async fn answer(desk: &mut Desk<'_>, thread: &mut Thread, arrival: &Arrival) -> db::Result<bool> {
    let inquiry = &thread.inquiry;
    let for_a_person = matches!(inquiry.kind, Kind::Complaint | Kind::Price) || !arrival.files.is_empty();
    let may = arrival.may_acknowledge && inquiry.state.is_open() && !thread.is_before_live();
    // It goes by e-mail: whoever asked by a text or on the telephone expects their answer there.
    let by_mail = matches!(inquiry.channel, Channel::Email | Channel::Web | Channel::App);
    let (true, true, false, Some(customer)) = (may, by_mail, for_a_person, inquiry.customer_id) else {
        return Ok(false);
    };
    let Some(topic) = asked::asked(arrival.topic.as_deref(), &arrival.body) else { return Ok(false) };
    let dealership = thread.dealership.clone();
    if !store::approved(desk.tx, dealership.id).await?.contains(&topic)
        || topic.is_personal() && !is_certain(desk.tx, thread).await?
        || !customers::actions::has_email(desk.tx, customer).await?
    {
        return Ok(false);
    }
    if let Some(sender) = &inquiry.sender {
        let since = desk.now.minus(SignedDuration::from_hours(24));
        if store::approved_since(desk.tx, dealership.id, sender, since).await? >= MOST_A_DAY {
            return Ok(false);
        }
    }
    let (here, id) = (Access::Only(vec![dealership.id]), customer.to_string());
    let known = customers::actions::named(desk.tx, &here, &id, None).await?.pop();
    let language = known.and_then(|known| known.language);
    let locale = Locale::of(language.as_deref(), Some(&dealership.locale));
    let now = desk.now;
    let Some(facts) = facts::of(desk.tx, topic, (&dealership, customer), (locale, now)).await? else {
        return Ok(false);
    };
    let Some(text) = texts::text(topic, locale, &facts) else { return Ok(false) };
    let plain = thread.heard("inquiry.answer_approved");
    let heard = Heard {
        event_id: arrival.event_id,
        facts: plain.facts.clone().at(Moment::AnsweredAt, now),
        acted_at: Some(arrival.received_at),
        detail: json!({"answer": text, "references": thread.message_ids()}),
        ..plain
    };
    hear(desk, &heard).await?;
    let Some(notice) = replies::raised(desk, thread, "inquiry.approved_answer") else { return Ok(false) };
    let said = Said {
        notice_id: Some(notice),
        actor: Some(format!("approved:{}", topic.word())),
        ..thread.entry(desk, Author::Approved, EntryState::Pending, text)
    };
    store::save_entries(desk.tx, &[&said]).await?;
    thread.entries.push(said);
    let mut line = thread.line(desk, "inquiry.answer_approved");
    line.reason = Some(topic.word().to_owned());
    desk.record(line);
    Ok(true)
}

/// Whether the one who asks is surely the one whom the record knows: the address that wrote is theirs and nobody else's. The
/// answer goes to the address on record, so that a forged sender learns nothing; what somebody typed into a form is a claim.
async fn is_certain(tx: &mut Tx, thread: &Thread) -> db::Result<bool> {
    let inquiry = &thread.inquiry;
    let (Some(sender), Channel::Email) = (&inquiry.sender, inquiry.channel) else { return Ok(false) };
    let known = customers::actions::reached_at(tx, inquiry.dealership_id, std::slice::from_ref(sender)).await?;
    Ok(known.len() == 1 && inquiry.customer_id.as_ref() == known.first())
}
