//! The document as a reader goes through it: the rooms in their order, and in each its doors.
use serde_json::Value;

/// The methods of a path, in the order in which they are read.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// A room: what the document calls a tag.
pub(super) struct Chapter<'a> {
    pub(super) name: &'a str,
    pub(super) about: &'a str,
    pub(super) doors: Vec<Door<'a>>,
}

/// One method of one path.
pub(super) struct Door<'a> {
    pub(super) method: String,
    pub(super) path: &'a str,
    pub(super) operation: &'a Value,
}

impl<'a> Door<'a> {
    /// What the document calls it; the address of its place on the page.
    pub(super) fn id(&self) -> &'a str {
        text(&self.operation["operationId"])
    }
    /// What a key must have; none where no key is asked for.
    pub(super) fn scope(&self) -> Option<&'a str> {
        let ways = self.operation["security"].as_array()?;
        ways.iter().find_map(|way| way["key"][0].as_str())
    }
    /// The headers by which a provider's door knows who comes, where it is no key of ours.
    pub(super) fn by_secret(&self) -> bool {
        self.operation["security"].as_array().is_some_and(|ways| ways.iter().any(|way| way["secret"].is_array()))
    }
    pub(super) fn parameters(&self, document: &'a Value) -> Vec<&'a Value> {
        let listed = self.operation["parameters"].as_array().into_iter().flatten();
        listed.map(|parameter| resolved(parameter, document)).collect()
    }
    /// The first kind of body that it takes, and an example of it.
    pub(super) fn body(&self) -> Option<(&'a str, &'a Value)> {
        let (kind, content) = self.operation["requestBody"]["content"].as_object()?.iter().next()?;
        Some((kind, content))
    }
}

pub(super) fn chapters(document: &Value) -> Vec<Chapter<'_>> {
    let tags = document["tags"].as_array().into_iter().flatten();
    tags.map(|tag| Chapter {
        name: text(&tag["name"]),
        about: text(&tag["description"]),
        doors: doors(document, text(&tag["name"])),
    })
    .collect()
}

fn doors<'a>(document: &'a Value, tag: &str) -> Vec<Door<'a>> {
    let mut doors = Vec::new();
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            let operation = &methods[method];
            if operation["tags"][0] == tag {
                doors.push(Door { method: method.to_uppercase(), path, operation });
            }
        }
    }
    doors
}

/// What a reference leads to.
pub(super) fn resolved<'a>(value: &'a Value, document: &'a Value) -> &'a Value {
    let to = value["$ref"].as_str().and_then(|to| document.pointer(to.trim_start_matches('#')));
    to.unwrap_or(value)
}

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The command that asks with the document's own examples; `$AFTERCARE` and `$KEY` are the reader's.
pub(super) fn curl(door: &Door<'_>, document: &Value) -> String {
    let (mut path, mut query) = (door.path.to_owned(), Vec::new());
    let mut headers = Vec::new();
    if door.scope().is_some() {
        headers.push("Authorization: Bearer $KEY".to_owned());
    } else if door.by_secret() {
        headers.push("Authorization: Bearer $SECRET".to_owned());
    }
    for parameter in door.parameters(document) {
        let (name, value) = (text(&parameter["name"]), example(&parameter["example"]));
        match text(&parameter["in"]) {
            "path" => path = path.replace(&format!("{{{name}}}"), &value),
            "header" => headers.push(format!("{name}: {value}")),
            "query" if parameter["required"] == true || parameter["x-shown"] == true => {
                let encoded: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
                query.push(format!("{name}={encoded}"));
            }
            _ => {}
        }
    }
    let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
    let is_plain = door.method == "GET" || (door.method == "POST" && door.body().is_some());
    let method = if is_plain { String::new() } else { format!(" -X {}", door.method) };
    if let Some((kind, _)) = door.body() {
        headers.push(format!("Content-Type: {kind}"));
    }
    let mut lines = vec![format!("curl{method} \"$AFTERCARE{path}{query}\"")];
    lines.extend(headers.into_iter().map(|header| format!("-H \"{header}\"")));
    if let Some((_, content)) = door.body() {
        let body = match &content["example"] {
            Value::String(text) => text.clone(),
            other => serde_json::to_string_pretty(other).unwrap_or_default(),
        };
        lines.push(format!("--data-binary '{}'", body.replace('\'', r"'\''")));
    }
    lines.join(" \\\n  ")
}

fn example(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => list.first().map(example).unwrap_or_default(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_door_has_its_chapter_and_a_command_that_leaves_nothing_open() {
        let document = super::super::document();
        let chapters = chapters(document);
        let doors: Vec<&Door<'_>> = chapters.iter().flat_map(|chapter| &chapter.doors).collect();
        let all: usize = document["paths"].as_object().unwrap().values().map(|m| m.as_object().unwrap().len()).sum();
        assert_eq!(doors.len(), all);
        for door in doors {
            let said = curl(door, document);
            let address = said.split('"').nth(1).unwrap();
            assert!(!address.contains('{') && !address.ends_with('='), "{said}");
            assert!(!said.contains("--data-binary 'null'"), "{said}");
        }
    }
}
