//! The repair orders of one unit of work: read once with the work found on them and what was told of them, written once.
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    RepairOrder,
    life::Folder,
    store::desk::{self as store, Held, Key},
};
use crate::{
    db::{self, Tx},
    desk::Desk,
    notices::held,
};

/// One repair order on the desk.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) folder: Folder,
    pub(super) customer_zone: Option<String>,
    pub(super) is_new: bool,
    pub(super) is_changed: bool,
}

#[derive(Debug, Default)]
pub(super) struct Cabinet(pub(super) BTreeMap<Key, Kept>);

impl Cabinet {
    /// By the senders' refs.
    pub(super) async fn open(tx: &mut Tx, keys: &BTreeSet<Key>) -> db::Result<Self> {
        let held = store::find_and_lock(tx, keys).await?;
        Self::fill(tx, held.into_values().collect()).await
    }

    /// With the work found on them and the promises that were handed over.
    pub(super) async fn fill(tx: &mut Tx, held: Vec<Held>) -> db::Result<Self> {
        let ids: Vec<String> = held.iter().map(|held| held.order.id.to_string()).collect();
        let mut items = store::items_of(tx, &ids).await?;
        let told = held::told(tx, &ids).await?;
        let mut cabinet = Self::default();
        for Held { order, customer_zone } in held {
            let mine = items.extract_if(.., |item| item.repair_order_id == order.id).collect();
            let subject = order.id.to_string();
            let promise = |told: &held::Told| told.detail.get("promised_at").and_then(Value::as_str)?.parse().ok();
            let of_promises =
                told.iter().filter(|told| told.subject_id == subject && told.kind == "repair.promised_changed");
            let told_promise = of_promises.filter_map(promise).next_back();
            let folder = Folder { order, items: mine, told_promise };
            let key = Key::of(&folder.order);
            cabinet.0.insert(key, Kept { folder, customer_zone, is_new: false, is_changed: false });
        }
        Ok(cabinet)
    }

    /// Writes what changed.
    pub(super) async fn close(self, desk: &mut Desk<'_>) -> db::Result<()> {
        let changed: Vec<&Kept> = self.0.values().filter(|kept| kept.is_changed).collect();
        let orders: Vec<&RepairOrder> = changed.iter().map(|kept| &kept.folder.order).collect();
        store::save(desk.tx, &orders).await?;
        let items: Vec<_> = changed.iter().flat_map(|kept| &kept.folder.items).collect();
        store::save_items(desk.tx, &items).await
    }
}
