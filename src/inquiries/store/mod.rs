//! The inquiries' SQL.
mod lists;
mod threads;

pub(super) use self::{lists::*, threads::*};
