//! Mail that took no effect: what a person has to look at, why, and how it is read again.
use serde::Serialize;
use serde_json::json;

use super::{Inbound, store, threads};
use crate::{
    app::App,
    clock::Timestamp,
    db::{self, Tx, Weight},
    dealerships::{self, Dealership},
    desk,
    http::Access,
    id::Id,
    jobs,
    timeline::Entry,
};

/// A mail that could not be read, or not be applied. Of its words nothing: they are in the mail.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct Unread {
    pub id: Id<Inbound>,
    /// `failed`: it took no effect; `dead`: it ended its process three times.
    pub state: String,
    pub reason: Option<String>,
    pub received_at: Timestamp,
    pub envelope_from: Option<String>,
    pub recipient: String,
    /// Bytes.
    pub size: i64,
    pub tries: i64,
    /// Its bytes are still kept: it can be looked at and read again.
    pub is_kept: bool,
    #[serde(skip)]
    pub dealership_id: Option<Id<Dealership>>,
    pub dealership: Option<String>,
}

/// Whose mails to these addresses seem to be, before they are read: so that its own people see one that cannot be.
pub(super) async fn whose(app: &App, addresses: &[&str]) -> db::Result<Vec<Option<Id<Dealership>>>> {
    let known = app.addresses.get().await?;
    let mut tx = app.db.read().await?;
    let mut whose = Vec::with_capacity(addresses.len());
    for address in addresses {
        let named = match known.read(address) {
            Some(recipient) => threads::addressed(&mut tx, &recipient).await?.0,
            None => None,
        };
        whose.push(named.map(|shop| shop.id));
    }
    if whose.contains(&None) {
        // Where there is only one, it is meant.
        let only = dealerships::actions::only(&mut tx).await?.map(|shop| shop.id);
        for shop in &mut whose {
            *shop = shop.or(only);
        }
    }
    Ok(whose)
}

/// What nobody has been able to read, the newest first.
pub async fn list(tx: &mut Tx, access: &Access, after: Option<String>, most: i64) -> db::Result<Vec<Unread>> {
    store::unread(tx, access, after, most).await
}

/// The bytes of such a mail, while they are kept.
pub async fn raw(tx: &mut Tx, access: &Access, id: Id<Inbound>) -> db::Result<Option<Vec<u8>>> {
    store::unread_raw(tx, access, id).await
}

/// Has it read again, from the beginning; false when there is no such mail, or its bytes are gone.
pub async fn read_again(app: &App, access: &Access, id: Id<Inbound>, actor: &str) -> db::Result<bool> {
    let (access, actor) = (access.clone(), actor.to_owned());
    desk::at(app, Weight::ONE, move |desk| {
        let (access, actor) = (access.clone(), actor.clone());
        Box::pin(async move {
            let Some(whose) = store::read_again(desk.tx, &access, id, desk.now).await? else { return Ok(false) };
            if let Some(dealership) = whose {
                let mut line = Entry::new(desk.id(), dealership, desk.now, "mail.read_again");
                line.actor = Some(actor);
                line.detail = json!({"inbound": id});
                desk.record(line);
            }
            desk.tx.ring(jobs::INBOUND);
            Ok::<_, db::Error>(true)
        })
    })
    .await
}
