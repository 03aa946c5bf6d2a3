//! A house with two dealerships and a door for facts, driven through the router.
use std::path::Path;

use aftercare::{
    app::App,
    clock::Clock,
    config::Config,
    id::Random,
    staff::keys::{Key, Scope},
};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use jiff::SignedDuration;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::temp::Temp;

/// Thursday, 11:00 in Guangzhou.
pub(super) const NOW: &str = "2026-03-05T11:00:00+08:00";

pub(super) struct Door {
    pub(super) app: App,
    pub(super) temp: Temp,
    router: Router,
    key: String,
}

impl Door {
    pub(super) async fn open() -> Self {
        let temp = Temp::migrated().await;
        let environment = [("AFTERCARE__DATABASE__URL".to_owned(), temp.url.clone())].into();
        let config = Config::load_with(Some(Path::new("/dev/null")), environment).expect("settings");
        let clock = Clock::fixed(NOW.parse().expect("a time"));
        let app = App::open(config, clock, Random::seeded(7)).await.expect("an app");
        let mut door = Self { router: crate::contract::router(app.clone()), app, temp, key: String::new() };
        door.key = door.key_for(None).await;
        for (code, region, zone, locale) in
            [("gz-tianhe", "CN", "Asia/Shanghai", "zh-CN"), ("la-torrance", "US", "America/Los_Angeles", "en")]
        {
            let body = json!({"name": code, "department": "service", "region": region, "time_zone": zone, "locale": locale, "phone": "1", "address": "1",
                "opening_hours": {"mon": [["09:00", "18:00"]]}});
            let (status, answer) = door
                .request("PUT", &format!("/v1/dealerships/{code}"), &door.key, &[], body.to_string().into_bytes())
                .await;
            assert_eq!(status, 200, "{answer}");
        }
        door
    }

    pub(super) async fn key_for(&self, dealership: Option<&str>) -> String {
        let dealership = match dealership {
            Some(code) => Some(self.app.directory.by_code(code).await.expect("an answer").expect("a dealership").id),
            None => None,
        };
        let (key, text) =
            Key::new("dms", vec![Scope::EventsWrite, Scope::Read, Scope::Admin], dealership, &self.app.ids);
        self.app.keys.insert(key).await.expect("stored");
        text.expose_secret().to_owned()
    }

    pub(super) async fn request(
        &self,
        method: &str,
        path: &str,
        key: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> (StatusCode, Value) {
        let mut request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {key}"));
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response =
            self.router.clone().oneshot(request.body(Body::from(body)).expect("a request")).await.expect("an answer");
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    /// Sends a body as it is.
    pub(super) async fn send(&self, body: impl Into<Vec<u8>>) -> (StatusCode, Value) {
        self.request("POST", "/v1/events", &self.key, &[], body.into()).await
    }
    pub(super) async fn send_as(&self, headers: &[(&str, &str)], body: &Value) -> StatusCode {
        self.request("POST", "/v1/events", &self.key, headers, body.to_string().into_bytes()).await.0
    }
    pub(super) async fn send_with(&self, key: &str, body: &Value) -> (StatusCode, Value) {
        self.request("POST", "/v1/events", key, &[], body.to_string().into_bytes()).await
    }
    /// Sends an event that must be taken, a second after the last; its status.
    pub(super) async fn tell(&self, event: Value) -> String {
        self.app.ids.clock.advance(SignedDuration::from_secs(1));
        let (status, answer) = self.send(event.to_string()).await;
        assert_eq!(status, 202, "{answer}");
        answer["events"][0]["status"].as_str().expect("a status").to_owned()
    }
    pub(super) async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.get_with(&self.key, path).await
    }
    pub(super) async fn get_with(&self, key: &str, path: &str) -> (StatusCode, Value) {
        self.request("GET", path, key, &[], Vec::new()).await
    }
    pub(super) async fn appointment(&self) -> Value {
        let (status, appointment) = self.get("/v1/appointments/A-1").await;
        assert_eq!(status, 200, "{appointment}");
        appointment
    }
    /// The phones of customer C-1 with validity and reason, in the order to try.
    pub(super) async fn phones(&self) -> Vec<String> {
        let (status, customer) = self.get("/v1/customers/C-1").await;
        assert_eq!(status, 200, "{customer}");
        let points = customer["contact_points"].as_array().expect("a list");
        let text = |p: &Value, key: &str| p[key].as_str().unwrap_or("-").to_owned();
        let said = |p: &Value| format!("{} {} {}", text(p, "value"), text(p, "validity"), text(p, "reason"));
        points.iter().filter(|p| p["type"] == "phone").map(said).collect()
    }

    pub(super) async fn count(&self, table: &'static str) -> i64 {
        let sql = match table {
            "events" => "SELECT count(*) FROM events",
            "customers" => "SELECT count(*) FROM customers",
            "vehicles" => "SELECT count(*) FROM vehicles",
            "appointments" => "SELECT count(*) FROM appointments",
            other => panic!("{other} is not counted here"),
        };
        let (count,): (i64,) = self.app.db.read().await.expect("a connection").sql(sql).one().await.expect("a count");
        count
    }
    /// Type and outcome of the events, and what the record says of each, in the order in which they were told.
    pub(super) async fn outcomes(&self) -> Vec<String> {
        let rows: Vec<(String, String)> =
            self.rows("SELECT type, outcome FROM events ORDER BY occurred_at, event_id").await;
        rows.into_iter().map(|(kind, outcome)| format!("{kind} {outcome}")).collect()
    }
    pub(super) async fn lines(&self, what: &str) -> Vec<String> {
        let rows: Vec<(String, Option<String>)> = self.rows("SELECT what, reason FROM timeline ORDER BY at, id").await;
        rows.into_iter()
            .filter(|(w, _)| w.starts_with(what))
            .map(|(w, reason)| format!("{w} {}", reason.unwrap_or_default()).trim().to_owned())
            .collect()
    }
    async fn rows<T: aftercare::db::Record>(&self, sql: &'static str) -> Vec<T> {
        self.app.db.read().await.expect("a connection").sql(sql).all().await.expect("rows")
    }
}

/// An event of the dealership in Guangzhou at `time`, of that day and zone.
pub(super) fn event(id: &str, kind: &str, time: &str, data: Value) -> Value {
    let mut event = json!({"specversion": "1.0", "id": id, "source": "/dms/gz-tianhe", "type": format!("appointment.{kind}"),
        "time": format!("2026-03-05T{time}:00+08:00"), "dealership": "gz-tianhe"});
    event["data"] = data;
    event
}

/// The data of appointment A-1 on a day of March at 09:30.
pub(super) fn booking(day: u8) -> Value {
    json!({"ref": "A-1", "start_at": format!("2026-03-{day:02}T09:30:00+08:00"), "end_at": format!("2026-03-{day:02}T11:00:00+08:00"), "advisor_ref": "adv-07",
        "booked_at": "2026-03-05T09:59:40+08:00", "channel": "phone", "services": [{"code": "40K", "name": "40,000 km service", "hours": 1.5}],
        "customer_words": "brake squeal\nwhen cold", "is_comeback": false, "parts_required": [],
        "customer": {"ref": "C-1", "name": "王芳", "salutation": "女士", "phones": [{"number": "139 0000 1234", "label": "mobile"}, {"number": "020-8888 1234"}],
            "email": "wang@Example.com", "language": "zh-CN"},
        "vehicle": {"vin": "JTHBJ46G9A2345678", "plate": "粤A12345", "model_code": "ES300h", "model_year": 2024}})
}

pub(super) fn booked(id: &str, time: &str) -> Value {
    event(id, "booked", time, booking(7))
}

/// The data of what happened to A-1.
pub(super) fn at(time: &str) -> Value {
    json!({"ref": "A-1", "at": format!("2026-03-05T{time}:00+08:00")})
}

/// `value` with something else at `pointer`.
pub(super) fn with(mut value: Value, pointer: &str, other: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    let parent = value.pointer_mut(parent).expect("a parent");
    match parent {
        Value::Array(list) => list[key.parse::<usize>().expect("an index")] = other,
        parent => parent[key] = other,
    }
    value
}

pub(super) fn without(mut value: Value, pointer: &str) -> Value {
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    value.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object").remove(key);
    value
}
