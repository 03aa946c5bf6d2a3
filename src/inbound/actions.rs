//! The verb of the doors: take a mail, which is stored before anything is thought about it.
use mail_parser::MessageParser;
use sha2::{Digest, Sha256};

use super::{
    Envelope, Inbound,
    addresses::Recipient,
    flatten::flattened,
    letter::line,
    store::{self, NewInbound},
    unread,
};
use crate::{
    app::App,
    clock::Timestamp,
    db::{self, Weight},
    dealerships, failpoints,
    id::Id,
    jobs,
};

/// The headers are looked for in so many bytes.
const HEADERS_WITHIN: usize = 128 * 1024;

/// One mail as a door has it, for one or more recipients.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// `lmtp` or `http`.
    pub door: &'static str,
    /// One per recipient; all with the same sender.
    pub envelopes: Vec<Envelope>,
    pub raw: Vec<u8>,
}

/// Why a mail was not stored. The sender keeps it and comes again.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    #[error("too many mails wait to be read")]
    Full,
    #[error(transparent)]
    Database(#[from] db::Error),
}

/// Stores a mail once per recipient. The same mail again (Message-ID, envelope and body) is taken and changes nothing.
/// Answers how many rows are new.
pub async fn take(app: &App, arrival: Arrival) -> Result<usize, NotTaken> {
    failpoints::point("accept");
    let now = app.ids.clock.now();
    let mut rows = rows(&arrival, now, || app.ids.next());
    let addresses: Vec<&str> = rows.iter().map(|row| row.recipient.as_str()).collect();
    let whose = unread::whose(app, &addresses).await?;
    for (row, dealership_id) in rows.iter_mut().zip(whose) {
        row.dealership_id = dealership_id;
    }
    let Some(raw_id) = rows.first().map(|row| row.raw_id.clone()) else { return Ok(0) };
    let raw = std::sync::Arc::new(arrival.raw);
    let rows = std::sync::Arc::new(rows);
    let (most, delete_at) = (app.config.inbound.most_waiting, now.plus(app.config.inbound.keep_raw.signed()));
    let new = app
        .db
        .write(Weight::ONE, move |tx| {
            let (rows, raw, raw_id) = (rows.clone(), raw.clone(), raw_id.clone());
            Box::pin(async move {
                if store::is_full(tx, i64::from(most)).await? {
                    return Err(NotTaken::Full);
                }
                let new = store::insert(tx, &rows, false).await?;
                if !new.is_empty() {
                    store::keep_raw(tx, &raw_id, raw.to_vec(), delete_at).await?;
                    tx.ring(jobs::INBOUND);
                }
                failpoints::point("commit");
                Ok(new.len())
            })
        })
        .await?;
    metrics::counter!("aftercare_inbound_mails_total").increment(new as u64);
    Ok(new)
}

/// For whom a mail to this address is; none when nobody here has it, which the sender should hear at once.
pub async fn recipient(app: &App, address: &str) -> db::Result<Option<Recipient>> {
    let Some(recipient) = app.addresses.get().await?.read(address) else { return Ok(None) };
    let is_here = match &recipient {
        Recipient::Shop(code) => app.directory.by_code(code).await?.is_some(),
        Recipient::Elsewhere(address) => {
            dealerships::actions::find_by_email(&mut app.db.read().await?, address).await?.is_some()
        }
        _ => true,
    };
    Ok(is_here.then_some(recipient))
}

fn rows(arrival: &Arrival, now: Timestamp, id: impl Fn() -> Id<Inbound>) -> Vec<NewInbound> {
    let raw_id = hash(&[&arrival.raw]);
    let message_id = message_id(&arrival.raw);
    // Programs use one Message-ID for many mails: what a person wrote must not be lost because of that.
    let body = hash(&[body(&arrival.raw)]);
    let row = |envelope: &Envelope| {
        let from = envelope.from.clone().unwrap_or_default().to_ascii_lowercase();
        let to = envelope.to.to_ascii_lowercase();
        let id_or_all = message_id.as_deref().unwrap_or(&raw_id);
        NewInbound {
            id: id(),
            dedupe_key: hash(&[id_or_all.as_bytes(), from.as_bytes(), to.as_bytes(), body.as_bytes()]),
            door: arrival.door,
            envelope_from: envelope.from.clone(),
            recipient: envelope.to.clone(),
            raw_id: raw_id.clone(),
            size: i64::try_from(arrival.raw.len()).unwrap_or(i64::MAX),
            received_at: now,
            message_id: message_id.clone(),
            dealership_id: None,
        }
    };
    arrival.envelopes.iter().map(row).collect()
}

fn message_id(raw: &[u8]) -> Option<String> {
    let head = flattened(&raw[..raw.len().min(HEADERS_WITHIN)]).into_owned();
    let mail = MessageParser::default().parse_headers(&head)?;
    mail.message_id().map(line).filter(|id| !id.is_empty())
}

/// What comes after the headers: relays add to those.
fn body(raw: &[u8]) -> &[u8] {
    let after = |gap: &[u8]| raw.windows(gap.len()).position(|window| window == gap).map(|at| &raw[at + gap.len()..]);
    match (after(b"\r\n\r\n"), after(b"\n\n")) {
        (Some(one), Some(other)) => {
            if one.len() > other.len() {
                one
            } else {
                other
            }
        }
        (one, other) => one.or(other).unwrap_or(raw),
    }
}

fn hash(parts: &[&[u8]]) -> String {
    let mut sum = Sha256::new();
    for part in parts {
        sum.update((part.len() as u64).to_be_bytes());
        sum.update(part);
    }
    crate::id::hex(&sum.finalize())
}

/// What is due in the lane: how many mails, at most `most`, and since when the oldest.
pub async fn due(tx: &mut db::Tx, now: Timestamp, most: i64) -> db::Result<(i64, Option<Timestamp>)> {
    store::due(tx, now, most).await
}
