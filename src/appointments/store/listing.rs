//! Lists of appointments, for people and systems that look through them.
use super::Found;
use crate::{
    clock::Timestamp,
    customers::Customer,
    db::{Result, Tx},
    dealerships::Dealership,
    http::Access,
    id::Id,
};

/// Which appointments; what is absent does not matter.
#[derive(Clone, Debug)]
pub(in crate::appointments) struct Wanted {
    pub(in crate::appointments) dealership: Option<String>,
    pub(in crate::appointments) state: Option<String>,
    pub(in crate::appointments) is_comeback: Option<bool>,
    pub(in crate::appointments) which: Which,
    /// Those that start then or later.
    pub(in crate::appointments) from: Option<Timestamp>,
    /// Those that start before.
    pub(in crate::appointments) until: Option<Timestamp>,
    pub(in crate::appointments) after: Option<String>,
    pub(in crate::appointments) limit: i64,
}

/// Each is a list of its own, so that each has its own index.
#[derive(Clone, Copy, Debug)]
pub(in crate::appointments) enum Which {
    All,
    /// The work on them has been open since before that closing of the doors.
    CarriedOver(Option<Timestamp>),
    /// They are still to come, and something that they should say is missing.
    Incomplete,
}

/// What a visit lacks is asked for while it is still to come: who is here is asked at the counter.
macro_rules! lacking {
    () => {
        "a.missing <> '[]' AND a.state IN ('requested', 'proposed', 'booked', 'confirmed', 'move_requested')"
    };
}

macro_rules! listed {
    ($($and:expr)?) => {
        concat!(
            found!(),
            " WHERE ($1 IS NULL OR a.dealership_id = $1) AND ($2 IS NULL OR d.code = $2) AND ($3 IS NULL OR a.state = $3)
                AND ($4 IS NULL OR a.is_comeback = $4) AND ($5 IS NULL OR a.start_at >= $5) AND ($6 IS NULL OR a.start_at < $6)
                AND ($7 IS NULL OR a.id > $7)",
            $(" AND ", $and,)?
            " ORDER BY a.id LIMIT $8"
        )
    };
}

/// Appointments among what `access` allows, in the order of their ids.
pub(in crate::appointments) async fn list(tx: &mut Tx, access: &Access, wanted: Wanted) -> Result<Vec<Found>> {
    let statement = match wanted.which {
        Which::All => listed!(),
        Which::CarriedOver(_) => listed!(
            "a.id IN (SELECT x.id FROM repair_orders AS o JOIN appointments AS x ON x.ref = o.appointment_ref
                AND x.dealership_id = o.dealership_id WHERE o.state IN ('open', 'ready') AND o.state = 'open' AND o.opened_at < $9)"
        ),
        Which::Incomplete => listed!(lacking!()),
    };
    let query = tx
        .sql(statement)
        .bind(access.one())
        .bind(wanted.dealership)
        .bind(wanted.state)
        .bind(wanted.is_comeback)
        .bind(wanted.from)
        .bind(wanted.until)
        .bind(wanted.after)
        .bind(wanted.limit);
    match wanted.which {
        Which::CarriedOver(closed_at) => query.bind(closed_at).all().await,
        Which::All | Which::Incomplete => query.all().await,
    }
}

/// The next visits of a dealership that lack something, the first of them first.
pub(in crate::appointments) async fn lacking(
    tx: &mut Tx,
    dealership: Id<Dealership>,
    now: Timestamp,
    most: i64,
) -> Result<Vec<Found>> {
    tx.sql(concat!(
        found!(),
        " WHERE a.dealership_id = $1 AND a.start_at >= $2 AND ",
        lacking!(),
        " ORDER BY a.start_at, a.id LIMIT $3"
    ))
    .bind(dealership)
    .bind(now)
    .bind(most)
    .all()
    .await
}

/// A customer's visits, for whoever writes to them about one.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::appointments) struct OfCustomer {
    pub(in crate::appointments) reference: String,
    pub(in crate::appointments) state: String,
    pub(in crate::appointments) start_at: Option<Timestamp>,
}

/// The latest of a customer's appointments, the newest first.
pub(in crate::appointments) async fn of_customer(
    tx: &mut Tx,
    customer: Id<Customer>,
    most: i64,
) -> Result<Vec<OfCustomer>> {
    tx.sql(
        "SELECT ref AS reference, state, start_at FROM appointments WHERE customer_id = $1 ORDER BY id DESC LIMIT $2",
    )
    .bind(customer)
    .bind(most)
    .all()
    .await
}

/// The sources of the next `most` appointments that are expected.
pub(in crate::appointments) async fn tellers_of_what_is_ahead(
    tx: &mut Tx,
    dealership: Id<Dealership>,
    now: Timestamp,
    most: i64,
) -> Result<Vec<String>> {
    let found: Vec<(Option<String>,)> = tx
        .sql(
            "SELECT source FROM appointments WHERE dealership_id = $1 AND start_at >= $2 AND state IN ('requested', 'proposed', 'booked',
                'confirmed', 'arrived', 'in_service', 'move_requested', 'no_show_suspected') ORDER BY start_at, id LIMIT $3",
        )
        .bind(dealership)
        .bind(now)
        .bind(most)
        .all()
        .await?;
    Ok(found.into_iter().filter_map(|(source,)| source).collect())
}
