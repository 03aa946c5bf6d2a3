//! What a person or another system asks to be said: `POST /v1/messages`, and its limits (BR-63).
pub mod actions;
pub mod api;
pub mod console;
mod store;

use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    fields::Fields,
    http::Fault,
    id::Entity,
    notices::{ChannelName, SubjectKind},
};

/// The same kind to the same person not twice within this time.
pub const SAME_AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(10);
/// The most that one person triggers in an hour.
pub const MOST_AN_HOUR: i64 = 30;
/// The longest note, in characters.
pub const LONGEST_NOTE: usize = 60;
/// The role that may have something said in quiet hours, with a reason.
pub const MAY_OVERRIDE: &str = "service_manager";

/// One that was asked for (`trg_`).
#[derive(Debug)]
pub struct Triggered {}
impl Entity for Triggered {
    const PREFIX: &'static str = "trg";
}

/// The body of `POST /v1/messages`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub kind: String,
    /// Our id or the sender's ref.
    pub customer: String,
    pub subject: SubjectKind,
    pub subject_ref: String,
    pub dealership: Option<String>,
    /// What the text needs besides what the record holds; kept with the notice.
    pub params: Value,
    pub note: Option<String>,
    /// Only this channel; without it, the kind's tracks.
    pub channel: Option<ChannelName>,
    /// The ref of the person who asks; without it, the key.
    pub by: Option<String>,
    /// Why it may ring in quiet hours.
    pub override_reason: Option<String>,
}

impl Asked {
    /// Reads a body; every fault has its pointer.
    pub fn parse(body: Value) -> Result<Self, Vec<Fault>> {
        let mut fields = Fields::of("", body)?;
        let kind = fields.text("kind", 100);
        let customer = fields.text("customer", 200);
        let dealership = fields.text_if_any("dealership", 100);
        let note = fields.text_if_any("note", LONGEST_NOTE);
        let by = fields.text_if_any("by", 200);
        let channel = fields.parsed("channel", "unknown_channel", "must be email, sms, wechat or wecom");
        let params = fields.take("params").unwrap_or_else(|| Value::Object(serde_json::Map::new()));
        let mut faults = Vec::new();
        if !params.is_object() {
            faults.push(fault("/params", "wrong_type", "must be an object"));
        }
        let override_reason = match fields.take("override") {
            None => None,
            Some(given) => {
                let mut inner = Fields::of("/override", given)?;
                let reason = inner.text("reason", 200);
                faults.extend(inner.finish().err().unwrap_or_default());
                Some(reason)
            }
        };
        let (subject, subject_ref) = match fields.take("subject") {
            None => {
                faults.push(fault(
                    "/subject",
                    "required",
                    "is required: {\"type\":\"appointment\",\"ref\":\"A-1001\"}",
                ));
                (SubjectKind::Customer, String::new())
            }
            Some(given) => {
                let mut inner = Fields::of("/subject", given)?;
                let (kind, reference) = (inner.text("type", 40), inner.text("ref", 200));
                let known = SubjectKind::deserialize(Value::String(kind.clone()));
                faults.extend(inner.finish().err().unwrap_or_default());
                if known.is_err() && !kind.is_empty() {
                    faults.push(fault("/subject/type", "unknown_subject", "is nothing that a notice can be about"));
                }
                (known.unwrap_or(SubjectKind::Customer), reference)
            }
        };
        faults.extend(fields.finish().err().unwrap_or_default());
        if faults.is_empty() {
            Ok(Self { kind, customer, subject, subject_ref, dealership, params, note, channel, by, override_reason })
        } else {
            Err(faults)
        }
    }
}

fn fault(pointer: &str, code: &'static str, message: &str) -> Fault {
    Fault { pointer: pointer.to_owned(), code, message: message.to_owned() }
}
