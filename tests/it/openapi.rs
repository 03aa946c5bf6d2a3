//! The published document is the router's: the same paths, methods and scopes, and examples that can be sent as they are.
use std::collections::{BTreeMap, BTreeSet};

use aftercare::{openapi, staff::keys::Scope};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{HeaderMap, Request},
};
use serde_json::Value;
use tower::ServiceExt;

use crate::{
    contract::{self, resolved, typed, valid},
    shop::Shop,
    source::Source,
};

/// What is documented beside `/v1` and `/in`; everything else is for people.
const OTHERS: [&str; 5] = ["/healthz", "/readyz", "/metrics", "/openapi.json", "/docs"];

/// A method of a path of the document.
struct Door {
    method: String,
    path: &'static str,
    operation: &'static Value,
}

impl Door {
    fn all() -> Vec<Self> {
        let paths = openapi::document()["paths"].as_object().expect("paths");
        let doors = paths.iter().flat_map(|(path, methods)| {
            let methods = methods.as_object().expect("methods").iter();
            methods.map(move |(method, operation)| Self { method: method.to_uppercase(), path, operation })
        });
        doors.collect()
    }
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
    fn parameters(&self) -> impl Iterator<Item = &'static Value> {
        self.operation["parameters"].as_array().into_iter().flatten().map(resolved)
    }
    /// The scope that the document names.
    fn scope(&self) -> Option<Scope> {
        let word = self.operation["security"].as_array()?.iter().find_map(|way| way["key"][0].as_str())?;
        Some(Scope::ALL.into_iter().find(|scope| scope.word() == word).unwrap_or_else(|| panic!("no scope {word}")))
    }
    fn is(&self, way: &str) -> bool {
        self.operation["security"].as_array().into_iter().flatten().any(|needs| needs[way].is_array())
    }
    /// A request made of the document's own examples.
    fn example(&self, key: Option<&str>) -> Request<Body> {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let (mut path, mut query) = (self.path.to_owned(), url::form_urlencoded::Serializer::new(String::new()));
        let mut request = Request::builder().method(self.method.as_str());
        for parameter in self.parameters() {
            let (name, example) = (parameter["name"].as_str().expect("a name"), &parameter["example"]);
            match (parameter["in"].as_str(), example) {
                (Some("path"), _) => path = path.replace(&format!("{{{name}}}"), &text(example)),
                (Some("header"), _) => request = request.header(name, text(example)),
                (Some("query"), Value::Array(list)) => {
                    for one in list {
                        query.append_pair(name, &text(one));
                    }
                }
                (Some("query"), _) if parameter["required"] == true || parameter["x-shown"] == true => {
                    query.append_pair(name, &text(example));
                }
                _ => {}
            }
        }
        if let Some(key) = key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let content = self.operation["requestBody"]["content"].as_object().and_then(|contents| contents.iter().next());
        let body = content.map_or_else(Body::empty, |(_, content)| Body::from(text(&content["example"])));
        if let Some((kind, _)) = content {
            request = request.header("content-type", kind);
        }
        request.uri(format!("{path}?{}", query.finish())).body(body).expect("a request")
    }
}

async fn ask(router: &Router, request: Request<Body>) -> (u16, HeaderMap, Vec<u8>) {
    let response = router.clone().oneshot(request).await.expect("an answer");
    let (parts, body) = response.into_parts();
    (parts.status.as_u16(), parts.headers, to_bytes(body, usize::MAX).await.expect("a body").to_vec())
}

/// The paths of `.route("…")` in our source.
fn routes() -> BTreeSet<String> {
    let mut routes = BTreeSet::new();
    for source in Source::all(&["src"]) {
        for (at, _) in source.text.match_indices(".route(") {
            let path = source.text[at..].trim_start_matches(".route(").trim_start().strip_prefix('"');
            let path = path.and_then(|rest| rest.split('"').next()).unwrap_or_default();
            if path.starts_with("/v1/") || path.starts_with("/in/") || OTHERS.contains(&path) {
                routes.insert(path.to_owned());
            }
        }
    }
    routes
}

/// The words that take the place of `{deed}`: what the handler compares with.
fn deeds(route: &str) -> Vec<String> {
    let file = format!("src/{}/api.rs", route.split('/').nth(2).expect("a room"));
    let sources = Source::all(&["src"]);
    let source = sources.iter().find(|source| source.path == file).unwrap_or_else(|| panic!("{file}"));
    let words = source.text.lines().filter_map(|line| line.trim().strip_prefix('"')?.split_once("\" =>"));
    words.map(|(word, _)| word.to_owned()).collect()
}

#[tokio::test]
async fn the_document_has_the_paths_and_methods_of_the_router_and_no_others() {
    let shop = Shop::open().await;
    let router = contract::router(shop.app.clone());
    let mut known: BTreeSet<String> = BTreeSet::new();
    for route in routes() {
        // Whoever asks with a method that is not there is told which are.
        let request = Request::builder().method("PROPFIND").uri(route.replace(['{', '}'], "")).body(Body::empty());
        let (status, headers, _) = ask(&router, request.expect("a request")).await;
        assert_eq!(status, 405, "{route}");
        let allowed = headers["allow"].to_str().expect("text");
        for method in allowed.split(',').map(str::trim).filter(|method| *method != "HEAD") {
            match route.strip_suffix("{deed}") {
                Some(before) => known.extend(deeds(&route).iter().map(|deed| format!("{method} {before}{deed}"))),
                None => _ = known.insert(format!("{method} {route}")),
            }
        }
    }
    assert!(known.len() > 100, "the source is read: {known:?}");
    let documented: BTreeSet<String> = Door::all().iter().map(Door::name).collect();
    let missing: Vec<_> = known.difference(&documented).collect();
    assert!(missing.is_empty(), "say what these are for, in the openapi.json of their room: {missing:#?}");
    let gone: Vec<_> = documented.difference(&known).collect();
    assert!(gone.is_empty(), "the router does not have these: {gone:#?}");
}

#[tokio::test]
async fn each_door_asks_for_the_scope_that_the_document_names_and_takes_its_example() {
    let shop = Shop::open().await;
    let router = contract::router(shop.app.clone());
    let mut keys: BTreeMap<&str, [String; 2]> = BTreeMap::new();
    for scope in Scope::ALL {
        let others = Scope::ALL.into_iter().filter(|other| *other != scope).collect();
        keys.insert(scope.word(), [shop.key_of(vec![scope], None).await, shop.key_of(others, None).await]);
    }
    let mut wrong = Vec::new();
    for door in Door::all() {
        let (status, ..) = ask(&router, door.example(None)).await;
        let expected: &[u16] = match door.scope() {
            Some(_) => &[401],
            // Unset here: there is no such door.
            None if door.is("secret") || door.is("signature") => &[404],
            None if door.is("key") => &[401],
            None => &[200],
        };
        if !expected.contains(&status) {
            wrong.push(format!("{} without a key: {status}", door.name()));
        }
        let Some(scope) = door.scope() else { continue };
        let [own, others] = &keys[scope.word()];
        let (status, _, body) = ask(&router, door.example(Some(others))).await;
        let said = String::from_utf8_lossy(&body).into_owned();
        if status != 403 || !said.contains(&format!("lacks the scope {}", scope.word())) {
            wrong.push(format!("{} with every scope but {}: {status}", door.name(), scope.word()));
        }
        let (status, _, body) = ask(&router, door.example(Some(own))).await;
        if matches!(status, 400 | 401 | 403 | 405 | 413 | 415 | 500..) {
            let said = String::from_utf8_lossy(&body).into_owned();
            wrong.push(format!("{} with {} and its example: {status} {said}", door.name(), scope.word()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_example_is_valid() {
    for door in Door::all() {
        for parameter in door.parameters() {
            let at = format!("{}: {}", door.name(), parameter["name"]);
            assert!(!parameter["example"].is_null(), "{at} has no example");
            let schema = &parameter["schema"];
            let example = match &parameter["example"] {
                Value::String(text) => typed(schema, text),
                other => other.clone(),
            };
            valid(&at, schema, &example, false);
        }
        for (kind, content) in door.operation["requestBody"]["content"].as_object().into_iter().flatten() {
            let at = format!("{} {kind}", door.name());
            assert!(!content["example"].is_null(), "{at} has no example");
            valid(&at, &content["schema"], &content["example"], false);
        }
        for (status, answer) in door.operation["responses"].as_object().into_iter().flatten() {
            for (kind, content) in resolved(answer)["content"].as_object().into_iter().flatten() {
                if !content["example"].is_null() {
                    let at = format!("{} {status} {kind}", door.name());
                    valid(&at, &content["schema"], &content["example"], true);
                }
            }
        }
    }
}

#[test]
fn every_schema_is_one_by_json_schema_itself() {
    for (name, schema) in openapi::document()["components"]["schemas"].as_object().expect("schemas") {
        assert!(jsonschema::meta::is_valid(schema), "{name}");
    }
}

#[tokio::test]
async fn the_document_is_open_and_its_page_is_for_who_has_a_key_or_a_session_or_sits_here() {
    let shop = Shop::open().await;
    let router = contract::router(shop.app.clone());
    let get = |path: &str| Request::get(path.to_owned()).body(Body::empty()).expect("a request");
    let (status, headers, body) = ask(&router, get("/openapi.json")).await;
    assert_eq!((status, headers["content-type"].to_str().expect("text")), (200, "application/json"));
    assert_eq!(serde_json::from_slice::<Value>(&body).expect("JSON"), *openapi::document());

    let (status, headers, _) = ask(&router, get("/docs")).await;
    assert_eq!((status, headers["content-type"].to_str().expect("text")), (401, "application/problem+json"));
    let key = shop.key_of(vec![Scope::Read], None).await;
    let with_key = Request::get("/docs").header("authorization", format!("Bearer {key}")).body(Body::empty());
    let mut from_here = get("/docs");
    from_here.extensions_mut().insert(ConnectInfo(std::net::SocketAddr::from(([127, 0, 0, 1], 40000))));
    let mut passed_on = get("/docs");
    passed_on.extensions_mut().insert(ConnectInfo(std::net::SocketAddr::from(([127, 0, 0, 1], 40000))));
    passed_on.headers_mut().insert("x-forwarded-for", "203.0.113.9".parse().expect("a header"));
    assert_eq!(ask(&router, passed_on).await.0, 401);
    for request in [with_key.expect("a request"), from_here] {
        let (status, headers, body) = ask(&router, request).await;
        assert_eq!(status, 200);
        let policy = headers["content-security-policy"].to_str().expect("text");
        assert!(policy.starts_with("default-src 'none'; style-src 'self';") && !policy.contains("script"), "{policy}");
        let page = String::from_utf8(body).expect("UTF-8");
        assert!(!page.contains("<script") && !page.contains("style=") && !page.contains("//cdn"));
        for door in Door::all() {
            let id = door.operation["operationId"].as_str().expect("an id");
            assert!(page.contains(&format!("id=\"{id}\"")) && page.contains(&format!("href=\"#{id}\"")), "{id}");
        }
        // No link leads nowhere.
        for to in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(page.contains(&format!("id=\"{to}\"")), "#{to}");
        }
    }
}
