//! Inquiries as they are read: by callers, by letters, by the list before closing.
use serde::Serialize;

use super::super::{Inquiry, State, proof::Promise};
use crate::{
    clock::Timestamp,
    db::{Result, Tx},
    dealerships::Dealership,
    http::Access,
    id::Id,
    notices::{
        readings::Reading,
        words::{About, inquiry},
    },
    rows,
};

/// A list of inquiries beside the names of whom they concern: what follows says which, and in which order. The cross join
/// keeps the inquiries in front, so that an index of theirs gives the order and the names are looked up for what is shown.
macro_rules! found {
    ($which:literal) => {
        concat!(
            "SELECT i.id, i.dealership_id, i.ref, i.channel, i.state, i.kind, i.topic, i.language, i.sender, i.origin, i.customer_id, i.vehicle_id,
                i.owner_id, i.owner_since, i.previous_owner_id, i.claimed_by, i.claimed_until, i.preferred_times, i.received_at, i.due_at,
                i.acknowledged_at, i.answered_at, i.breached_at, i.merged_into, i.end_reason, i.draft, i.revision, i.created_at, i.updated_at,
                d.code AS dealership, c.ref AS customer_ref, c.name AS customer_name, c.language AS customer_language, v.vin, v.plate,
                s.ref AS owner_ref, s.name AS owner_name
         FROM inquiries AS i CROSS JOIN dealerships AS d LEFT JOIN customers AS c ON c.id = i.customer_id
              LEFT JOIN vehicles AS v ON v.id = i.vehicle_id LEFT JOIN staff AS s ON s.id = i.owner_id
         WHERE d.id = i.dealership_id AND ",
            $which
        )
    };
}

/// An inquiry beside the names of whom it concerns.
#[derive(Debug, sqlx::FromRow)]
pub(in super::super) struct Found {
    #[sqlx(flatten)]
    pub(in super::super) inquiry: Inquiry,
    pub(in super::super) dealership: String,
    pub(in super::super) customer_ref: Option<String>,
    pub(in super::super) customer_name: Option<String>,
    pub(in super::super) customer_language: Option<String>,
    pub(in super::super) vin: Option<String>,
    pub(in super::super) plate: Option<String>,
    pub(in super::super) owner_ref: Option<String>,
    pub(in super::super) owner_name: Option<String>,
}

impl Found {
    /// The language in which this customer is answered, where it is known: BCP 47.
    pub(in super::super) fn language(&self) -> Option<&str> {
        self.customer_language.as_deref().or(self.inquiry.language.as_deref())
    }
}

/// By our id or the ref, among what `access` allows; two when the ref is not unique.
pub(in super::super) async fn list_by_reference(
    tx: &mut Tx,
    access: &Access,
    reference: &str,
    dealership: Option<&str>,
) -> Result<Vec<Found>> {
    tx.sql(found!(
        "(i.id = $1 OR i.ref = $1) AND ($2 IS NULL OR i.dealership_id = $2) AND ($3 IS NULL OR d.code = $3)
         ORDER BY i.id LIMIT 2"
    ))
    .bind(reference.to_owned())
    .bind(access.one())
    .bind(dealership.map(str::to_owned))
    .all()
    .await
}

/// Where a list goes on: after this due time and id.
#[derive(Clone, Debug)]
pub(in super::super) struct After {
    pub(in super::super) at: Timestamp,
    pub(in super::super) id: Id<Inquiry>,
}

/// Inquiries that wait for an answer, what is due first before the others.
pub(in super::super) async fn list_open(
    tx: &mut Tx,
    dealership: Option<Id<Dealership>>,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<Found>> {
    // Everything is due later than this.
    let start = Timestamp::new(jiff::Timestamp::UNIX_EPOCH);
    let (at, id) = after.map_or((start, String::new()), |after| (after.at, after.id.to_string()));
    let query = match dealership {
        Some(dealership) => tx
            .sql(found!(
                "i.state IN ('new', 'assigned') AND i.dealership_id = $4 AND (i.due_at, i.id) > ($1, $2) ORDER BY i.due_at, i.id LIMIT $3"
            ))
            .bind(at)
            .bind(id)
            .bind(limit)
            .bind(dealership),
        None => tx
            .sql(found!(
                "i.state IN ('new', 'assigned') AND (i.due_at, i.id) > ($1, $2) ORDER BY i.due_at, i.id LIMIT $3"
            ))
            .bind(at)
            .bind(id)
            .bind(limit),
    };
    query.all().await
}

/// Inquiries of one state, by their ids.
pub(in super::super) async fn list_in(
    tx: &mut Tx,
    dealership: Option<Id<Dealership>>,
    state: Option<State>,
    after: Option<String>,
    limit: i64,
) -> Result<Vec<Found>> {
    tx.sql(found!(
        "($1 IS NULL OR i.dealership_id = $1) AND ($2 IS NULL OR i.state = $2) AND ($3 IS NULL OR i.id > $3)
         ORDER BY i.id LIMIT $4"
    ))
    .bind(dealership)
    .bind(state)
    .bind(after)
    .bind(limit)
    .all()
    .await
}

/// The latest of one state, for the screens.
pub(in super::super) async fn list_latest(
    tx: &mut Tx,
    dealership: Id<Dealership>,
    state: State,
    limit: i64,
) -> Result<Vec<Found>> {
    tx.sql(found!("i.dealership_id = $1 AND i.state = $2 ORDER BY i.received_at DESC LIMIT $3"))
        .bind(dealership)
        .bind(state)
        .bind(limit)
        .all()
        .await
}

/// What falls due before `until` at a dealership and still waits: the list before closing; a hundred at most.
pub(in super::super) async fn due_before(
    tx: &mut Tx,
    dealership: Id<Dealership>,
    until: Timestamp,
) -> Result<Vec<Found>> {
    let open = list_open(tx, Some(dealership), None, 100).await?;
    Ok(open.into_iter().filter(|found| found.inquiry.due_at.is_some_and(|at| at < until)).collect())
}

/// An inquiry as its letters need it.
#[derive(sqlx::FromRow)]
pub(in super::super) struct Read {
    id: Id<Inquiry>,
    state: String,
    revision: i64,
    received_at: Timestamp,
    due_at: Option<Timestamp>,
    topic: Option<String>,
    advisor: Option<String>,
    plate: Option<String>,
    model_code: Option<String>,
    model_year: Option<i64>,
}

impl Read {
    pub(in super::super) fn reading(self) -> Reading {
        Reading {
            subject_id: self.id.to_string(),
            state: self.state,
            revision: self.revision,
            advisor: self.advisor,
            plate: self.plate,
            model_code: self.model_code,
            model_year: self.model_year,
            about: Some(About::Inquiry(inquiry::Facts {
                received_at: Some(self.received_at),
                due_at: self.due_at,
                topic: self.topic,
                ..inquiry::Facts::default()
            })),
        }
    }
}

pub(in super::super) async fn for_letters(tx: &mut Tx, ids: &[String]) -> Result<Vec<Read>> {
    #[derive(Serialize)]
    struct Named<'a> {
        id: &'a str,
    }
    let named: Vec<Named<'_>> = ids.iter().map(|id| Named { id }).collect();
    tx.sql(rows!(
        "SELECT i.id, i.state, i.revision, i.received_at, i.due_at, i.topic, s.name AS advisor, v.plate, v.model_code, v.model_year FROM ",
        (id text),
        " JOIN inquiries AS i ON i.id = j.id LEFT JOIN staff AS s ON s.id = i.owner_id LEFT JOIN vehicles AS v ON v.id = i.vehicle_id"
    ))
    .bind_rows(&named)
    .all()
    .await
}

/// How many questions came by form since: from one address, and for one dealership; counted up to `most`.
pub(in super::super) async fn forms_since(
    tx: &mut Tx,
    dealership: Id<Dealership>,
    origin: &str,
    since: Timestamp,
    most: i64,
) -> Result<(i64, i64)> {
    let (of_origin,): (i64,) = tx
        .sql("SELECT CAST(count(*) AS BIGINT) FROM (SELECT 1 AS one FROM inquiries WHERE origin = $1 AND created_at > $2 LIMIT $3) AS some")
        .bind(origin.to_owned())
        .bind(since)
        .bind(most)
        .one()
        .await?;
    let (of_dealership,): (i64,) = tx
        .sql(
            "SELECT CAST(count(*) AS BIGINT) FROM (SELECT 1 AS one FROM inquiries
             WHERE dealership_id = $1 AND received_at > $2 AND channel = 'web' LIMIT $3) AS some",
        )
        .bind(dealership)
        .bind(since)
        .bind(most)
        .one()
        .await?;
    Ok((of_origin, of_dealership))
}

/// The promises that began in a span, with the evidence of each; what turned out to be spam was none.
pub(in super::super) async fn promises(
    tx: &mut Tx,
    dealership: Id<Dealership>,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<Promise>> {
    tx.sql(
        "SELECT i.id AS inquiry, i.ref, i.channel, c.opened_at AS received_at, c.due_at, c.opened_by AS question, q.message_key,
                c.stopped_at AS answered_at, c.stopped_kind AS answered_by, c.stopped_by AS reply, r.at AS reply_written_at,
                (SELECT min(e.accepted_at) FROM inquiry_entries AS e WHERE e.inquiry_id = i.id AND e.author = 'person'
                    AND e.accepted_at >= c.opened_at AND e.failed_at IS NULL) AS human_reply_at,
                (SELECT CAST(count(*) AS BIGINT) FROM inquiry_entries AS e
                 WHERE e.inquiry_id = i.id AND e.failed_at IS NOT NULL AND e.author <> 'system') AS bounces
         FROM inquiry_clocks AS c JOIN inquiries AS i ON i.id = c.inquiry_id JOIN inquiry_entries AS q ON q.id = c.opened_by
              LEFT JOIN inquiry_entries AS r ON r.id = c.stopped_by
         WHERE c.dealership_id = $1 AND c.opened_at >= $2 AND c.opened_at < $3 AND i.state <> 'spam'
         ORDER BY c.opened_at, c.id",
    )
    .bind(dealership)
    .bind(from)
    .bind(to)
    .all()
    .await
}
