//! Events for other systems: signed so that the standard's own verifier takes them, tried again, given up, told again.
mod telling;

use axum::http::HeaderMap;
use serde_json::{Value, json};

use crate::{
    contract,
    fakes::gateway::{Answer, FakeGateway, Posted},
    need::{need, python},
    shop::{Opening, Shop, anna, fang},
    surveys::in_writing,
};

/// Somebody else's system, and what it is told.
struct Reader {
    system: FakeGateway,
    id: String,
    secret: String,
}

/// What it was told, read.
#[derive(Debug)]
struct Told {
    id: String,
    kind: String,
    body: Value,
    raw: Posted,
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).unwrap_or_else(|| panic!("{name} is there")).to_str().expect("text")
}

impl Reader {
    fn told(&self) -> Vec<Told> {
        let read = |raw: Posted| {
            let body: Value = serde_json::from_str(&raw.body).expect("JSON");
            contract::told(&body);
            let kind = body["type"].as_str().expect("a type").to_owned();
            Told { id: header(&raw.headers, "webhook-id").to_owned(), kind, body, raw }
        };
        self.system.posted().into_iter().map(read).collect()
    }
    fn kinds(&self) -> Vec<String> {
        self.told().into_iter().map(|told| told.kind).collect()
    }
}

/// Our own network may be told, for the tests' sake.
fn within(opening: Opening) -> Opening {
    opening.setting("WEBHOOKS__ALLOW_PRIVATE", "true")
}

impl Shop {
    async fn tells(&self, answer: impl Fn(usize) -> Answer + Send + Sync + 'static, mut wanted: Value) -> Reader {
        let system = FakeGateway::start(answer).await;
        wanted["url"] = system.url().into();
        let (status, shown) = self.does("POST", "/v1/webhooks", wanted).await;
        assert_eq!(status, 201, "{shown}");
        let text = |key: &str| shown[key].as_str().expect("a text").to_owned();
        Reader { system, id: text("id"), secret: text("secret") }
    }
    async fn endpoint(&self, reader: &Reader) -> Value {
        self.get(&format!("/v1/webhooks/{}", reader.id)).await
    }
    /// The log: type, state, reason, tries.
    async fn log(&self, reader: &Reader) -> Vec<String> {
        let lines = self.items(&format!("/v1/webhooks/{}/deliveries?limit=500", reader.id)).await;
        let text = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
        let said = |line: &Value| {
            format!("{} {} {} {}", text(line, "type"), text(line, "state"), text(line, "reason"), line["tries"])
        };
        lines.iter().map(|line| said(line).split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    }
}

/// What the standard's own verifier says of a post, at the moment of its timestamp.
fn verified(secret: &str, post: &Posted) -> bool {
    const PROGRAM: &str = "import sys, json, datetime, standardwebhooks, standardwebhooks.webhooks as w
told = json.load(sys.stdin)
at = datetime.datetime.fromtimestamp(int(told['headers']['webhook-timestamp']), datetime.timezone.utc)
class Then(datetime.datetime):
    @classmethod
    def now(cls, tz=None): return at
w.datetime = Then
standardwebhooks.Webhook(told['secret']).verify(told['body'].encode(), told['headers'])";
    let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    let headers: Value = names.iter().map(|name| (*name, header(&post.headers, name))).collect();
    let told = json!({"secret": secret, "headers": headers, "body": post.body});
    let mut program = std::process::Command::new(python())
        .args(["-c", PROGRAM])
        .stdin(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("python runs");
    let mut input = program.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut input, told.to_string().as_bytes()).expect("written");
    drop(input);
    let done = program.wait_with_output().expect("an end");
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success() || said.contains("WebhookVerificationError"), "{said}");
    done.status.success()
}

#[tokio::test]
async fn acceptance_04_a_subscriber_gets_survey_completed_with_a_valid_signature_and_the_maker_no_names() {
    let shop = within(in_writing()).open().await;
    let own = shop.tells(|_| Answer::Accept, json!({"types": ["survey.completed"]})).await;
    let maker = shop.tells(|_| Answer::Accept, json!({"types": ["survey.completed"], "reader": "maker"})).await;
    let agrees =
        json!([{"purpose": "oem_sharing", "action": "grant", "source": "form", "at": "2026-03-01T09:00:00+08:00"}]);
    for (customer, order) in [(anna(), "R-1"), (fang().with("consents", agrees), "R-2")] {
        let link = shop.asked(&customer, order, "2026-03-02T10:30").await;
        assert_eq!(
            shop.sends(&link, &[("overall", "4"), ("fixed", "yes"), ("recommend", "9"), ("comment", "王芳 is kind")])
                .await
                .0,
            200
        );
        shop.drain().await;
    }
    let (own_told, maker_told) = (own.told(), maker.told());
    assert_eq!((own.kinds(), own_told.len()), (vec!["survey.completed".to_owned(); 2], 2));
    assert_eq!(maker_told.len(), 2);
    let first = &own_told[0].body;
    assert_eq!(
        (&first["specversion"], &first["source"], &first["dealership"], &first["id"]),
        (&json!("1.0"), &json!("/aftercare/gz-tianhe"), &json!("gz-tianhe"), &json!(own_told[0].id))
    );
    let data = &first["data"];
    assert_eq!(
        (&data["overall"], &data["fixed"], &data["recommend"], &data["mode"]),
        (&json!(4), &json!(true), &json!(9), &json!("web"))
    );
    assert_eq!((&data["customer"], &data["repair_order"]), (&anna().data["ref"], &json!("R-1")));
    // Who did not agree is the pseudonym of the export; who did is themselves.
    let rows = shop.items("/v1/reports/brand?month=2026-03&dealership=gz-tianhe").await;
    let (without, with) = (&maker_told[0].body["data"], &maker_told[1].body["data"]);
    assert_eq!(without["customer"], rows[0]["customer"]);
    assert_ne!(without["customer"], anna().data["ref"]);
    assert_eq!((&with["customer"], &with["repair_order"]), (&fang().data["ref"], &json!("R-2")));
    for told in own_told.iter().chain(&maker_told) {
        let raw = &told.raw.body;
        assert!(!raw.contains("+86") && !raw.contains('@') && !raw.contains("王芳"), "{raw}");
    }
    if !need("python standardwebhooks", "acceptance_04") {
        return;
    }
    for (reader, told) in [(&own, &own_told[0]), (&maker, &maker_told[1])] {
        assert!(verified(&reader.secret, &told.raw));
        let altered =
            Posted { headers: told.raw.headers.clone(), body: told.raw.body.replace("R-", "r-").replace('4', "5") };
        assert!(!verified(&reader.secret, &altered), "one letter is another");
        assert!(!verified("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", &told.raw), "another secret");
    }
}
