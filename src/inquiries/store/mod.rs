//! The inquiries' SQL.
mod approved;
mod canned;
mod lists;
mod threads;

pub(super) use self::{approved::*, canned::*, lists::*, threads::*};
