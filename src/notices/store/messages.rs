//! The messages that composing writes, with their texts.
use serde::Serialize;

use crate::{
    clock::Timestamp,
    customers::Customer,
    db::{Result, Tx},
    dealerships::Dealership,
    id::Id,
    messages::{Envelope, Message, Priority, State},
    notices::{ChannelName, Class, Locale, Notice},
    rows,
    staff::Staff,
};

/// A message as it is written, with its text.
#[derive(Clone, Debug)]
pub struct NewMessage {
    pub id: Id<Message>,
    pub notice_id: Id<Notice>,
    pub dealership_id: Id<Dealership>,
    /// The reader, where it is a customer.
    pub customer_id: Option<Id<Customer>>,
    /// The reader, where they work here.
    pub staff_id: Option<Id<Staff>>,
    pub track: i64,
    pub step: i64,
    pub channel: ChannelName,
    pub priority: Priority,
    pub class: Class,
    /// Counts for no cap.
    pub immediate: bool,
    pub to_address: String,
    pub locale: Locale,
    pub template_version: String,
    pub state: State,
    pub reason: Option<&'static str>,
    pub not_before: Timestamp,
    pub useful_until: Option<Timestamp>,
    pub created_at: Timestamp,
    pub envelope: Envelope,
    pub subject: Option<String>,
    pub body: String,
    pub html: Option<String>,
    pub invite: Option<String>,
    pub invite_method: Option<&'static str>,
}

/// Writes messages and their texts.
pub async fn insert_messages(tx: &mut Tx, messages: &[NewMessage]) -> Result<()> {
    if messages.is_empty() {
        return Ok(());
    }
    // Two sets of rows: the database reads a row's JSON once a column, and a letter is a hundred times as long as the rest.
    let rows: Vec<Row<'_>> = messages.iter().map(Row::of).collect();
    let texts: Vec<Text<'_>> = messages.iter().map(Text::of).collect();
    tx.sql(rows!(
        "INSERT INTO messages (id, notice_id, dealership_id, customer_id, staff_id, track, step, channel, priority, class, immediate, to_address, locale,
            template_version, state, reason, not_before, useful_until, fence, attempts, tries, resent, alone, suspect, crashes, created_at, updated_at)
         SELECT j.id, j.notice_id, j.dealership_id, j.customer_id, j.staff_id, j.track, j.step, j.channel, j.priority, j.class, j.immediate, j.to_address, j.locale,
            j.template_version, j.state, j.reason, j.not_before, j.useful_until, 0, 0, 0, $2, $2, $2, 0, j.created_at, j.created_at FROM ",
        (id text, notice_id text, dealership_id text, customer_id text, staff_id text, track bigint, step bigint, channel text, priority text, class text, immediate boolean,
         to_address text, locale text, template_version text, state text, reason text, not_before timestamptz, useful_until timestamptz, created_at timestamptz),
        ""
    ))
    .bind_rows(&rows)
    .bind(false)
    .execute()
    .await?;
    tx.sql(rows!(
        "INSERT INTO message_texts (message_id, envelope, subject, body, html, invite, invite_method)
         SELECT j.id, j.envelope, j.subject, j.body, j.html, j.invite, j.invite_method FROM ",
        (id text, envelope jsonb, subject text, body text, html text, invite text, invite_method text),
        ""
    ))
    .bind_rows(&texts)
    .execute()
    .await?;
    Ok(())
}

/// A message's row.
#[derive(Serialize)]
struct Row<'a> {
    id: Id<Message>,
    notice_id: Id<Notice>,
    dealership_id: Id<Dealership>,
    customer_id: Option<Id<Customer>>,
    staff_id: Option<Id<Staff>>,
    track: i64,
    step: i64,
    channel: ChannelName,
    priority: Priority,
    class: Class,
    immediate: bool,
    to_address: &'a str,
    locale: Locale,
    template_version: &'a str,
    state: State,
    reason: Option<&'static str>,
    not_before: Timestamp,
    useful_until: Option<Timestamp>,
    created_at: Timestamp,
}

impl<'a> Row<'a> {
    fn of(message: &'a NewMessage) -> Self {
        Self {
            id: message.id,
            notice_id: message.notice_id,
            dealership_id: message.dealership_id,
            customer_id: message.customer_id,
            staff_id: message.staff_id,
            track: message.track,
            step: message.step,
            channel: message.channel,
            priority: message.priority,
            class: message.class,
            immediate: message.immediate,
            to_address: &message.to_address,
            locale: message.locale,
            template_version: &message.template_version,
            state: message.state,
            reason: message.reason,
            not_before: message.not_before,
            useful_until: message.useful_until,
            created_at: message.created_at,
        }
    }
}

/// A message's text.
#[derive(Serialize)]
struct Text<'a> {
    id: Id<Message>,
    envelope: &'a Envelope,
    subject: Option<&'a str>,
    body: &'a str,
    html: Option<&'a str>,
    invite: Option<&'a str>,
    invite_method: Option<&'static str>,
}

impl<'a> Text<'a> {
    fn of(message: &'a NewMessage) -> Self {
        Self {
            id: message.id,
            envelope: &message.envelope,
            subject: message.subject.as_deref(),
            body: &message.body,
            html: message.html.as_deref(),
            invite: message.invite.as_deref(),
            invite_method: message.invite_method,
        }
    }
}
