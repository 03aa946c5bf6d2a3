//! The SQL of texts that come in.
use serde::Serialize;

use super::{InboundText, TakenFor, Via};
use crate::{
    clock::Timestamp,
    customers::Customer,
    db::{Result, Tx},
    dealerships::Dealership,
    id::Id,
    inquiries::Inquiry,
    notices::SubjectKind,
    rows,
};

/// A text as it is stored before anything is done about it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct NewText {
    pub(super) id: Id<InboundText>,
    pub(super) provider: &'static str,
    pub(super) provider_id: String,
    pub(super) from_address: String,
    pub(super) to_address: Option<String>,
    pub(super) body: String,
    pub(super) received_at: Timestamp,
    pub(super) dealership_id: Option<Id<Dealership>>,
    pub(super) customer_id: Option<Id<Customer>>,
}

/// Stores a text; false when it was here before. Whoever brings it a second time at the same moment waits for the first.
pub(super) async fn insert(tx: &mut Tx, text: &NewText) -> Result<bool> {
    let new: Option<(Id<InboundText>,)> = tx
        .sql(rows!(
            "INSERT INTO inbound_texts (id, provider, provider_id, from_address, to_address, body, received_at, dealership_id, customer_id,
                taken_for, needs_a_person)
             SELECT j.id, j.provider, j.provider_id, j.from_address, j.to_address, j.body, j.received_at, j.dealership_id, j.customer_id,
                'free', $2 FROM ",
            (id text, provider text, provider_id text, from_address text, to_address text, body text, received_at timestamptz,
             dealership_id text, customer_id text),
            " WHERE true ON CONFLICT (provider, provider_id) DO NOTHING RETURNING id"
        ))
        .bind_rows(std::slice::from_ref(text))
        .bind(true)
        .optional()
        .await?;
    Ok(new.is_some())
}

pub(super) async fn settle(
    tx: &mut Tx,
    id: Id<InboundText>,
    taken_for: TakenFor,
    bound_to: Option<String>,
    needs_a_person: bool,
) -> Result<()> {
    tx.sql("UPDATE inbound_texts SET taken_for = $2, bound_to = $3, needs_a_person = $4 WHERE id = $1")
        .bind(id)
        .bind(taken_for)
        .bind(bound_to)
        .bind(needs_a_person)
        .execute()
        .await
        .map(drop)
}

/// Who has a number.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Sender {
    pub(super) customer_id: Id<Customer>,
    #[sqlx(rename = "ref")]
    pub(super) reference: String,
    pub(super) dealership_id: Id<Dealership>,
}

/// Whoever has this address, the longest known first; five at most.
pub(super) async fn senders(tx: &mut Tx, via: Via, number: &str) -> Result<Vec<Sender>> {
    tx.sql(
        "SELECT c.id AS customer_id, c.ref, c.dealership_id FROM contact_points p JOIN customers c ON c.id = p.customer_id
         WHERE p.value = $1 AND p.type = $2 AND p.removed_at IS NULL AND c.merged_into IS NULL
         GROUP BY c.id, c.ref, c.dealership_id ORDER BY c.id LIMIT 5",
    )
    .bind(number.to_owned())
    .bind(via.address())
    .all()
    .await
}

/// A text of ours to a number.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Sent {
    pub(super) dealership_id: Id<Dealership>,
    pub(super) customer_id: Id<Customer>,
    pub(super) kind: String,
    pub(super) subject_type: SubjectKind,
    pub(super) subject_id: String,
    pub(super) at: Timestamp,
}

/// What we wrote to an address on this channel, the newest first; twenty at most.
pub(super) async fn sent_to(tx: &mut Tx, via: Via, number: &str, senders: &[Sender]) -> Result<Vec<Sent>> {
    #[derive(Serialize)]
    struct Whose {
        id: Id<Customer>,
    }
    if senders.is_empty() {
        return Ok(Vec::new());
    }
    let whose: Vec<Whose> = senders.iter().map(|sender| Whose { id: sender.customer_id }).collect();
    tx.sql(rows!(
        "SELECT m.dealership_id, m.customer_id, n.kind, n.subject_type, n.subject_id, m.created_at AS at FROM ",
        (id text),
        " JOIN messages m ON m.customer_id = j.id JOIN notices n ON n.id = m.notice_id
         WHERE m.channel = $3 AND m.to_address = $2 AND m.state IN ('accepted', 'delivered', 'unknown') ORDER BY m.id DESC LIMIT 20"
    ))
    .bind_rows(&whose)
    .bind(number.to_owned())
    .bind(via.channel)
    .all()
    .await
}

/// The thread by this channel of this address that somebody still reads, begun after `since`.
pub(super) async fn thread(
    tx: &mut Tx,
    via: Via,
    dealership: Id<Dealership>,
    number: &str,
    since: Timestamp,
) -> Result<Option<Id<Inquiry>>> {
    let found: Option<(Id<Inquiry>,)> = tx
        .sql(
            "SELECT id FROM inquiries WHERE dealership_id = $1 AND sender = $2 AND created_at >= $3 AND channel = $4
                AND state IN ('new', 'assigned', 'answered') ORDER BY created_at DESC, id DESC LIMIT 1",
        )
        .bind(dealership)
        .bind(number.to_owned())
        .bind(since)
        .bind(via.channel)
        .optional()
        .await?;
    Ok(found.map(|(id,)| id))
}
