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

/// What groups were told lately, by their robot's key, the words, and whom they name; without a time while it is under way.
#[derive(Default)]
pub(super) struct Told(Mutex<HashMap<Words, Option<Timestamp>>>);

type Words = (String, String, Option<String>);

/// Saying something: it is forgotten again unless the group has it.
struct Saying<'a> {
    told: &'a Told,
    words: Words,
}

impl Told {
    fn begin(&self, words: Words, now: Timestamp) -> Result<Saying<'_>, Delivered> {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.retain(|_, at| at.is_none_or(|at| now.since(at) < REMEMBERED));
        match told.get(&words) {
            None => {
                told.insert(words.clone(), None);
                Ok(Saying { told: self, words })
            }
            Some(None) => Err(Delivered::TooEarly(A_MOMENT)),
            Some(Some(_)) => {
                let said = Delivery::unanswered(Phase::Answered, Outcome::Accepted, "said_in_the_group");
                Err(Delivered::Answered(said))
            }
        }
    }
}

impl Saying<'_> {
    fn is_said(&self, now: Timestamp) {
        self.told.0.lock().unwrap_or_else(PoisonError::into_inner).insert(self.words.clone(), Some(now));
    }
}

impl Drop for Saying<'_> {
    fn drop(&mut self) {
        let mut told = self.told.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.get(&self.words) == Some(&None) {
            told.remove(&self.words);
        }
    }
}

impl Wecom {
    /// As plain words: what a customer is called or wrote is never taken for a mark of theirs.
    pub(super) async fn by_robot(&self, dealership: &str, note: Note<'_>, hand_over: &dyn HandOver) -> Delivered {
        let Some(key) = self.robots.key(dealership) else { return not_sent("not_configured") };
        let key = key.expose_secret();
        let mut text = json!({ "content": fitting(note.text) });
        if let Some(user) = note.mention {
            text["mentioned_list"] = json!([user]);
        }
        let body = json!({ "msgtype": "text", "text": text });
        let Some(request) = self.post("cgi-bin/webhook/send", &[("key", key)], &body) else {
            return not_sent("request_invalid");
        };
        let words = (key.to_owned(), note.text.to_owned(), note.mention.map(str::to_owned));
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
        Delivered::Answered(match exchange::hand_over(&self.client, request).await {
            Ok(answer) => {
                let delivery = tencent::judged(&answer, meaning, &[note.text, key]);
                match delivery.reason {
                    "accepted" => saying.is_said(self.clock.now()),
                    "rate_limited" => self.pace.full(key),
                    "robot_unknown" => {
                        tracing::error!(dealership, "WeCom knows no robot of this key: check wecom.key and wecom.keys");
                    }
                    _ => {}
                }
                delivery
            }
            Err(delivery) => delivery,
        })
    }
}
