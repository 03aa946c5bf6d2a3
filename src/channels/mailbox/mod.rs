//! The built-in mailbox: keeps what would have gone out, byte for byte, for the demo and for trying things.
pub mod store;

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::SignedDuration;

use super::{Delivered, Delivery, HandOver, Outcome, Phase};
use crate::{
    clock::Timestamp,
    db::{self, Db, Weight},
    id::{Entity, Id, Ids},
};

/// One thing that arrived (`mbx_`).
#[derive(Clone, Debug, serde::Serialize, sqlx::FromRow)]
pub struct Item {
    pub id: Id<Item>,
    pub message_id: String,
    /// `email`, `sms`, `wechat` or `wecom`.
    pub channel: String,
    pub recipient: String,
    /// The MIME message, or the text.
    pub raw: String,
    pub received_at: Timestamp,
}
impl Entity for Item {
    const PREFIX: &'static str = "mbx";
}

/// The domain at which the mailbox knows nobody: what is sent there is refused, as a real server does with a mistyped address.
pub const NOWHERE: &str = "@nowhere.example";

/// The channels whose provider is away for a while: a demo's switch. Cheap to clone; all clones are one.
#[derive(Clone, Debug, Default)]
pub struct Outages(Arc<Mutex<BTreeSet<&'static str>>>);

impl Outages {
    /// From now on the provider of this channel takes no connection.
    pub fn begin(&self, channel: &'static str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(channel);
    }
    /// It is back.
    pub fn end(&self, channel: &'static str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(channel);
    }
    fn holds(&self, channel: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(channel)
    }
}

/// A mailbox that takes everything but what is for [`NOWHERE`], and what comes by a channel that is away.
#[derive(Clone, Debug)]
pub struct Mailbox {
    db: Db,
    ids: Ids,
    outages: Outages,
}

impl Mailbox {
    pub fn new(db: Db, ids: Ids, outages: Outages) -> Self {
        Self { db, ids, outages }
    }

    /// Keeps one message. A database that is away is a provider that is away: try again.
    pub async fn deliver(
        &self,
        channel: &str,
        message: &str,
        to: &str,
        raw: &[u8],
        hand_over: &dyn HandOver,
    ) -> Delivered {
        if self.outages.holds(channel) {
            return Delivered::Answered(Delivery::unanswered(Phase::Connect, Outcome::NotSent, "connection_failed"));
        }
        if to.ends_with(NOWHERE) {
            let refused = Delivery::unanswered(Phase::Envelope, Outcome::Refused, "mailbox_unknown");
            return Delivered::Answered(Delivery { code: Some("550 5.1.1".to_owned()), ..refused });
        }
        if !hand_over.mark().await {
            return Delivered::Stopped;
        }
        let item = Item {
            id: self.ids.next(),
            message_id: message.to_owned(),
            channel: channel.to_owned(),
            recipient: to.to_owned(),
            raw: String::from_utf8_lossy(raw).into_owned(),
            received_at: self.ids.clock.now(),
        };
        let reference = item.id.to_string();
        let kept: db::Result<()> = self
            .db
            .write(Weight::OWN, move |tx| {
                let item = item.clone();
                Box::pin(async move { store::insert(tx, item).await })
            })
            .await;
        Delivered::Answered(match kept {
            Ok(()) => Delivery {
                provider_ref: Some(reference),
                ..Delivery::unanswered(Phase::Answered, Outcome::Accepted, "accepted")
            },
            Err(_) => Delivery::unanswered(Phase::Connect, Outcome::NotSent, "mailbox_unavailable"),
        })
    }

    /// The newest things that arrived after `since` ago.
    pub async fn newest(&self, most: i64, within: SignedDuration) -> db::Result<Vec<Item>> {
        let mut tx = self.db.read().await?;
        store::newest(&mut tx, most, self.ids.clock.now().minus(within)).await
    }

    pub async fn find(&self, id: Id<Item>) -> db::Result<Option<Item>> {
        let mut tx = self.db.read().await?;
        store::find(&mut tx, id).await
    }
}
