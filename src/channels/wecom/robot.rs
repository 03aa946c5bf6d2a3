//! A message into a group, by the robot that somebody put there.
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use jiff::SignedDuration;
use secrecy::ExposeSecret;
use serde_json::json;

use super::{Note, Wecom, fitting, marked, meaning, not_sent};
use crate::{
    channels::{Delivered, Delivery, HandOver, Outcome, Phase, exchange, tencent},
    clock::Timestamp,
};

/// A group is not told the same again within this time: an alert goes to several people who all read there.
const REMEMBERED: SignedDuration = SignedDuration::from_mins(10);
/// How long the same waits for the answer to the first.
const A_MOMENT: SignedDuration = SignedDuration::from_secs(5);

/// What groups were told lately, by their address, the words, and whom they name. Of dealerships that share a group each says
/// the same for itself.
#[derive(Default)]
pub(super) struct Told(Mutex<HashMap<Words, Stand>>);

type Words = (String, String, Option<String>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stand {
    UnderWay,
    Said(Timestamp),
    /// The answer was lost: the group may have it, and is not told again for each of its readers.
    Perhaps(Timestamp),
}

/// Saying something: it is forgotten again unless the group has it, or may have it.
struct Saying<'a> {
    told: &'a Told,
    words: Words,
}

impl Told {
    fn begin(&self, words: Words, now: Timestamp) -> Result<Saying<'_>, Delivered> {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.retain(|_, stand| match *stand {
            Stand::UnderWay => true,
            Stand::Said(at) | Stand::Perhaps(at) => now.since(at) < REMEMBERED,
        });
        let already = |phase, outcome, reason| Err(Delivered::Answered(Delivery::unanswered(phase, outcome, reason)));
        match told.get(&words) {
            None => {
                told.insert(words.clone(), Stand::UnderWay);
                Ok(Saying { told: self, words })
            }
            Some(Stand::UnderWay) => Err(Delivered::TooEarly(A_MOMENT)),
            Some(Stand::Said(_)) => already(Phase::Answered, Outcome::Accepted, "said_in_the_group"),
            Some(Stand::Perhaps(_)) => already(Phase::HandingOver, Outcome::Unknown, "said_perhaps"),
        }
    }
}

impl Saying<'_> {
    fn ends(&self, outcome: Outcome, now: Timestamp) {
        let stand = match outcome {
            Outcome::Accepted => Stand::Said(now),
            Outcome::Unknown => Stand::Perhaps(now),
            Outcome::Refused | Outcome::Later | Outcome::NotSent => return,
        };
        self.told.0.lock().unwrap_or_else(PoisonError::into_inner).insert(self.words.clone(), stand);
    }
}

impl Drop for Saying<'_> {
    fn drop(&mut self) {
        let mut told = self.told.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.get(&self.words) == Some(&Stand::UnderWay) {
            told.remove(&self.words);
        }
    }
}

impl Wecom {
    /// As plain words: what a customer is called or wrote is never taken for a mark of theirs.
    pub(super) async fn by_robot(&self, dealership: &str, note: Note<'_>, hand_over: &dyn HandOver) -> Delivered {
        let Some(key) = self.robots.key(dealership) else { return not_sent("not_configured") };
        let key = key.expose_secret();
        // In a group that several dealerships share its readers have to tell them apart.
        let is_shared = !self.robots.own.contains_key(dealership) && !note.house.is_empty();
        let said = if is_shared { format!("{}\n{}", note.house, note.text) } else { note.text.to_owned() };
        let mut text = json!({ "content": fitting(&said) });
        if let Some(user) = note.mention {
            text["mentioned_list"] = json!([user]);
        }
        let body = json!({ "msgtype": "text", "text": text });
        let Some(request) = self.post("cgi-bin/webhook/send", &[("key", key)], &body) else {
            return not_sent("request_invalid");
        };
        let words = (note.to.to_owned(), note.text.to_owned(), note.mention.map(str::to_owned));
        let saying = match self.told.begin(words, self.clock.now()) {
            Ok(saying) => saying,
            Err(already) => return already,
        };
        if let Err(wait) = self.pace.take(key) {
            return Delivered::TooEarly(wait);
        }
        if !marked(hand_over).await {
            return Delivered::Stopped;
        }
        let delivery = match exchange::hand_over(&self.client, request).await {
            Ok(answer) => tencent::judged(&answer, meaning, &[note.text, key]),
            Err(delivery) => delivery,
        };
        saying.ends(delivery.outcome, self.clock.now());
        match delivery.reason {
            "rate_limited" => self.pace.full(key),
            "robot_unknown" => {
                tracing::error!(dealership, "WeCom knows no robot of this key: check wecom.key and wecom.keys");
            }
            _ => {}
        }
        Delivered::Answered(delivery)
    }
}
