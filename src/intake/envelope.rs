//! `CloudEvents` 1.0 in structured JSON: from the bytes of a request to events that are right in every part.
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use axum::http::{HeaderMap, header};
use jiff::SignedDuration;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{
    facts::{self, Fact, Home},
    fields::{Faults, Fields},
    json,
};
use crate::{
    clock::Timestamp,
    dealerships::Dealership,
    http::{Access, Error, storable::unstorable},
    id::Id,
};

/// The most events of one batch.
pub const MOST_EVENTS: usize = 1000;
/// How far a sender's clock may be ahead of ours.
const AHEAD: SignedDuration = SignedDuration::from_mins(10);

/// One event, ready to be stored and applied.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// The sender's; unique with `source`.
    pub id: String,
    pub source: String,
    /// `appointment.booked`, or a type that a later version may know.
    pub kind: String,
    /// When it happened, by the sender's clock.
    pub time: Timestamp,
    pub dealership: Arc<Dealership>,
    /// `None`: the type is not known, the event is only stored.
    pub fact: Option<Fact>,
    /// The event as canonical JSON (RFC 8785).
    pub body: String,
    /// SHA-256 of `body`, hexadecimal.
    pub hash: String,
}

impl Envelope {
    /// Who told it, and the time of what they told: a source that says no more than that it is there says until when.
    pub fn heard(&self) -> (Id<Dealership>, &str, Timestamp) {
        let at = match &self.fact {
            Some(Fact::Alive(alive)) => alive.at,
            _ => self.time,
        };
        (self.dealership.id, &self.source, at)
    }
}

/// One event or a list of them; plain `application/json` may be either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    One,
    Batch,
    Either,
}

impl Format {
    /// What the headers of a request announce.
    ///
    /// # Errors
    /// 415 for anything but the three media types of `interface.md` 3.1, and for the binary mode.
    pub fn of(headers: &HeaderMap) -> Result<Self, Error> {
        const WANTED: &str =
            "send application/cloudevents+json, application/cloudevents-batch+json or application/json in UTF-8";
        if headers.keys().any(|name| name.as_str().starts_with("ce-")) {
            return Err(Error::UnsupportedMediaType(
                "the binary mode of CloudEvents (ce-… headers) is not taken: send the event as structured JSON",
            ));
        }
        let media =
            headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
        let mut parts = media.split(';').map(str::trim);
        let format = match parts.next() {
            Some("application/cloudevents+json") => Self::One,
            Some("application/cloudevents-batch+json") => Self::Batch,
            Some("application/json") => Self::Either,
            _ => return Err(Error::UnsupportedMediaType(WANTED)),
        };
        let charset = parts.find_map(|p| p.strip_prefix("charset=")).unwrap_or("utf-8");
        if matches!(charset.trim_matches('"'), "utf-8" | "utf8" | "us-ascii") {
            Ok(format)
        } else {
            Err(Error::UnsupportedMediaType(WANTED))
        }
    }
}

/// The body of a request as JSON, one event or many.
#[derive(Debug)]
pub struct Sheet {
    value: Value,
    is_batch: bool,
}

impl Sheet {
    /// # Errors
    /// 400 when it is not JSON; 422 when it is no event or list of at most [`MOST_EVENTS`].
    pub fn read(format: Format, body: &[u8]) -> Result<Self, Error> {
        let value = json::read(body).map_err(|e| Error::Unreadable(e.to_string()))?;
        let is_batch = match (&value, format) {
            (Value::Array(events), Format::Batch | Format::Either) => {
                if events.len() > MOST_EVENTS {
                    let message = format!("send at most {MOST_EVENTS} events in one batch");
                    return Err(Error::invalid(format!("/{MOST_EVENTS}"), "too_many_events", message));
                }
                true
            }
            (Value::Object(_), Format::One | Format::Either) => false,
            (_, Format::Batch) => return Err(Error::invalid("", "wrong_type", "must be a list of events")),
            (_, Format::One) => return Err(Error::invalid("", "wrong_type", "must be an event")),
            (_, Format::Either) => {
                return Err(Error::invalid("", "wrong_type", "must be an event or a list of events"));
            }
        };
        Ok(Self { value, is_batch })
    }

    /// Events that were made here, such as of the rows of a file.
    pub fn of(events: Vec<Value>) -> Self {
        Self { value: Value::Array(events), is_batch: true }
    }

    /// The codes of the dealerships that the events name, each once.
    pub fn dealerships(&self) -> BTreeSet<&str> {
        self.events().iter().filter_map(|event| event.get("dealership")?.as_str()).collect()
    }

    fn events(&self) -> &[Value] {
        match &self.value {
            Value::Array(events) if self.is_batch => events,
            event => std::slice::from_ref(event),
        }
    }
}

/// Who sends, when, and the dealerships that the events name.
#[derive(Clone, Debug)]
pub struct Door {
    pub access: Access,
    /// The dealership of a sender that speaks for one only: it fills in where an event names none.
    pub own: Option<Arc<Dealership>>,
    /// Those of [`Sheet::dealerships`] that are set up here, by code.
    pub dealerships: HashMap<String, Arc<Dealership>>,
    pub now: Timestamp,
}

impl Door {
    /// Makes events of what was sent.
    ///
    /// # Errors
    /// 415 for data that is not JSON, 403 for another's dealership, 422 with every fault.
    pub fn admit(&self, sheet: &Sheet) -> Result<Vec<Envelope>, Error> {
        let faults = Faults::default();
        let mut envelopes = Vec::with_capacity(sheet.events().len());
        for (index, event) in sheet.events().iter().enumerate() {
            let pointer = if sheet.is_batch { format!("/{index}") } else { String::new() };
            faults.renew();
            unstorable(event, &pointer, &faults);
            envelopes.extend(self.event(event, &pointer, &faults)?);
        }
        let faults = faults.into_list();
        if faults.is_empty() { Ok(envelopes) } else { Err(Error::Invalid(faults)) }
    }

    /// `None` when it has a fault; an error when the whole request is refused.
    fn event(&self, event: &Value, pointer: &str, faults: &Faults) -> Result<Option<Envelope>, Error> {
        let Some(fields) = Fields::of(event, pointer, faults) else { return Ok(None) };
        if fields.has("data_base64") {
            return Err(Error::UnsupportedMediaType("data_base64 is not taken: send data as a JSON object"));
        }
        if fields.string("datacontenttype").is_some_and(|media| !is_json(media)) {
            return Err(Error::UnsupportedMediaType("datacontenttype must be application/json"));
        }
        if fields.require("specversion", fields.string("specversion")).is_some_and(|v| v != "1.0") {
            fields.fault("specversion", "unknown_specversion", "must be \"1.0\"");
        }
        let id = fields.require("id", fields.key("id"));
        let source = fields.require("source", fields.key("source"));
        if source.as_deref().is_some_and(|s| !is_uri_reference(s)) {
            fields.fault("source", "not_a_uri_reference", "must be a URI-reference (RFC 3986), like /dms/gz-tianhe");
        }
        // Not kept apart from the body; read, because its type may be wrong.
        let _ = fields.string("subject");
        let kind = fields.require("type", fields.line("type"));
        let time = fields.require("time", fields.time("time"));
        if time.is_some_and(|time| time > self.now.plus(AHEAD)) {
            fields.fault("time", "time_in_future", "is more than 10 minutes ahead of our clock: set yours by NTP");
        }
        let dealership = self.dealership(&fields)?;
        let data = fields.require("data", fields.object("data"));
        let home = dealership
            .as_ref()
            .map_or_else(Home::default, |d| Home { region: Some(d.region.as_str()), zone: Some(&d.zone) });
        let fact = match (&kind, &data) {
            (Some(kind), Some(data)) => facts::read(kind, data, home),
            _ => None,
        };
        let (Some(id), Some(source), Some(kind), Some(time), Some(dealership)) = (id, source, kind, time, dealership)
        else {
            return Ok(None);
        };
        let body = serde_json_canonicalizer::to_string(event).map_err(|e| Error::Unreadable(e.to_string()))?;
        let hash = hex(&Sha256::digest(body.as_bytes()));
        Ok(Some(Envelope { id, source, kind, time, dealership, fact, body, hash }))
    }

    fn dealership(&self, fields: &Fields<'_>) -> Result<Option<Arc<Dealership>>, Error> {
        const FOREIGN: Error =
            Error::Forbidden("this key speaks for another dealership: use that dealership's key, or one for all");
        let code = fields.line("dealership");
        let found = match &code {
            Some(code) => self.dealerships.get(code).cloned(),
            None if fields.is_blank("dealership") => self.own.clone(),
            // What is wrong with it was said already.
            None => return Ok(None),
        };
        match found {
            Some(found) if self.access.allows(found.id) => Ok(Some(found)),
            // A key for one dealership learns nothing about which others there are.
            _ if code.is_some() && self.access != Access::All => Err(FOREIGN),
            _ => {
                fields.fault(
                    "dealership",
                    "unknown_dealership",
                    "must be the code of a dealership that is set up here",
                );
                Ok(None)
            }
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|nibble| char::from_digit(nibble.into(), 16))
        .collect()
}

fn is_json(media: &str) -> bool {
    let media = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media == "application/json" || media == "text/json" || media.ends_with("+json")
}

/// The characters of RFC 3986, and whole percent-encodings.
fn is_uri_reference(text: &str) -> bool {
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let fits = match byte {
            b'%' => [rest.next(), rest.next()].iter().all(|b| b.is_some_and(|b| b.is_ascii_hexdigit())),
            b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' => false,
            byte => byte.is_ascii_graphic(),
        };
        if !fits {
            return false;
        }
    }
    true
}
