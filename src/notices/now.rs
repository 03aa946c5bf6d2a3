//! A notice that somebody waits for: raised, composed and written in one transaction, so that the answer says what it became.
use std::sync::Arc;

use serde::Serialize;

use super::{
    ChannelName, Notice,
    actions::NewNotice,
    compose::{Claimed, Compose, Outcome, Texts},
    segments, store,
};
use crate::{
    clock::Timestamp,
    db::{self, Tx},
    dealerships::Dealership,
    id::Id,
    jobs::Lane,
    messages::{Message, State},
};

/// Everything that is looked up before the transaction begins.
pub struct Prepared {
    compose: Arc<Compose>,
    texts: Texts,
    dealership: Arc<Dealership>,
}

/// What a notice becomes: its messages with their texts, or when and why not yet, or why not at all.
#[derive(Clone, Debug, Serialize)]
pub struct Foreseen {
    pub notice: Id<Notice>,
    pub state: &'static str,
    pub reason: Option<String>,
    pub not_before: Option<Timestamp>,
    pub messages: Vec<ForeseenMessage>,
    /// Channels that were passed over, and why.
    pub passed: Vec<PassedOver>,
}

#[derive(Clone, Debug, Serialize)]
pub struct ForeseenMessage {
    pub id: Id<Message>,
    pub channel: ChannelName,
    pub to: String,
    pub locale: super::Locale,
    pub template_version: String,
    pub state: State,
    pub subject: Option<String>,
    pub text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// Parts of an SMS that are sent and paid for.
    pub parts: Option<usize>,
}

#[derive(Clone, Debug, Serialize)]
pub struct PassedOver {
    pub channel: ChannelName,
    pub reason: String,
}

impl Prepared {
    /// Looks up the texts in force.
    pub async fn new(compose: Arc<Compose>, dealership: Arc<Dealership>, kind: &str) -> db::Result<Self> {
        let texts = compose.texts(dealership.id, kind).await?;
        Ok(Self { compose, texts, dealership })
    }

    /// Raises, composes and writes the notice; it may be rolled back, and then nothing was said.
    pub async fn say(&self, tx: &mut Tx, notice: &NewNotice) -> db::Result<Foreseen> {
        let claimed = self.raise(tx, notice).await?;
        let outcome = self.compose.compose(&claimed, &self.dealership, &self.texts);
        let foreseen = self.foreseen(notice.id, &outcome, &outcome, false);
        self.compose.record(tx, &[Some(outcome)]).await?;
        Ok(foreseen)
    }

    /// The same without writing messages, for a transaction that is rolled back: with the text as it will be, also where it
    /// has to wait for its hour.
    pub async fn show(&self, tx: &mut Tx, notice: &NewNotice) -> db::Result<Foreseen> {
        let mut claimed = self.raise(tx, notice).await?;
        let outcome = self.compose.compose(&claimed, &self.dealership, &self.texts);
        let waits = outcome.messages.is_empty() && outcome.notice.state == "waiting";
        claimed.due.acted_at = claimed.due.acted_at.or(Some(notice.raised_at)).filter(|_| waits);
        let texts = if waits { self.compose.compose(&claimed, &self.dealership, &self.texts) } else { outcome.clone() };
        Ok(self.foreseen(notice.id, &outcome, &texts, true))
    }

    async fn raise(&self, tx: &mut Tx, notice: &NewNotice) -> db::Result<Claimed> {
        store::raise(tx, std::slice::from_ref(notice)).await?;
        let due = store::claim_own(tx, notice.id, notice.raised_at.plus(self.compose.lease)).await?;
        let claimed = self.compose.gather(tx, due).await?.pop();
        // It was written a statement ago, in this transaction.
        claimed.ok_or(db::Error::RolledBack)
    }

    fn foreseen(&self, id: Id<Notice>, outcome: &Outcome, texts: &Outcome, with_html: bool) -> Foreseen {
        let signature = self.dealership.sms_signature.as_deref().filter(|_| self.dealership.region == "CN");
        let message = |message: &store::NewMessage| ForeseenMessage {
            id: message.id,
            channel: message.channel,
            to: message.to_address.clone(),
            locale: message.locale,
            template_version: message.template_version.clone(),
            state: message.state,
            subject: message.subject.clone(),
            text: message.body.clone(),
            html: message.html.clone().filter(|_| with_html),
            parts: (message.channel == ChannelName::Sms)
                .then(|| segments::count(&segments::signed(&message.body, signature)).parts),
        };
        let passed = texts.notice.tracks.passed.iter();
        Foreseen {
            notice: id,
            state: outcome.notice.state,
            reason: outcome.notice.reason.clone(),
            not_before: outcome.notice.not_before,
            messages: texts.messages.iter().map(message).collect(),
            passed: passed
                .map(|passed| PassedOver { channel: passed.channel, reason: passed.reason.clone() })
                .collect(),
        }
    }
}
