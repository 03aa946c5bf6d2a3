//! Every answer of the API that a story gets, and every body that is taken, is held against the published document.
use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex},
};

use aftercare::{app::App, openapi};
use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{MatchedPath, Request},
    http::{HeaderMap, Uri, header},
    middleware::{self, Next},
    response::Response,
};
use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

/// Clients pass over fields that they do not know; a story finds them.
static STRICT: LazyLock<Value> = LazyLock::new(|| {
    let mut components = openapi::document()["components"].clone();
    close(&mut components["schemas"]);
    components
});
/// By the schema's text: each is made ready once.
static READY: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// The program's own router, with a reader of the document before it.
pub(crate) fn router(app: App) -> Router {
    aftercare::http::router::router(app).layer(middleware::from_fn(compare))
}

async fn compare(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned()).unwrap_or_default();
    if !(route.starts_with("/v1/") || route.starts_with("/in/")) {
        return next.run(request).await;
    }
    let method = request.method().as_str().to_lowercase();
    let (asked, body) = request.into_parts();
    let (uri, headers) = (asked.uri.clone(), asked.headers.clone());
    let Ok(body) = to_bytes(body, usize::MAX).await else { panic!("{method} {uri}: a body that cannot be read") };
    let response = next.run(Request::from_parts(asked, Body::from(body.clone()))).await;
    let Some(operation) = operation(&method, &route, uri.path()) else {
        // What no method or word of the route takes is refused, and not documented.
        assert!(!response.status().is_success(), "{method} {route} is not in the document");
        return response;
    };
    let (parts, answer) = response.into_parts();
    let answer = to_bytes(answer, usize::MAX).await.expect("an answer");
    let at = format!("{method} {uri} → {}", parts.status.as_u16());
    if parts.status.is_success() {
        addressed(&at, operation, &uri, &answer);
        taken(&at, operation, &headers, &body);
    }
    answered(&at, operation, parts.status.as_u16(), &parts.headers, &answer);
    Response::from_parts(parts, Body::from(answer))
}

/// What the document says of a request; a word in the place of `{deed}` has a path of its own.
pub(crate) fn operation(method: &str, route: &str, path: &str) -> Option<&'static Value> {
    let paths = &openapi::document()["paths"];
    let own = route.strip_suffix("{deed}").zip(path.rsplit('/').next()).map(|(before, deed)| format!("{before}{deed}"));
    let found = &paths[own.as_deref().unwrap_or(route)][method];
    found.is_object().then_some(found)
}

/// Every parameter of the address is in the document, and its value is one of those that it names: another finds nothing.
fn addressed(at: &str, operation: &'static Value, uri: &Uri, answer: &Bytes) {
    let found = serde_json::from_slice::<Value>(answer).unwrap_or_default();
    let found_nothing = found["items"].as_array().is_some_and(Vec::is_empty);
    let parameters: Vec<&Value> = operation["parameters"].as_array().into_iter().flatten().map(resolved).collect();
    for (name, value) in url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        let parameter = parameters.iter().find(|known| known["in"] == "query" && known["name"] == name.as_ref());
        let parameter = parameter.unwrap_or_else(|| panic!("{at}: {name} is not in the document"));
        let schema = &parameter["schema"];
        let schema = if schema["type"] == "array" { &schema["items"] } else { schema };
        if found_nothing && schema["enum"].is_array() {
            continue;
        }
        valid(&format!("{at}: {name}"), schema, &typed(schema, &value), false);
    }
}

/// A text of an address as what the schema takes it for.
pub(crate) fn typed(schema: &Value, text: &str) -> Value {
    match schema["type"].as_str() {
        Some("integer" | "number" | "boolean") => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
        _ => json!(text),
    }
}

fn taken(at: &str, operation: &'static Value, headers: &HeaderMap, body: &Bytes) {
    let contents = &operation["requestBody"]["content"];
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return };
    let kind = kind_of(headers).unwrap_or_default();
    let content = if contents[&kind].is_object() { &contents[&kind] } else { &contents["application/json"] };
    // A caller may send an empty object where nothing is asked for.
    assert!(content.is_object() || body == json!({}) || body.is_null(), "{at}: a body is not in the document: {body}");
    if content.is_object() {
        valid(&format!("{at}: body"), &content["schema"], &body, false);
    }
}

fn answered(at: &str, operation: &'static Value, status: u16, headers: &HeaderMap, body: &Bytes) {
    let said = resolved(&operation["responses"][status.to_string()]);
    assert!(said.is_object(), "{at}: this status is not in the document");
    let Some(contents) = said["content"].as_object() else {
        assert!(body.is_empty(), "{at}: the document has no body: {}", String::from_utf8_lossy(body));
        return;
    };
    let kind = kind_of(headers).unwrap_or_default();
    let content = contents.get(&kind).or_else(|| contents.get("application/octet-stream"));
    let content = content.unwrap_or_else(|| panic!("{at}: {kind} is not in the document"));
    if kind.ends_with("json") {
        let body: Value = serde_json::from_slice(body).unwrap_or_else(|error| panic!("{at}: {error}"));
        valid(at, &content["schema"], &body, true);
    }
}

/// An event as it is posted to an endpoint.
pub(crate) fn told(event: &Value) {
    let schema = &openapi::document()["webhooks"]["case"]["post"]["requestBody"]["content"];
    valid("a webhook", &schema["application/cloudevents+json"]["schema"], event, true);
}

/// # Panics
/// Where the value is not what the schema says, each place named.
pub(crate) fn valid(at: &str, schema: &Value, value: &Value, is_strict: bool) {
    let faults: Vec<String> = ready(schema, is_strict)
        .iter_errors(value)
        .take(5)
        .map(|error| {
            format!("{} at {}", error.to_string().chars().take(400).collect::<String>(), error.instance_path())
        })
        .collect();
    assert!(faults.is_empty(), "{at}: not as the document says\n{}", faults.join("\n"));
}

fn ready(schema: &Value, is_strict: bool) -> Arc<Validator> {
    let mut schema = schema.clone();
    if is_strict {
        close(&mut schema);
    }
    let key = format!("{is_strict}{schema}");
    if let Some(ready) = READY.lock().expect("no panic").get(&key) {
        return Arc::clone(ready);
    }
    let components = if is_strict { &*STRICT } else { &openapi::document()["components"] };
    let whole = json!({"allOf": [schema], "components": components});
    let ready = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true).build(&whole);
    let ready = Arc::new(ready.unwrap_or_else(|error| panic!("a schema of the document: {error}")));
    READY.lock().expect("no panic").insert(key, Arc::clone(&ready));
    ready
}

/// Objects with named fields have these fields only.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            let kind = object.get("type").cloned().unwrap_or_default();
            let is_object = kind == "object" || kind.as_array().is_some_and(|kinds| kinds.contains(&json!("object")));
            if is_object && object.contains_key("properties") && !object.contains_key("additionalProperties") {
                object.insert("additionalProperties".to_owned(), json!(false));
            }
            object.values_mut().for_each(close);
        }
        Value::Array(list) => list.iter_mut().for_each(close),
        _ => {}
    }
}

pub(crate) fn resolved(value: &'static Value) -> &'static Value {
    let to = value["$ref"].as_str().and_then(|to| openapi::document().pointer(to.trim_start_matches('#')));
    to.unwrap_or(value)
}

fn kind_of(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(text.split(';').next()?.trim().to_ascii_lowercase())
}
