//! The orders of parts of one unit of work: read once with their lines and what was told of them, written once.
use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    PartsOrder,
    life::{Drawer, Told},
    store::desk::{self as store, Held, Key},
};
use crate::{
    clock::Timestamp,
    db::{self, Tx},
    desk::Desk,
    notices::held,
};

/// One order on the desk.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) drawer: Drawer,
    pub(super) customer_zone: Option<String>,
    pub(super) is_new: bool,
    pub(super) is_changed: bool,
}

#[derive(Debug, Default)]
pub(super) struct Chest(pub(super) BTreeMap<Key, Kept>);

impl Chest {
    /// With their lines, and what customers were handed over about them.
    pub(super) async fn fill(tx: &mut Tx, held: Vec<Held>) -> db::Result<Self> {
        let ids: Vec<String> = held.iter().map(|held| held.order.id.to_string()).collect();
        let mut lines = store::lines_of(tx, &ids).await?;
        let told = held::told(tx, &ids).await?;
        let mut chest = Self::default();
        for Held { order, customer_zone } in held {
            let subject = order.id.to_string();
            let drawer = Drawer {
                lines: lines.extract_if(.., |line| line.parts_order_id == order.id).collect(),
                etas: Vec::new(),
                told: what_was_told(told.iter().filter(|told| told.subject_id == subject)),
                order,
            };
            let key = Key::of(&drawer.order);
            chest.0.insert(key, Kept { drawer, customer_zone, is_new: false, is_changed: false });
        }
        Ok(chest)
    }

    /// Writes what changed.
    pub(super) async fn close(self, desk: &mut Desk<'_>) -> db::Result<()> {
        let changed: Vec<&Kept> = self.0.values().filter(|kept| kept.is_changed).collect();
        let orders: Vec<&PartsOrder> = changed.iter().map(|kept| &kept.drawer.order).collect();
        store::save(desk.tx, &orders).await?;
        let lines: Vec<_> = changed.iter().flat_map(|kept| &kept.drawer.lines).collect();
        store::save_lines(desk.tx, &lines).await?;
        let etas: Vec<_> = changed.iter().flat_map(|kept| &kept.drawer.etas).collect();
        store::add_etas(desk.tx, &etas).await
    }
}

/// From notices that were handed over, the oldest first.
fn what_was_told<'a>(notices: impl Iterator<Item = &'a held::Told>) -> Told {
    let mut told = Told::default();
    for notice in notices {
        let eta = || notice.detail.get("eta").and_then(Value::as_str)?.parse::<Timestamp>().ok();
        match notice.kind.as_str() {
            "parts.ordered" | "parts.backordered" | "parts.eta_changed" => {
                (told.undated, told.eta) = (false, eta().or(told.eta));
            }
            "parts.backordered_no_date" => told.undated = true,
            "parts.arrived" => told.arrival = told.arrival.max(Some(notice.subject_revision)),
            _ => {}
        }
    }
    told
}
