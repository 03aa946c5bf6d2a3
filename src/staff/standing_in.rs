//! Who reads what is meant for somebody: they themselves, or while they are away whoever stands in for them.
use std::collections::BTreeSet;

use super::{Staff, store};
use crate::{
    clock::Timestamp,
    db::{self, Tx},
    dealerships::Dealership,
    desk::Desk,
    id::Id,
};

/// How it stands with somebody at the moment at which a desk works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Here,
    /// Away, and this one stands in.
    Substitute(Id<Staff>),
    /// Away, and nobody stands in.
    Away,
}

impl Standing {
    /// Who reads what is meant for `them`; where nobody stands in, it waits for them.
    pub fn reader(self, them: Id<Staff>) -> Id<Staff> {
        match self {
            Self::Substitute(other) => other,
            Self::Here | Self::Away => them,
        }
    }
}

/// How it stands with one of this dealership now; asked once in a transaction.
pub async fn of(desk: &mut Desk<'_>, dealership: &Dealership, id: Id<Staff>) -> db::Result<Standing> {
    if let Some(known) = desk.standing().get(&id) {
        return Ok(*known);
    }
    let standing = match store::find_by_id(desk.tx, id).await? {
        Some(person) if person.is_away(dealership, desk.now) => {
            let other = stand_in(desk.tx, dealership, &person, desk.now).await?;
            other.map_or(Standing::Away, Standing::Substitute)
        }
        _ => Standing::Here,
    };
    desk.standing().insert(id, standing);
    Ok(standing)
}

/// Who stands in for one of this dealership now, away or not; None when nobody does.
pub async fn second(desk: &mut Desk<'_>, dealership: &Dealership, id: Id<Staff>) -> db::Result<Option<Id<Staff>>> {
    match store::find_by_id(desk.tx, id).await? {
        Some(person) => stand_in(desk.tx, dealership, &person, desk.now).await,
        None => Ok(None),
    }
}

/// Their substitute, or while that one is away as well, the substitute's.
async fn stand_in(
    tx: &mut Tx,
    dealership: &Dealership,
    person: &Staff,
    at: Timestamp,
) -> db::Result<Option<Id<Staff>>> {
    let mut seen = BTreeSet::from([person.id]);
    let mut named = person.substitute.clone();
    while let Some(reference) = named {
        let Some(other) = store::find(tx, person.dealership_id, &reference).await? else { return Ok(None) };
        // A circle is refused when it is written; where there is one all the same, nobody stands in.
        if !seen.insert(other.id) {
            return Ok(None);
        }
        if !other.is_away(dealership, at) {
            return Ok(Some(other.id));
        }
        named = other.substitute;
    }
    Ok(None)
}
