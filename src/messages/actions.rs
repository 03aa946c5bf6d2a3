//! What people do to messages: try again, call off, hold, let go.
use super::{Message, Priority, post::bell, store};
use crate::{
    app::App,
    clock::Timestamp,
    db::{self, Weight},
    http::Access,
    id::Id,
    notices::{self, ChannelName},
    timeline::{self, Entry},
};

/// What a person does to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Retry,
    Cancel,
    Hold,
    /// Lets a held message go.
    Release,
}

impl Deed {
    /// For "cannot be …" and "was …".
    pub fn done(self) -> &'static str {
        match self {
            Self::Retry => "tried again",
            Self::Cancel => "cancelled",
            Self::Hold => "held",
            Self::Release => "released",
        }
    }
}

/// Does it, with a line of the record; false when the message is not in a state for it, or is none that `access` sees.
pub async fn by_hand(app: &App, access: Access, id: Id<Message>, deed: Deed, actor: String) -> db::Result<bool> {
    let app = app.clone();
    let db = app.db.clone();
    db.write(Weight::ONE, move |tx| {
        let (app, access, actor) = (app.clone(), access.clone(), actor.clone());
        Box::pin(async move {
            let now = app.ids.clock.now();
            let moved = match deed {
                Deed::Retry => store::retry(tx, &access, id, now).await?,
                Deed::Release => store::release(tx, &access, id, now).await?,
                Deed::Cancel => store::cancel(tx, &access, id, now).await?,
                Deed::Hold => store::hold(tx, &access, id, now).await?,
            };
            let Some(moved) = moved else { return Ok(false) };
            if matches!(deed, Deed::Retry | Deed::Release) {
                notices::actions::reopen(tx, moved.notice_id, now).await?;
                if let Some((channel, priority)) = store::lane_of(tx, id).await? {
                    tx.ring(bell(channel, priority));
                }
            }
            let mut line =
                Entry::new(app.ids.next(), moved.dealership_id, now, format!("message.{}", moved.state.word()));
            line.customer_id = moved.customer_id;
            line.notice_id = Some(moved.notice_id);
            line.message_id = Some(moved.id);
            line.actor = Some(actor);
            line.reason = Some(deed.done().replace(' ', "_"));
            timeline::actions::write(tx, &[line]).await?;
            notices::actions::messages_ended(tx, &app.ids, &[moved.notice_id], now).await?;
            Ok::<_, db::Error>(true)
        })
    })
    .await
}

/// What is due in a post lane: how many rows, at most `most`, and since when the oldest.
pub async fn due(
    tx: &mut db::Tx,
    lane: (ChannelName, Priority),
    now: Timestamp,
    most: i64,
) -> db::Result<(i64, Option<Timestamp>)> {
    store::due(tx, lane, now, most).await
}

/// What stands in the outbox, by channel, state and reason.
pub async fn outbox(app: &App, access: &Access) -> db::Result<Vec<store::Standing>> {
    store::outbox(&mut app.db.read().await?, access.one()).await
}

/// Messages of a state, the oldest first.
pub async fn in_state(app: &App, access: &Access, state: String, limit: i64) -> db::Result<Vec<store::Read>> {
    let wanted = store::Wanted { state: Some(state), limit, ..store::Wanted::default() };
    store::list(&mut app.db.read().await?, access, wanted).await
}
