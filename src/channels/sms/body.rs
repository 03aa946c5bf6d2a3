//! The body of a gateway's request: a handlebars text whose values are escaped for its content type.
use handlebars::{Handlebars, RenderError};
use serde::Serialize;

/// What is sent when nothing else is configured.
pub const DEFAULT_BODY: &str = r#"{"id":"{{id}}","to":"{{to}}","text":"{{text}}"}"#;

/// The values a body may use.
#[derive(Serialize)]
pub(super) struct Values<'a> {
    /// Our message id, `msg_…`: the gateway's idempotency key or client reference.
    pub(super) id: &'a str,
    /// E.164.
    pub(super) to: &'a str,
    pub(super) text: &'a str,
    /// The sender's number or name; empty when none is configured.
    pub(super) from: &'a str,
}

/// Escaping follows the content type: JSON strings in `…json`, percent-encoding in `…x-www-form-urlencoded`, entities
/// in `…xml`, none in `text/plain`. So a JSON body is written `"text":"{{text}}"` and a form body `text={{text}}`.
pub(super) struct Body(Handlebars<'static>);

/// The configured body cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadBody {
    #[error("sms.http.body is no handlebars text over id, to, text and from: {0}")]
    Template(String),
    #[error("sms.http.body uses {{{{{{…}}}}}} or {{{{&…}}}}, which would send a value without escaping it")]
    Unescaped,
    #[error("sms.http.body does not give JSON: put each value between quotes, \"text\":\"{{{{text}}}}\"")]
    NotJson,
    #[error("the Content-Type of sms.http.headers must be JSON, a form, XML or text/plain")]
    ContentType,
}

impl Body {
    /// Parses the text and tries it with values that need every escape.
    pub(super) fn new(text: &str, content_type: &str) -> Result<Self, BadBody> {
        let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let escape: fn(&str) -> String = match kind.as_str() {
            "application/x-www-form-urlencoded" => form,
            "text/plain" => handlebars::no_escape,
            kind if kind.ends_with("json") => json,
            kind if kind.ends_with("xml") => handlebars::html_escape,
            _ => return Err(BadBody::ContentType),
        };
        if text.contains("{{{") || text.contains("{{&") {
            return Err(BadBody::Unescaped);
        }
        let mut engine = Handlebars::new();
        engine.set_strict_mode(true);
        engine.register_escape_fn(escape);
        engine.register_template_string("body", text).map_err(|error| BadBody::Template(error.reason().to_string()))?;
        let body = Self(engine);
        let tried = body
            .render(&Values { id: "msg_1", to: "+1", text: "\"\\\n&=%王<", from: "" })
            .map_err(|error| BadBody::Template(error.reason().to_string()))?;
        if kind.ends_with("json") && serde_json::from_str::<serde::de::IgnoredAny>(&tried).is_err() {
            return Err(BadBody::NotJson);
        }
        Ok(body)
    }

    pub(super) fn render(&self, values: &Values<'_>) -> Result<String, RenderError> {
        self.0.render("body", values)
    }
}

/// What stands between the quotes of a JSON string.
fn json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

fn form(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const AWKWARD: Values<'_> = Values { id: "msg_1", to: "+8613900001234", text: "\"王\"\\\n&a=b", from: "AC" };

    #[test]
    fn values_are_escaped_for_the_content_type() {
        let json = Body::new(DEFAULT_BODY, "application/json; charset=utf-8").unwrap().render(&AWKWARD).unwrap();
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json, serde_json::json!({"id": "msg_1", "to": "+8613900001234", "text": AWKWARD.text}));
        let form = Body::new("to={{to}}&content={{text}}", "application/x-www-form-urlencoded")
            .unwrap()
            .render(&AWKWARD)
            .unwrap();
        let pairs: Vec<_> = url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
        assert_eq!(pairs, [("to".to_owned(), AWKWARD.to.to_owned()), ("content".to_owned(), AWKWARD.text.to_owned())]);
    }

    #[test]
    fn mistakes_in_a_body_stop_the_start() {
        let wrong = |text, kind| Body::new(text, kind).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(wrong("{{tex}}", "text/plain").contains("handlebars"));
        assert!(wrong("{{#if}", "text/plain").contains("handlebars"));
        assert!(wrong("{{{text}}}", "text/plain").contains("without escaping"));
        assert!(wrong(r#"{"text":{{text}}}"#, "application/json").contains("quotes"));
        assert!(wrong("x", "image/png").contains("Content-Type"));
    }
}
