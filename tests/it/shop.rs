//! A dealership whose clock, mail server and SMS gateway are in the test's hand, and whose lanes it turns.
pub(crate) mod by_hand;
mod looks;
mod meanwhile;
mod pages;
mod people;
pub(crate) mod workshop;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use aftercare::{
    app::App,
    clock::{Clock, Timestamp},
    clocks::jobs::Clocks,
    config::{Config, Span},
    hooks::lane::Hooks,
    id::Random,
    inbound::lane::Reading,
    lanes,
    messages::{marks::Marks, post::Post},
    notices::compose::Compose,
    staff::keys::{Key, Scope},
};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::Request,
};
use secrecy::ExposeSecret;
use serde_json::Value;
use tower::ServiceExt;

pub(crate) use self::{
    looks::{Mail, redacted},
    people::{Customer, anna, fang, kenji, local, with},
};
use crate::{
    fakes::{
        gateway::{Answer, FakeGateway},
        smtp::{Act, Behaviour, FakeSmtp},
    },
    temp::Temp,
};

/// Monday morning in Guangzhou, with everybody at work.
pub(crate) const OPENS: &str = "2026-03-02T10:00";
const DEALERSHIPS: &str = include_str!("../data/dealerships.toml");

pub(crate) struct Shop {
    pub(crate) app: App,
    pub(crate) mail: FakeSmtp,
    gateway: Option<FakeGateway>,
    pub(crate) clocks: Arc<Clocks>,
    pub(crate) inbound: Arc<Reading>,
    pub(crate) hooks: Arc<Hooks>,
    pub(crate) compose: Arc<Compose>,
    pub(crate) post: Vec<Arc<Post>>,
    router: Router,
    key: String,
    told: AtomicUsize,
    temp: Temp,
}

/// What is unusual about a shop, said before it opens.
pub(crate) struct Opening {
    mail: Behaviour,
    sms: Option<Arc<dyn Fn(usize) -> Answer + Send + Sync>>,
    settings: Vec<(String, String)>,
    clock: Clock,
    /// A dealership's own settings: code, key, value.
    dealership: Vec<(&'static str, &'static str, Value)>,
}

impl Opening {
    /// How the mail server takes each message.
    pub(crate) fn mail(mut self, act: impl Fn(usize) -> Act + Send + Sync + 'static) -> Self {
        self.mail = Behaviour::each(act);
        self
    }
    /// How the gateway answers each request.
    pub(crate) fn sms(mut self, answer: impl Fn(usize) -> Answer + Send + Sync + 'static) -> Self {
        self.sms = Some(Arc::new(answer));
        self
    }
    pub(crate) fn without_sms(mut self) -> Self {
        self.sms = None;
        self
    }
    pub(crate) fn setting(mut self, key: &str, value: &str) -> Self {
        self.settings.push((format!("AFTERCARE__{key}"), value.to_owned()));
        self
    }
    pub(crate) fn dealership(mut self, code: &'static str, key: &'static str, value: impl Into<Value>) -> Self {
        self.dealership.push((code, key, value.into()));
        self
    }
    pub(crate) fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    pub(crate) async fn open(self) -> Shop {
        let temp = Temp::migrated().await;
        let mail = FakeSmtp::start(self.mail).await;
        let gateway = match self.sms {
            Some(answer) => Some(FakeGateway::start(move |n| answer(n)).await),
            None => None,
        };
        let mut settings = vec![
            ("AFTERCARE__DATABASE__URL".to_owned(), temp.url.clone()),
            ("AFTERCARE__EMAIL__URL".to_owned(), mail.url("?tls=none")),
            ("AFTERCARE__EMAIL__FROM".to_owned(), "aftercare@dealer.example".to_owned()),
        ];
        if let Some(gateway) = &gateway {
            settings.push(("AFTERCARE__SMS__PROVIDER".to_owned(), "http".to_owned()));
            settings.push(("AFTERCARE__SMS__HTTP__URL".to_owned(), gateway.url()));
        }
        settings.extend(self.settings);
        let config = Config::load_with(Some(Path::new("/dev/null")), settings.into_iter().collect()).expect("settings");
        let app = App::open(config, self.clock, Random::seeded(7)).await.expect("an app");
        let ways_out = Arc::new(lanes::routes(&app).expect("routes"));
        let marks = Marks::start(app.db.clone(), app.ids.clone());
        let post = lanes::post_lanes(&app, &ways_out, &marks).into_iter().map(Arc::new).collect();
        let compose = Arc::new(lanes::compose_lane(&app, &ways_out));
        let clocks = Arc::new(lanes::clocks_lane(&app));
        let inbound = Arc::new(lanes::inbound_lane(&app));
        let hooks = Arc::new(lanes::hooks_lane(&app));
        let router = crate::contract::router(app.clone());
        let mut shop = Shop {
            app,
            mail,
            gateway,
            clocks,
            inbound,
            hooks,
            compose,
            post,
            router,
            key: String::new(),
            told: AtomicUsize::new(0),
            temp,
        };
        shop.key = shop.key_for(None).await;
        shop.furnish(&self.dealership).await;
        shop
    }
}

impl Shop {
    /// Everything works, and it is Monday morning.
    pub(crate) async fn open() -> Self {
        Self::opening().open().await
    }
    pub(crate) fn opening() -> Opening {
        Opening {
            mail: Behaviour::always(Act::Accept),
            sms: Some(Arc::new(|_| Answer::Accept)),
            settings: Vec::new(),
            clock: Clock::fixed(local(OPENS)),
            dealership: Vec::new(),
        }
    }

    /// The dealerships and their staff.
    async fn furnish(&self, changed: &[(&str, &str, Value)]) {
        let file: toml::Table = toml::from_str(DEALERSHIPS).expect("TOML");
        let mut all: Value = serde_json::to_value(file).expect("JSON");
        for dealership in all["dealership"].as_array_mut().expect("dealerships") {
            let code = dealership["code"].as_str().expect("a code").to_owned();
            for (_, key, value) in changed.iter().filter(|(of, ..)| *of == code) {
                dealership[*key] = value.clone();
            }
            let (status, answer) =
                self.call("PUT", &format!("/v1/dealerships/{code}"), &self.key, Some(dealership)).await;
            assert_eq!(status, 200, "{answer}");
        }
        for person in all["staff"].as_array().expect("staff") {
            let path = format!("/v1/staff/{}", person["ref"].as_str().expect("a ref"));
            let (status, answer) = self.call("PUT", &path, &self.key, Some(person)).await;
            assert_eq!(status, 200, "{answer}");
        }
    }

    pub(crate) async fn key_for(&self, dealership: Option<&str>) -> String {
        self.key_of(Scope::ALL.to_vec(), dealership).await
    }
    pub(crate) async fn key_of(&self, scopes: Vec<Scope>, dealership: Option<&str>) -> String {
        let dealership = match dealership {
            Some(code) => Some(self.app.directory.by_code(code).await.expect("an answer").expect("a dealership").id),
            None => None,
        };
        let (key, text) = Key::new("test", scopes, dealership, &self.app.ids);
        self.app.keys.insert(key).await.expect("stored");
        text.expose_secret().to_owned()
    }

    pub(crate) async fn call(&self, method: &str, path: &str, key: &str, body: Option<&Value>) -> (u16, Value) {
        let (status, _, answer) = self.call_once(method, path, (key, None), body).await;
        (status, answer)
    }
    /// The same with an Idempotency-Key; and whether it is the answer of an earlier request.
    pub(crate) async fn call_once(
        &self,
        method: &str,
        path: &str,
        (key, once): (&str, Option<&str>),
        body: Option<&Value>,
    ) -> (u16, bool, Value) {
        let mut request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {key}"));
        if let Some(once) = once {
            request = request.header("idempotency-key", once);
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = request.header("content-type", "application/json").body(body).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let status = response.status().as_u16();
        let replayed = response.headers().contains_key("idempotency-replayed");
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        (status, replayed, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }
    /// What our own key does with a body.
    pub(crate) async fn does(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        self.call(method, path, &self.key, Some(&body)).await
    }
    /// What our own key asks to be said.
    pub(crate) async fn asks(&self, once: &str, body: &Value) -> (u16, bool, Value) {
        self.call_once("POST", "/v1/messages", (&self.key, Some(once)), Some(body)).await
    }
    pub(crate) async fn put(&self, path: &str, body: &Value) -> (u16, Value) {
        self.call("PUT", path, &self.key, Some(body)).await
    }
    pub(crate) async fn send(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        self.call(method, path, &self.key, Some(body)).await
    }
    /// The same with an Idempotency-Key.
    pub(crate) async fn keyed(&self, method: &str, path: &str, key: &str, body: &Value) -> (u16, Value) {
        let request =
            Request::builder().method(method).uri(path).header("authorization", format!("Bearer {}", self.key));
        let request = request.header("content-type", "application/json").header("idempotency-key", key);
        let request = request.body(Body::from(body.to_string())).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }
    /// What our own key reads.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, answer) = self.call("GET", path, &self.key, None).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }
    /// What our own key is answered.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        self.call(method, path, &self.key, Some(body)).await
    }
    /// Status and code, or state, of what an operator does.
    pub(crate) async fn post(&self, path: &str) -> String {
        let (status, answer) = self.call("POST", path, &self.key, None).await;
        let said = answer["code"].as_str().or(answer["state"].as_str());
        format!("{status} {}", said.unwrap_or_default())
    }

    /// Another system tells a fact, and nothing is done about it yet.
    pub(crate) async fn hears(&self, mut event: Value) {
        let number = self.told.fetch_add(1, Ordering::Relaxed);
        event["id"] = format!("e{number}").into();
        if event["time"].is_null() {
            event["time"] = self.now().to_string().into();
        }
        let (status, answer) = self.call("POST", "/v1/events", &self.key, Some(&event)).await;
        assert_eq!((status, &answer["accepted"]), (202, &1.into()), "{answer}");
    }
    /// Many facts in batches, as a night's file tells them.
    pub(crate) async fn hear_all(&self, mut events: Vec<Value>) {
        for event in &mut events {
            event["id"] = format!("e{}", self.told.fetch_add(1, Ordering::Relaxed)).into();
            if event["time"].is_null() {
                event["time"] = self.now().to_string().into();
            }
        }
        let (status, answer) = self.call("POST", "/v1/events", &self.key, Some(&Value::Array(events))).await;
        assert_eq!(status, 202, "{answer}");
    }
    /// Turns every lane until nothing is due, however much that is.
    pub(crate) async fn drain_patiently(&self) {
        while self.something_is_due().await {
            self.turn_all().await;
        }
    }
    /// They book by themselves, just now.
    pub(crate) async fn book(&self, customer: &Customer, start: &str) {
        self.hears(customer.books(start, self.now())).await;
    }
    pub(crate) async fn moves(&self, customer: &Customer, start: &str) {
        self.hears(customer.moves_to(start)).await;
    }
    pub(crate) async fn cancels(&self, customer: &Customer) {
        self.hears(customer.happens("cancelled", self.now())).await;
    }
    pub(crate) async fn arrives(&self, customer: &Customer) {
        self.hears(customer.happens("arrived", self.now())).await;
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.app.ids.clock.now()
    }
    /// The clock leaps, as after a night without power; nothing is done yet.
    pub(crate) fn leaps_to(&self, time: &str) {
        self.app.ids.clock.set(local(time));
    }
    pub(crate) fn leaps_by(&self, span: &str) {
        self.app.ids.clock.advance(span.parse::<Span>().expect("a span").signed());
    }
    /// Lets so much time pass at once, and does what is due then.
    pub(crate) async fn advance(&self, span: &str) {
        self.leaps_by(span);
        self.drain().await;
    }
    /// Lets time pass minute by minute, doing in each what is due.
    pub(crate) async fn wait_until(&self, time: &str) {
        let until = local(time);
        while self.now() < until {
            self.app.ids.clock.set(self.now().plus(jiff::SignedDuration::from_mins(1)).min(until));
            if self.something_is_due().await {
                self.drain().await;
            }
        }
    }
    async fn turn_all(&self) -> usize {
        let mut done = by_hand::turn(&self.app.db, &self.clocks).await;
        done += by_hand::turn(&self.app.db, &self.inbound).await;
        done += by_hand::turn(&self.app.db, &self.compose).await;
        done += by_hand::turn(&self.app.db, &self.hooks).await;
        for post in &self.post {
            done += by_hand::turn(&self.app.db, post).await;
        }
        done
    }
    /// Turns every lane until nothing is due.
    pub(crate) async fn drain(&self) {
        for _ in 0..50 {
            if self.turn_all().await == 0 {
                return;
            }
        }
        panic!("the lanes find work again and again");
    }
}

impl Drop for Shop {
    /// What a story must not leave behind; looked at from a runtime of its own, because the test's is ending.
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let (url, now) = (self.temp.url.clone(), self.now());
        let found = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(looks::left_behind(&url, now))
        });
        let found = found.join().expect("a look at what is left");
        assert!(found.is_empty(), "left behind: {found:?}");
    }
}
