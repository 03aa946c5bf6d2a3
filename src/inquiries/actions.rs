//! The verbs of inquiries: a question is received or joins its thread; what else other systems tell; what people decide.
use serde_json::json;
use sqlx::types::Json;

use super::{
    Arrival, Author, Channel, EntryState, Fact, Inquiry, Received, Said, State, approved,
    arrival::{Question, Reply, Told},
    keeping::{self, Thread},
    reference_of, replies, store,
};
pub use super::{
    deciding::{Deed, Undoable, decide},
    due::{assign_waiting, escalate, send_scheduled, sweep},
    enclosed::file_of,
    replies::{Answered, NewReply, NoReply, answer, replies_ended, unfilled},
};
use crate::{
    clock::Timestamp,
    customers::{self, Customer, Person, vehicles},
    db::{self, Tx},
    desk::{self, Desk},
    files,
    id::Id,
    intake::Outcome,
    notices::{
        actions::{Heard, hear},
        readings::Reading,
    },
    rights,
};

/// Applies facts of other systems in their order.
pub async fn apply(desk: &mut Desk<'_>, told: &[desk::Told<'_, Fact>]) -> db::Result<Vec<Outcome>> {
    let mut outcomes = Vec::with_capacity(told.len());
    for one in told {
        match &one.fact.told {
            Told::Received(question) => received(desk, one, question).await?,
            Told::Replied(reply) => replied(desk, one, reply).await?,
        }
        outcomes.push(Outcome::Applied);
    }
    Ok(outcomes)
}

async fn received(desk: &mut Desk<'_>, told: &desk::Told<'_, Fact>, question: &Question) -> db::Result<()> {
    let arrival = Arrival {
        message_key: Some(format!("{}#{}", told.source, told.fact.reference)),
        sender: question.customer.as_ref().and_then(address_of),
        topic: question.topic.clone(),
        language: question.language.clone(),
        person: question.customer.clone(),
        vehicle: question.vehicle.clone(),
        preferred_times: question.preferred_times.clone(),
        kind: question.kind,
        reference: Some(told.fact.reference.clone()),
        event_id: Some(told.event_id),
        source: told.source.to_owned(),
        ..Arrival::new(told.dealership, question.channel, question.received_at, question.body.clone())
    };
    let thread = match &question.thread {
        Some(reference) => store::find_by_reference(desk.tx, told.dealership.id, reference).await?,
        None => None,
    };
    match thread {
        Some(thread) => join(desk, thread, &arrival).await?,
        None => receive(desk, &arrival).await?,
    };
    Ok(())
}

/// Somebody answered by other means. One about an inquiry that nobody has told of yet waits for its question.
async fn replied(desk: &mut Desk<'_>, told: &desk::Told<'_, Fact>, reply: &Reply) -> db::Result<()> {
    let known = store::find_by_reference(desk.tx, told.dealership.id, &told.fact.reference).await?;
    let thread = if let Some(id) = known {
        keeping::load_one(desk, id).await?
    } else {
        let mut arrival = Arrival::new(told.dealership, reply.channel, reply.replied_at, "");
        arrival.reference = Some(told.fact.reference.clone());
        Some(blank(desk, &arrival))
    };
    let Some(mut thread) = thread else { return Ok(()) };
    let author = if reply.is_substantive { Author::Person } else { Author::System };
    let said = Said {
        at: reply.replied_at,
        channel: reply.channel,
        accepted_at: Some(reply.replied_at),
        actor: Some(reply.by.clone()),
        ..thread.entry(desk, author, EntryState::Accepted, reply.body.clone().unwrap_or_default())
    };
    thread.entries.push(said.clone());
    let mut line = thread.line(desk, "inquiry.replied");
    line.at = reply.replied_at;
    line.event_id = Some(told.event_id);
    line.actor = Some(told.source.to_owned());
    line.detail = json!({"channel": reply.channel, "substantive": reply.is_substantive});
    desk.record(line);
    thread.settle(desk, &[said]).await
}

fn address_of(person: &Person) -> Option<String> {
    let good = |address: &&customers::Address| address.invalid.is_none();
    let email = person.email.iter().find(good);
    email.or_else(|| person.phones.iter().flatten().find(good)).map(|address| address.value.clone())
}

/// A question that belongs to no thread yet, whichever door it came through. The same again is a duplicate: the same id of
/// its channel, or the same words of the same sender within ten minutes.
pub async fn receive(desk: &mut Desk<'_>, arrival: &Arrival) -> db::Result<Received> {
    rights::actions::hold_off(desk.tx).await?;
    if let Some(known) = same(desk, arrival).await? {
        return Ok(Received::Duplicate(known));
    }
    let known = match &arrival.reference {
        Some(reference) => store::find_by_reference(desk.tx, arrival.dealership.id, reference).await?,
        None => None,
    };
    let mut thread = match known {
        None => blank(desk, arrival),
        // Its answer was told before it: here is the question.
        Some(id) => match keeping::load_one(desk, id).await? {
            Some(thread) if thread.newest_question().is_none() => thread,
            _ => return Ok(Received::Duplicate(id)),
        },
    };
    let id = thread.inquiry.id;
    take_over(desk, &mut thread, arrival).await?;
    let said = question(desk, &thread, arrival);
    thread.entries.push(said.clone());
    let mut line = thread.line(desk, "inquiry.received");
    line.at = arrival.received_at;
    line.event_id = arrival.event_id;
    line.actor = Some(arrival.source.clone());
    line.detail = json!({"channel": arrival.channel, "kind": thread.inquiry.kind});
    desk.record(line);
    thread.settle(desk, std::slice::from_ref(&said)).await?;
    files::actions::keep(desk, arrival.dealership.id, &said.id.to_string(), &arrival.files).await?;
    if !approved::actions::answer(desk, &mut thread, arrival).await? {
        acknowledge(desk, &mut thread, arrival).await?;
    }
    Ok(Received::Opened(id))
}

/// A question of the same thread: it joins the clock that runs, or opens another.
pub async fn join(desk: &mut Desk<'_>, id: Id<Inquiry>, arrival: &Arrival) -> db::Result<Received> {
    if let Some(known) = same(desk, arrival).await? {
        return Ok(Received::Duplicate(known));
    }
    let Some(mut thread) = keeping::load_one(desk, id).await? else { return receive(desk, arrival).await };
    if let Some(into) = thread.inquiry.merged_into {
        let Some(found) = keeping::load_one(desk, into).await? else { return receive(desk, arrival).await };
        thread = found;
    }
    let id = thread.inquiry.id;
    let said = question(desk, &thread, arrival);
    thread.entries.push(said.clone());
    thread.inquiry.revision += 1;
    let mut line = thread.line(desk, "inquiry.joined");
    line.at = arrival.received_at;
    line.event_id = arrival.event_id;
    line.actor = Some(arrival.source.clone());
    line.detail = json!({"channel": arrival.channel});
    desk.record(line);
    thread.settle(desk, std::slice::from_ref(&said)).await?;
    files::actions::keep(desk, arrival.dealership.id, &said.id.to_string(), &arrival.files).await?;
    Ok(Received::Joined(id))
}

async fn same(desk: &mut Desk<'_>, arrival: &Arrival) -> db::Result<Option<Id<Inquiry>>> {
    let since = desk.now.minus(replies::SAME_WITHIN);
    let words = (arrival.sender.as_deref(), arrival.text_hash());
    let key = (arrival.channel, arrival.message_key.as_deref());
    store::find_same(desk.tx, arrival.dealership.id, key, (words.0, &words.1), since).await
}

/// A thread with nothing in it.
pub(super) fn blank(desk: &Desk<'_>, arrival: &Arrival) -> Thread {
    let id: Id<Inquiry> = desk.id();
    let inquiry = Inquiry {
        id,
        dealership_id: arrival.dealership.id,
        reference: arrival.reference.clone().unwrap_or_else(|| reference_of(id)),
        channel: arrival.channel,
        state: State::New,
        kind: arrival.kind(),
        topic: arrival.topic.clone(),
        language: arrival.language.clone(),
        sender: arrival.sender.clone(),
        origin: arrival.origin.clone(),
        customer_id: None,
        vehicle_id: None,
        owner_id: None,
        owner_since: None,
        previous_owner_id: None,
        claimed_by: None,
        claimed_until: None,
        preferred_times: Json(arrival.preferred_times.clone()),
        received_at: arrival.received_at,
        due_at: None,
        acknowledged_at: None,
        answered_at: None,
        breached_at: None,
        merged_into: None,
        end_reason: None,
        draft: None,
        revision: 0,
        created_at: desk.now,
        updated_at: desk.now,
    };
    Thread { inquiry, entries: Vec::new(), clocks: Vec::new(), dealership: std::sync::Arc::clone(&arrival.dealership) }
}

/// Whose question it is, and about which vehicle: known by their addresses, or created.
async fn take_over(desk: &mut Desk<'_>, thread: &mut Thread, arrival: &Arrival) -> db::Result<()> {
    let customer = match arrival.customer_id {
        Some(known) => Some(known),
        None => customer_of(desk, arrival).await?,
    };
    let inquiry = &mut thread.inquiry;
    (inquiry.received_at, inquiry.channel, inquiry.kind) = (arrival.received_at, arrival.channel, arrival.kind());
    inquiry.topic.clone_from(&arrival.topic);
    inquiry.language.clone_from(&arrival.language);
    inquiry.sender.clone_from(&arrival.sender);
    inquiry.customer_id = customer;
    if let Some(sighting) = &arrival.vehicle {
        let mention = vehicles::actions::Mention {
            dealership_id: arrival.dealership.id,
            sighting,
            owner: vehicles::Whose::BroughtBy(customer),
            heard_at: arrival.received_at,
        };
        inquiry.vehicle_id = vehicles::actions::refresh_all(desk, &[mention]).await?.pop();
    }
    Ok(())
}

async fn customer_of(desk: &mut Desk<'_>, arrival: &Arrival) -> db::Result<Option<Id<Customer>>> {
    let told = arrival.person.as_ref();
    if told.is_none_or(Person::is_made_up) {
        let of_person = told.and_then(address_of);
        let addresses: Vec<String> = arrival.sender.iter().cloned().chain(of_person).collect();
        let mut known = customers::actions::reached_at(desk.tx, arrival.dealership.id, &addresses).await?;
        // Two people behind one address are nobody in particular.
        if known.len() == 1 {
            return Ok(known.pop());
        }
    }
    let person = match (told, &arrival.sender) {
        (Some(person), _) => person.clone(),
        (None, Some(sender)) => somebody(arrival.channel, sender, arrival.language.clone()),
        (None, None) => return Ok(None),
    };
    let mention = customers::actions::Mention {
        dealership_id: arrival.dealership.id,
        person: &person,
        source: &arrival.source,
        heard_at: arrival.received_at,
        event_id: arrival.event_id,
    };
    Ok(customers::actions::refresh_all(desk, &[mention]).await?.pop().map(|known| known.id))
}

/// Somebody of whom only the address is known. Who writes to the official account is known by an openid, which nobody can
/// text or call.
fn somebody(channel: Channel, sender: &str, language: Option<String>) -> Person {
    let address = customers::Address::good(sender.to_owned());
    let person = |word: &str| Person { language, ..Person::named(format!("{word}:{sender}")) };
    match channel {
        Channel::Wechat => Person { wechat_openid: Some(address), ..person("wechat") },
        _ if sender.contains('@') => Person { email: Some(address), ..person("email") },
        _ => Person { phones: Some(vec![address]), ..person("phone") },
    }
}

fn question(desk: &Desk<'_>, thread: &Thread, arrival: &Arrival) -> Said {
    Said {
        channel: arrival.channel,
        at: arrival.received_at,
        message_key: arrival.message_key.clone(),
        thread: Json(arrival.thread.clone()),
        sender: arrival.sender.clone(),
        text_hash: arrival.sender.as_ref().map(|_| arrival.text_hash()),
        topic: arrival.topic.clone(),
        ..thread.entry(desk, Author::Customer, EntryState::Received, arrival.body.clone())
    }
}

/// Says at once that it is here, on the channel on which it came; that never stops the clock.
async fn acknowledge(desk: &mut Desk<'_>, thread: &mut Thread, arrival: &Arrival) -> db::Result<()> {
    let channels = replies::tracks_of(thread.inquiry.channel);
    let may = arrival.may_acknowledge && replies::may_acknowledge(desk.tx, thread, desk.now).await?;
    let (Some(channels), true, true) = (channels, may, thread.inquiry.state.is_open()) else { return Ok(()) };
    let heard = Heard {
        event_id: arrival.event_id,
        is_new: true,
        acted_at: Some(arrival.received_at),
        detail: json!({"references": thread.message_ids()}),
        ..thread.heard("inquiry.received")
    };
    hear(desk, &heard).await?;
    let Some(notice) = replies::raised(desk, thread, "inquiry.ack") else { return Ok(()) };
    for raised in desk.raised().iter_mut().filter(|raised| raised.id == notice) {
        raised.tracks.tracks = vec![channels.clone()];
    }
    let said =
        Said { notice_id: Some(notice), ..thread.entry(desk, Author::System, EntryState::Pending, String::new()) };
    store::save_entries(desk.tx, &[&said]).await?;
    thread.entries.push(said);
    Ok(())
}

/// Inquiries as their letters need them (BR-13).
pub async fn for_letters(tx: &mut Tx, ids: &[String]) -> db::Result<Vec<Reading>> {
    Ok(store::for_letters(tx, ids).await?.into_iter().map(store::Read::reading).collect())
}

/// When an inquiry by form is refused because of too many.
pub async fn forms_since(
    tx: &mut Tx,
    dealership: Id<crate::dealerships::Dealership>,
    origin: &str,
    since: Timestamp,
    most: i64,
) -> db::Result<(i64, i64)> {
    store::forms_since(tx, dealership, origin, since, most).await
}
