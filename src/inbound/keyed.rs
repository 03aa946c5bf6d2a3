//! The addresses of this installation with their key, which is read (or made) once.
use std::sync::Arc;

use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use super::{addresses::Addresses, store};
use crate::{
    config::Config,
    db::{self, Db, Weight},
    id::{Id, Ids},
    messages::Message,
};

/// The addresses of one message.
#[derive(Clone, Debug, Default)]
pub struct Own {
    /// Where answers go.
    pub answers: Option<String>,
    /// Where reports about it go; none = to its sender.
    pub reports: Option<String>,
    /// Where its reader says by mail that they want no more of its kind.
    pub opt_out: Option<String>,
}

/// Cheap to clone. Asks the database the first time, and only where addresses are signed at all.
#[derive(Clone, Debug)]
pub struct Keyed {
    db: Db,
    ids: Ids,
    config: Arc<Config>,
    addresses: Arc<OnceCell<Addresses>>,
}

impl Keyed {
    pub fn new(db: Db, ids: Ids, config: Arc<Config>) -> Self {
        Self { db, ids, config, addresses: Arc::default() }
    }

    pub async fn get(&self) -> db::Result<&Addresses> {
        self.addresses.get_or_try_init(|| self.read()).await
    }

    /// Those of a message: a customer answers to its own address where there is one, anybody else to `mailbox`. Before
    /// [`Self::get`] has answered once there is only that.
    pub fn of(&self, message: Id<Message>, to_customer: bool, mailbox: Option<&str>) -> Own {
        let signed = self.addresses.get();
        let customers = signed.filter(|_| to_customer);
        let answers = customers.and_then(|addresses| addresses.reply(message));
        Own {
            answers: answers.or_else(|| mailbox.map(str::to_owned)),
            reports: signed.and_then(|addresses| addresses.bounce(message)),
            opt_out: customers.and_then(|addresses| addresses.opt_out(message)),
        }
    }

    async fn read(&self) -> db::Result<Addresses> {
        let (domain, bounce_domain) = (self.config.inbound.domain.clone(), self.config.email.bounce_domain.clone());
        let key = match &self.config.inbound.key {
            _ if domain.is_none() && bounce_domain.is_none() => String::new(),
            Some(key) => key.expose_secret().to_owned(),
            None => self.kept().await?,
        };
        Ok(Addresses::new(Sha256::digest(key.as_bytes()).into(), domain, bounce_domain))
    }

    /// The database's key: the first process that asks has made it.
    async fn kept(&self) -> db::Result<String> {
        let new: [u8; 32] = self.ids.random.bytes();
        let new = crate::id::hex(&new);
        let now = self.ids.clock.now();
        self.db
            .write(Weight::OWN, move |tx| {
                let new = new.clone();
                Box::pin(async move { store::key(tx, "addresses", new, now).await })
            })
            .await
    }
}
