//! The console: what all its pages share. The pages themselves are in their rooms' `console.rs`.
pub mod assets;
pub mod charts;
pub mod frame;
pub mod guard;
pub mod live;
pub mod pages;
pub mod pieces;
pub mod policy;
mod sign_in;
pub mod visitor;
pub mod words;

use axum::Router;

use self::pages::{Declared, Pages};
pub use self::{
    frame::{Page, frame},
    policy::Right,
    visitor::Visitor,
    words::Words,
};
use crate::{
    app::App, appointments, assists, bookings, calls, cases, customers, dealerships, imports, inbound, inquiries,
    messages, parts, repairs, reports, staff, texts, timeline, triggered,
};

fn pages() -> Pages {
    Pages::new()
        .merge(assets::pages())
        .merge(sign_in::pages())
        .merge(calls::console::pages())
        .merge(appointments::console::pages())
        .merge(assists::console::pages())
        .merge(bookings::console::pages())
        .merge(inquiries::console::pages())
        .merge(inquiries::canned::console::pages())
        .merge(inbound::console::pages())
        .merge(customers::console::pages())
        .merge(repairs::console::pages())
        .merge(parts::console::pages())
        .merge(cases::console::pages())
        .merge(messages::console::pages())
        .merge(triggered::console::pages())
        .merge(reports::console::pages())
        .merge(texts::console::pages())
        .merge(imports::console::pages())
        .merge(dealerships::console::pages())
        .merge(staff::console::pages())
        .merge(timeline::console::pages())
}

pub fn routes() -> Router<App> {
    pages().into_parts().0
}

/// Every page with what it needs: what the guard goes by, and tests walk.
pub fn declared() -> Vec<Declared> {
    pages().into_parts().1
}
