//! What arrives: a question by whichever door, and what other systems tell of inquiries.
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::{Channel, Inquiry, Kind};
use crate::{
    clock::Timestamp,
    customers::{Customer, Person, vehicles::Sighting},
    dealerships::Dealership,
    files::NewFile,
    id::Id,
    intake::Event,
};

/// A question of a customer's, whichever door it came through; the doors fill in what they know.
#[derive(Clone, Debug)]
pub struct Arrival {
    pub dealership: Arc<Dealership>,
    pub channel: Channel,
    /// When we received it: the promise counts from here, also for what is imported later.
    pub received_at: Timestamp,
    /// What the same again has in common with it: a Message-ID with a hash of the words, a provider's id.
    pub message_key: Option<String>,
    /// The address that wrote, in its normal form: E.164, or as [`crate::customers::email::read`] gives it.
    pub sender: Option<String>,
    pub topic: Option<String>,
    pub body: String,
    /// BCP 47, where the door knows it.
    pub language: Option<String>,
    /// Whose it is, where that is known for certain.
    pub customer_id: Option<Id<Customer>>,
    /// Who says to have written it, for somebody who is not known yet.
    pub person: Option<Person>,
    pub vehicle: Option<Sighting>,
    pub preferred_times: Vec<String>,
    /// None: its words tell.
    pub kind: Option<Kind>,
    /// The sender's name for the thread; None: we give it one.
    pub reference: Option<String>,
    /// The Message-IDs that a reply names in its References, the oldest first, this one the last.
    pub thread: Vec<String>,
    /// What came with it, of the kinds that are kept.
    pub files: Arc<[NewFile]>,
    /// Whether an automatic answer may be sent to it (RFC 3834): never to lists, daemons, empty return paths.
    pub may_acknowledge: bool,
    /// A hash of where a form came from.
    pub origin: Option<String>,
    pub event_id: Option<Id<Event>>,
    /// The door, for the record: `mail`, `form`, `sms`, the `source` of an event.
    pub source: String,
}

impl Arrival {
    /// A question of which only the words are known; fill in the rest.
    pub fn new(
        dealership: &Arc<Dealership>,
        channel: Channel,
        received_at: Timestamp,
        body: impl Into<String>,
    ) -> Self {
        Self {
            dealership: Arc::clone(dealership),
            channel,
            received_at,
            message_key: None,
            sender: None,
            topic: None,
            body: body.into(),
            language: None,
            customer_id: None,
            person: None,
            vehicle: None,
            preferred_times: Vec::new(),
            kind: None,
            reference: None,
            thread: Vec::new(),
            files: Arc::from([]),
            may_acknowledge: true,
            origin: None,
            event_id: None,
            source: String::new(),
        }
    }

    /// What the same words of the same sender have in common, blanks aside.
    pub(super) fn text_hash(&self) -> String {
        let mut hash = Sha256::new();
        for word in self.topic.iter().flat_map(|topic| topic.split_whitespace()).chain(self.body.split_whitespace()) {
            hash.update(word.as_bytes());
            hash.update([0]);
        }
        crate::id::hex(&hash.finalize())
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind.unwrap_or_else(|| kind_of(self.topic.as_deref().unwrap_or_default(), &self.body))
    }
}

/// What became of an arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// A thread of its own.
    Opened(Id<Inquiry>),
    /// Part of this thread.
    Joined(Id<Inquiry>),
    /// Was here before.
    Duplicate(Id<Inquiry>),
}

impl Received {
    pub fn inquiry(self) -> Id<Inquiry> {
        match self {
            Self::Opened(id) | Self::Joined(id) | Self::Duplicate(id) => id,
        }
    }
}

/// A fact about an inquiry as another system tells it (`inputs.md` F2).
#[derive(Clone, Debug)]
pub struct Fact {
    /// The sender's name for the inquiry.
    pub reference: String,
    pub told: Told,
}

/// What is told.
#[derive(Clone, Debug)]
pub enum Told {
    Received(Box<Question>),
    Replied(Reply),
}

/// `inquiry.received`.
#[derive(Clone, Debug)]
pub struct Question {
    pub channel: Channel,
    pub received_at: Timestamp,
    pub topic: Option<String>,
    pub body: String,
    pub language: Option<String>,
    pub kind: Option<Kind>,
    pub customer: Option<Person>,
    pub vehicle: Option<Sighting>,
    pub preferred_times: Vec<String>,
    /// The ref of the inquiry that it continues.
    pub thread: Option<String>,
}

/// `inquiry.replied`: somebody answered by other means than ours.
#[derive(Clone, Debug)]
pub struct Reply {
    pub replied_at: Timestamp,
    pub by: String,
    pub channel: Channel,
    /// `acknowledgement` and `auto_reply` are no answers (BR-02).
    pub is_substantive: bool,
    pub body: Option<String>,
}

/// What an inquiry is about, as far as single words tell; a person may set it right.
pub fn kind_of(topic: &str, body: &str) -> Kind {
    const WORDS: [(Kind, &[&str]); 4] = [
        (Kind::Complaint, &["投诉", "complain", "苦情", "クレーム", "unacceptable", "太差"]),
        (Kind::Parts, &["配件", "零件", "spare part", "部品", "パーツ"]),
        (Kind::Price, &["多少钱", "价格", "报价", "how much", "price", "quote", "値段", "見積", "料金", "いくら"]),
        (Kind::Booking, &["预约", "appointment", "book a", "booking", "予約"]),
    ];
    let text = format!("{topic}\n{body}").to_lowercase();
    WORDS
        .into_iter()
        .find(|(_, words)| words.iter().any(|word| text.contains(word)))
        .map_or(Kind::Question, |(kind, _)| kind)
}
