//! Which dealerships a key or a person may see; store functions put it into their SQL, so that a foreign id is a 404.
use crate::{clock::Timestamp, dealerships::Dealership, id::Id};

/// All dealerships, or these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    All,
    Only(Vec<Id<Dealership>>),
}

impl Access {
    pub fn allows(&self, dealership: Id<Dealership>) -> bool {
        match self {
            Self::All => true,
            Self::Only(these) => these.contains(&dealership),
        }
    }
    /// For SQL: bind as `$n` in `($n IS NULL OR dealership_id = $n)`. A key is for all dealerships or for one; who has none
    /// sees nothing, and never everything.
    pub fn one(&self) -> Option<Id<Dealership>> {
        match self {
            Self::All => None,
            Self::Only(these) => Some(these.first().copied().unwrap_or_else(no_dealership)),
        }
    }
}

/// An id that no dealership has.
fn no_dealership() -> Id<Dealership> {
    Id::new(Timestamp::new(jiff::Timestamp::UNIX_EPOCH), [0; 10])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_no_dealership_sees_none() {
        assert_eq!(Access::All.one(), None);
        assert_eq!(Access::Only(Vec::new()).one(), Some(no_dealership()));
        assert!(!Access::Only(Vec::new()).allows(no_dealership()));
    }
}
