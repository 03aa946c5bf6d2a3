//! A message into a group, by the robot that somebody put there.
use secrecy::ExposeSecret;
use serde_json::json;

use super::{Note, Wecom, fitting, marked, meaning, not_sent};
use crate::channels::{Delivered, HandOver, exchange, tencent};

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
