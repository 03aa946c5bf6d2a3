//! The client's side: facts told over HTTP, and what was answered. A client that hears nothing tells it again.
use std::{collections::BTreeSet, time::Duration};

use aftercare::clock::{Clock, Timestamp};
use anyhow::{Context, Result, bail};
use jiff::{SignedDuration, tz::TimeZone};
use serde_json::{Value, json};

use crate::ours::OurMessage;

/// A dealer management system that remembers what it was told.
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    key: String,
    name: String,
    next: usize,
    /// Events answered 202, by id, with the reference of their appointment.
    told: BTreeSet<(String, String)>,
    /// Asked, and not answered.
    unanswered: Vec<Value>,
    /// References whose message was seen to be accepted.
    sent: BTreeSet<String>,
}

impl Client {
    pub(crate) fn new(base: String, key: String, name: String) -> Self {
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().expect("a client");
        Self { http, base, key, name, next: 0, told: BTreeSet::new(), unanswered: Vec::new(), sent: BTreeSet::new() }
    }
    pub(crate) fn use_key(&mut self, key: String) {
        self.key = key;
    }
    pub(crate) fn told(&self) -> usize {
        self.told.len()
    }
    /// References of the bookings that were answered 202.
    pub(crate) fn references(&self) -> BTreeSet<String> {
        self.told.iter().map(|(_, reference)| reference.clone()).collect()
    }

    /// The same of a customer who can be reached by e-mail only: one message.
    pub(crate) fn booking_by_mail(&mut self) -> Value {
        let mut event = self.booking();
        event["data"]["customer"]["phones"] = json!([]);
        event
    }
    /// A customer of their own books an appointment in three days, now: an e-mail and a text message.
    pub(crate) fn booking(&mut self) -> Value {
        self.next += 1;
        let n = self.next;
        let now = Clock::system().now();
        json!({
            "specversion": "1.0", "id": format!("{}-{n}", self.name), "source": "/dms/chaos", "type": "appointment.booked",
            "time": now.to_string(), "dealership": "gz-tianhe",
            "data": {
                "ref": format!("A-{}-{n}", self.name), "start_at": in_three_days(now), "advisor_ref": "adv-01",
                "booked_at": now.to_string(), "channel": "phone",
                "services": [{"code": "40K", "name": "4万公里保养", "hours": 2.5}],
                "customer": {
                    "ref": format!("C-{}-{n}", self.name), "name": "王芳", "language": "zh-CN",
                    "phones": [{"number": format!("139{:08}", n % 100_000_000), "label": "mobile"}],
                    "email": format!("c{n}@example.com"),
                },
                "vehicle": {"vin": format!("JTH{n:014}"), "model_code": "ES300h", "model_year": 2024},
            },
        })
    }

    /// Tells events in one request; those that get no answer are kept for [`Client::tell_again`].
    pub(crate) async fn tell(&mut self, events: Vec<Value>) -> Result<()> {
        match self.post(&events).await? {
            Some(answer) => self.write_down(&events, &answer),
            None => self.unanswered.extend(events),
        }
        Ok(())
    }
    pub(crate) async fn book(&mut self) -> Result<()> {
        let event = self.booking();
        self.tell(vec![event]).await
    }
    /// Tells what was not answered once more; stops when that is not answered either.
    pub(crate) async fn tell_again(&mut self) -> Result<()> {
        for event in std::mem::take(&mut self.unanswered) {
            self.tell(vec![event]).await?;
        }
        Ok(())
    }
    /// Tells events that were told before: every one must be known already.
    pub(crate) async fn repeat(&self, events: &[Value]) -> Result<()> {
        for batch in events.chunks(500) {
            let answer = self.post(batch).await?.context("an answer")?;
            let duplicates = answer["duplicates"].as_u64().unwrap_or_default();
            if duplicates != batch.len() as u64 {
                bail!(
                    "{} of {} events told before are not known: they were lost",
                    batch.len() as u64 - duplicates,
                    batch.len()
                );
            }
        }
        Ok(())
    }

    fn write_down(&mut self, events: &[Value], answer: &Value) {
        debug_assert_eq!(answer["events"].as_array().map(Vec::len), Some(events.len()), "an answer for every event");
        for event in events {
            let reference = event["data"]["ref"].as_str().unwrap_or_default().to_owned();
            self.told.insert((event["id"].as_str().unwrap_or_default().to_owned(), reference));
        }
    }

    /// The answer to a 202; nothing when there was none, or it was 503.
    async fn post(&self, events: &[Value]) -> Result<Option<Value>> {
        let request = self.http.post(format!("{}/v1/events", self.base)).bearer_auth(&self.key);
        let request = request.header("content-type", "application/cloudevents-batch+json");
        let Ok(response) = request.body(serde_json::to_vec(events)?).send().await else { return Ok(None) };
        let status = response.status().as_u16();
        let Ok(body) = response.bytes().await else { return Ok(None) };
        match status {
            202 => Ok(Some(serde_json::from_slice(&body)?)),
            503 => Ok(None),
            other => bail!("POST /v1/events answered {other}: {}", String::from_utf8_lossy(&body)),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Value> {
        let response = self.http.get(format!("{}{path}", self.base)).bearer_auth(&self.key).send().await?;
        let (status, body) = (response.status(), response.bytes().await?);
        if !status.is_success() {
            bail!("GET {path} answered {status}: {}", String::from_utf8_lossy(&body));
        }
        Ok(serde_json::from_slice(&body)?)
    }
    /// The status of a page, or nothing when nobody answers.
    pub(crate) async fn status(&self, path: &str) -> Option<u16> {
        let response = self.http.get(format!("{}{path}", self.base)).bearer_auth(&self.key).send().await;
        response.ok().map(|response| response.status().as_u16())
    }

    /// Everything of a list, page by page.
    pub(crate) async fn list(&self, path: &str) -> Result<Vec<Value>> {
        let (mut items, mut after) = (Vec::new(), String::new());
        loop {
            let mut page =
                self.get(&format!("{path}{}limit=200{after}", if path.contains('?') { '&' } else { '?' })).await?;
            match page["items"].take() {
                Value::Array(more) => items.extend(more),
                other => bail!("{path}: items is {other}"),
            }
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return Ok(items),
            }
        }
    }
    pub(crate) async fn messages(&self) -> Result<Vec<OurMessage>> {
        self.messages_at("/v1/messages").await
    }
    async fn messages_at(&self, path: &str) -> Result<Vec<OurMessage>> {
        let items = self.list(path).await?;
        items.into_iter().map(|item| Ok(serde_json::from_value(item)?)).collect()
    }
    /// True when every booking told so far has a message that was accepted. Only those are asked about that were not yet:
    /// the whole list, asked for again and again, took more of the machine than the road did.
    pub(crate) async fn is_all_sent(&mut self) -> Result<bool> {
        for reference in self.references().difference(&self.sent.clone()) {
            let customer = self.get(&format!("/v1/customers/{}", reference.replacen('A', "C", 1))).await?;
            let id = customer["id"].as_str().context("a customer with an id")?;
            let messages = self.messages_at(&format!("/v1/messages?customer={id}")).await?;
            if !messages.iter().any(|m| m.subject.reference == *reference && m.was_accepted()) {
                return Ok(false);
            }
            self.sent.insert(reference.clone());
        }
        Ok(true)
    }
}

fn in_three_days(now: Timestamp) -> String {
    let shop = TimeZone::get("Asia/Shanghai").expect("a zone");
    let day = now.plus(SignedDuration::from_hours(72)).in_zone(&shop).date();
    let start = day.at(10, 0, 0, 0).to_zoned(shop).expect("no gap at ten");
    Timestamp::new(start.timestamp()).to_string()
}
