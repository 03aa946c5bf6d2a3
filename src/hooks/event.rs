//! What is said of a line of the record: a `CloudEvent` of refs, codes and times, and never a person's name, number or words.
use serde_json::{Map, Value, json};

use super::{Reader, parse::outside, store::lane::Claimed};
use crate::customers::consent::{Action, pseudonym};

/// Of a line's own words those that are codes, numbers and times, whatever line it is.
const TOLD: [&str; 18] = [
    "campaign",
    "channel",
    "due_at",
    "expires_at",
    "items",
    "kind",
    "level",
    "mode",
    "opened_at",
    "overall",
    "promised_at",
    "purpose",
    "revision",
    "scope",
    "state",
    "stopped_at",
    "substantive",
    "type",
];

/// The body that is posted: the same at each try, as long as nobody is erased and no consent changes. `salt`: of pseudonyms.
pub(super) fn body(claimed: &Claimed, salt: &[u8]) -> String {
    let is_shared = claimed.reader == Reader::Own || claimed.shared == Some(Action::Grant);
    let named = |reference: &Option<String>| match reference {
        Some(reference) if is_shared => Some(reference.clone()),
        Some(reference) => Some(pseudonym(reference, salt)),
        None => None,
    };
    let mut data = Map::new();
    let mut say = |key: &str, value: Value| {
        if !value.is_null() {
            data.insert(key.to_owned(), value);
        }
    };
    if let Value::Object(detail) = &claimed.detail.0 {
        for key in TOLD {
            say(key, detail.get(key).cloned().unwrap_or_default());
        }
    }
    say("customer", json!(named(&claimed.customer).filter(|_| !claimed.is_erased)));
    say("vin", json!(named(&claimed.vin)));
    say("appointment", json!(named(&claimed.appointment)));
    say("repair_order", json!(named(&claimed.repair_order)));
    say("subject_type", json!(claimed.subject_type));
    say("subject_id", json!(claimed.subject_id));
    say("message_id", json!(claimed.message_id));
    say("notice", json!(claimed.notice_kind));
    say("channel", json!(claimed.channel));
    say("reason", json!(claimed.reason));
    say("overall", json!(claimed.overall));
    say("fixed", json!(claimed.fixed));
    say("recommend", json!(claimed.recommend));
    json!({
        "specversion": "1.0",
        "id": claimed.line_id,
        "source": format!("/aftercare/{}", claimed.dealership),
        "type": outside(&claimed.what),
        "time": claimed.at,
        "dealership": claimed.dealership,
        "datacontenttype": "application/json",
        "data": data,
    })
    .to_string()
}
