//! What a story looks at: what people received, what the record shows, what must not be left behind.
use std::collections::HashMap;

use aftercare::{
    clock::{Clock, Timestamp},
    db::Db,
};
use mail_parser::{MessageParser, MimeHeaders};
use serde_json::Value;

use super::Shop;
use crate::fakes::gateway::FakeGateway;

/// One e-mail as its reader's program shows it.
#[derive(Clone, Debug)]
pub(crate) struct Mail {
    pub(crate) subject: String,
    pub(crate) text: String,
    /// The calendar file.
    pub(crate) invite: Option<String>,
    pub(crate) message_id: String,
    pub(crate) bytes: Vec<u8>,
}

impl Mail {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mail = MessageParser::default().parse(bytes).expect("a mail");
        let is_calendar = |part: &&mail_parser::MessagePart<'_>| part.attachment_name() == Some("invite.ics");
        Self {
            subject: mail.subject().unwrap_or_default().to_owned(),
            text: mail.body_text(0).expect("a text").replace("\r\n", "\n"),
            invite: mail
                .parts
                .iter()
                .find(is_calendar)
                .map(|part| String::from_utf8_lossy(part.contents()).into_owned()),
            message_id: mail.message_id().expect("a Message-ID").to_owned(),
            bytes: bytes.to_vec(),
        }
    }
    /// A line of the calendar file.
    pub(crate) fn calendar(&self, name: &str) -> String {
        let invite = self.invite.as_deref().expect("an invite").replace("\r\n ", "");
        let line = invite.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or_else(|| panic!("no {name} in {invite}")).to_owned()
    }
}

impl Shop {
    /// The mails for this address that arrived whole, in order.
    pub(crate) fn inbox(&self, address: &str) -> Vec<Mail> {
        let mine = self.mail.received().into_iter().filter(|mail| mail.to == [address]);
        mine.map(|mail| Mail::of(&mail.bytes)).collect()
    }
    pub(crate) fn subjects(&self, address: &str) -> Vec<String> {
        self.inbox(address).into_iter().map(|mail| mail.subject).collect()
    }
    /// The texts that the gateway was asked to send to this number, in order.
    pub(crate) fn phone(&self, number: &str) -> Vec<String> {
        self.posted_to(number).iter().map(|sms| sms["text"].as_str().expect("a text").to_owned()).collect()
    }
    /// What the gateway was asked to send, without the first so many.
    pub(crate) fn posted_since(&self, first: usize) -> Vec<Value> {
        let posted = self.gateway.as_ref().map(|gateway| gateway.posted_since(first)).unwrap_or_default();
        posted.into_iter().map(|posted| serde_json::from_str(&posted.body).expect("JSON")).collect()
    }
    /// The requests themselves.
    pub(crate) fn posted_to(&self, number: &str) -> Vec<Value> {
        let posted = self.gateway.as_ref().map(FakeGateway::posted).unwrap_or_default();
        let read = posted.into_iter().map(|posted| serde_json::from_str::<Value>(&posted.body).expect("JSON"));
        read.filter(|sms| sms["to"] == number).collect()
    }

    /// The notices about an appointment with their states and reasons, in the order in which they were raised.
    pub(crate) async fn notices(&self, reference: &str) -> Vec<String> {
        let mut items = self.items(&format!("/v1/notices?limit=100&subject={reference}")).await;
        items.sort_by_key(|notice| (text(notice, "raised_at"), text(notice, "kind")));
        items.iter().map(|notice| said(notice, &[&short(notice)])).collect()
    }
    /// The messages about an appointment with their states and reasons, in the order in which they were written.
    pub(crate) async fn messages(&self, reference: &str) -> Vec<String> {
        let said = |message: &Value| said(message, &[&short(message), &text(message, "channel")]);
        self.messages_about(reference).await.iter().map(said).collect()
    }
    pub(crate) async fn messages_about(&self, reference: &str) -> Vec<Value> {
        let mut items = self.items("/v1/messages?limit=500").await;
        items.retain(|message| message["subject"]["ref"] == reference);
        items.sort_by_key(|message| (text(message, "created_at"), text(message, "kind"), text(message, "channel")));
        items
    }
    /// The newest message on this channel.
    pub(crate) async fn message(&self, reference: &str, channel: &str) -> Value {
        let mut messages = self.messages_about(reference).await;
        messages.retain(|message| message["channel"] == channel);
        messages.pop().expect("a message")
    }
    /// Each attempt at it: its number, how far it got and what came of it.
    pub(crate) async fn attempts(&self, reference: &str, channel: &str) -> Vec<String> {
        let message = self.message(reference, channel).await;
        let attempts = message["attempts"].as_array().expect("a list").clone();
        let said = |attempt: &Value| {
            format!(
                "{} {} {} {}",
                attempt["n"],
                text(attempt, "phase"),
                text(attempt, "outcome"),
                text(attempt, "reason")
            )
        };
        attempts.iter().map(said).collect()
    }
    pub(crate) async fn items(&self, path: &str) -> Vec<Value> {
        self.get(path).await["items"].as_array().expect("items").clone()
    }
    /// What the record says of an appointment, in order.
    pub(crate) async fn timeline(&self, reference: &str) -> Vec<String> {
        let mut lines = self.items(&format!("/v1/timeline?limit=500&appointment={reference}")).await;
        lines.sort_by_key(|line| (text(line, "at"), text(line, "what"), text(line, "reason")));
        lines.iter().map(|line| format!("{} {}", text(line, "what"), text(line, "reason")).trim().to_owned()).collect()
    }

    pub(crate) async fn something_is_due(&self) -> bool {
        const DUE: &str = "SELECT CAST(count(*) AS BIGINT) FROM (
            SELECT 1 AS one FROM notices WHERE state IN ('waiting', 'sending') AND not_before <= $1
            UNION ALL SELECT 1 FROM notices WHERE state = 'held' AND useful_until <= $1 UNION ALL SELECT 1 FROM notices WHERE lease_until <= $1
            UNION ALL SELECT 1 FROM messages WHERE state IN ('ready', 'unknown') AND (not_before <= $1 OR useful_until <= $1)
            UNION ALL SELECT 1 FROM messages WHERE state = 'sending' AND lease_until <= $1
            UNION ALL SELECT 1 FROM clocks WHERE not_before <= $1 OR lease_until <= $1
            UNION ALL SELECT 1 FROM inbound_messages WHERE (state = 'waiting' AND not_before <= $1) OR lease_until <= $1) due";
        let mut tx = self.app.db.read().await.expect("a connection");
        let (due,): (i64,) = tx.sql(DUE).bind(self.now()).one().await.expect("a count");
        due > 0
    }
}

/// What no story may leave: claims nobody holds, notices that wait for nothing, attempts with a gap.
pub(super) async fn left_behind(url: &str, now: Timestamp) -> Vec<String> {
    const LEFT: &str = "SELECT 'message past its lease ' || id FROM messages WHERE state = 'sending' AND lease_until <= $1
        UNION ALL SELECT 'notice past its lease ' || id FROM notices WHERE lease_until <= $1
        UNION ALL SELECT 'mail past its lease ' || id FROM inbound_messages WHERE lease_until <= $1
        UNION ALL SELECT 'clock past its lease ' || kind || ' ' || id FROM clocks WHERE lease_until <= $1
        UNION ALL SELECT 'notice that waits for nothing ' || kind || ' ' || id FROM notices n WHERE state = 'sending' AND not_before IS NULL
            AND lease_until IS NULL AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.notice_id = n.id
                AND m.state IN ('ready', 'sending', 'unknown', 'held'))
        UNION ALL SELECT 'open message of a closed notice ' || n.kind || ' ' || m.id FROM messages m JOIN notices n ON n.id = m.notice_id
            WHERE m.state IN ('ready', 'sending', 'held') AND n.state IN ('withdrawn', 'expired', 'skipped')
        UNION ALL SELECT 'attempts with a gap of ' || id FROM messages m WHERE attempts <> (SELECT count(*) FROM attempts a WHERE a.message_id = m.id)
            OR attempts <> (SELECT coalesce(max(n), 0) FROM attempts a WHERE a.message_id = m.id)";
    let db = Db::open(url, &Clock::system()).await.expect("an open database");
    let rows: Vec<(String,)> = db.read().await.expect("a connection").sql(LEFT).bind(now).all().await.expect("rows");
    db.close().await;
    rows.into_iter().map(|(row,)| row).collect()
}

/// Ids and what else differs from run to run, out of a text that is compared: the first id becomes `apt-1`, and so on.
pub(crate) fn redacted(text: &str) -> String {
    let mut seen: HashMap<String, String> = HashMap::new();
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('_') {
        let (before, after) = rest.split_at(at);
        let prefix = before.get(before.len().saturating_sub(3)..).unwrap_or_default();
        let hex = after.get(1..33).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
        let is_id = hex.is_some() && prefix.bytes().all(|b| b.is_ascii_lowercase());
        let end = if is_id { 33 } else { 1 };
        out.push_str(before);
        if is_id {
            let next = seen.len() + 1;
            let number = seen.entry(format!("{prefix}{}", &after[..33])).or_insert_with(|| format!("-{next}"));
            out.push_str(number);
        } else {
            out.push('_');
        }
        rest = &after[end..];
    }
    out + rest
}

/// `confirmation`.
fn short(item: &Value) -> String {
    text(item, "kind").trim_start_matches("appointment.").to_owned()
}
fn text(item: &Value, key: &str) -> String {
    item[key].as_str().unwrap_or_default().to_owned()
}
fn said(item: &Value, words: &[&str]) -> String {
    format!("{} {} {}", words.join(" "), text(item, "state"), text(item, "reason")).trim().to_owned()
}
