//! One document of the parts of all rooms, with what holds for every door: refusals, conflicts, keys.
use serde_json::{Map, Value, json};

use super::rooms::{EVERYWHERE, ROOMS};

/// In a part: the codes with which a door answers 409. In the document they are its answer 409.
const CONFLICTS: &str = "x-conflicts";

/// # Panics
/// When a part is no JSON, or two parts say something of the same door; a test reads them all.
pub(super) fn document() -> Value {
    let mut whole = part(EVERYWHERE);
    let conflicts = taken(&mut whole, CONFLICTS);
    whole["info"]["version"] = json!(env!("CARGO_PKG_VERSION"));
    for text in ROOMS {
        let mut room = part(text);
        for (path, methods) in object(taken(&mut room, "paths")) {
            for (method, mut operation) in object(methods) {
                complete(&mut operation, &path, &conflicts);
                put(&mut whole["paths"][&path], &method, operation);
            }
        }
        for section in ["schemas", "parameters"] {
            for (name, found) in object(taken(&mut room["components"], section)) {
                put(&mut whole["components"][section], &name, found);
            }
        }
        for (name, found) in object(taken(&mut room, "webhooks")) {
            put(&mut whole["webhooks"], &name, found);
        }
        if let (Some(tags), Value::Array(more)) = (whole["tags"].as_array_mut(), taken(&mut room, "tags")) {
            tags.extend(more);
        }
    }
    whole
}

fn part(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("a part of the document is no JSON: {error}"))
}

fn taken(of: &mut Value, key: &str) -> Value {
    of.as_object_mut().and_then(|object| object.remove(key)).unwrap_or_default()
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

fn put(into: &mut Value, name: &str, value: Value) {
    assert!(into[name].is_null(), "two parts of the document say something of {name}");
    into[name] = value;
}

/// Adds to a door what its kind is refused with: [`super::super::http::Error`] and the layers around the router.
fn complete(operation: &mut Value, path: &str, conflicts: &Value) {
    let codes = taken(operation, CONFLICTS);
    let is_asked_in_the_address = operation["parameters"].as_array().is_some_and(|list| !list.is_empty());
    let has_body = operation["requestBody"].is_object();
    let needs = operation["security"].as_array().cloned().unwrap_or_default();
    let by_key = needs.iter().any(|way| way["key"].is_array());
    let mut refuse = |status: &str, name: &str| {
        let answer = &mut operation["responses"][status];
        if answer.is_null() {
            *answer = json!({"$ref": format!("#/components/responses/{name}")});
        }
    };
    if has_body || is_asked_in_the_address {
        refuse("404", "NotFound");
        refuse("400", "Unreadable");
        refuse("422", "Invalid");
    }
    if !needs.is_empty() {
        refuse("401", "Unauthorized");
    }
    if by_key {
        refuse("403", "Forbidden");
    }
    // A door for a provider is not there until its secret is set; what a body or an address names may not be there either.
    if path.contains('{') || path.starts_with("/in/") {
        refuse("404", "NotFound");
    }
    if has_body {
        refuse("413", "TooLarge");
        refuse("415", "UnsupportedMediaType");
    }
    refuse("500", "Internal");
    refuse("503", "Unavailable");
    if let Some(codes) = codes.as_array().filter(|codes| !codes.is_empty()) {
        let said: Vec<String> = codes
            .iter()
            .filter_map(Value::as_str)
            .map(|code| format!("`{code}`: {}", conflicts[code].as_str().unwrap_or_default()))
            .collect();
        operation["responses"]["409"] = json!({
            "description": said.join(" "),
            "content": {"application/problem+json": {"schema": {
                "allOf": [{"$ref": "#/components/schemas/Problem"}, {"properties": {"code": {"enum": codes}}}],
            }}},
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_conflict_is_explained_and_every_reference_leads_somewhere() {
        let explained = part(EVERYWHERE);
        for text in ROOMS {
            let room = part(text);
            for operation in room["paths"].as_object().into_iter().flatten().flat_map(|(_, m)| m.as_object().unwrap()) {
                for code in operation.1[CONFLICTS].as_array().into_iter().flatten() {
                    let code = code.as_str().unwrap();
                    assert!(explained[CONFLICTS][code].is_string(), "{code} of {}", operation.1["operationId"]);
                }
            }
        }
        let whole = document();
        let mut wrong = Vec::new();
        each_reference(&whole, &mut |to| {
            if whole.pointer(to.trim_start_matches('#')).is_none() {
                wrong.push(to.to_owned());
            }
        });
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn every_schema_is_used_and_every_door_is_explained() {
        let whole = document();
        let mut used = std::collections::BTreeSet::new();
        each_reference(&whole, &mut |to| {
            used.insert(to.rsplit('/').next().unwrap_or_default().to_owned());
        });
        let schemas = whole["components"]["schemas"].as_object().unwrap();
        let unused: Vec<_> = schemas.keys().filter(|name| !used.contains(*name)).collect();
        assert!(unused.is_empty(), "{unused:?}");
        let tags: Vec<&str> = whole["tags"].as_array().unwrap().iter().filter_map(|tag| tag["name"].as_str()).collect();
        for (path, methods) in whole["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{method} {path}");
                assert!(operation["tags"][0].as_str().is_some_and(|tag| tags.contains(&tag)), "{method} {path}");
            }
        }
    }

    fn each_reference(value: &Value, tell: &mut impl FnMut(&str)) {
        match value {
            Value::Object(object) => object.iter().for_each(|(key, inside)| match inside.as_str() {
                Some(to) if key == "$ref" => tell(to),
                _ => each_reference(inside, tell),
            }),
            Value::Array(list) => list.iter().for_each(|inside| each_reference(inside, tell)),
            _ => {}
        }
    }
}
