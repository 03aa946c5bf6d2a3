//! The counter: keys, dealerships and staff over HTTP, the setup file, what every answer has, and how a server stops.
mod commands;
mod doctor;
mod questions;

use std::{path::Path, process::Output};

use aftercare::{
    app::App,
    clock::Clock,
    config::Config,
    http::server,
    id::Random,
    staff::keys::{Key, Scope, id_in},
};
use reqwest::{Client, Method, Response, StatusCode};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;
use tokio::net::TcpListener;

/// A server on a database of its own.
struct Counter {
    app: App,
    address: String,
    client: Client,
    database: Database,
    served: tokio::task::JoinHandle<()>,
}

impl Counter {
    async fn open() -> Self {
        Self::open_with(&[]).await
    }
    async fn open_with(settings: &[(&str, &str)]) -> Self {
        let database = Database::new().await;
        let mut environment =
            vec![("AFTERCARE__DATABASE__URL", database.url.as_str()), ("AFTERCARE__HTTP__DRAIN", "0s")];
        environment.extend(settings);
        let environment = environment.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        let config = Config::load_with(Some(Path::new("/dev/null")), environment).expect("settings");
        let app = App::open(config, Clock::system(), Random::system()).await.expect("an app");
        app.db.migrate().await.expect("a schema");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let served = tokio::spawn(server::serve(app.clone(), listener));
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().build().expect("a client");
        Self { app, address, client, database, served }
    }

    async fn key(&self, scopes: &[Scope], dealership: Option<&str>) -> String {
        let dealership = match dealership {
            Some(code) => Some(self.app.directory.by_code(code).await.expect("an answer").expect("a dealership").id),
            None => None,
        };
        let (key, text) = Key::new("test", scopes.to_vec(), dealership, &self.app.ids);
        self.app.keys.insert(key).await.expect("stored");
        text.expose_secret().to_owned()
    }

    async fn call(&self, method: Method, path: &str, key: &str, body: Option<Value>) -> Response {
        let mut request = self.client.request(method, format!("{}{path}", self.address));
        if !key.is_empty() {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        request.send().await.expect("an answer")
    }
    /// Status and body of a PUT.
    async fn put(&self, path: &str, key: &str, body: &Value) -> (u16, Value) {
        let response = self.call(Method::PUT, path, key, Some(body.clone())).await;
        (response.status().as_u16(), json_of(response).await)
    }

    async fn close(self) {
        self.app.stopping.cancel();
        self.served.await.expect("a server that stops");
        self.app.db.close().await;
        self.database.remove().await;
    }
}

/// A temporary `SQLite` file, or a database of its own on the server of `TEST_DATABASE_URL`.
struct Database {
    url: String,
    folder: TempDir,
    server: Option<(String, String)>,
}

impl Database {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let Ok(server) = std::env::var("TEST_DATABASE_URL") else {
            let url = format!("sqlite://{}", folder.path().join("aftercare.db").display());
            return Self { url, folder, server: None };
        };
        let name = format!("counter_{:016x}", Random::system().below(u64::MAX));
        Self::on(&server, format!("CREATE DATABASE {name}")).await;
        let mut url: url::Url = server.parse().expect("a URL");
        url.set_path(&name);
        Self { url: url.to_string(), folder, server: Some((server, name)) }
    }
    async fn remove(self) {
        if let Some((server, name)) = self.server {
            Self::on(&server, format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
    async fn on(server: &str, statement: String) {
        let mut connection = PgConnection::connect(server).await.expect("the server");
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.expect("done");
    }
    /// Runs the real program on this database.
    async fn run(&self, arguments: &[&str]) -> Output {
        tokio::process::Command::new(env!("CARGO_BIN_EXE_aftercare"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env("AFTERCARE__DATABASE__URL", &self.url)
            .output()
            .await
            .expect("the program runs")
    }
}

async fn json_of(response: Response) -> Value {
    serde_json::from_slice(&response.bytes().await.expect("a body")).expect("JSON")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

fn tianhe() -> Value {
    json!({
        "name": "雷克萨斯天河店", "department": "售后服务部", "region": "CN", "time_zone": "Asia/Shanghai", "locale": "zh-CN",
        "phone": "020-8888 0000", "address": "广州市天河区示例路1号", "email": "service@gz-tianhe.example",
        "opening_hours": {"mon": [["09:00", "12:00"], ["13:30", "18:00"]], "sun": []},
        "holidays": [{"date": "2026-02-17", "name": "春节", "open": []}],
        "sms_signature": "雷克萨斯天河", "live_from": "2026-03-01T00:00:00+08:00", "rules": {"time": {"x": 1.5}}
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_works_until_it_is_revoked_and_only_for_its_scopes() {
    let counter = Counter::open().await;
    let admin = counter.key(&[Scope::Admin], None).await;
    assert_eq!(counter.put("/v1/dealerships/gz-tianhe", &admin, &tianhe()).await.0, 200);

    let reader = counter.key(&[Scope::Read, Scope::EventsWrite], None).await;
    let (status, problem) = counter.put("/v1/dealerships/gz-tianhe", &reader, &tianhe()).await;
    assert_eq!((status, &problem["code"]), (403, &json!("forbidden")));
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("admin")));

    let other_secret = format!("{}{}", &admin[..admin.len() - 1], if admin.ends_with('0') { '1' } else { '0' });
    for wrong in ["", "ac_", "nonsense", &other_secret, &format!("ac_aaaaaaaaaaaa_{}", "0".repeat(64))] {
        let response = counter.call(Method::PUT, "/v1/dealerships/gz-tianhe", wrong, Some(tianhe())).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{wrong}");
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
        assert_eq!(json_of(response).await["code"], "unauthorized");
    }

    assert!(counter.app.keys.revoke(id_in(&admin), counter.app.ids.clock.now()).await.expect("revoked"));
    assert_eq!(counter.put("/v1/dealerships/gz-tianhe", &admin, &tianhe()).await.0, 401);
    counter.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dealership_is_stored_once_and_its_mistakes_are_pointed_at() {
    let counter = Counter::open().await;
    let admin = counter.key(&[Scope::Admin], None).await;
    let (status, first) = counter.put("/v1/dealerships/gz-tianhe", &admin, &tianhe()).await;
    assert_eq!(status, 200, "{first}");
    assert_eq!((&first["code"], &first["shadow"]), (&json!("gz-tianhe"), &json!(false)));
    assert_eq!(first["live_from"], "2026-02-28T16:00:00.000000Z");
    assert_eq!(counter.put("/v1/dealerships/gz-tianhe", &admin, &tianhe()).await.1, first);
    assert_eq!(counter.put("/v1/dealerships/gz-tianhe", &admin, &first).await.1, first);
    let known = counter.app.directory.by_code("gz-tianhe").await.expect("an answer").expect("known");
    assert_eq!(serde_json::to_value(&*known).expect("JSON"), first);

    let mut moved = tianhe();
    moved["phone"] = json!("020-8888 1111");
    let (_, changed) = counter.put("/v1/dealerships/gz-tianhe", &admin, &moved).await;
    assert_eq!((&changed["id"], &changed["phone"]), (&first["id"], &json!("020-8888 1111")));
    let known = counter.app.directory.by_id(known.id).await.expect("an answer").expect("known");
    assert_eq!(known.phone, "020-8888 1111");

    let mut wrong = tianhe();
    wrong["time_zone"] = json!("Mars/Olympus");
    let (status, problem) = counter.put("/v1/dealerships/gz-tianhe", &admin, &wrong).await;
    assert_eq!((status, &problem["code"]), (422, &json!("unknown_time_zone")));
    assert_eq!(problem["errors"][0]["pointer"], "/time_zone");
    for (path, body) in
        [("/v1/dealerships/a%00b", tianhe()), ("/v1/dealerships/x", json!([])), ("/v1/dealerships/x", json!({}))]
    {
        assert_eq!(counter.put(path, &admin, &body).await.0, 422, "{path}");
    }

    let own = counter.key(&[Scope::Admin], Some("gz-tianhe")).await;
    assert_eq!(counter.put("/v1/dealerships/gz-tianhe", &own, &tianhe()).await.0, 200);
    assert_eq!(counter.put("/v1/dealerships/sh-pudong", &own, &tianhe()).await.0, 403);
    assert_eq!(counter.put("/v1/dealerships/sh-pudong", &admin, &tianhe()).await.0, 200);

    // The key says which dealership, the body or the address may.
    let chen = json!({"name": "陈晓", "roles": ["advisor"], "languages": ["zh-CN"]});
    let (status, stored) = counter.put("/v1/staff/adv-01", &own, &chen).await;
    assert_eq!(
        (status, &stored["dealership"], &stored["active"]),
        (200, &json!("gz-tianhe"), &json!(true)),
        "{stored}"
    );
    assert_eq!(counter.put("/v1/staff/adv-01", &own, &stored).await.1, stored);
    assert_eq!(counter.put("/v1/staff/adv-01?dealership=sh-pudong", &own, &chen).await.0, 403);
    assert_eq!(counter.put("/v1/staff/adv-01", &admin, &chen).await.1["errors"][0]["pointer"], "/dealership");
    let (_, other) = counter.put("/v1/staff/adv-01?dealership=sh-pudong", &admin, &chen).await;
    assert_ne!(other["id"], stored["id"]);
    assert_eq!(counter.put("/v1/staff/adv-01?dealership=nowhere", &admin, &chen).await.1["code"], "unknown_dealership");
    counter.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_advisor_gets_an_inactive_row_once() {
    use aftercare::{
        db::{self, Weight},
        desk::Desk,
        staff::{Staff, actions},
    };
    let counter = Counter::open().await;
    let admin = counter.key(&[Scope::Admin], None).await;
    counter.put("/v1/dealerships/gz-tianhe", &admin, &tianhe()).await;
    let app = counter.app.clone();
    let dealership = app.directory.by_code("gz-tianhe").await.expect("an answer").expect("known").id;
    assert_eq!(app.roster.known(dealership, "adv-77").await.expect("an answer"), None);
    let in_unit = app.clone();
    let both = app.db.write(Weight::ONE, move |tx| {
        let app = in_unit.clone();
        Box::pin(async move {
            let mut desk = Desk::open(tx, &app);
            let first = actions::advisor(&mut desk, dealership, "adv-77").await?;
            let again = actions::advisor(&mut desk, dealership, "adv-77").await?;
            desk.close().await?;
            Ok::<_, db::Error>((first, again))
        })
    });
    let (first, again) = both.await.expect("stored");
    assert_eq!(first, again);
    assert_eq!(app.roster.known(dealership, "adv-77").await.expect("an answer"), Some(first));
    let row: Staff =
        actions::find(&mut app.db.read().await.expect("a connection"), first).await.expect("an answer").expect("a row");
    assert_eq!((row.name, row.active), (None, false));

    let chen = json!({"name": "陈晓", "dealership": "gz-tianhe"});
    assert_eq!(counter.put("/v1/staff/adv-77", &admin, &chen).await.1["id"], first.to_string());
    counter.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_is_a_problem_and_every_answer_has_its_headers() {
    let counter = Counter::open_with(&[
        ("AFTERCARE__HTTP__BODY_LIMIT", "1000"),
        ("AFTERCARE__HTTP__PUBLIC_URL", "https://a.example"),
    ])
    .await;
    let admin = counter.key(&[Scope::Admin], None).await;
    let large = json!({"name": "x".repeat(1000)});
    for (method, path, body, status, code) in [
        (Method::GET, "/nothing/here", None, 404, "not_found"),
        (Method::DELETE, "/v1/dealerships/x", None, 405, "method_not_allowed"),
        (Method::PUT, "/v1/dealerships/x", Some(large), 413, "too_large"),
        (Method::PUT, "/v1/dealerships/x", None, 415, "unsupported_media_type"),
        (Method::PUT, "/v1/staff/x?dealership=a&dealership=b", Some(json!({})), 400, "bad_request"),
        (Method::PUT, "/v1/dealerships/%ff", Some(json!({})), 400, "bad_request"),
    ] {
        let response = counter.call(method, path, &admin, body).await;
        assert_eq!(response.status().as_u16(), status, "{path}");
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{path}");
        assert!(
            response.headers()["content-security-policy"].to_str().expect("text").starts_with("default-src 'none'")
        );
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cache-control", "no-store"),
            ("strict-transport-security", "max-age=31536000"),
        ] {
            assert_eq!(response.headers()[name], value, "{path}");
        }
        assert_eq!(json_of(response).await["code"], code, "{path}");
    }
    // A body that does not say how long it is.
    let chunks = futures_util::stream::iter((0..3).map(|_| Ok::<_, std::io::Error>("x".repeat(700))));
    let request = counter.client.put(format!("{}/v1/dealerships/x", counter.address)).bearer_auth(&admin);
    let request = request.header("content-type", "application/json").body(reqwest::Body::wrap_stream(chunks));
    let response = request.send().await.expect("an answer");
    assert_eq!((response.status().as_u16(), json_of(response).await["code"].clone()), (413, json!("too_large")));
    let broken = counter.client.put(format!("{}/v1/dealerships/x", counter.address)).bearer_auth(&admin);
    let broken = broken
        .header("content-type", "application/json")
        .body(&b"{\"a\":\"\xff\"}"[..])
        .send()
        .await
        .expect("an answer");
    assert_eq!((broken.status().as_u16(), json_of(broken).await["code"].clone()), (400, json!("unreadable")));
    counter.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn alive_ready_measured_and_stopped() {
    let counter = Counter::open_with(&[("AFTERCARE__HTTP__DRAIN", "300ms")]).await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(counter.call(Method::GET, path, "", None).await.status(), StatusCode::OK, "{path}");
    }
    aftercare::telemetry::recorder();
    counter.call(Method::GET, "/v1/dealerships/SECRET-REF", "", None).await;
    let metrics = counter.call(Method::GET, "/metrics", "", None).await.text().await.expect("text");
    assert!(
        metrics
            .contains("aftercare_http_requests_total{method=\"GET\",route=\"/v1/dealerships/{code}\",status=\"405\"}"),
        "{metrics}"
    );
    assert!(!metrics.contains("SECRET-REF"));
    let passed_on = counter.client.get(format!("{}/metrics", counter.address)).header("x-forwarded-for", "203.0.113.9");
    assert_eq!(passed_on.send().await.expect("an answer").status(), StatusCode::UNAUTHORIZED);
    let reader = counter.key(&[Scope::Read], None).await;
    let with_key = counter
        .client
        .get(format!("{}/metrics", counter.address))
        .header("x-forwarded-for", "203.0.113.9")
        .bearer_auth(reader);
    assert_eq!(with_key.send().await.expect("an answer").status(), StatusCode::OK);

    counter.app.stopping.cancel();
    let response = counter.call(Method::GET, "/readyz", "", None).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(response.headers().contains_key("retry-after"));
    assert_eq!(json_of(response).await["code"], "stopping");
    counter.close().await;
}
