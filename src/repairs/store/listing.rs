//! Lists of repair orders, for people and systems that look through them.
use super::reading::Found;
use crate::{
    clock::Timestamp,
    db::{Result, Tx},
    http::Access,
};

/// Which repair orders; what is absent does not matter.
#[derive(Clone, Debug, Default)]
pub(in crate::repairs) struct Wanted {
    pub(in crate::repairs) dealership: Option<String>,
    pub(in crate::repairs) which: Which,
    pub(in crate::repairs) state: Option<String>,
    /// Those that were opened then or later.
    pub(in crate::repairs) from: Option<Timestamp>,
    /// Those that were opened before.
    pub(in crate::repairs) until: Option<Timestamp>,
    pub(in crate::repairs) after: Option<String>,
    pub(in crate::repairs) limit: i64,
}

/// Each is a list of its own, so that each has its own index.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::repairs) enum Which {
    #[default]
    All,
    /// Not given back yet.
    InTheWorkshop,
    /// Open since before that closing of the doors; none where they never closed.
    CarriedOver(Option<Timestamp>),
    Comebacks,
    WalkIns,
}

macro_rules! listed {
    ($and:literal) => {
        concat!(
            found!(),
            " WHERE ($1 IS NULL OR r.dealership_id = $1) AND ($2 IS NULL OR d.code = $2) AND ($3 IS NULL OR r.state = $3)
                AND ($4 IS NULL OR r.opened_at >= $4) AND ($5 IS NULL OR r.opened_at < $5) AND ($6 IS NULL OR r.id > $6) ",
            $and,
            " ORDER BY r.id LIMIT $7"
        )
    };
}

/// Repair orders among what `access` allows, in the order of their ids.
pub(in crate::repairs) async fn list(tx: &mut Tx, access: &Access, wanted: Wanted) -> Result<Vec<Found>> {
    let statement = match wanted.which {
        Which::All => listed!(""),
        Which::InTheWorkshop => listed!("AND r.state IN ('open', 'ready')"),
        Which::CarriedOver(_) => {
            listed!("AND r.state IN ('open', 'ready') AND r.state = 'open' AND r.opened_at < $8")
        }
        Which::Comebacks => listed!("AND r.is_comeback"),
        Which::WalkIns => listed!("AND r.appointment_ref IS NULL AND r.opened_at IS NOT NULL"),
    };
    let query = tx
        .sql(statement)
        .bind(access.one())
        .bind(wanted.dealership)
        .bind(wanted.state)
        .bind(wanted.from)
        .bind(wanted.until)
        .bind(wanted.after)
        .bind(wanted.limit);
    match wanted.which {
        Which::CarriedOver(closed_at) => query.bind(closed_at).all().await,
        _ => query.all().await,
    }
}
